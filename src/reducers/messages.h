/*
 * messages.h
 *	  What players tell one another: chat, and places they point at.
 */
#ifndef NPCSIM_MESSAGES_H
#define NPCSIM_MESSAGES_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "engine/lock.h"
#include "reducers/call_args.h"
#include "sim/sim.h"

/*
 * Recorded at lock->now, as an event and as an input, and written; what is given was checked. They return the number of
 * the event.
 */
extern int64 record_chat(WorldLock *lock, int64 player_id, const char *username, const char *text);
extern int64 record_map_ping(WorldLock *lock, int64 player_id, const char *username, Cell cell);

/* Functions behind call_reducer(): they write the value of the result, a JSON text. */
extern void reduce_chat(const Caller *caller, Jsonb *args, StringInfo value);
extern void reduce_map_ping(const Caller *caller, Jsonb *args, StringInfo value);

#endif /* NPCSIM_MESSAGES_H */
