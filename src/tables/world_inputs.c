/*
 * world_inputs.c
 *	  The inputs of worlds as rows, read for replays.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "spi.h"
#include "tables/world_inputs.h"

static const SpiColumn input_columns[] = {
	SPI_COLUMN(WorldInput, sequence, "sequence"),
	SPI_COLUMN(WorldInput, tick, "tick"),
	SPI_COLUMN(WorldInput, kind, "kind"),
	SPI_COLUMN(WorldInput, payload, "payload"),
};

static SpiStatement select_page = {.sql =
									   "SELECT %C FROM npcsim.world_inputs "
									   "WHERE world_id = $1 AND sequence BETWEEN $2 AND $3 ORDER BY sequence",
								   SPI_GIVES(WorldInput, input_columns),
								   .nargs = 3,
								   .types = {INT8OID, INT8OID, INT8OID}};

int
world_inputs_read(int64 world_id, int64 first, int64 last, MemoryContext context, WorldInput *inputs)
{
	int			  rows = (int) spi_run(&select_page,
									   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(first), Int64GetDatum(last)},
									   NULL, SPI_OK_SELECT);
	MemoryContext before = MemoryContextSwitchTo(context);

	for (int row = 0; row < rows; row++)
		spi_row(&select_page, row, &inputs[row]);
	MemoryContextSwitchTo(before);
	return rows;
}
