/*
 * id_lists.h
 *	  Sorted lists of ids.
 */
#ifndef NPCSIM_ID_LISTS_H
#define NPCSIM_ID_LISTS_H

#include "postgres.h"

/* Sorts and drops what is there twice; returns the new count. */
extern int id_list_sort(int64 *ids, int count);
/* Index of an id in a sorted list, or -1. */
extern int id_list_find(const int64 *ids, int count, int64 id);

/* What a statement found in the first columns of so many rows, in the same way; how many. */
extern int64 *id_list_found(uint64 rows, int *count);

#endif /* NPCSIM_ID_LISTS_H */
