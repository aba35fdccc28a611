/*
 * steps.h
 *	  What a worker does, one guarded transaction at a time.
 */
#ifndef NPCSIM_STEPS_H
#define NPCSIM_STEPS_H

#include "postgres.h"

/* Microseconds of the monotonic clock. */
extern int64 real_now(void);

/*
 * Runs step(arg) as a transaction, with a snapshot. False if it failed: then it was rolled back and *error is
 * a copy in the current memory context.
 */
extern bool run_guarded(void (*step)(void *arg), void *arg, const char *activity, ErrorData **error);
/* Commits of this transaction need not reach the disk at once. */
extern void relax_commit(void);
/* Logs an error that ended a step, as "<what>: <message>". */
extern void log_failure(const char *what, const ErrorData *error);

#endif /* NPCSIM_STEPS_H */
