/*
 * json_lists.h
 *	  Short lists of JSON texts, which rows hold as jsonb arrays: events, acts, names of events.
 */
#ifndef NPCSIM_TABLES_JSON_LISTS_H
#define NPCSIM_TABLES_JSON_LISTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#define JSON_LIST_MAX 32

/*
 * The list and its texts are in the memory context that was given when they were made. An empty list is NULL.
 */
typedef struct JsonList
{
	int	  count;
	char *item[JSON_LIST_MAX];
} JsonList;

/* Copies the text. The caller has made room: count < JSON_LIST_MAX. */
extern void json_list_append(JsonList **list, const char *text, MemoryContext context);
extern void json_list_drop(JsonList **list, int place);
extern void json_list_drop_first(JsonList **list);
extern void json_list_clear(JsonList **list);

/* Returns "[…]", palloc'd. */
extern char *json_list_text(const JsonList *list);
/* Returns the first 'max' elements of an array; NULL if there are none. */
extern JsonList *json_list_of(Jsonb *array, int max, MemoryContext context);
/* The same for an array in a column of the last statement. */
extern JsonList *json_list_read(uint64 row, int column, int max, MemoryContext context);

#endif /* NPCSIM_TABLES_JSON_LISTS_H */
