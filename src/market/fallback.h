/*
 * fallback.h
 *	  Whom a question goes to next when the one before cannot answer it.
 */
#ifndef NPCSIM_MARKET_FALLBACK_H
#define NPCSIM_MARKET_FALLBACK_H

#include "sim/sim.h"

/* In the order in which they are tried. */
typedef enum FallbackStep
{
	FALLBACK_CONTROLLER, /* the source of the NPC's player */
	FALLBACK_STATELESS,	 /* any source that remembers nothing */
	FALLBACK_PLAYER_API, /* the API source of the NPC's player */
	FALLBACK_SERVER_API, /* the operator's API source */
	FALLBACK_BUILT_IN,	 /* the built-in mind */
	FALLBACK_DORMANT,	 /* nobody: the NPC sleeps until compute returns */
	FALLBACK_COUNT
} FallbackStep;

/* As the log calls them; NULL-terminated. */
extern const char *const fallback_names[];

/* A step as one of a set. */
#define FALLBACK_BIT(step) (1U << (step))

/* What a world allows, and what there is; money in millionths of its unit. */
typedef struct FallbackTerms
{
	bool	 commercial;	 /* enable_commercial_fallback: compute may be bought */
	bool	 server_backup;	 /* server_backup_enabled: of the operator */
	bool	 built_in;		 /* built_in_fallback */
	bool	 hybrid;		 /* the NPC's player has the server back it up, at its own cost */
	int64_t	 price;			 /* of a decision by the operator's API source */
	int64_t	 left;			 /* what the world may still spend today */
	int64_t	 left_of_player; /* what its player may, when it is 'hybrid' */
	unsigned available;		 /* the first four steps: whether somebody there can be asked now */
} FallbackTerms;

/*
 * The next step of a question that was tried by those in 'tried'; FALLBACK_DORMANT when there is none.  No step is taken twice, and none before
 * one that failed.
 */
extern FallbackStep fallback_next(const FallbackTerms *terms, unsigned tried);

/* Whether its player pays for a decision of the operator's API source, not the world. */
extern bool fallback_at_players_cost(const FallbackTerms *terms);

#endif /* NPCSIM_MARKET_FALLBACK_H */
