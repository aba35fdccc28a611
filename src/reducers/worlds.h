/*
 * worlds.h
 *	  What reducers of several families share about worlds.
 */
#ifndef NPCSIM_REDUCERS_WORLDS_H
#define NPCSIM_REDUCERS_WORLDS_H

#include "postgres.h"

#include "engine/world.h"

/* Speeds are in thousandths. */
#define SPEED_UNIT 1000
#define SPEED_MIN  (SPEED_UNIT / 10)
#define SPEED_MAX  (1000 * SPEED_UNIT)

/* After so many world seconds the mind of an NPC without a plan is asked again. */
#define IDLE_INTERVAL_MIN 3
#define IDLE_INTERVAL_MAX 86400

/* The words of columns of world_settings, each list NULL-terminated. */
extern const char *const decision_policies[];
extern const char *const durabilities[];
extern const char *const allocations[];
extern const char *const insufficient_computes[];

/* Has the launcher and the workers look at the set of worlds again when this transaction commits. */
extern void worlds_changed_at_commit(void);

/*
 * Creates a world, paused, with clock 0, the starter types and the default settings. Raises 23505 if the name
 * is taken.
 */
extern WorldLock *world_create(const char *name, int32 size_x, int32 size_y, int64 seed, int32 tick_rate);

/* Change settings of a world, which the caller has checked, as inputs. The caller writes the world. */
extern void world_set_speed(WorldLock *lock, int32 speed); /* thousandths */
extern void world_change_policy(WorldLock *lock, const char *policy);
extern void world_change_idle_interval(WorldLock *lock, int32 seconds);
extern void world_change_built_in_fallback(WorldLock *lock, bool stands_in);
/* How fast needs decay, in millionths of a unit a second. */
extern void world_change_need_decay(WorldLock *lock, int32 least, int32 most);

/* Returns the id of the world of this name; 0 if there is none. */
extern int64 world_by_name(const char *name);

/* Raises 23505 if another world has the name. */
extern void check_world_name_free(const char *name);

#endif /* NPCSIM_REDUCERS_WORLDS_H */
