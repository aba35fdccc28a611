/*
 * blocking.h
 *	  Worlds that somebody keeps from ticking, told in the server's log.
 */
#ifndef NPCSIM_BLOCKING_H
#define NPCSIM_BLOCKING_H

#include "postgres.h"

/* An attempt found the world locked, by that process (0 = not known). */
extern void blocking_seen(int64 world_id, int pid);
/* The world goes on. Cheap when it was not blocked. */
extern void blocking_over(int64 world_id);
/* It is not ours any more. */
extern void blocking_forget(int64 world_id);

#endif /* NPCSIM_BLOCKING_H */
