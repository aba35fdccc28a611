/*
 * trust.c
 *	  What is on record of dishonest answers, and what makes players suspect, as rows.
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

/* ---- what makes players suspect ---- */

static const SpiColumn suspicion_columns[] = {
	SPI_COLUMN(Suspicion, score, "score"),
	SPI_COLUMN(Suspicion, as_of, "as_of_real"),
	SPI_COLUMN(Suspicion, hopeless, "hopeless"),
	SPI_COLUMN(Suspicion, foreign[0], "foreign_last_real"),
	SPI_COLUMN(Suspicion, foreign[1], "foreign_before_real"),
};

static SpiStatement begin_suspicion =
	{.sql =
		 "INSERT INTO npcsim.player_suspicion (world_id, player_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

#define SUSPICION_OF_PLAYER "SELECT %C FROM npcsim.player_suspicion WHERE world_id = $1 AND player_id = $2"

static SpiStatement read_suspicion = {.sql = SUSPICION_OF_PLAYER,
									  SPI_GIVES(Suspicion, suspicion_columns),
									  .nargs = 2,
									  .types = {INT8OID, INT8OID},
									  .read_only = true};

static SpiStatement lock_suspicion = {.sql = SUSPICION_OF_PLAYER " FOR UPDATE",
									  SPI_GIVES(Suspicion, suspicion_columns),
									  .nargs = 2,
									  .types = {INT8OID, INT8OID}};

static SpiStatement write_suspicion = {.sql =
										   "UPDATE npcsim.player_suspicion SET score = $3, as_of_real = $4, "
										   "hopeless = $5, foreign_last_real = $6, "
										   "foreign_before_real = $7 WHERE world_id = $1 AND player_id = $2",
									   .nargs = 7,
									   .types = {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, INT4OID,
												 TIMESTAMPTZOID, TIMESTAMPTZOID}};

StaticAssertDecl(FOREIGN_ANSWERS == 3, "each answer that is remembered has a column");

bool
suspicion_row_lock_known(int64 world_id, int64 player_id, Suspicion *suspicion)
{
	if (spi_run(&lock_suspicion, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)}, NULL,
				SPI_OK_SELECT) == 0)
		return false;
	spi_row(&lock_suspicion, 0, suspicion);
	return true;
}

void
suspicion_row_lock(int64 world_id, int64 player_id, Suspicion *suspicion)
{
	(void) spi_run(&begin_suspicion, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)}, NULL,
				   SPI_OK_INSERT);
	(void) suspicion_row_lock_known(world_id, player_id, suspicion);
}

void
suspicion_row_read(int64 world_id, int64 player_id, Suspicion *suspicion)
{
	*suspicion = (Suspicion) {0};
	if (spi_run(&read_suspicion, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)}, NULL,
				SPI_OK_SELECT) == 1)
		spi_row(&read_suspicion, 0, suspicion);
}

void
suspicion_row_write(int64 world_id, int64 player_id, const Suspicion *suspicion)
{
	const int64 moments[] = {suspicion->as_of, suspicion->foreign[0], suspicion->foreign[1]};
	char		nulls[] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', '\0'};

	nulls[3] = moments[0] == 0 ? 'n' : ' ';
	nulls[5] = moments[1] == 0 ? 'n' : ' ';
	nulls[6] = moments[2] == 0 ? 'n' : ' ';
	spi_run(&write_suspicion,
			(Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id), Int64GetDatum(suspicion->score),
					   TimestampTzGetDatum(moments[0]), Int32GetDatum(suspicion->hopeless),
					   TimestampTzGetDatum(moments[1]), TimestampTzGetDatum(moments[2])},
			nulls, SPI_OK_UPDATE);
}

/* ---- what is on record ---- */

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
