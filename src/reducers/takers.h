/*
 * takers.h
 *	  Sessions that take questions, and which of them gets which.
 */
#ifndef NPCSIM_TAKERS_H
#define NPCSIM_TAKERS_H

#include "postgres.h"

#include "reducers/pool.h"
#include "reducers/questions.h"
#include "reducers/spending.h"

typedef struct Taker
{
	int64		   id; /* of the session */
	int64		   player_id;
	int64		   world_id;
	int			   free;
	int32		   timeout_ms;	 /* 0 = not known yet */
	double		   average_ms;	 /* NaN = not reported */
	bool		   choices;		 /* it wants a list to choose from */
	bool		   compact;		 /* it has little room */
	bool		   observations; /* it is told what its NPC sees */
	TimestampTz	   connected_at_real;
	int64		   source_id; /* 0 = none yet */
	SpendingLimits limits;
	int			   spender;	  /* its number among those who may spend something */
	bool		   pooled;	  /* it is asked about NPCs of other players, too */
	bool		   of_server; /* what it decides of these is bought (fallback.h) */
	bool		   gone;	  /* it ended meanwhile */
	/* The question that its budget is not enough for now; NULL = none. */
	const OpenQuestion *unaffordable;
} Taker;

typedef struct Takers
{
	Taker		  *sessions; /* by player */
	int			   count;
	QuestionFilter filter;
	/* private */
	PoolSource *pool; /* what is chosen from for the pool; NULL = not read yet */
	Taker	  **pool_sessions;
	int			pool_count;
} Takers;

/*
 * Says which questions of some worlds are wanted: those of the players of the sessions and, if one of them is of the pool, those for
 * that.
 */
extern void takers_want(Takers *takers, const int64 *world_ids, int world_count);

/*
 * Returns the session that gets a question: its player's with the most free slots or, if that player cannot be asked, the one of the pool that
 * is next. NULL if none may take it now.
 */
extern Taker *taker_for(Takers *takers, const OpenQuestion *open);

#endif /* NPCSIM_TAKERS_H */
