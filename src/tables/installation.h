/*
 * installation.h
 *	  Facts about this database alone, as rows: installation, epochs.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_INSTALLATION_H
#define NPCSIM_TABLES_INSTALLATION_H

#include "postgres.h"

/* Returns the id of the installation; NULL if its row is gone. */
extern char *installation_id(void);

/* Returns the epoch that was begun here; NULL if none was. */
extern char *epoch_row_read(const char *home);
/* Begins an epoch, unless one was begun here meanwhile. */
extern void epoch_row_begin(const char *epoch, const char *home);

#endif /* NPCSIM_TABLES_INSTALLATION_H */
