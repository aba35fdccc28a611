/*
 * fallback.h
 *	  Who can be asked about an NPC and what may be spent on that, as rows; and what was done and spent: fallback_log,
 *	  server_api_spending.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_FALLBACK_H
#define NPCSIM_TABLES_FALLBACK_H

#include "postgres.h"

#include "utils/timestamp.h"

/* What is known of an NPC and its world. Sources are ids, 0 = nobody lends by one; a source without a row has no id yet. */
typedef struct FallbackFacts
{
	int64 controller; /* 0 = nobody */
	int64 request_id; /* its last question; 0 = it never had one */
	bool  is_open;	  /* the question is */
	bool  mind;		  /* its player can be asked, by a source that is no API */
	bool  stateless;  /* somebody else can, by one that remembers nothing and has not had the question */
	bool  player_api; /* its player can be, by an API */
	bool  server_api; /* the operators' API can be */
	int64 mind_source;
	int64 stateless_source;
	int64 player_api_source;
	int64 server_api_source;
	bool  hybrid;		 /* its player has the server back it up */
	int32 tried;		 /* steps at which its question came to nothing lately, as bits (market/fallback.h) */
	bool  commercial;	 /* enable_commercial_fallback, and so on as the settings are named */
	bool  server_backup; /* server_backup_enabled */
	bool  built_in;		 /* built_in_fallback */
	int64 price;		 /* server_api_cost */
	int64 cap;			 /* server_api_cap_per_day */
	int64 cap_of_player; /* hybrid_cap_per_day */
	int64 spent;		 /* by the world today */
	int64 spent_by_player; /* by its player */
} FallbackFacts;

/* Returns false if there is no such NPC. */
extern bool fallback_facts_read(int64 world_id, int64 npc_id, FallbackFacts *facts);

typedef struct LoggedFallback
{
	int64		world_id;
	int64		npc_id;
	int64		request_id; /* 0 = there is none, as for source and player */
	const char *step;
	const char *reason;
	int64		source_id;
	int64		player_id; /* who pays */
	int64		cost;
} LoggedFallback;

extern void fallback_log_write(const LoggedFallback *fallback);

/*
 * Counts a question that a player (0 = the world) pays for. Returns false, and counts nothing, if that would be more than 'cap' today: whoever
 * counts at the same moment is waited for.
 */
extern bool fallback_spend(int64 world_id, int64 player_id, int64 cost, int64 cap);

/* Takes back what was counted by the same transaction. */
extern void fallback_take_back(int64 world_id, int64 player_id, int64 cost);

#define SPENDING_DAYS 400 /* it is kept */

/* Deletes what was logged and what was spent before these moments. */
extern void fallbacks_forget(TimestampTz logged_before, TimestampTz spent_before);

#endif /* NPCSIM_TABLES_FALLBACK_H */
