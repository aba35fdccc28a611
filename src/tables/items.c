/*
 * items.c
 *	  Items as rows: items, item_respawns and (for the image) item_type_rows.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/geometries.h"
#include "tables/item_types.h"
#include "tables/items.h"

/* ---- items ---- */

static void
take_item_type(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((WorldItem *) thing)->type = load->item_type(load->arg, TextDatumGetCString(value));
}

static void
put_item_type(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_text(row, ((WorldItem *) thing)->type->name);
}

/* The image has properties only while they are to be written. */
static void
put_properties(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const WorldItem *item = thing;

	put_datum(row, item->properties != NULL ? JsonbPGetDatum(item->properties)
											: DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
}

/* 'arg' is a GeometryMaker. */
static void
put_sight(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_datum(row, geometry_of_point(arg, ((WorldItem *) thing)->cell));
}

static const RowColumn item_columns[] = {
	ROW_NUMBER(WorldItem, id, "id", INT8OID),
	ROW_NUMBER(WorldItem, share_left, "share_left", INT4OID),
	ROW_NUMBER_OR(WorldItem, occupied_by, "occupied_by_npc_id", INT8OID, 0),
	ROW_NUMBER(WorldItem, revision, "revision", INT8OID),
	ROW_NUMBER_OR(WorldItem, due.at, "due_at", INT8OID, SIM_NEVER),
	ROW_OWN("item_type", TEXTOID, take_item_type, put_item_type),
	ROW_FIXED_NUMBER(WorldItem, cell.x, "x", INT2OID),
	ROW_FIXED_NUMBER(WorldItem, cell.y, "y", INT2OID),
	ROW_FIXED_OWN("properties", JSONBOID, NULL, put_properties),
	ROW_FIXED_OWN("sight", InvalidOid, NULL, put_sight),
};

RowType item_rows = {.table = "items",
					 .index = "items_key",
					 .columns = item_columns,
					 .column_count = lengthof(item_columns),
					 .in_sight = true,
					 .place_at = offsetof(WorldItem, row)};

/* A row as it is moved in the sight index. */
static const RowColumn moved_columns[] = {
	ROW_NUMBER(WorldItem, id, "id", INT8OID),
	ROW_OWN("sight", InvalidOid, NULL, put_sight),
};

static RowType moved_rows = {.table = "items",
							 .index = "items_key",
							 .columns = moved_columns,
							 .column_count = lengthof(moved_columns),
							 .place_at = offsetof(WorldItem, row)};

/* ---- those that will come back ---- */

static const RowColumn respawn_columns[] = {
	ROW_NUMBER(WorldItem, id, "id", INT8OID),
	ROW_FIXED_OWN("item_type", TEXTOID, take_item_type, put_item_type),
	ROW_FIXED_NUMBER(WorldItem, cell.x, "x", INT2OID),
	ROW_FIXED_NUMBER(WorldItem, cell.y, "y", INT2OID),
	ROW_FIXED_NUMBER(WorldItem, due.at, "due_at", INT8OID),
};

RowType respawn_rows = {.table = "item_respawns",
						.index = "item_respawns_pkey",
						.columns = respawn_columns,
						.column_count = lengthof(respawn_columns)};

/* ---- statements ---- */

static SpiStatement update_properties =
	{"UPDATE npcsim.items t SET properties = u.properties::pg_catalog.jsonb "
	 "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u(id, properties) WHERE t.world_id = "
	 "$1 + 0 * u.id AND t.id = u.id",
	 3,
	 {INT8OID, INT8ARRAYOID, TEXTARRAYOID}};
/* It is written so that the planner has no other way than the ctid. */
static SpiStatement delete_items_at_places =
	{"DELETE FROM npcsim.items t USING ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS "
	 "wanted(key_, place) "
	 "WHERE t.ctid = wanted.place AND t.world_id + 0 = $1 AND t.id + 0 = wanted.key_",
	 3,
	 {INT8OID, INT8ARRAYOID, TIDARRAYOID}};

/* ---- writing ---- */

/* Makes an array of 'expression' over all i. */
#define COLUMN(ctype, make, expression) \
	({ \
		ctype *column_ = palloc(Max(count, 1) * sizeof(ctype)); \
		for (int i = 0; i < count; i++) \
			column_[i] = (expression); \
		make(column_, count); \
	})
#define INT64_COLUMN(expression) COLUMN(int64, int64_array, expression)
#define TEXT_COLUMN(expression)	 COLUMN(Datum, text_array, CStringGetTextDatum(expression))

static Datum
text_array(Datum *values, int count)
{
	return array_of(values, count, TEXTOID);
}

static void
run_exactly(SpiStatement *statement, Datum *values, int result, int count)
{
	uint64 rows = spi_run(statement, values, NULL, result);

	if (rows != (uint64) count)
		rows_are_missing(count, rows);
}

static char *
properties_text(WorldItem *item)
{
	return JsonbToCString(NULL, &item->properties->root, VARSIZE(item->properties));
}

void
items_write_properties(int64 world_id, WorldItem **items, int count)
{
	run_exactly(&update_properties,
				(Datum[]) {Int64GetDatum(world_id), INT64_COLUMN(items[i]->id),
						   TEXT_COLUMN(properties_text(items[i]))},
				SPI_OK_UPDATE, count);
}

void
items_move(int64 world_id, WorldItem **items, int count, SightShift shift)
{
	GeometryMaker maker;

	geometry_maker_begin(&maker, shift);
	rows_update_hot(&moved_rows, world_id, (void **) items, count, &maker);
}

/*
 * Items are deleted at their places: those that come back have their old ids, so that the key finds all dead
 * versions too.
 */
void
items_delete(int64 world_id, const int64 *ids, const int64 *places, int count)
{
	ItemPointerData *pointers = palloc(sizeof(ItemPointerData) * count);
	Datum			*values = palloc(sizeof(Datum) * count);
	uint64			 rows;

	for (int i = 0; i < count; i++)
	{
		ItemPointerSet(&pointers[i], (BlockNumber) (places[i] >> 16), (OffsetNumber) (places[i] & 0xFFFF));
		values[i] = PointerGetDatum(&pointers[i]);
	}
	rows =
		spi_run(&delete_items_at_places,
				(Datum[]) {Int64GetDatum(world_id), int64_array(ids, count), array_of(values, count, TIDOID)},
				NULL, SPI_OK_DELETE);
	if (rows < (uint64) count)
		rows_delete_all(&item_rows, world_id, ids, count, rows);
}

int
items_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most)
{
	static SpiStatement statement =
		{"SELECT id FROM npcsim.items WHERE world_id + 0 = $1 AND sight OPERATOR(%P.&&) "
		 "%P.st_makeenvelope($2, $3, $4, $5, 0)",
		 5,
		 {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

	return ids_in_plane(&statement, world_id, shift, size_x, size_y, ids, most);
}
