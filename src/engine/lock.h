/*
 * lock.h
 *	  The world's lock first, always: who writes, at which clock, as which
 *	  revision.
 *
 * A transaction that changes the state of a world calls world_lock() before it
 * reads or locks anything else of it. The lock is the row in world_clock, held to the
 * end of the transaction (or of the subtransaction that took it, if that is
 * rolled back). All changes of one transaction are one revision, taken with the
 * first change.
 */
#ifndef NPCSIM_LOCK_H
#define NPCSIM_LOCK_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "reducer.h"
#include "tables/change_log.h"
#include "tables/world_events.h"

typedef enum WorldWait
{
	WORLD_WAIT,
	WORLD_NOWAIT, /* 55P03 when somebody else holds it */
	WORLD_SKIP	  /* NULL when somebody else holds it */
} WorldWait;

/*
 * What happened is lived through again by the rules by which it happened: a release that decides otherwise than the
 * last one adds a version, and asks world_lives_by() where it does. Every world begins with the first and is told
 * of later ones by an input, which is the first of those that replays know how to live through again.
 */
typedef enum Rules /* stored in world_clock.rules: append only */
{
	RULES_0_1 = 1,
	RULES_0_2,
	RULES_0_3,
	RULES_0_4,
	RULES_0_5,
	RULES_0_6,
	RULES_NEWEST = RULES_0_6,
	RULES_REPLAYED = RULES_0_6 /* the oldest that are still known */
} Rules;

typedef struct WorldLock
{
	int64		  world_id;
	int64		  clock; /* µs; may lie between two ticks after tick_world */
	int64		  now;	 /* µs: the end of the last finished tick; changes take effect at this moment */
	int64		  tick_length; /* µs */
	int64		  revision;	   /* of the last committed change, or ours once we changed something */
	bool		  changed;	   /* this transaction has its revision */
	bool		  running;	   /* status */
	int32		  speed;	   /* thousandths */
	Rules		  rules;
	int64		  next_id;
	int64		  next_input;
	int64		  next_event;
	int16		  sight_plane;
	int16		  sight_old_plane; /* -1 = none */
	int64		  sight_writes;
	int64		  settings_revision;
	char		  home[128];
	bool		  held;				/* a live worker serves the world, and we hold its slot */
	bool		  requests;			/* requests to minds were opened: gateways are to be woken */
	bool		  settings_changed; /* clients are told at once, by this transaction */
	bool		  replaying;		/* inputs are taken from another world, whose players they name */
	struct World *image;			/* of this backend, if one was used under this lock */
	void (*discard_image)(struct World *image); /* it holds no more; whoever makes images says how they end */
	/* private to lock.c and world_clock.c */
	SubTransactionId subxact;
	ItemPointerData	 row;			 /* its place in world_clock */
	int64			 row_clock;		 /* as the row has it */
	int64			 first_revision; /* before our first change */
	ChangeNotes		 notes;
	EventNotes		 events;
	bool			 dirty; /* the row is to be written */
	bool			 wrote; /* the row was written by this transaction */
	bool			 moved; /* the clock went on without the row */
	bool			 stale; /* a subtransaction was rolled back: read the row again */
	bool			 notified;
	bool			 concerned;	 /* something changed that the rules know of ... */
	bool			 told;		 /* ... by an input that was stored, or ... */
	int64			 flushed_at; /* ... by time that went on since this moment */
} WorldLock;

/*
 * Locks a world. Errors: NS101 no such world, NS102 parked, 55P03 (NOWAIT; a
 * lower id than one already locked in this transaction is taken NOWAIT, so that two transactions cannot deadlock).
 * Calling it again in the same transaction returns the same lock.
 */
extern WorldLock *world_lock(int64 world_id, WorldWait wait);

/*
 * Locks those of some worlds that nobody else holds, that exist and are not parked, with one statement, in ascending order;
 * world_lock_held() tells which. For a transaction that holds no world yet.
 */
extern void world_lock_some(const int64 *world_ids, int count);

/* The lock if this transaction holds it, else NULL. */
extern WorldLock *world_lock_held(int64 world_id);

/* Whether these rules, or later ones, hold in the world. */
static inline bool
world_lives_by(const WorldLock *lock, Rules rules)
{
	return lock->rules >= rules;
}

/* ---- what is changed under the lock: world_clock.c ---- */

/* An input: other rules hold from now on. The caller flushes. */
extern void world_set_rules(WorldLock *lock, Rules rules);

/* An id for a new NPC, item, interaction or request of the world. */
extern int64 world_new_id(WorldLock *lock);

/* Notes that rows changed; the first note of a transaction takes its revision, which is returned. */
extern int64 world_changed(WorldLock *lock, ChangeKind kind, int64 id); /* id 0: kinds without ids */

/* Stores an input: what came from outside, taking effect now, with the arguments that the reducer's description names. */
extern void world_input(WorldLock *lock, const Reducer *reducer, const void *arguments);

/* Records what happened at event->clock; the next number of the world's is taken for it and returned. */
extern int64 world_record(WorldLock *lock, const WorldEvent *event);

/*
 * Writes what was noted since the last call: the change log, inputs, events and the world's row.
 * Every function that changes a world calls it before it returns.
 */
extern void world_flush(WorldLock *lock);

/*
 * Clock to show for a world: its last finished tick. 'row_clock' is the one
 * in the reader's snapshot of world_clock.
 */
extern int64 world_now(int64 world_id, int64 row_clock, int64 tick_length);

/* ---- epoch.c ---- */

/* The present epoch of this database's worlds. In the current memory context. */
extern const char *world_epoch(void);
/* Begins one if there is none: it then lives on over a clean restart. For those who may write. */
extern void world_begin_epoch(void);
/* What world_clock.home has for worlds that belong here. */
extern const char *world_home(void);
/* NS102 when a world's home is another: it is parked. */
extern void world_require_home(int64 world_id, const char *home);

#endif /* NPCSIM_LOCK_H */
