/*
 * quiet.h
 *	  Refusals that are for the caller alone.
 *
 * What clients can provoke as often as they like, and what comes of a world that is dropped or held while a gateway asks for
 * it, must not fill the server's log. Functions that gateways call either answer with refusals as values
 * (reducers/refusals.h), or raise them quietly.
 */
#ifndef NPCSIM_QUIET_H
#define NPCSIM_QUIET_H

#include "postgres.h"

#include "fmgr.h"

/* Bugs, what ends this backend or its query, and a machine that has no more: whoever watches over the server must hear of it. */
extern bool error_is_servers(int sqlerrcode);

/* Calls "function". Its errors go on as they are, but those that are not the server's are not written to its log. */
extern Datum call_quietly(PGFunction function, FunctionCallInfo fcinfo);

#endif /* NPCSIM_QUIET_H */
