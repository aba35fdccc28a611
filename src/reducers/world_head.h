/*
 * world_head.h
 *	  What a reader needs to know of a world before anything else: settings,
 *	  clock, revision. Without the world's lock.
 */
#ifndef NPCSIM_WORLD_HEAD_H
#define NPCSIM_WORLD_HEAD_H

#include "postgres.h"

#include "lib/stringinfo.h"

typedef struct WorldHead
{
	int64		world_id;
	char	   *name;
	int32		size_x;
	int32		size_y;
	int32		tick_rate;
	int32		max_players;
	int64		min_tokens_per_npc_per_day;
	int64		owner_player_id; /* 0 = none */
	char	   *decision_policy;
	int32		view_buffer;
	bool		spectators;
	int64		now; /* µs: the clock to show */
	int64		revision;
	int32		speed;	 /* thousandths */
	const char *status;	 /* "running", "paused" or "parked" */
	bool		running; /* and not parked */
	int			sight_plane;
	int			sight_old_plane; /* -1 = none */
	int64		next_event;		 /* number of what will happen next */
} WorldHead;

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
