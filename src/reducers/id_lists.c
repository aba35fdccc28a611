/*
 * id_lists.c
 *	  Sorted lists of ids, and arrays that come as arguments.
 */
#include "postgres.h"

#include "lib/qunique.h"
#include "utils/array.h"

#include "reducers/args.h"
#include "reducers/id_lists.h"

static void *
arg_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int width, int *count)
{
	ArrayType *array;

	arg_not_null(fcinfo, n, name);
	array = PG_GETARG_ARRAYTYPE_P(n);
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" has more than one dimension", name), errdetail("It has %d.", ARR_NDIM(array)),
				errhint("Write it like '{1,2}'."));
	if (*count > limit)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("\"%s\" has too many elements", name),
				errdetail("It has %d.", *count), errhint("It can have up to %d.", limit));
	if (array_contains_nulls(array))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not contain null", name),
				errdetail("One of its elements is null."), errhint("Leave the element out."));
	return memcpy(palloc((Size) Max(*count, 1) * width), ARR_DATA_PTR(array), (Size) *count * width);
}

int64 *
arg_int64_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count)
{
	return arg_list(fcinfo, n, name, limit, sizeof(int64), count);
}

int32 *
arg_int32_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count)
{
	return arg_list(fcinfo, n, name, limit, sizeof(int32), count);
}

static int
compare_ids(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

int
id_list_sort(int64 *ids, int count)
{
	if (count == 0)
		return 0;
	qsort(ids, count, sizeof(int64), compare_ids);
	return (int) qunique(ids, count, sizeof(int64), compare_ids);
}

int
id_list_find(const int64 *ids, int count, int64 id)
{
	int low = 0;
	int high = count - 1;

	while (low <= high)
	{
		int middle = low + (high - low) / 2;

		if (ids[middle] == id)
			return middle;
		if (ids[middle] < id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}
