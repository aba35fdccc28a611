/*
 * sight.c
 *	  Who sees what: questions to the sight indexes.
 *
 * One question is asked for all viewers of an instant. The index knows boxes;
 * whether something is within 8.25 cells is decided by the caller in integers.
 *
 * Planes. A row that was overwritten stays in the index until it is vacuumed, which it
 * cannot be while somebody holds an old snapshot (a dump, a forgotten session): then
 * every question would visit more and more dead entries. So while a snapshot is held, a world moves on to the
 * next plane after a number of writes (turn_sight() in write.c): new rows are written there, the
 * others follow a few at a time, and questions no longer meet what lies in older planes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "engine/sight.h"
#include "spi.h"
#include "tables/arrays.h"

/* Worlds in a row of the grid in which they are laid out, and the distance of their origins. */
#define SIGHT_WORLDS_PER_ROW 32
#define SIGHT_STRIDE		 8192

/*
 * "world_id + 0" keeps the planner from taking the primary key instead of the sight index, which it would
 * do while a young table has no statistics.
 */
static SpiStatement items_statement = {
	"SELECT v.viewer, i.id "
	"FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS v(viewer, x, y) "
	"JOIN npcsim.items i ON i.sight OPERATOR(%P.&&) "
	"%P.st_makeenvelope(v.x - 8, v.y - 8, v.x + 8, v.y + 8) "
	"WHERE i.world_id + 0 = $4",
	4,
	{INT4ARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT8OID}};

SightShift
sight_shift(int64 world_id, int plane)
{
	int64 slot = world_id % (SIGHT_WORLDS_PER_ROW * SIGHT_WORLDS_PER_ROW);

	Assert(plane >= 0 && plane < SIGHT_PLANES);
	return (SightShift) {.x = (double) ((slot % SIGHT_WORLDS_PER_ROW) * SIGHT_STRIDE),
						 .y = (double) ((slot / SIGHT_WORLDS_PER_ROW * SIGHT_PLANES + plane) * SIGHT_STRIDE)};
}

/* Asks for all viewers in up to two planes at once. */
static SightHit *
ask(SpiStatement *statement, int64 world_id, const SightShift *shifts, int planes, const Cell *viewers,
	int count, int *hits)
{
	MemoryContext caller = CurrentMemoryContext;
	int			  questions = planes * count;
	int32		 *numbers = palloc(Max(questions, 1) * sizeof(int32));
	Datum		 *xs = palloc(Max(questions, 1) * sizeof(Datum));
	Datum		 *ys = palloc(Max(questions, 1) * sizeof(Datum));
	SightHit	 *result;
	uint64		  rows;
	int			  plans;
	int			  n = 0;

	for (int plane = 0; plane < planes; plane++)
		for (int i = 0; i < count; i++, n++)
		{
			numbers[n] = i;
			xs[n] = Float8GetDatum(viewers[i].x + shifts[plane].x);
			ys[n] = Float8GetDatum(viewers[i].y + shifts[plane].y);
		}
	plans = spi_index_plans_begin();
	spi_begin();
	rows = spi_run(statement,
				   (Datum[]) {int32_array(numbers, n), array_of(xs, n, FLOAT8OID), array_of(ys, n, FLOAT8OID),
							  Int64GetDatum(world_id)},
				   NULL, SPI_OK_SELECT);
	result = MemoryContextAllocHuge(caller, Max(rows, 1) * sizeof(SightHit));
	for (uint64 row = 0; row < rows; row++)
		result[row] = (SightHit) {.viewer = spi_int32(row, 1, 0), .id = spi_int64(row, 2, 0)};
	spi_end();
	spi_index_plans_end(plans);
	pfree(numbers);
	pfree(xs);
	pfree(ys);
	*hits = (int) rows;
	return result;
}

/* Both planes a world may have things in. */
static SightHit *
ask_planes(SpiStatement *statement, int64 world_id, int plane, int old_plane, const Cell *viewers, int count,
		   int *hits)
{
	SightShift shifts[2];
	int		   planes = 1;

	shifts[0] = sight_shift(world_id, plane);
	if (old_plane >= 0)
		shifts[planes++] = sight_shift(world_id, old_plane);
	return ask(statement, world_id, shifts, planes, viewers, count, hits);
}

SightHit *
sight_items(int64 world_id, int plane, int old_plane, const Cell *viewers, int count, int *hits)
{
	return ask_planes(&items_statement, world_id, plane, old_plane, viewers, count, hits);
}
