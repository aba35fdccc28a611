/*
 * world_inputs.c
 *	  The inputs of worlds as rows, read for replays.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "spi.h"
#include "tables/world_inputs.h"

static SpiStatement select_page = {"SELECT sequence, tick, kind, payload FROM npcsim.world_inputs "
								   "WHERE world_id = $1 AND sequence BETWEEN $2 AND $3 ORDER BY sequence",
								   3,
								   {INT8OID, INT8OID, INT8OID}};

int
world_inputs_read(int64 world_id, int64 first, int64 last, MemoryContext context, WorldInput *inputs)
{
	int			  rows = (int) spi_run(&select_page,
									   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(first), Int64GetDatum(last)},
									   NULL, SPI_OK_SELECT);
	MemoryContext before = MemoryContextSwitchTo(context);

	for (int row = 0; row < rows; row++)
	{
		bool isnull;

		inputs[row].sequence = spi_int64(row, 1, 0);
		inputs[row].tick = spi_int64(row, 2, 0);
		inputs[row].kind = spi_text(row, 3, context);
		inputs[row].payload = DatumGetJsonbPCopy(spi_datum(row, 4, &isnull));
	}
	MemoryContextSwitchTo(before);
	return rows;
}
