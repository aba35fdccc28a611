/*
 * lock.h
 *	  A world's lock, which says who writes, at which clock and as which revision.
 *
 * A transaction that changes the state of a world calls world_lock() before it reads or locks anything
 * else of it. The lock is the row in world_clock, held to the end of the transaction (or of the
 * subtransaction that took it, if that is rolled back). All changes of one transaction are one
 * revision, taken with the first change.
 */
#ifndef NPCSIM_LOCK_H
#define NPCSIM_LOCK_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "compat.h"
#include "reducer.h"
#include "tables/change_log.h"
#include "tables/world_events.h"

typedef enum WorldWait
{
	WORLD_WAIT,
	/* Raises 55P03 if somebody else holds it. */
	WORLD_NOWAIT,
	/* Returns NULL if somebody else holds it. */
	WORLD_SKIP
} WorldWait;

/*
 * The version of the rules by which a world lives. A replay decides as the world did: a release whose rules
 * decide otherwise than the last one's adds a version, and asks world_lives_by() where they differ. Every
 * world begins with the first version and is told of later ones by an input, which is the first one in its
 * replays.
 */
/* The numbers are stored in world_clock.rules: append only. */
typedef enum Rules
{
	RULES_0_1 = 1,
	RULES_0_2,
	RULES_0_3,
	RULES_0_4,
	RULES_0_5,
	RULES_0_6,
	RULES_0_8,
	RULES_NEWEST = RULES_0_8,
	RULES_REPLAYED = RULES_0_6 /* the oldest that can be replayed */
} Rules;

typedef struct WorldLock
{
	int64 world_id;
	int64 clock;	   /* µs; may lie between two ticks after tick_world */
	int64 now;		   /* µs; the end of the last finished tick, when changes take effect */
	int64 tick_length; /* µs */
	int64 revision;	   /* of the last committed change, or ours once we changed something */
	bool  changed;	   /* this transaction has its revision */
	bool  running;	   /* whether its status is running */
	int32 speed;	   /* thousandths */
	Rules rules;
	int64 next_id;
	int64 next_input;
	int64 next_event;
	int16 sight_plane;
	int16 sight_old_plane; /* -1 = none */
	int64 sight_writes;
	int64 settings_revision;
	char  home[128];
	bool  held;				/* a live worker serves the world, and we hold its slot */
	bool  requests;			/* requests were opened: gateways are to be woken */
	bool  settings_changed; /* this transaction tells clients at once */
	/* Inputs are taken from another world, whose players they name. */
	bool		  replaying;
	struct World *image; /* of this backend, if one was used under this lock */
	/* Throws the image away; set by whoever sets 'image'. */
	void (*discard_image)(struct World *image);
	/* private to lock.c and world_clock.c */
	SubTransactionId subxact;
	SubTransactionId asked_in;		 /* the last that asked for the lock, or its parent once it ended */
	SubTransactionId written_in;	 /* the one that is writing the world's rows, or none */
	ItemPointerData	 row;			 /* of the row in world_clock */
	int64			 row_clock;		 /* as the row has it */
	int64			 first_revision; /* before our first change */
	ChangeNotes		 notes;
	EventNotes		 events;
	bool			 dirty; /* the row is to be written */
	bool			 wrote; /* the row was written by this transaction */
	bool			 moved; /* the clock went on although the row was not written */
	bool			 stale; /* a subtransaction was rolled back: the row is to be read again */
	bool			 notified;
	bool			 concerned;	 /* something changed that the rules know of ... */
	bool			 told;		 /* ... by an input that was stored, or ... */
	int64			 flushed_at; /* ... because time went on since this moment */
} WorldLock;

/*
 * Locks a world. Errors: NS101 no such world, NS102 parked, 55P03 (NOWAIT; a
 * lower id than one already locked in this transaction is taken NOWAIT, so that two transactions cannot deadlock).
 * Calling it again in the same transaction returns the same lock.
 */
extern WorldLock *world_lock(int64 world_id, WorldWait wait);

/*
 * Locks those of the worlds that exist, are not parked and are locked by nobody else, with one statement, in
 * ascending order; world_lock_held() tells which. The transaction must hold no world yet.
 */
extern void world_lock_some(const int64 *world_ids, int count);

/* Returns the lock if this transaction holds it, else NULL. */
extern WorldLock *world_lock_held(int64 world_id);

/* Whether the world lives by these rules or by later ones. */
static inline bool
world_lives_by(const WorldLock *lock, Rules rules)
{
	return lock->rules >= rules;
}

/*
 * Raises an error, because what a statement did to the world was undone with a subtransaction that was rolled
 * back in its midst.
 */
pg_noreturn extern void world_refuse_lost(const WorldLock *lock, const char *detail, const char *hint);

/*
 * Raises that error if a trigger has caused such a rollback since the lock was asked for. It is called before
 * anything is written.
 */
extern void world_require_kept(const WorldLock *lock);

/*
 * Between the two the rows of the world are written: a trigger that wants to change it is refused (0A000), because what it
 * did would come before the change that it follows from. The second is given what the first returned.
 */
extern SubTransactionId world_begin_writing(WorldLock *lock);
extern void				world_end_writing(WorldLock *lock, SubTransactionId outer);

/* ---- what is changed under the lock: world_clock.c ---- */

/* Has the world live by other rules from now on, which is an input. The caller flushes. */
extern void world_set_rules(WorldLock *lock, Rules rules);

/* Returns an id for a new NPC, item, interaction, bid or request of the world. */
extern int64 world_new_id(WorldLock *lock);

/*
 * Notes that rows changed; id is 0 for kinds without ids. The first note of a transaction takes its revision,
 * which is returned.
 */
extern int64 world_changed(WorldLock *lock, ChangeKind kind, int64 id);

/* Stores an input, which takes effect now, with the arguments that the reducer's description names. */
extern void world_input(WorldLock *lock, const Reducer *reducer, const void *arguments);

/* Records what happened at event->clock. Returns the number of the event, the next one of the world. */
extern int64 world_record(WorldLock *lock, const WorldEvent *event);

/*
 * Writes what was noted since the last call: the change log, inputs, events and the world's row. Every
 * function that changes a world calls it before it returns.
 */
extern void world_flush(WorldLock *lock);

/*
 * Returns the clock to show for a world, the end of its last finished tick. 'row_clock' is the clock in the
 * reader's snapshot of world_clock.
 */
extern int64 world_now(int64 world_id, int64 row_clock, int64 tick_length);

/* ---- epoch.c ---- */

/* Returns the present epoch of this database's worlds, palloc'd. */
extern const char *world_epoch(void);
/*
 * Stores the epoch if it is not stored yet, so that it outlives a clean restart. The caller must be allowed
 * to write.
 */
extern void world_begin_epoch(void);
/* Returns what world_clock.home has for worlds that belong here, palloc'd. */
extern const char *world_home(void);
/* Raises NS102 if a world's home is another: it is parked. */
extern void world_require_home(int64 world_id, const char *home);

#endif /* NPCSIM_LOCK_H */
