/*
 * suspensions.h
 *	  Whose suspension, or whose end of it, clients were not told yet, as rows of player_accounts and compute_sources.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_SUSPENSIONS_H
#define NPCSIM_TABLES_SUSPENSIONS_H

#include "postgres.h"

typedef struct SuspensionNews
{
	int64 world_id;
	int64 player_id; /* 0 = the operators' source */
	int64 source_id; /* 0 = the player, and with it all its sources */
	bool  suspended; /* else it is back */
} SuspensionNews;

/* Returns them in order of world, of worlds that are at home; at most 1,000. */
extern SuspensionNews *suspension_news_read(const char *home, int *count);
/* Notes that it was told. Returns false if it is not so any more, or somebody has the row locked. */
extern bool suspension_news_told(const SuspensionNews *news);

#endif /* NPCSIM_TABLES_SUSPENSIONS_H */
