/*
 * trust.h
 *	  What is on record of dishonest answers, as rows of security_violations, and what makes players suspect:
 *	  player_suspicion.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_TRUST_H
#define NPCSIM_TABLES_TRUST_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "market/suspicion.h"

typedef struct Violation
{
	int64		world_id;
	int64		player_id;
	int64		source_id; /* 0 = none is known */
	const char *kind;
	const char *detail;
	TimestampTz at;
} Violation;

/* Returns the id of the row. */
extern int64 violation_insert(const Violation *violation);

/* Deletes what was recorded before a moment. */
extern void violations_forget(TimestampTz before);

/* Locks what is known of a player, and makes a row of it if there is none. */
extern void suspicion_row_lock(int64 world_id, int64 player_id, Suspicion *suspicion);
/* The same, but returns false if there is none. */
extern bool suspicion_row_lock_known(int64 world_id, int64 player_id, Suspicion *suspicion);
/* Reads it by the caller's snapshot; nothing if there is none. */
extern void suspicion_row_read(int64 world_id, int64 player_id, Suspicion *suspicion);
extern void suspicion_row_write(int64 world_id, int64 player_id, const Suspicion *suspicion);

#endif /* NPCSIM_TABLES_TRUST_H */
