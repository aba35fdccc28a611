/*
 * keeper.h
 *	  Starts a program through a keeper process, which makes sure that the program and its children end.
 */
#ifndef NPCSIM_AGENT_KEEPER_H
#define NPCSIM_AGENT_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/* Orders that are written to the control socket: a signal for the program's group.  Closing the socket means KEEPER_KILL. */
#define KEEPER_TERMINATE 't'
#define KEEPER_KILL		 'k'

typedef struct Keeper
{
	pid_t pid;
	int	  control; /* a non-blocking socket: it brings the program's wait status (an int), then end of file */
} Keeper;

/*
 * Runs the program with the three descriptors as its standard streams; the
 * caller closes them afterwards.  Returns false with errno set if no process
 * could be made.
 */
extern bool keeper_start(Keeper *keeper, char **argv, int in, int out, int err);

/*
 * Closes the control socket and reaps the keeper's process.  To be called when
 * the socket brought end of file, so that it does not wait long.
 */
extern void keeper_reap(Keeper *keeper);

/* Returns true if the program exists and is executable, else the reason in *error. */
extern bool keeper_can_run(const char *program, const char **error);

#endif /* NPCSIM_AGENT_KEEPER_H */
