/*
 * worlds.h
 *	  Worlds as rows: world_settings, world_clock, world_terrain, for where no image of them is at hand.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_WORLDS_H
#define NPCSIM_TABLES_WORLDS_H

#include "postgres.h"

/* ---- finding worlds ---- */

/* Returns the id of the world of this name; 0 = there is none. */
extern int64 world_row_named(const char *name);
/* Returns false if there is no such world. NULL in *home: a restore has lost its clock. */
extern bool world_row_home(int64 world_id, char **home);
/* Return the same from the clock alone, NULL if there is none; and whether there is one. */
extern char *world_clock_home(int64 world_id);
extern bool	 world_clock_exists(int64 world_id);
/* Returns a world that is at home in a database; 0 = there is none. */
extern int64 world_at_home(const char *home);
/* Returns the ids of worlds that run in a database, ascending, at most 'most', by the caller's snapshot. */
extern int64 *worlds_running(const char *home, int most, int *count);
/* Return worlds that are at home elsewhere, which it locks, and worlds that have no clock. */
extern int64 *worlds_parked_lock(const char *home, int *count);
extern int64 *worlds_without_clock(int *count);

/*
 * What a reader needs to know of a world before anything else. world_head.c adds what is not in rows: now and
 * status, and that a parked world does not run.
 */
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
	int64		clock; /* µs, as it was written last */
	int64		now;   /* µs: the clock to show */
	char	   *home;
	int64		revision;
	int32		speed;	 /* thousandths */
	const char *status;	 /* "running", "paused" or "parked" */
	bool		running; /* and not parked */
	int			sight_plane;
	int			sight_old_plane; /* -1 = none */
	int64		next_event;		 /* of the next event */
	bool		keeps_observations;
} WorldHead;

/* Returns those of the worlds that exist, by id, read by the caller's snapshot. */
extern WorldHead *worlds_read(const int64 *world_ids, int count, int *found);

/* What a world began with, and how far it has come. */
typedef struct WorldOrigin
{
	int64 id;
	char *name;
	int32 size_x;
	int32 size_y;
	int64 seed;
	int32 tick_rate;
	int64 clock;
	int64 next_input;
	char *home;
} WorldOrigin;

/* Returns false if there is no such world. */
extern bool world_origin_read(int64 world_id, WorldOrigin *origin);

/* What never changes while a world lives, and its terrain: a bit for each cell, row by row. */
typedef struct WorldGround
{
	int64  seed;
	int32  size_x;
	int32  size_y;
	bytea *blocked;
} WorldGround;

/* Returns false if a row is missing. */
extern bool world_ground_read(int64 world_id, WorldGround *ground);

/* The settings of operators that the rules read. */
typedef struct WorldTerms
{
	char *decision_policy;
	int32 idle_interval; /* s */
	bool  built_in_fallback;
	bool  pool_known;		  /* the pool was there for NPCs without a player once */
	int64 max_tokens_per_npc; /* and day; 0 = no limit */
	int32 need_decay_min;	  /* millionths of a unit a second */
	int32 need_decay_max;
} WorldTerms;

extern bool world_terms_read(int64 world_id, WorldTerms *terms);

/* Returns a bit for each cell, row by row, by the caller's snapshot; NULL if there is no terrain. */
extern bytea *world_terrain_read(int64 world_id);

/*
 * Of the worlds at home in a database, the functions below return how many run, all with their status, and
 * those that are to be served.
 */
typedef struct WorldStatus
{
	int64 id;
	char *status;
} WorldStatus;

typedef struct WorldToServe
{
	int64 id;
	int32 tick_rate;
	int32 speed;   /* thousandths */
	bool  relaxed; /* durability is "relaxed" */
	bool  market;  /* allocation is "market" */
} WorldToServe;

extern int			 worlds_count_running(const char *home);
extern WorldStatus	*worlds_statuses(const char *home, int *count);
extern WorldToServe *worlds_to_serve(const char *home, int *count);

/* A reference of a world that leads nowhere after a restore. Returns how many there are, and the first. */
typedef struct WorldFault
{
	char *relation;
	char *key; /* "" = none */
	char *fault;
} WorldFault;

extern uint64 world_row_faults(int64 world_id, WorldFault *first);

typedef struct WorldSize
{
	int32 x;
	int32 y;
} WorldSize;

/* Return the revision of a world (0 = it does not exist) and its size. */
extern int64	 world_row_revision(int64 world_id);
extern WorldSize world_row_size(int64 world_id);

/* ---- writing them ---- */

/* Inserts an empty, paused world and returns its id. Its terrain is inserted by whoever has locked it. */
extern int64 world_rows_insert(const char *name, int32 size_x, int32 size_y, int64 seed, int32 tick_rate,
							   const char *home);
extern void	 world_terrain_insert(int64 world_id, bytea *blocked);

/* Returns false if the world has no terrain. */
extern bool world_terrain_write(int64 world_id, bytea *blocked, int64 revision);

/* Deletes everything of a world that an image does not hold. */
extern void world_rows_delete(int64 world_id);

extern void world_row_write_home(int64 world_id, const char *home);
extern void world_row_write_running(int64 world_id, bool running);
extern void world_row_write_speed(int64 world_id, int32 thousandths);
extern void world_row_write_policy(int64 world_id, const char *policy);
extern void world_row_write_idle_interval(int64 world_id, int32 seconds);
extern void world_row_write_built_in_fallback(int64 world_id, bool stands_in);
extern void world_row_write_pool_known(int64 world_id);
extern void world_row_write_need_decay(int64 world_id, int32 least, int32 most);

/* Settings that operators write as they are. */
typedef enum WorldSetting
{
	WORLD_NAME,
	WORLD_MAX_PLAYERS,
	WORLD_MIN_TOKENS_PER_NPC,
	WORLD_MAX_TOKENS_PER_NPC,
	WORLD_MAX_TOKENS_PER_PLAYER,
	WORLD_MAX_TOKENS,
	WORLD_OWNER,
	WORLD_DURABILITY,
	WORLD_VIEW_BUFFER,
	WORLD_SPECTATORS,
	WORLD_ALLOCATION,
	WORLD_ABSENCE_GRACE,
	WORLD_PAUSE_GRACE,
	WORLD_MIN_TENURE,
	WORLD_ESTIMATED_TOKENS_PER_NPC,
	WORLD_TOKENS_PER_DECISION,
	WORLD_MAX_NPCS_PER_PLAYER,
	WORLD_ON_INSUFFICIENT_COMPUTE,
	WORLD_COMMERCIAL_FALLBACK,
	WORLD_SERVER_BACKUP,
	WORLD_SERVER_API_COST,
	WORLD_SERVER_API_CAP,
	WORLD_HYBRID_CAP,
	WORLD_OBSERVATION_LOG_BYTES
} WorldSetting;

#define WORLD_SETTINGS (WORLD_OBSERVATION_LOG_BYTES + 1)

extern void world_setting_write(int64 world_id, WorldSetting setting, Datum value, bool isnull);

#endif /* NPCSIM_TABLES_WORLDS_H */
