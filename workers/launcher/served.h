/*
 * served.h
 *	  The worlds that a worker serves: tells when their ticks are due, and runs them.
 *
 * Real times here are microseconds of the monotonic clock, so that nothing but the passing of time
 * moves a world.
 */
#ifndef NPCSIM_SERVED_H
#define NPCSIM_SERVED_H

#include "postgres.h"

typedef enum ServedOutcome
{
	SERVED_IDLE,   /* no tick was due */
	SERVED_STILL,  /* nothing was due in the ticks: the clock moved on */
	SERVED_DUE,	   /* it needs a transaction: served_run() */
	SERVED_RAN,	   /* ran in a transaction */
	SERVED_BEHIND, /* ran, and more is due already */
	SERVED_BLOCKED,
	SERVED_FAILED,
	SERVED_STOPPED /* it should not run any more, or is gone */
} ServedOutcome;

typedef struct ServedWorld
{
	int64 id;
	int64 tick_length; /* µs of world time */
	int32 speed;	   /* thousandths */
	bool  relaxed;	   /* commits of its ticks need not reach the disk at once */
	/* World time 'anchor_clock' was intended for 'anchor_real'; all due times are computed from these. */
	int64		  anchor_real;
	int64		  anchor_clock;
	int64		  clock;	   /* world time reached */
	int64		  try_at;	   /* not before; 0 = as soon as something is due */
	int64		  written_at;  /* when its clock was last written */
	int64		  tick_us;	   /* average duration of a tick */
	int			  failures;	   /* in a row */
	bool		  blocked;	   /* somebody held it at the last attempt */
	bool		  alone;	   /* its next transaction is not shared with others */
	int64		  alone_until; /* ... nor are those before that moment */
	bool		  listed;	   /* its row says that it should run */
	bool		  market;	   /* who holds which NPC is the market's to say */
	int64		  shares_at;   /* when shares are computed next; 0 = at once */
	int64		  shares_from; /* ... and not before, even if somebody asks */
	bool		  requests;	   /* opened to minds, gateways not told yet */
	int64		  notified;	   /* revision that gateways were told; -1 = none */
	ServedOutcome outcome;	   /* of the last look or run */
} ServedWorld;

/*
 * Takes a world over if nobody holds it, and fills in *world; returns whether it did. Else *locked tells
 * whether somebody holds it, and *holder who (0 = not known). It may raise errors: for run_guarded().
 */
extern bool served_begin(ServedWorld *world, int64 id, bool *locked, int *holder);
/* Whether an error passes by itself: somebody has a lock that we want. */
extern bool served_is_lock_failure(const ErrorData *error);
/* Returns the pid of who that may have been, 0 = not known. Called outside of a transaction. */
extern int served_blocker(int64 id);
/* Sets speed and tick length to what the row says, from 'now' on. */
extern void served_set_pace(ServedWorld *world, int64 now, int32 speed, int64 tick_length);

/* Returns when the world is to be looked at next. */
extern int64 served_wake_at(const ServedWorld *world);
/* Looks what is due. Returns SERVED_IDLE, SERVED_STILL or SERVED_DUE. */
extern ServedOutcome served_look(ServedWorld *world, int64 now);
/* Sorts worlds into the order in which served_run() needs them. */
extern void served_sort(ServedWorld **worlds, int count);
/*
 * Runs what is due in the first of these worlds, one bounded batch each: as many of them as share a
 * transaction. Returns how many that were; 0 if it failed: then they are to be run again, one by one.
 */
extern int served_run(ServedWorld **worlds, int count);
/*
 * Writes the clock into the world's row and gives the world back. Returns false if somebody holds it or that
 * failed.
 */
extern bool served_end(ServedWorld *world);

#endif /* NPCSIM_SERVED_H */
