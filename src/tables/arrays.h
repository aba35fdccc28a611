/*
 * arrays.h
 *	  Converts between C arrays and PostgreSQL's, as parameters of set-based statements.
 */
#ifndef NPCSIM_ARRAYS_H
#define NPCSIM_ARRAYS_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

/* Makes a bigint[] of n values, without the detour over Datums. */
extern Datum int64_array(const int64 *values, int n);
/*
 * Copies the first elements of a bigint[] that may be NULL, at most 'room' of them. Returns how many it
 * copied.
 */
extern int	 int64s_of(Datum array, bool isnull, int64 *values, int room);
extern Datum int32_array(const int32 *values, int n);
extern Datum int16_array(const int16 *values, int n);

/* Makes an array of one of the types int2, int4, int8, float8, bool, text; no element is NULL. */
extern Datum array_of(Datum *values, int n, Oid type);
/* The same with NULLs. */
extern Datum nullable_array_of(Datum *values, bool *nulls, int n, Oid type);

#endif /* NPCSIM_ARRAYS_H */
