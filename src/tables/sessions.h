/*
 * sessions.h
 *	  Gateways and the connections they hold for players and spectators, as rows: gateways and sessions.
 *
 * All of it within spi_begin and spi_end, whose memory results are in. Ids come in ascending order, each once.
 */
#ifndef NPCSIM_TABLES_SESSIONS_H
#define NPCSIM_TABLES_SESSIONS_H

#include "postgres.h"

/* Silence after which requests go on, and after which a gateway counts as dead; for SQL. */
#define SESSION_SILENCE "interval '30 s'"

/* ---- gateways ---- */

/* There now, and seen now; whether it is bound to our session (src/gateways.h). */
extern bool gateway_row_write(const char *gateway_id);
/* Seen now; false when there is none. */
extern bool gateway_row_touch(const char *gateway_id, bool *bound);
/* Whether there is one, by the caller's snapshot. */
extern bool gateway_row_exists(const char *gateway_id);

/* Bound gateways that have sessions and are held by nobody, as text[]; how many. */
extern Datum gateways_gone(int *count);

/* ---- finding sessions ---- */

/* Those of a gateway, ended or not. */
extern int64 *sessions_of_gateway(const char *gateway_id, int *count);
/* Those of gateways (text[]) that are not ended, locked; those that somebody else has locked are passed by. */
extern int64 *sessions_of_gateways_lock(Datum gateway_ids, int *count);
/* The same of gateways that have been silent for too long. */
extern int64 *sessions_of_silent_lock(int *count);
/* Those that a new one of a player ends: the watching one, and computing ones of the same source. */
extern int64 *sessions_replaced_by(int64 player_id, const char *purpose, const char *source, int *count);
/* Players who are connected. */
extern int64 *sessions_players(int *count);

typedef struct SessionRow
{
	int64 id;
	int64 world_id;
	char *gateway_id;
} SessionRow;

/* Locks them in order of id, so that two transactions that end sessions wait, and do not deadlock. */
extern SessionRow *sessions_lock(const int64 *ids, int count, int *found);

typedef struct EndedSession
{
	int64 id;
	char *reason;
} EndedSession;

/* Those of a gateway that were ended here. */
extern EndedSession *sessions_ended_of_gateway(const char *gateway_id, int *count);

/* One that lends compute, and may get something to decide: whose tokens of the day are spent gets nothing. */
typedef struct LendingSession
{
	int64  id;
	int64  player_id;
	int64  world_id;
	double average_ms; /* of a decision; NAN = nobody said */
	bool   choices;	   /* its mind wants to choose from a list */
	bool   compact;	   /* it has little room */
} LendingSession;

/* Those among sessions of a gateway, by player; by the caller's snapshot. */
extern LendingSession *sessions_lending(const char *gateway_id, const int64 *ids, int count, int *found);
/* Keeps sessions from ending until our transaction does: those that have not ended and that nobody else ends. */
extern int64 *sessions_share(const int64 *ids, int count, int *found);

/* How many spectators and players are in a world, one player (0 = none) not counted. */
extern void sessions_count_present(int64 world_id, int64 except_player_id, int64 *spectators, int64 *players);
/* How many of a player's lend compute. */
extern int64 sessions_count_computing(int64 player_id);

/* The longest average time of a decision, in ms, that they report; 0 = none does. */
extern double sessions_reported_average(int64 player_id);

/* ---- writing sessions ---- */

/* Connecting to a world is done one after the other, until the transaction ends: limits are counted. */
extern void sessions_serialize(int64 world_id);

typedef struct NewSession
{
	const char *gateway_id;
	int64		world_id;
	int64		player_id; /* 0 = a spectator's */
	const char *purpose;
	const char *source;
	const char *client;
} NewSession;

/* Its id; 0 when the gateway is not registered. */
extern int64 session_insert(const NewSession *session);

extern void sessions_end(const int64 *ids, int count, const char *reason);
extern void sessions_delete(const int64 *ids, int count);
/* Ends those of a player, those in a world; of each, its gateway. */
extern char **sessions_end_of_player_rows(int64 player_id, const char *reason, int *count);
extern char **sessions_end_of_world_rows(int64 world_id, const char *reason, int *count);
/* Deletes gateways that were not seen for a day, and what is left of their sessions. */
extern void sessions_forget(void);

/* What a player says of the compute that is lent. */
typedef struct SessionFigures
{
	const char *source;
	int32		max_concurrency;
	bool		stateless;
	bool		choices;
	bool		compact;
	bool		has_token_output_rate;
	double		token_output_rate;
	bool		has_average;
	double		average_decision_time_ms;
} SessionFigures;

/* A sign of life; false when the player lends no compute from that source. */
extern bool session_note_heartbeat(int64 player_id, const SessionFigures *figures);
/* False when the player does not watch, or the camera was there already. */
extern bool session_move_camera(int64 player_id, double min_x, double min_y, double max_x, double max_y);

#endif /* NPCSIM_TABLES_SESSIONS_H */
