/*
 * fold.h
 *	  Counts what was logged of decisions.
 */
#ifndef NPCSIM_FOLD_H
#define NPCSIM_FOLD_H

#include "postgres.h"

/*
 * Begins the books of a world that is being adopted, whose lock is held: what its old home had not counted is counted, and nothing of
 * before the request that is the next one.
 */
extern void fold_adopted(int64 world_id, const char *old_home, int64 next_request_id);

/*
 * Waits for who counts, and lets nobody count until our transaction ends: what is deleted is not counted meanwhile.
 */
extern void fold_stop(void);

#endif /* NPCSIM_FOLD_H */
