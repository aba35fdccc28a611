/*
 * arrays.c
 *	  Converts between C arrays and PostgreSQL's, as parameters of set-based statements.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "tables/arrays.h"

/* Makes a one-dimensional array whose elements are stored without padding or nulls. */
static Datum
fixed_array(const void *values, int n, int width, Oid type)
{
	Size	   size;
	ArrayType *array;

	if (n == 0)
		return PointerGetDatum(construct_empty_array(type));
	size = ARR_OVERHEAD_NONULLS(1) + (Size) n * width;
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), values, (Size) n * width);
	return PointerGetDatum(array);
}

Datum
int64_array(const int64 *values, int n)
{
	return fixed_array(values, n, sizeof(int64), INT8OID);
}

int
int64s_of(Datum value, bool isnull, int64 *values, int room)
{
	ArrayType *array;
	int		   count;

	if (isnull)
		return 0;
	array = DatumGetArrayTypeP(value);
	if (ARR_ELEMTYPE(array) != INT8OID || ARR_HASNULL(array))
		elog(ERROR, "an array is no bigint[] without nulls");
	count = Min(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), room);
	memcpy(values, ARR_DATA_PTR(array), count * sizeof(int64));
	return count;
}

Datum
int32_array(const int32 *values, int n)
{
	return fixed_array(values, n, sizeof(int32), INT4OID);
}

Datum
int16_array(const int16 *values, int n)
{
	return fixed_array(values, n, sizeof(int16), INT2OID);
}

Datum
nullable_array_of(Datum *values, bool *nulls, int n, Oid type)
{
	int16 length;
	bool  by_value;
	char  alignment;
	int	  lower = 1;

	if (n == 0)
		return PointerGetDatum(construct_empty_array(type));
	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	return PointerGetDatum(
		construct_md_array(values, nulls, 1, &n, &lower, type, length, by_value, alignment));
}

Datum
array_of(Datum *values, int n, Oid type)
{
	return nullable_array_of(values, NULL, n, type);
}
