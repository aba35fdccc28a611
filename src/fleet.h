/*
 * fleet.h
 *	  Databases that hold worlds, the workers that serve them, and who keeps
 *	  workers away: what launcher, workers and backends know in common.
 *
 * All of it is guarded by fleet->lock. The life of a worker (workers/launcher/README.md draws it):
 *
 *		FREE --fleet_launch--> STARTING --fleet_attach--> RUNNING --fleet_detach--> FREE
 *		                       STARTING --fleet_abandon-------------------------> FREE
 *
 * A slot's generation grows each time it is launched, so that a process which comes late
 * to a slot given to another finds out.
 */
#ifndef NPCSIM_FLEET_H
#define NPCSIM_FLEET_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define FLEET_MAX_WORKERS 64
#define FLEET_SLOTS		  (FLEET_MAX_WORKERS + 1) /* and a probe */
#define FLEET_DATABASES	  256
#define FLEET_BLOCKS	  64
#define FLEET_ERROR_SIZE  256

typedef enum FleetKind
{
	FLEET_PROBE, /* looks whether a database has worlds to run */
	FLEET_WORKER
} FleetKind;

typedef enum FleetState
{
	FLEET_FREE,
	FLEET_STARTING,
	FLEET_RUNNING
} FleetState;

typedef struct FleetSlot
{
	FleetState	state;
	FleetKind	kind;
	Oid			database;
	uint32		generation;
	bool		stop; /* was told to end */
	int			pid;  /* of a RUNNING one */
	Latch	   *latch;
	TimestampTz started_at;
} FleetSlot;

typedef enum DatabaseState
{
	DATABASE_UNKNOWN, /* to be probed */
	DATABASE_ABSENT,  /* has not the extension */
	DATABASE_READY,
	DATABASE_PARKED /* has it, but cannot be served: 'error' tells why */
} DatabaseState;

typedef struct FleetDatabase
{
	Oid			  oid; /* InvalidOid = free entry */
	DatabaseState state;
	uint32		  changes;	   /* grows with every announcement */
	uint32		  seen;		   /* 'changes' when a probe or worker last looked */
	int			  running;	   /* worlds that should run, as last seen */
	int			  failures;	   /* in a row */
	TimestampTz	  retry_at;	   /* nothing is started before that */
	TimestampTz	  visited_at;  /* when a worker last came although no world runs */
	int			  housekeeper; /* pid of the worker that prunes and expires, 0 = none */
	uint32		  departures;  /* grows when a session ends that a gateway was bound to */
	bool		  obstacle;	   /* 'error' is what a probe or worker found to be in the way */
	char		  error[FLEET_ERROR_SIZE];
	TimestampTz	  error_at; /* when it last happened */
} FleetDatabase;

/* A transaction that wants no worker in a database until its end. */
typedef struct FleetBlock
{
	Oid database; /* InvalidOid = free entry */
	int pid;
} FleetBlock;

typedef struct Fleet
{
	LWLock		 *lock;
	int			  launcher_pid; /* 0 = none */
	Latch		 *launcher_latch;
	bool		  rescan; /* an announcement found no room: look at every database */
	FleetSlot	  slots[FLEET_SLOTS];
	FleetDatabase databases[FLEET_DATABASES];
	FleetBlock	  blocks[FLEET_BLOCKS];
} Fleet;

extern Fleet *fleet; /* NULL when the library was not preloaded */

extern Size fleet_size(void);
extern void fleet_startup(LWLock *lock);

/* ---- any backend ---- */

/* Something about the worlds of a database changed: its workers and the launcher look again. Never fails. */
extern void fleet_changed(Oid database);
/* What keeps workers from their databases may be gone: a look at each that has something wrong. Never fails. */
extern void fleet_look_at_troubled(void);
/*
 * Keeps workers away from a database until fleet_unblock(), and waits until those there are gone, at most 10
 * s.
 */
extern void fleet_block(Oid database);
/* Ends our blocks; the databases concerned are looked at again. Never fails. */
extern void fleet_unblock(void);
/* A session ended that a gateway was bound to: a worker looks after its sessions at once. Never fails. */
extern void fleet_gateway_departed(Oid database);
/* Why a database of ours is not served, and since when; false = no reason known. */
extern bool fleet_database_error(Oid database, char *error, TimestampTz *error_at);

/* ---- with fleet->lock held ---- */
extern FleetDatabase *fleet_find(Oid database);	 /* NULL = no entry */
extern FleetDatabase *fleet_enter(Oid database); /* found or made; NULL = no room */
extern bool			  fleet_blocked(Oid database);
/* Slots that are neither FREE nor told to stop; InvalidOid: of all databases. */
extern int fleet_count(Oid database, FleetKind kind);
/* The reason that is shown. */
extern void fleet_set_error(FleetDatabase *entry, const char *error, bool obstacle);

/* ---- the launcher ---- */
extern void fleet_launcher_enter(void); /* and leaves at exit */
/* FREE -> STARTING: index of a slot, or -1: blocked, or none free. */
extern int fleet_launch(Oid database, FleetKind kind, uint32 *generation);
/*
 * STARTING -> FREE, when it still has that generation: the process could not be started, or died before it
 * said a word.
 */
extern void fleet_abandon(int index, uint32 generation);
/* Tells the youngest workers of a database to end until 'keep' are left. */
extern void fleet_shrink(Oid database, int keep);
/* The last start failed: not again for a while. */
extern void fleet_note_failure(Oid database, const char *error);

/* ---- probes and workers ---- */
/* STARTING -> RUNNING; false: we are not wanted any more. Registers fleet_detach() for the process's exit. */
extern bool fleet_attach(int index, uint32 generation, Oid database);
/* The index we attached to. */
extern int fleet_slot(void);
/*
 * What we found in our database; 'seen' is the value of 'changes' read before looking. 'error' is what keeps
 * workers away, or would if a world were started; NULL = nothing.
 */
extern void fleet_note_database(Oid database, DatabaseState state, uint32 seen, int running,
								const char *error);
/* A worker that is there cannot do its work, until somebody notes what was found. */
extern void	  fleet_note_obstacle(Oid database, const char *error);
extern uint32 fleet_changes(Oid database);
extern uint32 fleet_departures(Oid database);
/* Whether we were told to end (our latch was set then). */
extern bool fleet_told_to_stop(void);
/* Whether we shall do the housekeeping of our database; ends with our process. */
extern bool fleet_claim_housekeeping(void);
/* Worlds each worker of a database takes at most, when that many should run. */
extern int fleet_share(Oid database, int running);

#endif /* NPCSIM_FLEET_H */
