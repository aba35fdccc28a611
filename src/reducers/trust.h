/*
 * trust.h
 *	  Suspends players, and records what gave cause.
 */
#ifndef NPCSIM_REDUCERS_TRUST_H
#define NPCSIM_REDUCERS_TRUST_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "compat.h"
#include "reducers/answers.h"
#include "tables/players.h"

/* Kinds of rows of security_violations that npcsim writes itself. */
#define VIOLATION_SUSPENDED "suspended"
#define VIOLATION_RELEASED	"released"
#define VIOLATION_FOREIGN	"foreign_answer"
#define VIOLATION_FLOOD		"flood"

/* Whether the player is suspended now. */
extern bool player_is_suspended(const Suspension *suspension);

/* Returns "the player is suspended until …: why". */
extern char *suspension_told(const Suspension *suspension);

/* Raises NS405 if the player is suspended: it lends no compute then. */
extern void refuse_suspended(const Suspension *suspension);

/*
 * Suspends a player of a world until a moment, unless it is suspended for longer: its sessions that lend compute end, and its NPCs' questions
 * are closed by expire_decisions(). Rows of sessions are locked before that of the player, here and in heartbeats. SPI must be connected.
 */
extern void player_suspend(int64 world_id, int64 player_id, TimestampTz until, const char *reason);

/*
 * Looks for answers that are dishonest among those that were judged: who gives them for NPCs that were never its own, or many that nobody asked
 * for, is suspended. It comes before anything is written to the players' rows. SPI must be connected.
 */
extern void answers_watch(const Answer *answers, int count);

#endif /* NPCSIM_REDUCERS_TRUST_H */
