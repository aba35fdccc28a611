/*
 * launcher.h
 *	  Background workers: the launcher, its probes, and the workers that run
 *	  worlds.
 */
#ifndef NPCSIM_LAUNCHER_H
#define NPCSIM_LAUNCHER_H

#include "postgres.h"

#include "require.h"

/* What a probe or worker is passed in bgw_extra. */
typedef struct WorkerTicket
{
	Oid	   database;
	Oid	   role; /* InvalidOid = the bootstrap superuser */
	int	   slot; /* in the worker pool */
	uint32 generation;
	char   name[NAMEDATALEN]; /* of the database, for messages */
} WorkerTicket;

/* Called by _PG_init. */
extern void launcher_register(void);
extern void utility_init(void);

/*
 * Takes the first steps of a probe or worker: signals, its place in the worker pool, the connection to its
 * database. Ends the process if it is no longer wanted. 'activity' is its application_name.
 */
extern void worker_begin(const char *activity);

/* Returns the name of the database of this probe or worker. */
extern const char *worker_database(void);

/* Sets the settings that our processes need, whatever somebody else set for them. */
extern void pin_settings(void);

/* Logs, once, what keeps workers from serving this database. Called in a transaction. */
extern void tell_obstacle(const Obstacle *obstacle);

/* Entry points of background workers. */
extern PGDLLEXPORT void npcsim_launcher_main(Datum arg);
extern PGDLLEXPORT void npcsim_probe_main(Datum arg);
extern PGDLLEXPORT void npcsim_worker_main(Datum arg);

#endif /* NPCSIM_LAUNCHER_H */
