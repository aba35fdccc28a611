/*
 * blocking.h
 *	  Reports in the server's log which worlds somebody keeps from ticking.
 */
#ifndef NPCSIM_BLOCKING_H
#define NPCSIM_BLOCKING_H

#include "postgres.h"

/* Notes that an attempt found the world locked, by that process (0 = not known). */
extern void blocking_seen(int64 world_id, int pid);
/* Notes that the world goes on. It is cheap if the world was not blocked. */
extern void blocking_over(int64 world_id);
/* Forgets a world that we no longer serve. */
extern void blocking_forget(int64 world_id);

#endif /* NPCSIM_BLOCKING_H */
