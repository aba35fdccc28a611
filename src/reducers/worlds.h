/*
 * worlds.h
 *	  What the reducers of several families share about worlds.
 */
#ifndef NPCSIM_REDUCERS_WORLDS_H
#define NPCSIM_REDUCERS_WORLDS_H

#include "postgres.h"

#include "engine/world.h"

/* Thousandths. */
#define SPEED_UNIT 1000
#define SPEED_MIN  (SPEED_UNIT / 10)
#define SPEED_MAX  (1000 * SPEED_UNIT)

/* World seconds after which the mind of an NPC without a plan is asked again. */
#define IDLE_INTERVAL_MIN 3
#define IDLE_INTERVAL_MAX 86400

/* The words of world_settings.decision_policy and .durability, NULL-terminated. */
extern const char *const decision_policies[];
extern const char *const durabilities[];

/* The launcher and the workers look at the set of worlds again when this transaction commits. */
extern void worlds_changed_at_commit(void);

/*
 * Makes a world, paused, clock 0, with the starter set of types, its settings those of a world that knows nothing of presets;
 * 23505 when the name is taken.
 */
extern WorldLock *world_create(const char *name, int32 size_x, int32 size_y, int64 seed, int32 tick_rate);

/* Settings of a world, which were checked; inputs. The caller writes the world. */
extern void world_set_speed(WorldLock *lock, int32 speed); /* thousandths */
extern void world_change_policy(WorldLock *lock, const char *policy);
extern void world_change_idle_interval(WorldLock *lock, int32 seconds);
/* How fast needs decay, millionths of a unit a second. */
extern void world_change_need_decay(WorldLock *lock, int32 least, int32 most);

/* Its id, 0 if there is none. */
extern int64 world_by_name(const char *name);

/* 23505 when another world has the name. */
extern void check_world_name_free(const char *name);

#endif /* NPCSIM_REDUCERS_WORLDS_H */
