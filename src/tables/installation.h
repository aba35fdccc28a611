/*
 * installation.h
 *	  What is true of this database alone, as rows: installation, epochs.
 *
 * All of it within spi_begin and spi_end, whose memory results are in.
 */
#ifndef NPCSIM_TABLES_INSTALLATION_H
#define NPCSIM_TABLES_INSTALLATION_H

#include "postgres.h"

/* NULL = its row is gone. */
extern char *installation_id(void);

/* The epoch that was begun here, NULL = none. */
extern char *epoch_row_read(const char *home);
/* Begins one, unless one was begun here meanwhile. */
extern void epoch_row_begin(const char *epoch, const char *home);

#endif /* NPCSIM_TABLES_INSTALLATION_H */
