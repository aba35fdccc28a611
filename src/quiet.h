/*
 * quiet.h
 *	  Calls functions whose refusals are for the caller alone.
 *
 * Errors that clients can provoke as often as they like, and those that come when a world is dropped
 * or locked while a gateway asks for it, must not fill the server's log. Functions that gateways call
 * either return refusals as values (reducers/refusals.h), or raise them without logging.
 */
#ifndef NPCSIM_QUIET_H
#define NPCSIM_QUIET_H

#include "postgres.h"

#include "fmgr.h"

/*
 * Whether whoever watches over the server must hear of an error: it is a bug, it ends this backend or its
 * query, or the machine has run out of something.
 */
extern bool error_is_servers(int sqlerrcode);

/*
 * Calls 'function'. It raises the same errors, but those that the server need not hear of are not written to
 * its log.
 */
extern Datum call_quietly(PGFunction function, FunctionCallInfo fcinfo);

#endif /* NPCSIM_QUIET_H */
