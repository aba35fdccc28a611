/*
 * json_lists.c
 *	  Short lists of JSON texts, which rows hold as jsonb arrays.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "spi.h"
#include "tables/json_lists.h"

void
json_list_append(JsonList **list, const char *text, MemoryContext context)
{
	if (*list == NULL)
		*list = MemoryContextAllocZero(context, sizeof(JsonList));
	Assert((*list)->count < JSON_LIST_MAX);
	(*list)->item[(*list)->count++] = MemoryContextStrdup(context, text);
}

void
json_list_drop(JsonList **list, int place)
{
	JsonList *rest = *list;

	Assert(rest != NULL && place >= 0 && place < rest->count);
	if (rest->count == 1)
	{
		json_list_clear(list);
		return;
	}
	pfree(rest->item[place]);
	rest->count--;
	memmove(&rest->item[place], &rest->item[place + 1], (rest->count - place) * sizeof(char *));
}

void
json_list_drop_first(JsonList **list)
{
	json_list_drop(list, 0);
}

void
json_list_clear(JsonList **list)
{
	if (*list == NULL)
		return;
	for (int i = 0; i < (*list)->count; i++)
		pfree((*list)->item[i]);
	pfree(*list);
	*list = NULL;
}

char *
json_list_text(const JsonList *list)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; list != NULL && i < list->count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		appendStringInfoString(&json, list->item[i]);
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

JsonList *
json_list_of(Jsonb *array, int max, MemoryContext context)
{
	JsonList *list = NULL;
	int		  count = JB_ROOT_IS_ARRAY(array) ? Min((int) JB_ROOT_COUNT(array), max) : 0;

	for (int i = 0; i < count; i++)
	{
		Jsonb *element = JsonbValueToJsonb(getIthJsonbValueFromContainer(&array->root, i));

		json_list_append(&list, JsonbToCString(NULL, &element->root, VARSIZE(element)), context);
	}
	return list;
}

JsonList *
json_list_read(uint64 row, int column, int max, MemoryContext context)
{
	bool  isnull;
	Datum datum = spi_datum(row, column, &isnull);

	return isnull ? NULL : json_list_of(DatumGetJsonbP(datum), max, context);
}
