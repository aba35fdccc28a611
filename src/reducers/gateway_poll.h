/*
 * gateway_poll.h
 *	  Checks and errors for functions that gateways call.
 */
#ifndef NPCSIM_REDUCERS_GATEWAY_POLL_H
#define NPCSIM_REDUCERS_GATEWAY_POLL_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

/* Reads a gateway's id; raises 22023 unless it is 1 to 64 characters of [A-Za-z0-9_.-]. */
extern char *arg_gateway_id(FunctionCallInfo fcinfo, int n);
/* Raises 55000: the gateway is not registered. */
pg_noreturn extern void refuse_gateway(const char *gateway_id);

#endif /* NPCSIM_REDUCERS_GATEWAY_POLL_H */
