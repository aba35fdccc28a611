/*
 * explained.c
 *	  Reads why something happens, or does not.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "spi.h"
#include "tables/explained.h"

static SpiStatement explain_npc = {.sql = "SELECT npcsim_internal.npc_explained($1, $2)::text",
								   .nargs = 2,
								   .types = {INT8OID, INT8OID},
								   .read_only = true};

static SpiStatement explain_assignment = {.sql = "SELECT npcsim_internal.assignment_explained($1)::text",
										  .nargs = 1,
										  .types = {INT8OID}};

static SpiStatement explain_decision =
	{.sql = "SELECT npcsim_internal.decision_explained($1, $2, nullif($3, 0))::text",
	 .nargs = 3,
	 .types = {INT8OID, INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement select_controller = {
	.sql =
		"SELECT coalesce(controller_player_id, 0) FROM npcsim.npc_identities WHERE world_id = $1 AND id = $2",
	.nargs = 2,
	.types = {INT8OID, INT8OID},
	.read_only = true};

/* Returns the text of the one row. */
static char *
text_of(SpiStatement *statement, Datum *values)
{
	bool isnull;

	(void) spi_run(statement, values, NULL, SPI_OK_SELECT);
	(void) spi_value(0, &isnull);
	return isnull ? NULL : spi_text(0);
}

char *
npc_explained(int64 world_id, int64 npc_id)
{
	return text_of(&explain_npc, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(npc_id)});
}

char *
assignment_explained(int64 player_id)
{
	return text_of(&explain_assignment, (Datum[]) {Int64GetDatum(player_id)});
}

char *
decision_explained(int64 world_id, int64 request_id, int64 player_id)
{
	return text_of(&explain_decision,
				   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(request_id), Int64GetDatum(player_id)});
}

bool
npc_row_controller(int64 world_id, int64 npc_id, int64 *player_id)
{
	if (spi_run(&select_controller, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(npc_id)}, NULL,
				SPI_OK_SELECT) == 0)
		return false;
	*player_id = spi_int64(0, 0);
	return true;
}
