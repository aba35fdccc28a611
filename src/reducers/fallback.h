/*
 * fallback.h
 *	  What is bought from the operators' API where no mind of a player's can decide.
 */
#ifndef NPCSIM_REDUCERS_FALLBACK_H
#define NPCSIM_REDUCERS_FALLBACK_H

#include "postgres.h"

/* A decision that is bought. */
typedef struct Purchase
{
	int64		world_id;
	int64		npc_id;
	int64		player_id; /* who pays; 0 = the world */
	int64		cost;
	const char *reason;
} Purchase;

/*
 * Buys a decision about an NPC whose question is open, if the next step for it is the operators' API, and pays for it. Returns NULL if it is
 * not, or there is no money left. SPI must be connected.
 */
extern Purchase *fallback_buy(int64 world_id, int64 npc_id);
/* Either the question was handed out, which is logged, or it was not, and nothing is paid. In the transaction that bought. */
extern void fallback_bought(const Purchase *purchase, int64 request_id, int64 source_id);
extern void fallback_not_bought(const Purchase *purchase);

#endif /* NPCSIM_REDUCERS_FALLBACK_H */
