/*
 * shmem.h
 *	  The worlds that have a live worker, in shared memory.
 *
 * The present clock of a running world is here, not in its row: a tick in which nothing happens writes
 * nothing. A slot exists while a worker serves the world; without one (paused world, library not
 * preloaded) the row in world_clock has the truth.
 *
 * The hold: whoever locks a world's row to change it also holds the slot, so that the clock stands
 * meanwhile. The functions for any backend may also be called if the library was not preloaded: they
 * then find no slot.
 */
#ifndef NPCSIM_SHMEM_H
#define NPCSIM_SHMEM_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define WORLD_ERROR_SIZE 256
/* So many durations are kept per world, for the percentiles. */
#define TICK_SAMPLES 1024

/* What world_status shows of a served world. */
typedef struct WorldReport
{
	int			worker_pid;
	int64		clock;
	int64		revision;
	int64		ticks;
	int64		late_ticks;
	double		tick_ms_p50;
	double		tick_ms_p99;
	int			blocked_by_pid; /* 0 = nobody */
	char		last_error[WORLD_ERROR_SIZE];
	TimestampTz last_error_at;
} WorldReport;

/* Requests the memory, with shared_preload_libraries; _PG_init calls it. */
extern void shmem_request(void);
extern bool shmem_available(void);
/* Returns a number drawn when shared memory was made: at each start of the server, and after each crash. */
extern uint64 shmem_seed(void);

/* ---- any backend; the worlds are of MyDatabaseId ---- */

/*
 * Returns the clock of a served world (that of its last finished tick) and its revision; false if it has no
 * slot.
 */
extern bool shmem_world_now(int64 world_id, int64 *clock, int64 *revision);

/*
 * Stops the served clock until release, and returns it. The caller has locked the world's row. False if the
 * world has no slot (then the row's clock counts). The same backend may call it again.
 */
extern bool shmem_world_hold(int64 world_id, int64 *clock);
/* Lets the clock go on, after commit or abort. It never fails, and is harmless if nothing is held. */
extern void shmem_world_release(int64 world_id);
/*
 * Notes, at commit and before release, that the world has a new revision (and clock). Sets the worker's latch
 * unless we are the worker.
 */
extern void shmem_world_publish(int64 world_id, int64 clock, int64 revision);
/* Has workers and launcher look at the set of worlds again, at commit of start/pause/drop/adopt/speed. */
extern void shmem_worlds_changed(void);
/* Copies the report of a served world; returns false if there is none. */
extern bool shmem_world_report(int64 world_id, WorldReport *report);
/* Returns the number of worlds of this database that have a slot, and their ids in no order, palloc'd. */
extern int shmem_worlds(int64 **ids);

/*
 * Notes, at commit and before release, that this transaction opened requests to minds. The world's worker
 * then wakes the gateways (npcsim_decisions); without a worker nothing happens and false is returned.
 */
extern bool shmem_world_requests(int64 world_id);

/* ---- the worker that serves the world ---- */

/*
 * Takes a world, whose row is locked and has the given clock and revision. Returns in *clock the one to go on
 * from (later than the row's if an earlier worker could not write it). Returns false if another worker serves
 * the world, or no slot is free (npcsim.max_worlds).
 */
extern bool shmem_world_serve(int64 world_id, int64 *clock, int64 revision);
/* Whether npcsim.max_worlds is reached. */
extern bool shmem_worlds_full(void);
/* Returns the pid of the worker that serves a world; 0 = none. */
extern int shmem_world_worker(int64 world_id);
/* Gives a world back whose clock is in its row, and removes its slot. */
extern void shmem_world_leave(int64 world_id);

/*
 * Makes a tick without a transaction: moves the clock on if nobody holds the world and its revision is still
 * the one given. Else it returns false with *holder_pid (0 = nobody, the revision is another). If somebody
 * holds the world, our latch is set at the release.
 */
extern bool shmem_world_advance(int64 world_id, int64 revision, int64 clock, int *holder_pid);

/* Whether others opened requests since the last call. */
extern bool shmem_world_take_requests(int64 world_id);
/* Notes that the shares of NPCs are to be computed anew, by the world's worker; and whether they were since the last call. */
extern void shmem_world_shares_changed(int64 world_id);
extern bool shmem_world_take_shares(int64 world_id);

/*
 * Notes for the report how many ticks were finished, how many of those late, and the microseconds each took,
 * -1 = not measured.
 */
extern void shmem_world_note_ticks(int64 world_id, int64 ticks, int64 late, int64 tick_us);
extern void shmem_world_note_blocked(int64 world_id, int pid); /* 0 = nobody */
/* Notes an error for the report, until a tick succeeds. */
extern void shmem_world_note_error(int64 world_id, const char *message);

/* ---- start and end ---- */

/* Called in the shmem_startup hook. */
extern void shmem_startup(void);
/*
 * Leaves the worlds of a worker that ends: they stand at the clock they reached until the next worker takes
 * them.
 */
extern void shmem_leave_all(int code, Datum arg);
/* Removes the clocks of a database's worlds, which are gone (DROP EXTENSION, DROP DATABASE). */
extern void shmem_forget_database(Oid database);

#endif /* NPCSIM_SHMEM_H */
