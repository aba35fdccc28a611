/*
 * decision_slots.h
 *	  Requests to minds as rows: decision_slots.
 *
 * All of it within spi_begin and spi_end, whose memory results are in.
 */
#ifndef NPCSIM_TABLES_DECISION_SLOTS_H
#define NPCSIM_TABLES_DECISION_SLOTS_H

#include "postgres.h"

/*
 * Opens requests again that were sent to sessions: those of sessions in worlds, or those whose session is no longer there
 * or silent. Rows that somebody else has locked are passed by. The worlds of those that were opened, ascending.
 */
extern int64 *slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids,
						   int session_count, int *count);
extern int64 *slots_reopen_orphans(int *count);

#endif /* NPCSIM_TABLES_DECISION_SLOTS_H */
