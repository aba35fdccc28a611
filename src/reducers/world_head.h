/*
 * world_head.h
 *	  Reads what a reader needs to know of a world before anything else (settings, clock, revision),
 *	  without the world's lock.
 */
#ifndef NPCSIM_WORLD_HEAD_H
#define NPCSIM_WORLD_HEAD_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "tables/worlds.h"

/*
 * Reads the heads of worlds, in order of id, by the caller's snapshot; worlds that do not exist are left out.
 * Returns how many there are. Called between spi_begin() and spi_end(), and results are in their memory.
 */
extern int read_world_heads(const int64 *world_ids, int count, WorldHead **heads);

/* Returns the head of one world; raises NS101 if there is none. */
extern WorldHead *read_world_head(int64 world_id);

/* Writes "clock":…,"speed":…,"status":…,"revision":…,"epoch":… */
extern void json_world_clock(StringInfo out, const WorldHead *head, const char *epoch);

/* Writes the settings, as an object. */
extern void json_world_settings(StringInfo out, const WorldHead *head);

#endif /* NPCSIM_WORLD_HEAD_H */
