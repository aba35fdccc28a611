/*
 * require.h
 *	  What must be in place before the worlds of a database can run.
 */
#ifndef NPCSIM_REQUIRE_H
#define NPCSIM_REQUIRE_H

#include "postgres.h"

typedef struct Obstacle
{
	int	  sqlstate;
	char *message; /* NULL = nothing is in the way */
	char *detail;
	char *hint;
} Obstacle;

/* What keeps workers from serving this database; strings in the current memory context. */
extern Obstacle worker_obstacle(void);
/* Raises it: NS104 when the library was not preloaded or is older than the extension. */
extern void worker_require(void);
/*
 * Raises NS104 when this library belongs to another version than the extension in this database: its functions would take
 * the rows and arguments of that version for its own. Cheap: looked up once, and again after changes of functions.
 */
extern void version_require(void);

#endif /* NPCSIM_REQUIRE_H */
