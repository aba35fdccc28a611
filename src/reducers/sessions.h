/*
 * sessions.h
 *	  Limits of sessions that other families need.
 */
#ifndef NPCSIM_REDUCERS_SESSIONS_H
#define NPCSIM_REDUCERS_SESSIONS_H

#define SOURCE_MAX_CHARS 64
#define CONCURRENCY_MAX	 64

#endif /* NPCSIM_REDUCERS_SESSIONS_H */
