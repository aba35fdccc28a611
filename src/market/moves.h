/*
 * moves.h
 *	  Which NPCs change hands so that everybody holds its share: as few as can be.
 */
#ifndef NPCSIM_MARKET_MOVES_H
#define NPCSIM_MARKET_MOVES_H

#include "sim/sim.h"

#define NO_PLAYER (-1)

/* A player, by its place in an array. */
typedef struct Holder
{
	int32_t share;	  /* how many NPCs it is entitled to */
	bool	priority; /* of two who lack as many it is served first */
	bool	gone; /* it is away for longer than it may be: all that the market gave it is given to others */
	int32_t held; /* result: how many it has in the end, those that were assigned by hand included */
} Holder;

typedef struct HeldNpc
{
	int64_t id;
	int32_t holder;	   /* its place, or NO_PLAYER */
	bool	assigned;  /* by hand: the market does not move it */
	bool	decided;   /* its player has decided for it */
	bool	stateless; /* its player's mind remembers nothing of it */
	int64_t since;	   /* when it came to its player, microseconds */
	int32_t to;		   /* result: whom it goes to, NO_PLAYER for nobody; its holder when it stays */
} HeldNpc;

/*
 * Decides whom each NPC goes to; returns how many change hands.  Who has more than its share gives up those never decided for first,
 * then those of minds that remember nothing, then the shortest acquaintance, none within 'tenure' microseconds of its coming.  Who has less
 * gets those that have nobody first, then what others gave up; the larger lack is served first, then who has priority, NPC by NPC.  An NPC that has nobody can be
 * taken at any time: there is no acquaintance that would end.  Sorts the NPCs by id in the end.
 */
extern int market_moves(HeldNpc *npcs, int count, Holder *holders, int holder_count, int64_t now,
						int64_t tenure);

#endif /* NPCSIM_MARKET_MOVES_H */
