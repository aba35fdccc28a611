/*
 * world_head.h
 *	  What a reader needs to know of a world before anything else: settings,
 *	  clock, revision. Without the world's lock.
 */
#ifndef NPCSIM_WORLD_HEAD_H
#define NPCSIM_WORLD_HEAD_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "tables/worlds.h"

/*
 * Reads the heads of worlds, in order of id, in the caller's snapshot; those that do not exist are left out. To be called
 * between spi_begin and spi_end; memory of the SPI context. Returns how many.
 */
extern int read_world_heads(const int64 *world_ids, int count, WorldHead **heads);

/* One of them; NS101 if there is none. */
extern WorldHead *read_world_head(int64 world_id);

/* "clock":…,"speed":…,"status":…,"revision":…,"epoch":… */
extern void json_world_clock(StringInfo out, const WorldHead *head, const char *epoch);

/* The settings, as an object. */
extern void json_world_settings(StringInfo out, const WorldHead *head);

#endif /* NPCSIM_WORLD_HEAD_H */
