/*
 * differences.c
 *	  world_differences(world_id, other_world_id): tells where the states of two worlds differ.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "reducers/args.h"
#include "reducers/world_head.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_world_differences);

#define DIFFERENCE_COLUMNS 4

/* Of a row that both worlds have it returns the members that differ. */
static SpiStatement differences_statement =
	{.sql = "SELECT relation, key, d.here, d.there"
			"  FROM npcsim.world_rows($1) a FULL JOIN npcsim.world_rows($2) b USING (relation, key)"
			" CROSS JOIN LATERAL ("
			"  SELECT CASE WHEN a.content IS NOT NULL THEN"
			"              pg_catalog.jsonb_object_agg(m.name, a.content -> m.name) END,"
			"         CASE WHEN b.content IS NOT NULL THEN"
			"              pg_catalog.jsonb_object_agg(m.name, b.content -> m.name) END"
			"    FROM pg_catalog.jsonb_object_keys(coalesce(a.content, '{}') || coalesce(b.content, '{}')) "
			"AS m(name)"
			"   WHERE a.content -> m.name IS DISTINCT FROM b.content -> m.name) AS d(here, there)"
			" WHERE a.content IS DISTINCT FROM b.content"
			" ORDER BY relation, pg_catalog.length(key), key",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

/* world_differences(world_id, other_world_id) → (relation, key, here, there) */
Datum
npcsim_world_differences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		   here = arg_id(fcinfo, 0, "world_id");
	int64		   there = arg_id(fcinfo, 1, "other_world_id");
	uint64		   rows;

	InitMaterializedSRF(fcinfo, 0);
	/* What the same query did before, above all a replay, is compared, too. */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	spi_begin();
	read_world_head(here);
	read_world_head(there);
	rows = spi_run(&differences_statement, (Datum[]) {Int64GetDatum(here), Int64GetDatum(there)}, NULL,
				   SPI_OK_SELECT);
	for (uint64 row = 0; row < rows; row++)
	{
		Datum values[DIFFERENCE_COLUMNS];
		bool  nulls[DIFFERENCE_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < DIFFERENCE_COLUMNS; i++)
			values[i] = spi_datum(row, SPI_FIRST_COLUMN + i, &nulls[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	spi_end();
	PopActiveSnapshot();
	return (Datum) 0;
}
