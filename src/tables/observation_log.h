/*
 * observation_log.h
 *	  What minds were told, and what the built-in mind saw, as rows of observation_log.
 *
 * All functions are called between spi_begin() and spi_end().
 */
#ifndef NPCSIM_TABLES_OBSERVATION_LOG_H
#define NPCSIM_TABLES_OBSERVATION_LOG_H

#include "postgres.h"

/* What was told at one moment of a world, of one NPC or several. The arrays belong together. */
typedef struct ToldRow
{
	int64		 clock; /* µs */
	const int64 *npc_ids;
	const int64 *request_ids; /* NULL = the built-in mind decided; then there are no players either */
	const int64 *player_ids;
	int			 count;
	const char	*told; /* a line of each */
} ToldRow;

/* Adds a row, without a statement. */
extern void observation_log_write(int64 world_id, const ToldRow *row);

/* Whether a world keeps anything. */
extern bool observation_log_is_kept(int64 world_id);

/*
 * Drops the oldest rows of worlds that have more than they are to keep, and all of worlds that are gone. It waits for nobody: rows that
 * somebody else deletes are left to that.
 */
extern void observation_log_drop_oldest(void);

#endif /* NPCSIM_TABLES_OBSERVATION_LOG_H */
