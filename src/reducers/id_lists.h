/*
 * id_lists.h
 *	  Sorted lists of ids, and arrays that come as arguments.
 */
#ifndef NPCSIM_ID_LISTS_H
#define NPCSIM_ID_LISTS_H

#include "postgres.h"

#include "fmgr.h"

/*
 * Elements of a bigint[] (an integer[]) argument that has one dimension, no nulls and at
 * most 'limit' elements; else 22004, 22023 or 54000, naming the argument.
 */
extern int64 *arg_int64_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count);
extern int32 *arg_int32_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count);

/* Sorts and drops what is there twice; returns the new count. */
extern int id_list_sort(int64 *ids, int count);
/* Index of an id in a sorted list, or -1. */
extern int id_list_find(const int64 *ids, int count, int64 id);

#endif /* NPCSIM_ID_LISTS_H */
