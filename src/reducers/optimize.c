/*
 * optimize.c
 *	  optimize_world_queries(): checks and repairs the indexes without which worlds cannot run.
 *
 * Indexes of a table are not members of the extension, so that anybody who may drop them can; one that
 * is built anew concurrently may be left behind invalid; and bloat that a held snapshot caused stays.
 * A world cannot run without them (tables/index_rows.c).
 *
 * Nothing here takes a world's lock or reads its state, so that it also works for worlds whose ticks
 * fail. Building an index keeps writers of its table waiting for as long as the caller's transaction
 * lasts.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "reducers/args.h"
#include "reducers/world_head.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_optimize_world_queries);

/* tests/pgtap/79_optimize.sql compares them with those that are installed. */
static const struct
{
	const char *table;
	const char *name;
	/* The definition as pg_get_indexdef() tells it; NULL: it is the primary key. */
	const char *definition;
	/* The columns of the primary key. */
	const char *key;
} needed[] = {
	{.table = "npc_tracks",
	 .name = "npc_tracks_sight",
	 .definition =
		 "CREATE INDEX npc_tracks_sight ON npcsim.npc_tracks USING gist (sight) WITH (fillfactor='70')"},
	{.table = "items",
	 .name = "items_sight",
	 .definition = "CREATE INDEX items_sight ON npcsim.items USING gist (sight)"},
	{.table = "npc_tracks", .name = "npc_tracks_key", .key = "world_id, npc_id"},
	{.table = "npc_states", .name = "npc_states_key", .key = "world_id, npc_id"},
	{.table = "items", .name = "items_key", .key = "world_id, id"},
	{.table = "npc_identities", .name = "npc_identities_pkey", .key = "world_id, id"},
	{.table = "npc_minds", .name = "npc_minds_pkey", .key = "world_id, npc_id"},
	{.table = "decision_slots", .name = "decision_slots_pkey", .key = "world_id, npc_id"},
	{.table = "interaction_runs", .name = "interaction_runs_pkey", .key = "world_id, id"},
	{.table = "interaction_bid_rows", .name = "interaction_bid_rows_pkey", .key = "world_id, id"},
	{.table = "item_respawns", .name = "item_respawns_pkey", .key = "world_id, id"},
	{.table = "world_clock", .name = "world_clock_pkey", .key = "world_id"},
};

/* Whether an earlier entry names the same table. */
static bool
names_table_before(int entry)
{
	for (int i = 0; i < entry; i++)
		if (strcmp(needed[i].table, needed[entry].table) == 0)
			return true;
	return false;
}

/* The size of an entry with its line pointer, of two bigints or of a box. */
#define ENTRY_BYTES 28
/*
 * An index is bloated if it has so many times the pages that its rows need, half filled, and more than
 * BLOAT_PAGES.
 */
#define BLOAT_FACTOR 4
#define BLOAT_PAGES	 128

typedef struct IndexFound
{
	bool  usable;
	char *definition;
	int64 bytes;
	bool  primary;
} IndexFound;

static const SpiColumn index_columns[] = {
	SPI_COLUMN(IndexFound, usable, "i.indisvalid AND i.indisready AND i.indislive"),
	SPI_COLUMN(IndexFound, definition, "pg_catalog.pg_get_indexdef(c.oid)"),
	SPI_COLUMN(IndexFound, bytes, "pg_catalog.pg_relation_size(c.oid)"),
	SPI_COLUMN(IndexFound, primary, "i.indisprimary"),
};

static SpiStatement index_statement =
	{.sql = "SELECT %C"
			"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"
			" WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'npcsim')"
			"   AND c.relname::text = $1",
	 SPI_GIVES(IndexFound, index_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

typedef struct Leftover
{
	char *index;
	int64 bytes;
} Leftover;

static const SpiColumn leftover_columns[] = {
	SPI_COLUMN(Leftover, index, "c.relname::text"),
	SPI_COLUMN(Leftover, bytes, "pg_catalog.pg_relation_size(c.oid)"),
};

static SpiStatement leftover_statement =
	{.sql = "SELECT %C"
			"  FROM pg_catalog.pg_class t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid"
			"  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
			" WHERE t.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'npcsim')"
			"   AND t.relname::text = $1 AND c.relname::text ~ '_cc(new|old)[0-9]*$'"
			"   AND NOT (i.indisvalid AND i.indisready AND i.indislive)"
			" ORDER BY c.relname",
	 SPI_GIVES(Leftover, leftover_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement statistics_statement =
	{.sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_statistic s WHERE s.starelid = t.oid)"
			"  FROM pg_catalog.pg_class t"
			" WHERE t.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'npcsim')"
			"   AND t.relname::text = $1",
	 .nargs = 1,
	 .types = {TEXTOID}};

/* A row of the result. */
typedef struct Finding
{
	const char *table;
	const char *index; /* NULL: it is about the table's statistics */
	const char *problem;
	char	   *statement; /* that repairs it; NULL: nothing is to be done */
	int64		rows;
	int64		bytes; /* of the index, before it is repaired */
} Finding;

static int64
count_rows(const char *table)
{
	spi_run_once(psprintf("SELECT pg_catalog.count(*) FROM npcsim.%s", table), SPI_OK_SELECT);
	return spi_int64(0, 0);
}

/* Returns the statement that creates an index. */
static char *
making(int which)
{
	if (needed[which].key == NULL)
		return pstrdup(needed[which].definition);
	return psprintf("ALTER TABLE npcsim.%s ADD CONSTRAINT %s PRIMARY KEY (%s)", needed[which].table,
					needed[which].name, needed[which].key);
}

/* Returns the statements that remove whatever has its name. */
static char *
unmaking(int which)
{
	if (needed[which].key == NULL)
		return psprintf("DROP INDEX npcsim.%s", needed[which].name);
	return psprintf("ALTER TABLE npcsim.%s DROP CONSTRAINT IF EXISTS %s; DROP INDEX IF EXISTS npcsim.%s",
					needed[which].table, needed[which].name, needed[which].name);
}

/*
 * Whether a definition is the needed one. Storage parameters may differ: they are for the operator to choose.
 */
static bool
is_as_needed(const char *definition, bool primary, int which)
{
	const char *needs = needed[which].key == NULL
							? needed[which].definition
							: psprintf("CREATE UNIQUE INDEX %s ON npcsim.%s USING btree (%s)",
									   needed[which].name, needed[which].table, needed[which].key);
	const char *storage = strstr(needs, " WITH (");
	size_t		length = storage != NULL ? (size_t) (storage - needs) : strlen(needs);

	return primary == (needed[which].key != NULL) && strncmp(definition, needs, length) == 0 &&
		   (definition[length] == '\0' || strncmp(definition + length, " WITH (", 7) == 0);
}

static bool
is_bloated(int64 rows, int64 bytes)
{
	int64 pages = bytes / BLCKSZ;
	int64 needed_pages = 1 + rows * ENTRY_BYTES / (BLCKSZ / 2);

	return pages > BLOAT_PAGES && pages > BLOAT_FACTOR * needed_pages;
}

static Finding
look_at_index(int which)
{
	Finding		found = {.table = needed[which].table, .index = needed[which].name};
	const char *name = quote_identifier(found.index);
	IndexFound	index;

	found.rows = count_rows(found.table);
	if (spi_run(&index_statement, (Datum[]) {CStringGetTextDatum(found.index)}, NULL, SPI_OK_SELECT) == 0)
	{
		found.problem = "missing";
		found.statement = making(which);
		return found;
	}
	spi_row(&index_statement, 0, &index);
	found.bytes = index.bytes;
	if (!is_as_needed(index.definition, index.primary, which))
	{
		found.problem = "different";
		found.statement = psprintf("%s; %s", unmaking(which), making(which));
	}
	else if (!index.usable)
		found.problem = "invalid";
	else if (is_bloated(found.rows, found.bytes))
		found.problem = "bloated";
	if (found.problem != NULL && found.statement == NULL)
		found.statement = psprintf("REINDEX INDEX npcsim.%s", name);
	return found;
}

static Finding
look_at_statistics(const char *table)
{
	Finding found = {.table = table, .rows = count_rows(table)};

	if (found.rows == 0 ||
		spi_run(&statistics_statement, (Datum[]) {CStringGetTextDatum(table)}, NULL, SPI_OK_SELECT) == 0)
		return found;
	if (!spi_bool(0, true))
	{
		found.problem = "no statistics";
		found.statement = psprintf("ANALYZE npcsim.%s", quote_identifier(table));
	}
	return found;
}

static void
tell(ReturnSetInfo *result, const Finding *found)
{
	Datum values[6] = {CStringGetTextDatum(found->table), (Datum) 0, (Datum) 0, (Datum) 0,
					   Int64GetDatum(found->rows)};
	bool  nulls[6] = {false, found->index == NULL, found->problem == NULL, found->statement == NULL,
					  false, found->index == NULL};

	if (found->index != NULL)
		values[1] = CStringGetTextDatum(found->index);
	if (found->problem != NULL)
		values[2] = CStringGetTextDatum(found->problem);
	if (found->statement != NULL)
		values[3] = CStringGetTextDatum(found->statement);
	values[5] = Int64GetDatum(found->bytes);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
mend(ReturnSetInfo *result, const Finding *found, bool repair)
{
	if (repair && found->statement != NULL)
		spi_run_once(found->statement, SPI_OK_UTILITY);
	tell(result, found);
}

/*
 * Reports what failed runs of REINDEX CONCURRENTLY have left, which every write pays for. It is only
 * reported, since an index that is still being built looks the same.
 */
static void
tell_leftovers(ReturnSetInfo *result, const char *table)
{
	int64	  rows = count_rows(table);
	int		  count;
	Leftover *leftovers =
		spi_rows(&leftover_statement,
				 spi_run(&leftover_statement, (Datum[]) {CStringGetTextDatum(table)}, NULL, SPI_OK_SELECT),
				 &count);

	for (int i = 0; i < count; i++)
	{
		Finding found = {.table = table,
						 .index = leftovers[i].index,
						 .problem = "left over",
						 .rows = rows,
						 .bytes = leftovers[i].bytes};

		tell(result, &found);
	}
}

/* optimize_world_queries(world_id, repair) → rows of findings; repairs what it can if 'repair' is true. */
Datum
npcsim_optimize_world_queries(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	bool		   repair = arg_bool(fcinfo, 1, "repair");

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	(void) read_world_head(world_id);
	for (int i = 0; i < (int) lengthof(needed); i++)
	{
		Finding found = look_at_index(i);

		mend(result, &found, repair);
	}
	for (int i = 0; i < (int) lengthof(needed); i++)
	{
		Finding found;

		if (names_table_before(i))
			continue;
		found = look_at_statistics(needed[i].table);
		tell_leftovers(result, needed[i].table);
		mend(result, &found, repair);
	}
	spi_end();
	return (Datum) 0;
}
