/*
 * gateway_reads.c
 *	  The functions by which gateways read with one statement each: unknown_sessions, worlds_to_watch,
 *	  compute_standings and superseded_decisions.
 *
 * An argument that is NULL, or an element of an array that is NULL, names nobody.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/datum.h"

#include "quiet.h"
#include "spi.h"
#include "tables/gateway_reads.h"

PG_FUNCTION_INFO_V1(npcsim_unknown_sessions);
PG_FUNCTION_INFO_V1(npcsim_worlds_to_watch);
PG_FUNCTION_INFO_V1(npcsim_compute_standings);
PG_FUNCTION_INFO_V1(npcsim_superseded_decisions);

/* Runs the statement with the function's arguments and returns the number of rows. SPI must be connected. */
static uint64
read_rows(FunctionCallInfo fcinfo, GatewayRead read)
{
	Datum values[GATEWAY_READ_ARGS] = {0};
	char  nulls[GATEWAY_READ_ARGS];

	Assert(PG_NARGS() <= GATEWAY_READ_ARGS);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	return gateway_read(read, values, nulls);
}

static Datum
return_rows(FunctionCallInfo fcinfo, GatewayRead read)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64		   rows;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	spi_begin();
	rows = read_rows(fcinfo, read);
	spi_put_rows(rows, result);
	spi_end();
	return (Datum) 0;
}

static Datum
unknown_sessions(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, READ_UNKNOWN_SESSIONS);
}

Datum
npcsim_unknown_sessions(PG_FUNCTION_ARGS)
{
	return call_quietly(unknown_sessions, fcinfo);
}

static Datum
worlds_to_watch(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		  isnull;
	Datum		  worlds;

	spi_begin();
	(void) read_rows(fcinfo, READ_WORLDS_TO_WATCH);
	worlds = spi_value(0, &isnull);
	MemoryContextSwitchTo(caller);
	worlds = datumCopy(worlds, false, -1);
	spi_end();
	return worlds;
}

Datum
npcsim_worlds_to_watch(PG_FUNCTION_ARGS)
{
	return call_quietly(worlds_to_watch, fcinfo);
}

static Datum
compute_standings(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, READ_STANDINGS);
}

Datum
npcsim_compute_standings(PG_FUNCTION_ARGS)
{
	return call_quietly(compute_standings, fcinfo);
}

static Datum
superseded_decisions(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, READ_SUPERSEDED_DECISIONS);
}

Datum
npcsim_superseded_decisions(PG_FUNCTION_ARGS)
{
	return call_quietly(superseded_decisions, fcinfo);
}
