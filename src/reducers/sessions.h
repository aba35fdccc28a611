/*
 * sessions.h
 *	  Connections of players and spectators, as other families see them.
 *
 * A session is present as long as its gateway lives and, where it lends
 * compute, its heartbeats come.
 */
#ifndef NPCSIM_REDUCERS_SESSIONS_H
#define NPCSIM_REDUCERS_SESSIONS_H

#define SOURCE_MAX_CHARS 64
#define CONCURRENCY_MAX	 64

#endif /* NPCSIM_REDUCERS_SESSIONS_H */
