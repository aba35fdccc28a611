/*
 * trust.h
 *	  Suspends players, and records what gave cause.
 */
#ifndef NPCSIM_REDUCERS_TRUST_H
#define NPCSIM_REDUCERS_TRUST_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "compat.h"
#include "tables/players.h"

/* Kinds of rows of security_violations that npcsim writes itself. */
#define VIOLATION_SUSPENDED	  "suspended"
#define VIOLATION_RELEASED	  "released"
#define VIOLATION_FOREIGN	  "foreign_answer"
#define VIOLATION_FLOOD		  "flood"
#define VIOLATION_IMPLAUSIBLE "implausible"

/* Whether the player is suspended now. */
extern bool player_is_suspended(const Suspension *suspension);

/* Returns "the player is suspended until …: why". */
extern char *suspension_told(const Suspension *suspension);

/* Raises NS405 if the player is suspended: it lends no compute then. */
extern void refuse_suspended(const Suspension *suspension);

/*
 * Suspends a player of a world for an hour, unless it is suspended already: its sessions that lend compute end, and its NPCs' questions
 * are closed by expire_decisions(). Rows of sessions are locked before that of the player, here and in heartbeats. SPI must be connected.
 */
extern void player_suspend(int64 world_id, int64 player_id, const char *reason);

/* Takes note of an incident, unless there were many of its kind: a flood must not become a flood of rows. SPI must be connected. */
extern void note_incident(int64 world_id, int64 player_id, const char *kind, const char *detail);

#endif /* NPCSIM_REDUCERS_TRUST_H */
