/*
 * gateway_poll.h
 *	  Gateways, for those who are called by them.
 */
#ifndef NPCSIM_REDUCERS_GATEWAY_POLL_H
#define NPCSIM_REDUCERS_GATEWAY_POLL_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

/* A gateway's id; 22023 unless it is 1 to 64 characters of [A-Za-z0-9_.-]. */
extern char *arg_gateway_id(FunctionCallInfo fcinfo, int n);
/* 55000: the gateway is not registered. */
pg_noreturn extern void refuse_gateway(const char *gateway_id);

#endif /* NPCSIM_REDUCERS_GATEWAY_POLL_H */
