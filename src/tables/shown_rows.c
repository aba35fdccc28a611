/*
 * shown_rows.c
 *	  Writes items, interactions and players as clients see them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "json.h"
#include "numbers.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"
#include "tables/shown_rows.h"

typedef enum ShownKind
{
	SHOWN_NUMBER,
	SHOWN_MILLIONTHS, /* of a second, or of a whole */
	SHOWN_TEXT,
	SHOWN_IDS, /* an array of bigint */
	SHOWN_JSON
} ShownKind;

typedef struct ShownColumn
{
	const char *key; /* the text before the value, with the name that clients see */
	const char *sql; /* an expression over the table, which is t */
	ShownKind	kind;
	bool		optional; /* it is left out if it is NULL; others are null then */
} ShownColumn;

#define SHOWN(name_, sql_, kind_, ...) \
	{ \
		.key = ",\"" name_ "\":", .sql = (sql_), .kind = SHOWN_##kind_, __VA_ARGS__ \
	}
/* The first member of a nested object, which holds this and all members that follow. */
#define SHOWN_WITHIN(object_, name_, sql_, kind_) \
	{ \
		.key = ",\"" object_ "\":{\"" name_ "\":", .sql = (sql_), .kind = SHOWN_##kind_ \
	}

/* ---- what is shown: each list begins with the id ---- */

static const ShownColumn item_columns[] = {
	SHOWN("id", "t.id", NUMBER),
	SHOWN("item_type", "t.item_type", TEXT),
	SHOWN("x", "t.x", NUMBER),
	SHOWN("y", "t.y", NUMBER),
	SHOWN("share_left", "t.share_left", MILLIONTHS),
	SHOWN("occupied_by_npc_id", "t.occupied_by_npc_id", NUMBER),
	SHOWN("properties", "t.properties", JSON),
};

/* A damaged world may lack the type (world_faults() reports it); its interactions are shown all the same. */
#define OF_TYPE(column) \
	"COALESCE((SELECT k." column " FROM npcsim.interaction_type_rows k" \
	"  WHERE k.world_id = t.world_id AND k.number = t.interaction), '')"

static const ShownColumn interaction_columns[] = {
	SHOWN("id", "t.id", NUMBER),
	SHOWN("interaction_type", OF_TYPE("name"), TEXT),
	SHOWN("target_type", OF_TYPE("target"), TEXT),
	SHOWN("target_id", "t.target_id", NUMBER),
	SHOWN("initiator_npc_id", "t.initiator_npc_id", NUMBER),
	SHOWN("participants", "t.participants", IDS),
	SHOWN("started_at", "t.started_at", MILLIONTHS),
	SHOWN_WITHIN("data", "share_at_start", "t.share_at_start", MILLIONTHS),
	SHOWN("act_count", "t.act_count", NUMBER, .optional = true),
};

static const ShownColumn player_columns[] = {
	SHOWN("id", "t.id", NUMBER),
	SHOWN("username", "t.username", TEXT),
	SHOWN("role", "t.role", TEXT),
	SHOWN("status", "t.status", TEXT),
	SHOWN("controlled_npc_count",
		  "(SELECT pg_catalog.count(*) FROM npcsim.npc_identities i"
		  "  WHERE i.controller_player_id = t.id AND i.world_id = t.world_id)",
		  NUMBER),
};

typedef struct ShownRows
{
	const char		  *table;
	const ShownColumn *columns;
	int				   column_count;
	const char		  *end; /* the end of a row's object */
	/* These are made of the above at first use. */
	SpiStatement of_ids;
	SpiStatement of_world;
} ShownRows;

#define SHOWN_ROWS(table_, columns_, end_) \
	{ \
		.table = (table_), .columns = (columns_), .column_count = lengthof(columns_), .end = (end_) \
	}

static ShownRows families[] = {
	[SHOWN_ITEMS] = SHOWN_ROWS("items", item_columns, "}"),
	[SHOWN_INTERACTIONS] = SHOWN_ROWS("interaction_runs", interaction_columns, "}}"),
	[SHOWN_PLAYERS] = SHOWN_ROWS("player_accounts", player_columns, "}"),
};

StaticAssertDecl(lengthof(families) == SHOWN_FAMILY_COUNT, "every family says what is shown of it");

/* ---- reading ---- */

static void
append_select(StringInfo sql, const ShownRows *rows)
{
	resetStringInfo(sql);
	for (int i = 0; i < rows->column_count; i++)
		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "SELECT ", rows->columns[i].sql);
}

static void
prepare(ShownRows *rows)
{
	StringInfoData sql;

	if (rows->of_world.sql != NULL)
		return;
	initStringInfo(&sql);
	append_select(&sql, rows);
	appendStringInfo(&sql,
					 " FROM " SPI_WANTED_KEYS " JOIN npcsim.%s t ON t.world_id = " SPI_WANTED_WORLD
					 " AND t.id = wanted.key_",
					 rows->table);
	rows->of_ids = (SpiStatement) {.sql = MemoryContextStrdup(TopMemoryContext, sql.data),
								   .nargs = 2,
								   .types = {INT8OID, INT8ARRAYOID},
								   .read_only = true};
	append_select(&sql, rows);
	appendStringInfo(&sql, " FROM npcsim.%s t WHERE t.world_id = $1 ORDER BY t.id", rows->table);
	rows->of_world = (SpiStatement) {.sql = MemoryContextStrdup(TopMemoryContext, sql.data),
									 .nargs = 1,
									 .types = {INT8OID},
									 .read_only = true};
	pfree(sql.data);
}

static uint64
load(ShownRows *rows, int64 world_id, const int64 *ids, int count)
{
	prepare(rows);
	if (ids == NULL)
		return spi_run(&rows->of_world, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&rows->of_ids, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
}

/* ---- writing ---- */

static void
write_value(StringInfo out, ShownKind kind, Datum value, Oid type)
{
	switch (kind)
	{
		case SHOWN_NUMBER:
			json_int64(out, number_of_datum(value, type));
			break;
		case SHOWN_MILLIONTHS:
			json_millionths(out, number_of_datum(value, type));
			break;
		case SHOWN_TEXT:
			json_string(out, TextDatumGetCString(value));
			break;
		case SHOWN_IDS:
		{
			ArrayType *ids = DatumGetArrayTypeP(value);

			json_ids(out, (const int64 *) ARR_DATA_PTR(ids), ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)));
			break;
		}
		case SHOWN_JSON:
			json_jsonb(out, DatumGetJsonbP(value));
			break;
	}
}

/* Writes a row and returns its id. */
static int64
write_row(StringInfo out, const ShownRows *rows, uint64 row)
{
	int64 id = 0;

	appendStringInfoChar(out, '{');
	for (int i = 0; i < rows->column_count; i++)
	{
		const ShownColumn *column = &rows->columns[i];
		int				   place = SPI_FIRST_COLUMN + i;
		Oid				   type = SPI_gettypeid(SPI_tuptable->tupdesc, place);
		bool			   isnull;
		Datum			   value = spi_datum(row, place, &isnull);

		if (isnull && column->optional)
			continue;
		appendStringInfoString(out, i > 0 ? column->key : column->key + strlen(","));
		if (i == 0)
			id = number_of_datum(value, type);
		if (isnull)
			json_literal(out, "null");
		else
			write_value(out, column->kind, value, type);
	}
	appendStringInfoString(out, rows->end);
	return id;
}

void
shown_rows_write(StringInfo out, ShownFamily family, int64 world_id, const int64 *ids, int count, bool *found)
{
	ShownRows *rows = &families[family];
	uint64	   row_count = load(rows, world_id, ids, count);

	appendStringInfoChar(out, '[');
	for (uint64 row = 0; row < row_count; row++)
	{
		int64 id;

		CHECK_FOR_INTERRUPTS();
		if (row > 0)
			appendStringInfoChar(out, ',');
		id = write_row(out, rows, row);
		if (ids != NULL)
			found[id_list_find(ids, count, id)] = true;
	}
	appendStringInfoChar(out, ']');
}
