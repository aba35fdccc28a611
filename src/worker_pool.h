/*
 * worker_pool.h
 *	  The pool of workers, in shared memory: databases that hold worlds, the workers that serve them, and
 *	  transactions that keep workers away.
 *
 * worker_pool->lock guards all of it. The life of a worker (workers/launcher/README.md draws it):
 *
 *		FREE --pool_launch--> STARTING --pool_attach--> RUNNING --pool_detach--> FREE
 *		                       STARTING --pool_abandon-------------------------> FREE
 *
 * A slot's generation grows each time it is launched, so that a process which comes late to a slot
 * given to another finds out.
 */
#ifndef NPCSIM_WORKER_POOL_H
#define NPCSIM_WORKER_POOL_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define POOL_MAX_WORKERS 64
#define POOL_SLOTS		 (POOL_MAX_WORKERS + 1) /* and a probe */
#define POOL_DATABASES	 256
#define POOL_BLOCKS		 64
#define POOL_ERROR_SIZE	 256

typedef enum WorkerKind
{
	POOL_PROBE, /* looks whether a database has worlds to run */
	POOL_WORKER
} WorkerKind;

typedef enum WorkerState
{
	POOL_FREE,
	POOL_STARTING,
	POOL_RUNNING
} WorkerState;

typedef struct WorkerSlot
{
	WorkerState state;
	WorkerKind	kind;
	Oid			database;
	uint32		generation;
	bool		stop; /* was told to end */
	int			pid;  /* of a RUNNING one */
	Latch	   *latch;
	TimestampTz started_at;
} WorkerSlot;

typedef enum DatabaseState
{
	DATABASE_UNKNOWN, /* to be probed */
	DATABASE_ABSENT,  /* does not have the extension */
	DATABASE_READY,
	DATABASE_PARKED /* it has it, but cannot be served: 'error' tells why */
} DatabaseState;

typedef struct PoolDatabase
{
	Oid			  oid; /* InvalidOid = free entry */
	DatabaseState state;
	uint32		  changes;	  /* grows with every announcement */
	uint32		  seen;		  /* 'changes' when a probe or worker last looked */
	int			  running;	  /* worlds that should run, as last seen */
	int			  failures;	  /* in a row */
	TimestampTz	  retry_at;	  /* nothing is started before that */
	TimestampTz	  visited_at; /* when a worker last came although no world runs */
	int			  maintainer; /* pid of the worker that prunes and expires; 0 = none */
	/* It grows when a session ends that a gateway was bound to. */
	uint32 departures;
	/* 'error' is an obstacle that a probe or worker found. */
	bool		obstacle;
	char		error[POOL_ERROR_SIZE];
	TimestampTz error_at; /* when it last happened */
} PoolDatabase;

/* A transaction that keeps workers away from a database until its end. */
typedef struct PoolBlock
{
	Oid database; /* InvalidOid = free entry */
	int pid;
} PoolBlock;

typedef struct WorkerPool
{
	LWLock *lock;
	int		launcher_pid; /* 0 = none */
	Latch  *launcher_latch;
	/* An announcement found no room: every database is to be looked at. */
	bool		 rescan;
	WorkerSlot	 slots[POOL_SLOTS];
	PoolDatabase databases[POOL_DATABASES];
	PoolBlock	 blocks[POOL_BLOCKS];
} WorkerPool;

extern WorkerPool *worker_pool; /* NULL if the library was not preloaded */

extern Size pool_size(void);
extern void pool_startup(LWLock *lock);

/* ---- any backend ---- */

/*
 * Announces that something about the worlds of a database changed: its workers and the launcher look again.
 * It never fails.
 */
extern void pool_changed(Oid database);
/* Has each database with an error looked at, since what keeps workers away may be gone. It never fails. */
extern void pool_look_at_troubled(void);
/*
 * Keeps workers away from a database until pool_unblock(), and waits until those there are gone, at most 10
 * s.
 */
extern void pool_block(Oid database);
/* Ends our blocks; the databases concerned are looked at again. It never fails. */
extern void pool_unblock(void);
/*
 * Tells that a session ended that a gateway was bound to: a worker looks after its sessions at once. It never
 * fails.
 */
extern void pool_gateway_departed(Oid database);
/* Returns why our database is not served, and since when; false = no reason is known. */
extern bool pool_database_error(Oid database, char *error, TimestampTz *error_at);

/* ---- with worker_pool->lock held ---- */
extern PoolDatabase *pool_find(Oid database);  /* NULL = no entry */
extern PoolDatabase *pool_enter(Oid database); /* finds or makes it; NULL = no room */
extern bool			 pool_blocked(Oid database);
/* Counts the slots that are neither FREE nor told to stop; InvalidOid: of all databases. */
extern int pool_count(Oid database, WorkerKind kind);
/* Sets the error that is shown. */
extern void pool_set_error(PoolDatabase *entry, const char *error, bool obstacle);

/* ---- the launcher ---- */
extern void pool_launcher_enter(void); /* and leaves at exit */
/* FREE -> STARTING. Returns the index of a slot; -1 if the database is blocked or none is free. */
extern int pool_launch(Oid database, WorkerKind kind, uint32 *generation);
/*
 * STARTING -> FREE, if it still has that generation: the process could not be started, or died before it
 * attached.
 */
extern void pool_abandon(int index, uint32 generation);
/* Tells the youngest workers of a database to end until 'keep' are left. */
extern void pool_shrink(Oid database, int keep);
/* Notes that a start failed, which is not tried again for a while. */
extern void pool_note_failure(Oid database, const char *error);

/* ---- probes and workers ---- */
/*
 * STARTING -> RUNNING. Returns false if we are no longer wanted. Registers pool_detach() for the process's
 * exit.
 */
extern bool pool_attach(int index, uint32 generation, Oid database);
/* Returns the index of the slot we attached to. */
extern int pool_slot(void);
/*
 * Notes what we found in our database; 'seen' is the value of 'changes' read before looking. 'error' is what
 * keeps workers away, or would if a world were started; NULL = nothing.
 */
extern void pool_note_database(Oid database, DatabaseState state, uint32 seen, int running,
							   const char *error);
/* Notes that a worker cannot do its work, until pool_note_database() is called again. */
extern void	  pool_note_obstacle(Oid database, const char *error);
extern uint32 pool_changes(Oid database);
extern uint32 pool_departures(Oid database);
/* Whether we were told to end (our latch was set then). */
extern bool pool_told_to_stop(void);
/* Whether we are to do the maintenance of our database; the claim ends with our process. */
extern bool pool_claim_maintenance(void);
/* Returns how many worlds each worker of a database takes at most if so many should run. */
extern int pool_share(Oid database, int running);

#endif /* NPCSIM_WORKER_POOL_H */
