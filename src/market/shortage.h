/*
 * shortage.h
 *	  What is done where there is too little compute for all NPCs that have minds.
 */
#ifndef NPCSIM_MARKET_SHORTAGE_H
#define NPCSIM_MARKET_SHORTAGE_H

#include "sim/sim.h"

/* on_insufficient_compute */
typedef enum ShortageAnswer
{
	SHORTAGE_FEWER,			   /* fewer NPCs have minds: the least watched go without */
	SHORTAGE_ALERT,			   /* operators are told */
	SHORTAGE_WARN_THEN_REMOVE, /* who gives too little for what it holds is warned, and has fewer an hour later */
	SHORTAGE_ANSWER_COUNT
} ShortageAnswer;

/* As the setting calls them. */
extern const char *const shortage_names[];

/* How many of 'npcs' can have minds when so many tokens come a day and each needs at least so many. */
extern int32_t shortage_kept(int64_t tokens_per_day, int64_t tokens_per_npc_least, int32_t npcs);

typedef struct WatchedNpc
{
	int64_t id;
	int32_t viewers;	/* now, as question_viewers() counts them */
	int64_t watched_at; /* when somebody last saw it, microseconds */
	bool	decided;	/* its player has decided for it */
	bool	kept;		/* result: it has a mind */
} WatchedNpc;

/*
 * Chooses which 'kept' NPCs have minds: the most watched, then those that were watched last, then those decided for, then the smallest
 * ids.  Sorts them by id in the end.
 */
extern void shortage_choose(WatchedNpc *npcs, int count, int32_t kept);

/* A lender that is warned. */
#define SHORTAGE_WARNED_FOR (3600 * SIM_SECOND)

typedef struct ShortageWarning
{
	int64_t warned_at; /* microseconds; 0: it is not */
} ShortageWarning;

typedef enum ShortageVerdict
{
	SHORTAGE_NONE,
	SHORTAGE_WARNED,  /* it is to be told now */
	SHORTAGE_WAITING, /* it was told, and has time */
	SHORTAGE_OVER,	  /* it gives enough again, and is to be told */
	SHORTAGE_REMOVE	  /* its time is over: it has as many NPCs as what it gives is enough for */
} ShortageVerdict;

/*
 * What is done about a lender that holds so many NPCs and gives so many tokens a day, measured; 'world_short' tells whether the world has too
 * little.  When it is to have fewer, 'kept' is how many.
 */
extern ShortageVerdict shortage_step(ShortageWarning *warning, bool world_short, int64_t tokens_per_day,
									 int64_t tokens_per_npc_least, int32_t held, int64_t now, int32_t *kept);

#endif /* NPCSIM_MARKET_SHORTAGE_H */
