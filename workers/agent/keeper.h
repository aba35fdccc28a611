/*
 * keeper.h
 *	  Starts a program and sees to it that it and its children end.
 */
#ifndef NPCSIM_AGENT_KEEPER_H
#define NPCSIM_AGENT_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/* Written to the control socket; closing it is as good as KEEPER_KILL. */
#define KEEPER_TERMINATE 't'
#define KEEPER_KILL		 'k'

typedef struct Keeper
{
	pid_t pid;
	int	  control; /* non-blocking; gives the program's wait status (an int), then its end */
} Keeper;

/*
 * Runs the program with the three descriptors as its standard streams (which
 * the caller closes afterwards).  False, with errno, if no process could be made.
 */
extern bool keeper_start(Keeper *keeper, char **argv, int in, int out, int err);

/*
 * To be called when the control socket has come to its end: closes it and
 * takes the keeper's remains away.
 */
extern void keeper_reap(Keeper *keeper);

/* Is there such a program?  Else *error tells. */
extern bool keeper_can_run(const char *program, const char **error);

#endif /* NPCSIM_AGENT_KEEPER_H */
