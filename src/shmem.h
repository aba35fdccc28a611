/*
 * shmem.h
 *	  Worlds that have a live worker, in shared memory.
 *
 * The present clock of a running world is here, not in its row: a tick in
 * which nothing happens writes nothing. A slot exists while a worker serves the world; without one
 * (paused world, library not preloaded) the row in world_clock has the truth.
 *
 * The hold: whoever locks a world's row to change it also holds the slot, so
 * that the clock stands while he writes at it. All functions may be called when the library was not
 * preloaded: they then say "no slot".
 */
#ifndef NPCSIM_SHMEM_H
#define NPCSIM_SHMEM_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define WORLD_ERROR_SIZE 256
#define TICK_SAMPLES	 1024 /* durations kept per world, for the percentiles */

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

/* shared_preload_libraries: requests the memory; called by _PG_init. */
extern void shmem_request(void);
extern bool shmem_available(void);
/* Drawn when shared memory was made: at each start of the server, and after each crash. */
extern uint64 shmem_seed(void);

/* ---- any backend; MyDatabaseId is implied ---- */

/* The clock of a served world (that of its last finished tick); false if it has no live worker. */
extern bool shmem_world_now(int64 world_id, int64 *clock, int64 *revision);

/*
 * Called with the world's row locked: stops the served clock until release,
 * and tells it. False if the world has no live worker (then the row's clock counts).
 * May be called again by the same backend.
 */
extern bool shmem_world_hold(int64 world_id, int64 *clock);
/* After commit or abort. Never fails; harmless when nothing is held. */
extern void shmem_world_release(int64 world_id);
/*
 * At commit, before release: the world has a new revision (and clock). Sets the worker's latch unless we are
 * the worker.
 */
extern void shmem_world_publish(int64 world_id, int64 clock, int64 revision);
/* At commit of start/pause/drop/adopt/speed: workers and launcher look at the set of worlds again. */
extern void shmem_worlds_changed(void);
/* Copies the report of a served world; false if there is none. */
extern bool shmem_world_report(int64 world_id, WorldReport *report);
/* Ids of the worlds of this database that have a slot, in no order; their number. In the current memory context. */
extern int shmem_worlds(int64 **ids);

/*
 * At commit, before release: this transaction opened requests to minds. The world's worker
 * then wakes the gateways (npcsim_decisions); without one nothing happens and false is returned.
 */
extern bool shmem_world_requests(int64 world_id);

/* ---- the worker that serves the world ---- */

/*
 * Takes a world. Called with its row locked, whose clock and revision are given; *clock is the one to go on
 * from (later than the row's when an earlier worker could not write it). False when another worker serves
 * the world, or when there is no slot free (npcsim.max_worlds).
 */
extern bool shmem_world_serve(int64 world_id, int64 *clock, int64 revision);
/* Whether npcsim.max_worlds is reached. */
extern bool shmem_worlds_full(void);
/* Pid of the worker that serves a world; 0 = none. */
extern int shmem_world_worker(int64 world_id);
/* Gives a world back whose clock is in its row; its slot goes away. */
extern void shmem_world_leave(int64 world_id);

/*
 * A tick without a transaction: moves the clock on if nobody holds the world and its revision is still the
 * one given; returns false otherwise, with *holder_pid (0 = nobody, the revision is another). When somebody
 * holds it, our latch is set at his release.
 */
extern bool shmem_world_advance(int64 world_id, int64 revision, int64 clock, int *holder_pid);

/* Whether requests were opened by others since the last call. */
extern bool shmem_world_take_requests(int64 world_id);

/*
 * What is shown of the world: ticks finished, those late; microseconds each of them took, -1 = not measured.
 */
extern void shmem_world_note_ticks(int64 world_id, int64 ticks, int64 late, int64 tick_us);
extern void shmem_world_note_blocked(int64 world_id, int pid); /* 0 = nobody */
/* Shown until a tick succeeds. */
extern void shmem_world_note_error(int64 world_id, const char *message);

/* ---- start and end ---- */

/* In the shmem_startup hook. */
extern void shmem_startup(void);
/* A worker ends: its worlds stand still at the clock they reached until the next worker takes them. */
extern void shmem_leave_all(int code, Datum arg);
/* The database's worlds are gone (DROP EXTENSION, DROP DATABASE): so are their clocks. */
extern void shmem_forget_database(Oid database);

#endif /* NPCSIM_SHMEM_H */
