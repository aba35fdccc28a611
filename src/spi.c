/*
 * spi.c
 *	  Runs SQL from C: statements are prepared once per backend, results are typed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "numbers.h"
#include "spi.h"

/*
 * Raises an error unless the search_path is pinned. Operators in a statement are found by the search_path,
 * where somebody may have put some that fit better. So every function that runs statements is created with
 * SPI_SEARCH_PATH, and workers set it.
 */
static void
require_pinned_path(void)
{
	if (strcmp(namespace_search_path, SPI_SEARCH_PATH) == 0)
		return;
	ereport(
		ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		errmsg("statements of npcsim run with search_path = %s only", SPI_SEARCH_PATH),
		errdetail("It is \"%s\".", namespace_search_path),
		errhint("ALTER FUNCTION … SET search_path = %s puts right a function of npcsim whose settings were "
				"changed.",
				SPI_SEARCH_PATH));
}

void
spi_begin(void)
{
	require_pinned_path();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
spi_end(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

Datum
spi_end_text(MemoryContext caller, StringInfo out)
{
	MemoryContext before = MemoryContextSwitchTo(caller);
	Datum		  text = PointerGetDatum(cstring_to_text_with_len(out->data, out->len));

	MemoryContextSwitchTo(before);
	spi_end();
	return text;
}

char *
postgis_schema_name(void)
{
	return get_namespace_name(compat_extension_schema(get_extension_oid("postgis", false)));
}

const char *
postgis_schema(void)
{
	return quote_identifier(postgis_schema_name());
}

Oid
geometry_oid(void)
{
	/* It is looked up once, and again if PostGIS was created anew. */
	static Oid type = InvalidOid;
	Oid		   schema;

	if (OidIsValid(type) && SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type)))
		return type;
	schema = compat_extension_schema(get_extension_oid("postgis", false));
	type =
		GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geometry"), ObjectIdGetDatum(schema));
	if (!OidIsValid(type))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type geometry of PostGIS does not exist"));
	return type;
}

/* Replaces %P by PostGIS's schema, and %C by the statement's list of columns, which may contain %P. */
static void
append_expanded(StringInfo out, const SpiStatement *statement, const char *sql)
{
	for (const char *p = sql; *p != '\0'; p++)
	{
		if (p[0] == '%' && p[1] == 'P')
		{
			appendStringInfoString(out, postgis_schema());
			p++;
		}
		else if (p[0] == '%' && p[1] == 'C')
		{
			for (int i = 0; i < statement->column_count; i++)
			{
				appendStringInfoString(out, i > 0 ? ", " : "");
				append_expanded(out, statement, statement->columns[i].sql);
			}
			p++;
		}
		else
			appendStringInfoChar(out, *p);
	}
}

static void
prepare(SpiStatement *statement)
{
	SPIPlanPtr	   plan;
	StringInfoData sql;

	Assert(statement->nargs <= SPI_STATEMENT_ARGS);
	initStringInfo(&sql);
	append_expanded(&sql, statement, statement->sql);
	plan = SPI_prepare_cursor(sql.data, statement->nargs, statement->types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s", SPI_result_code_string(SPI_result), sql.data);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	statement->plan = plan;
	pfree(sql.data);
}

/* The number of our statements that are being run, one within the other. */
static int statements_running = 0;

bool
spi_runs_statement(void)
{
	return statements_running > 0;
}

uint64
spi_run_limit(SpiStatement *statement, Datum *values, const char *nulls, int expected, long limit)
{
	int			 result;
	volatile int outer = statements_running;

	if (statement->plan == NULL)
		prepare(statement);
	PG_TRY();
	{
		statements_running = outer + 1;
		result = SPI_execute_plan(statement->plan, values, nulls, statement->read_only, limit);
	}
	PG_FINALLY();
	{
		statements_running = outer;
	}
	PG_END_TRY();
	if (result != expected)
		elog(ERROR, "unexpected result %s of: %s", SPI_result_code_string(result), statement->sql);
	return SPI_processed;
}

uint64
spi_run(SpiStatement *statement, Datum *values, const char *nulls, int expected)
{
	return spi_run_limit(statement, values, nulls, expected, 0);
}

void
spi_run_once(const char *sql, int expected)
{
	int			 result;
	volatile int outer = statements_running;

	PG_TRY();
	{
		statements_running = outer + 1;
		result = SPI_execute(sql, false, 0);
	}
	PG_FINALLY();
	{
		statements_running = outer;
	}
	PG_END_TRY();
	if (result != expected)
		elog(ERROR, "unexpected result %s of: %s", SPI_result_code_string(result), sql);
}

int
spi_index_plans_begin(void)
{
	int level;

	if (!enable_hashjoin && !enable_mergejoin && !enable_seqscan && !enable_bitmapscan)
		return 0;
	level = NewGUCNestLevel();
	spi_index_plans_set(GUC_ACTION_SAVE);
	return level;
}

/*
 * "jit" is off, too: at the price that is put on its scan here, a table without an index would be worth
 * compiling for.
 */
void
spi_index_plans_set(GucAction action)
{
	static const char *const settings[] = {"enable_hashjoin", "enable_mergejoin", "enable_seqscan",
										   "enable_bitmapscan", "jit"};

	for (int i = 0; i < (int) lengthof(settings); i++)
		(void) set_config_option(settings[i], "off", PGC_USERSET, PGC_S_SESSION, action, true, 0, false);
}

void
spi_index_plans_end(int level)
{
	if (level > 0)
		AtEOXact_GUC(true, level);
}

/* ---- results of a statement ---- */

Datum
spi_datum(uint64 row, int column, bool *isnull)
{
	Assert(row < SPI_tuptable->numvals);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static void
require_columns(int count)
{
	if (SPI_tuptable->tupdesc->natts != count)
		elog(ERROR, "a statement gave %d columns, not %d", SPI_tuptable->tupdesc->natts, count);
}

static void
require_type(Oid type, Oid expected)
{
	if (type != expected)
		elog(ERROR, "a statement gave type %u for type %u", type, expected);
}

static void
take(const SpiColumn *column, Oid type, Datum value, bool isnull, void *thing)
{
	void *place = (char *) thing + column->offset;

	switch (column->member)
	{
		case SPI_NUMBER:
			number_put(place, column->width, isnull ? column->if_null : number_of_datum(value, type));
			break;
		case SPI_FLAG:
			require_type(type, BOOLOID);
			*(bool *) place = isnull ? column->if_null != 0 : DatumGetBool(value);
			break;
		case SPI_DECIMAL:
			require_type(type, FLOAT8OID);
			*(double *) place = isnull ? (double) column->if_null : DatumGetFloat8(value);
			break;
		case SPI_TEXT:
			require_type(type, TEXTOID);
			*(char **) place = isnull ? NULL : TextDatumGetCString(value);
			break;
		case SPI_JSON:
			require_type(type, JSONBOID);
			*(Jsonb **) place = isnull ? NULL : DatumGetJsonbPCopy(value);
			break;
		case SPI_BYTES:
			require_type(type, BYTEAOID);
			*(bytea **) place = isnull ? NULL : DatumGetByteaPCopy(value);
			break;
		case SPI_ARRAY:
			*(ArrayType **) place = isnull ? NULL : DatumGetArrayTypePCopy(value);
			break;
		case SPI_PLACE:
			require_type(type, TIDOID);
			ItemPointerSetInvalid((ItemPointer) place);
			if (!isnull)
				ItemPointerCopy((ItemPointer) DatumGetPointer(value), (ItemPointer) place);
			break;
	}
}

void
spi_take(const SpiColumn *columns, int count, uint64 row, void *thing)
{
	require_columns(count);
	for (int i = 0; i < count; i++)
	{
		int	  column = SPI_FIRST_COLUMN + i;
		bool  isnull;
		Datum value = spi_datum(row, column, &isnull);

		take(&columns[i], SPI_gettypeid(SPI_tuptable->tupdesc, column), value, isnull, thing);
	}
}

void
spi_row(const SpiStatement *statement, uint64 row, void *thing)
{
	spi_take(statement->columns, statement->column_count, row, thing);
}

void *
spi_rows(const SpiStatement *statement, uint64 rows, int *count)
{
	char *things = MemoryContextAllocHuge(CurrentMemoryContext, Max(rows, 1) * statement->size);

	memset(things, 0, Max(rows, 1) * statement->size);
	for (uint64 row = 0; row < rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		spi_row(statement, row, things + row * statement->size);
	}
	*count = (int) rows;
	return things;
}

Datum
spi_value(uint64 row, bool *isnull)
{
	require_columns(1);
	*isnull = true;
	return row < SPI_tuptable->numvals ? spi_datum(row, SPI_FIRST_COLUMN, isnull) : (Datum) 0;
}

int64
spi_int64(uint64 row, int64 if_null)
{
	bool  isnull;
	Datum value = spi_value(row, &isnull);

	return isnull ? if_null : number_of_datum(value, SPI_gettypeid(SPI_tuptable->tupdesc, SPI_FIRST_COLUMN));
}

bool
spi_bool(uint64 row, bool if_null)
{
	return spi_int64(row, if_null) != 0;
}

double
spi_float8(uint64 row, double if_null)
{
	bool  isnull;
	Datum value = spi_value(row, &isnull);

	return isnull ? if_null : DatumGetFloat8(value);
}

ItemPointerData
spi_tid(uint64 row)
{
	bool			isnull;
	Datum			value = spi_value(row, &isnull);
	ItemPointerData tid;

	ItemPointerSetInvalid(&tid);
	if (!isnull)
		ItemPointerCopy((ItemPointer) DatumGetPointer(value), &tid);
	return tid;
}

char *
spi_text(uint64 row)
{
	bool  isnull;
	Datum value = spi_value(row, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

int64 *
spi_ids(uint64 rows)
{
	int64 *ids = palloc(sizeof(int64) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 0);
	return ids;
}

void
spi_put_rows(uint64 rows, ReturnSetInfo *result)
{
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
}
