/*
 * id_lists.h
 *	  Sorted lists of ids.
 */
#ifndef NPCSIM_ID_LISTS_H
#define NPCSIM_ID_LISTS_H

#include "postgres.h"

/* Sorts the ids and drops duplicates. Returns the new count. */
extern int id_list_sort(int64 *ids, int count);
/* Returns the index of an id in a sorted list; -1 if it is not there. */
extern int id_list_find(const int64 *ids, int count, int64 id);

/*
 * Returns the ids in the first columns of so many rows of the last statement, sorted without duplicates;
 * *count tells how many.
 */
extern int64 *id_list_found(uint64 rows, int *count);

#endif /* NPCSIM_ID_LISTS_H */
