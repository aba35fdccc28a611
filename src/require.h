/*
 * require.h
 *	  Checks what must be in place before the worlds of a database can run.
 */
#ifndef NPCSIM_REQUIRE_H
#define NPCSIM_REQUIRE_H

#include "postgres.h"

typedef struct Obstacle
{
	int	  sqlstate;
	char *message; /* NULL = there is no obstacle */
	char *detail;
	char *hint;
} Obstacle;

/* Returns what keeps workers from serving this database; its strings are in the current memory context. */
extern Obstacle worker_obstacle(void);
/*
 * Raises that obstacle as an error: NS104 if the library was not preloaded or has another version than the
 * extension.
 */
extern void worker_require(void);
/*
 * Raises NS104 if this library has another version than the extension in this database: its functions would
 * misread that version's rows and arguments. It is cheap: the version is looked up once, and again after
 * changes of functions.
 */
extern void version_require(void);

#endif /* NPCSIM_REQUIRE_H */
