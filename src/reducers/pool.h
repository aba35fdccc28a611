/*
 * pool.h
 *	  Which source of the pool gets a question that the NPC's own player cannot answer.
 */
#ifndef NPCSIM_POOL_H
#define NPCSIM_POOL_H

#include "postgres.h"

#include "queue.h"

/* A source of the pool, by the session that lends for it. */
typedef struct PoolSource
{
	int64 source_id;
	int64 world_id;
	int64 player_id;
	int32 slots; /* that are free; the caller keeps it true */
	/* private */
	int32 proof;
	int32 reliability;
	int64 charged;
} PoolSource;

/*
 * Fills in what their players have shown and were charged, so that sources can be chosen among them. It may be some seconds old. SPI
 * must be connected.
 */
extern void pool_read(PoolSource *sources, int count);

#define NOBODY_IN_POOL (-1)

/*
 * Returns the place of the source that gets a question of a world, the one whose player was charged least for what it can serve.
 * NOBODY_IN_POOL when none may take it.
 */
extern int pool_choose(PoolSource *sources, int count, int64 world_id, const QueuedQuestion *question);

#endif /* NPCSIM_POOL_H */
