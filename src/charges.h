/*
 * charges.h
 *	  What players were charged for questions within the last hour, in shared memory: by it those who were asked least for what
 *	  they can serve are asked next (market/sources.h).
 *
 * It is delivery and a hint: nothing is left of it after a restart, and where the library was not preloaded nobody was charged
 * anything. Players are those of MyDatabaseId; moments are the market's (market_now()).
 */
#ifndef NPCSIM_CHARGES_H
#define NPCSIM_CHARGES_H

#include "postgres.h"

#include "storage/lwlock.h"

/* Charges a player NPC-microseconds for a question that it was handed. */
extern void charges_add(int64 player_id, int64 charge);
/* Returns what a player was charged within the last hour. */
extern int64 charges_of(int64 player_id);

extern Size charges_size(void);
extern void charges_startup(LWLock *lock);
/* Forgets the players of a database that is gone. */
extern void charges_forget_database(Oid database);

#endif /* NPCSIM_CHARGES_H */
