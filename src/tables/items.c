/*
 * items.c
 *	  Items as rows: the only code that reads and writes items, item_respawns and
 *	  (for the image) item_type_rows.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/geometries.h"
#include "tables/hot_rows.h"
#include "tables/item_kinds.h"
#include "tables/items.h"

static SpiStatement load_items =
	{"SELECT id, item_type, x, y, share_left, occupied_by_npc_id, revision, ctid "
	 "FROM npcsim.items WHERE world_id = $1",
	 1,
	 {INT8OID}};
static SpiStatement load_some_items =
	{"SELECT id, item_type, x, y, share_left, occupied_by_npc_id, revision, t.ctid FROM " SPI_WANTED_KEYS
	 " JOIN npcsim.items t ON t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}};
static SpiStatement load_respawns =
	{"SELECT id, item_type, x, y, due_at FROM npcsim.item_respawns WHERE world_id = $1", 1, {INT8OID}};
static SpiStatement load_some_respawns = {"SELECT id, item_type, x, y, due_at FROM " SPI_WANTED_KEYS
										  " JOIN npcsim.item_respawns t ON t.world_id = " SPI_WANTED_WORLD
										  " AND t.id = wanted.key_",
										  2,
										  {INT8OID, INT8ARRAYOID}};
static SpiStatement load_types =
	{"SELECT name, components FROM npcsim.item_type_rows WHERE world_id = $1 ORDER BY name", 1, {INT8OID}};

/* An update writes the first ones. */
#define ITEM_COLUMNS_UPDATED 4

static const StageColumn item_columns[] =
	{{"id", INT8OID},		{"share_left", INT4OID},  {"occupied_by_npc_id", INT8OID},
	 {"revision", INT8OID}, {"item_type", TEXTOID},	  {"x", INT2OID},
	 {"y", INT2OID},		{"properties", JSONBOID}, {"sight", InvalidOid}};

/* 'arg' makes the geometries; NULL when the row is there already. */
static void
make_item_row(RowBuilder *row, void *thing, void *arg)
{
	WorldItem *item = thing;

	put_int64(row, item->id);
	put_int32(row, (int32) item->share_left);
	put_int64_unless(row, item->occupied_by, 0);
	put_int64(row, item->revision);
	if (arg == NULL)
		return;
	put_text(row, item->kind->name);
	put_int16(row, item->cell.x);
	put_int16(row, item->cell.y);
	put_datum(row, item->properties != NULL ? JsonbPGetDatum(item->properties)
											: DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	put_datum(row, geometry_of_point(arg, item->cell));
}

static int64
item_id(void *thing)
{
	return ((WorldItem *) thing)->id;
}

static ItemPointer
item_place(void *thing)
{
	return &((WorldItem *) thing)->row;
}

static const RowSet item_set = {"staged_items", item_columns, lengthof(item_columns),
								make_item_row,	item_id,	  item_place};

static HotTable hot_items = {"items", &item_set, ITEM_COLUMNS_UPDATED, HOT_ROWS_FIND("items", "id")};

/* Rows that are moved in the sight index. */
static const StageColumn moved_columns[] = {{"id", INT8OID}, {"sight", InvalidOid}};

static void
make_moved_row(RowBuilder *row, void *thing, void *arg)
{
	const WorldItem *item = thing;

	put_int64(row, item->id);
	put_datum(row, geometry_of_point(arg, item->cell));
}

static const RowSet moved_set = {"staged_moved_items", moved_columns, lengthof(moved_columns),
								 make_moved_row,	   item_id,		  item_place};

static HotTable hot_moved = {"items", &moved_set, lengthof(moved_columns), HOT_ROWS_FIND("items", "id")};

static SpiStatement update_properties =
	{"UPDATE npcsim.items t SET properties = u.properties::pg_catalog.jsonb "
	 "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u(id, properties) WHERE t.world_id = "
	 "$1 + 0 * u.id AND t.id = u.id",
	 3,
	 {INT8OID, INT8ARRAYOID, TEXTARRAYOID}};
static SpiStatement delete_items = {"DELETE FROM npcsim.items t USING " SPI_WANTED_KEYS
									" WHERE t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_",
									2,
									{INT8OID, INT8ARRAYOID}};
/* Written so that the planner has no other way than the place. */
static SpiStatement delete_items_at_places =
	{"DELETE FROM npcsim.items t USING ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS "
	 "wanted(key_, place) "
	 "WHERE t.ctid = wanted.place AND t.world_id + 0 = $1 AND t.id + 0 = wanted.key_",
	 3,
	 {INT8OID, INT8ARRAYOID, TIDARRAYOID}};
static const StageColumn respawn_columns[] = {{"id", INT8OID},
											  {"item_type", TEXTOID},
											  {"x", INT2OID},
											  {"y", INT2OID},
											  {"due_at", INT8OID}};

static void
make_respawn_row(RowBuilder *row, void *thing, void *arg)
{
	Respawn *respawn = thing;

	put_int64(row, respawn->id);
	put_text(row, respawn->kind->name);
	put_int16(row, respawn->cell.x);
	put_int16(row, respawn->cell.y);
	put_int64(row, respawn->due_at);
}

static const RowSet respawn_set = {"staged_respawns", respawn_columns, lengthof(respawn_columns),
								   make_respawn_row};
static HotTable		hot_respawns = {"item_respawns", &respawn_set};

static SpiStatement delete_respawns = {"DELETE FROM npcsim.item_respawns t USING " SPI_WANTED_KEYS
									   " WHERE t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_",
									   2,
									   {INT8OID, INT8ARRAYOID}};
static uint64
load(SpiStatement *all, SpiStatement *some, int64 world_id, const int64 *ids, int count)
{
	if (ids == NULL)
		return spi_run(all, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(some, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL, SPI_OK_SELECT);
}

uint64
items_load(int64 world_id, const int64 *ids, int count)
{
	return load(&load_items, &load_some_items, world_id, ids, count);
}

void
item_read(uint64 row, WorldItem *item, char **type_name)
{
	item->id = spi_int64(row, 1, 0);
	*type_name = spi_text(row, 2, CurrentMemoryContext);
	item->cell.x = spi_int16(row, 3, 0);
	item->cell.y = spi_int16(row, 4, 0);
	item->share_left = spi_int32(row, 5, 0);
	item->occupied_by = spi_int64(row, 6, 0);
	item->revision = spi_int64(row, 7, 0);
	item->row = spi_tid(row, 8);
}

uint64
respawns_load(int64 world_id, const int64 *ids, int count)
{
	return load(&load_respawns, &load_some_respawns, world_id, ids, count);
}

void
respawn_read(uint64 row, Respawn *respawn, char **type_name)
{
	respawn->id = spi_int64(row, 1, 0);
	*type_name = spi_text(row, 2, CurrentMemoryContext);
	respawn->cell.x = spi_int16(row, 3, 0);
	respawn->cell.y = spi_int16(row, 4, 0);
	respawn->due_at = spi_int64(row, 5, SIM_NEVER);
}

uint64
item_types_load(int64 world_id)
{
	return load(&load_types, NULL, world_id, NULL, 0);
}

void
item_type_read(uint64 row, ItemKind *kind)
{
	bool  isnull;
	char *name = spi_text(row, 1, CurrentMemoryContext);

	memset(kind, 0, sizeof(*kind));
	item_kind_from_jsonb(DatumGetJsonbP(spi_datum(row, 2, &isnull)), kind);
	strlcpy(kind->name, name, sizeof(kind->name));
}

/* ---- writing ---- */

/* An array of 'expression' over all 'row's. */
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

void
items_insert(int64 world_id, WorldItem **items, int count, SightShift shift)
{
	GeometryMaker maker;

	geometry_maker_begin(&maker, shift);
	hot_rows_insert(&hot_items, world_id, (void **) items, count, &maker);
}

void
items_write(int64 world_id, WorldItem **items, int count)
{
	hot_rows_update(&hot_items, world_id, (void **) items, count, NULL);
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
	hot_rows_update(&hot_moved, world_id, (void **) items, count, &maker);
}

/* At their places: items that come back have their ids again, and by its key one is found among all that it was. */
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
		delete_rows(&delete_items, world_id, ids, count, rows);
}

void
respawns_insert(int64 world_id, Respawn **respawns, int count)
{
	hot_rows_insert(&hot_respawns, world_id, (void **) respawns, count, NULL);
}

void
respawns_delete(int64 world_id, const int64 *ids, int count)
{
	delete_rows(&delete_respawns, world_id, ids, count, 0);
}

int
items_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most)
{
	static SpiStatement statement =
		{"SELECT id FROM npcsim.items WHERE world_id + 0 = $1 AND sight OPERATOR(%P.&&) "
		 "%P.st_makeenvelope($2, $3, $4, $5, 0)",
		 5,
		 {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};
	uint64 rows =
		spi_run_limit(&statement,
					  (Datum[]) {Int64GetDatum(world_id), Float8GetDatum(shift.x), Float8GetDatum(shift.y),
								 Float8GetDatum(shift.x + size_x), Float8GetDatum(shift.y + size_y)},
					  NULL, SPI_OK_SELECT, most);

	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 1, 0);
	return (int) rows;
}
