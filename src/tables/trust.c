/*
 * trust.c
 *	  What is on record of dishonest answers, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/new_ids.h"
#include "tables/trust.h"

static IdSource violation_ids = ID_SOURCE("security_violations");

static SpiStatement insert =
	{.sql =
		 "INSERT INTO npcsim.security_violations (id, world_id, player_id, source_id, kind, detail, at_real)"
		 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	 .nargs = 7,
	 .types = {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID}};

static SpiStatement forget = {.sql = "DELETE FROM npcsim.security_violations WHERE at_real < $1",
							  .nargs = 1,
							  .types = {TIMESTAMPTZOID}};

int64
violation_insert(const Violation *violation)
{
	char  nulls[] = {' ', ' ', ' ', violation->source_id == 0 ? 'n' : ' ', ' ', ' ', ' ', '\0'};
	int64 id = new_id(&violation_ids);

	spi_run(&insert,
			(Datum[]) {Int64GetDatum(id), Int64GetDatum(violation->world_id),
					   Int64GetDatum(violation->player_id), Int64GetDatum(violation->source_id),
					   CStringGetTextDatum(violation->kind), CStringGetTextDatum(violation->detail),
					   TimestampTzGetDatum(violation->at)},
			nulls, SPI_OK_INSERT);
	return id;
}

void
violations_forget(TimestampTz before)
{
	(void) spi_run(&forget, (Datum[]) {TimestampTzGetDatum(before)}, NULL, SPI_OK_DELETE);
}
