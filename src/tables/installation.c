/*
 * installation.c
 *	  Facts about this database alone, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/installation.h"

static SpiStatement select_id = {"SELECT id FROM npcsim.installation", 0, {0}};

static SpiStatement select_epoch = {"SELECT epoch FROM npcsim.epochs WHERE home = $1", 1, {TEXTOID}};

static SpiStatement begin_epoch =
	{"INSERT INTO npcsim.epochs (epoch, home) VALUES ($1, $2) "
	 "ON CONFLICT (singleton) DO UPDATE SET epoch = excluded.epoch, home = excluded.home, "
	 "begun_at_real = pg_catalog.now() WHERE npcsim.epochs.home <> excluded.home",
	 2,
	 {TEXTOID, TEXTOID}};

char *
installation_id(void)
{
	return spi_run(&select_id, NULL, NULL, SPI_OK_SELECT) == 1 ? spi_text(0) : NULL;
}

char *
epoch_row_read(const char *home)
{
	return spi_run(&select_epoch, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT) == 1
			   ? spi_text(0)
			   : NULL;
}

void
epoch_row_begin(const char *epoch, const char *home)
{
	spi_run(&begin_epoch, (Datum[]) {CStringGetTextDatum(epoch), CStringGetTextDatum(home)}, NULL,
			SPI_OK_INSERT);
}
