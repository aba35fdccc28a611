/*
 * sessions.h
 *	  Connections of players and spectators, as other families see them.
 *
 * A session is present as long as its gateway lives and, where it lends
 * compute, its heartbeats come. Whoever ends one locks its row (FOR UPDATE) before
 * its requests' rows.
 */
#ifndef NPCSIM_REDUCERS_SESSIONS_H
#define NPCSIM_REDUCERS_SESSIONS_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

/* Silence after which requests go on, and after which a gateway counts as dead; for SQL. */
#define SESSION_SILENCE "interval '30 s'"

#define SOURCE_MAX_CHARS 64
#define CONCURRENCY_MAX	 64

/* A gateway's id; 22023 unless it is 1 to 64 characters of [A-Za-z0-9_.-]. */
extern char *arg_gateway_id(FunctionCallInfo fcinfo, int n);
/* 55000: the gateway is not registered. */
pg_noreturn extern void refuse_gateway(const char *gateway_id);

#endif /* NPCSIM_REDUCERS_SESSIONS_H */
