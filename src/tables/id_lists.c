/*
 * id_lists.c
 *	  Sorted lists of ids.
 */
#include "postgres.h"

#include "lib/qunique.h"

#include "spi.h"
#include "tables/id_lists.h"

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

int64 *
id_list_found(uint64 rows, int *count)
{
	int64 *ids = spi_ids(rows);

	*count = id_list_sort(ids, (int) rows);
	return ids;
}
