/*
 * steps.h
 *	  The steps of a worker, each a guarded transaction.
 */
#ifndef NPCSIM_STEPS_H
#define NPCSIM_STEPS_H

#include "postgres.h"

/* Returns the time of the monotonic clock in microseconds. */
extern int64 real_now(void);

/*
 * Runs step(arg) as a transaction, with a snapshot. Returns false if it failed: then it was rolled back and
 * *error is a copy in the current memory context.
 */
extern bool run_guarded(void (*step)(void *arg), void *arg, const char *activity, ErrorData **error);
/* Lets this transaction's commit return before it reaches the disk. */
extern void relax_commit(void);
/* Logs an error that ended a step, as "<what>: <message>". */
extern void log_failure(const char *what, const ErrorData *error);

#endif /* NPCSIM_STEPS_H */
