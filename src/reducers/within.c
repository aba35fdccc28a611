/*
 * within.c
 *	  npcs_within() and items_within(): find what is within a radius of a place, now.
 *
 * Positions in the views are computed as they are read, so no index has them. The sight indexes tell
 * what may be there, and the views tell what is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"

#include "engine/sight.h"
#include "reducers/args.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/arrays.h"

PG_FUNCTION_INFO_V1(npcsim_npcs_within);
PG_FUNCTION_INFO_V1(npcsim_items_within);

/* It is farther than from any corner of a world to any other. */
#define RADIUS_MAX (2.0 * WORLD_CELLS_MAX)

static IndexRows track_rows = {"npc_tracks", "npc_tracks_sight", {{"npc_id", INT8OID}}};
static IndexRows item_rows = {"items", "items_sight", {{"id", INT8OID}}};

/* Of the ids in $2 it returns those within $5 of ($3, $4), the nearest first. */
#define WITHIN_QUERY(view) \
	{ \
		.sql = "SELECT t.* FROM npcsim." view " t" \
			   " WHERE t.world_id = $1 AND t.id = ANY ($2)" \
			   "   AND (t.position_x - $3) * (t.position_x - $3) + (t.position_y - $4) * (t.position_y - " \
			   "$4) <= $5 * $5" \
			   " ORDER BY (t.position_x - $3) * (t.position_x - $3) + (t.position_y - $4) * (t.position_y " \
			   "- $4), t.id", \
		.nargs = 5, .types = {INT8OID, INT8ARRAYOID, FLOAT8OID, FLOAT8OID, FLOAT8OID}, .read_only = true \
	}

static SpiStatement npcs_statement = WITHIN_QUERY("npcs");
static SpiStatement items_statement = WITHIN_QUERY("world_items");

/* Returns as a bigint[] the ids whose boxes in the index meet the one around the circle. */
static Datum
candidates(const WorldHead *head, IndexRows *rows, double x, double y, double radius)
{
	SightReading reading;
	int			 room = 64;
	int			 count = 0;
	int64		*ids = palloc(sizeof(int64) * room);

	sight_begin(&reading, rows, head->world_id, head->sight_plane, head->sight_old_plane);
	sight_look_within(&reading, x, y, radius);
	while (sight_next(&reading))
	{
		if (count == room)
			ids = repalloc_huge(ids, sizeof(int64) * (room *= 2));
		ids[count++] = index_rows_id(&reading.row);
	}
	sight_end(&reading);
	return int64_array(ids, count);
}

static Datum
rows_within(FunctionCallInfo fcinfo, IndexRows *rows, SpiStatement *statement)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	double		   x = arg_float8(fcinfo, 1, "x", -RADIUS_MAX, RADIUS_MAX, "cells");
	double		   y = arg_float8(fcinfo, 2, "y", -RADIUS_MAX, RADIUS_MAX, "cells");
	double		   radius = arg_float8(fcinfo, 3, "radius", 0, RADIUS_MAX, "cells");
	uint64		   count;
	Datum		   ids;
	int			   level;

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	ids = candidates(read_world_head(world_id), rows, x, y, radius);
	level = spi_index_plans_begin();
	count = spi_run(statement,
					(Datum[]) {Int64GetDatum(world_id), ids, Float8GetDatum(x), Float8GetDatum(y),
							   Float8GetDatum(radius)},
					NULL, SPI_OK_SELECT);
	spi_index_plans_end(level);
	spi_put_rows(count, result);
	spi_end();
	return (Datum) 0;
}

/* npcs_within(world_id, x, y, radius) → rows of npcs. */
Datum
npcsim_npcs_within(PG_FUNCTION_ARGS)
{
	return rows_within(fcinfo, &track_rows, &npcs_statement);
}

/* items_within(world_id, x, y, radius) → rows of world_items. */
Datum
npcsim_items_within(PG_FUNCTION_ARGS)
{
	return rows_within(fcinfo, &item_rows, &items_statement);
}
