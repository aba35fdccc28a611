/*
 * sessions.h
 *	  Gateways, and the sessions they hold for players and spectators, as rows: gateways, sessions.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory. Ids
 * come in ascending order, each once.
 */
#ifndef NPCSIM_TABLES_SESSIONS_H
#define NPCSIM_TABLES_SESSIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "tables/paces.h"
#include "tables/players.h"

/*
 * After this silence a session's requests are handed to others, and a gateway counts as dead; an SQL
 * expression.
 */
#define SESSION_SILENCE "interval '30 s'"

/* ---- gateways ---- */

/*
 * Notes that a gateway exists and was seen now. Returns whether it is bound to our session (src/gateways.h).
 */
extern bool gateway_row_write(const char *gateway_id);
/* Notes that a gateway was seen now. Returns false if there is none. */
extern bool gateway_row_touch(const char *gateway_id, bool *bound);
/* Whether there is such a gateway, by the caller's snapshot. */
extern bool gateway_row_exists(const char *gateway_id);

/* Returns bound gateways that have sessions and are held by nobody, as text[]; *count tells how many. */
extern Datum gateways_gone(int *count);

/* ---- finding sessions ---- */

/* Returns the sessions of a gateway, ended or not. */
extern int64 *sessions_of_gateway(const char *gateway_id, int *count);
/*
 * Locks the sessions of gateways (text[]) that have not ended, and skips those that somebody else has locked.
 */
extern int64 *sessions_of_gateways_lock(Datum gateway_ids, int *count);
/* The same for gateways that have been silent for too long. */
extern int64 *sessions_of_silent_lock(int *count);
/*
 * Returns the sessions that a new one of a player ends: the watching one, and computing ones of the same
 * source.
 */
extern int64 *sessions_replaced_by(int64 player_id, const char *purpose, const char *source, int *count);
/* Returns the sessions in a world that lend for a source and have not ended. */
extern int64 *sessions_of_source(int64 world_id, int64 source_id, int *count);
/* Returns the players who are connected. */
extern int64 *sessions_players(int *count);

typedef struct SessionRow
{
	int64 id;
	int64 world_id;
	char *gateway_id;
} SessionRow;

/* Locks sessions in order of id, so that two transactions that end sessions wait and do not deadlock. */
extern SessionRow *sessions_lock(const int64 *ids, int count, int *found);

typedef struct EndedSession
{
	int64	   id;
	char	  *reason;
	Suspension suspension; /* of its player */
} EndedSession;

/* Returns the sessions of a gateway that were ended here. */
extern EndedSession *sessions_ended_of_gateway(const char *gateway_id, int *count);

/*
 * A session that lends compute and may get something to decide. A player whose tokens of the day are spent
 * gets nothing.
 */
typedef struct LendingSession
{
	int64		   id;
	int64		   player_id;
	int64		   world_id;
	double		   average_ms;	 /* of a decision; NAN = nobody reported it */
	bool		   choices;		 /* its mind wants to choose from a list */
	bool		   compact;		 /* it has little room */
	bool		   observations; /* it is told what its NPC sees */
	TimestampTz	   connected_at_real;
	int64		   source_id; /* 0 = none yet */
	SpendingLimits limits;
	int32		   slots;	  /* questions it takes at a time */
	bool		   pooled;	  /* its source is asked about NPCs of other players, too */
	bool		   of_server; /* it is the operators' API: what it decides is bought */
} LendingSession;

/*
 * Returns the players of a world who can be asked at this moment, sorted: they lend from a source that is active, and have tokens
 * of the day left.
 */
extern int64 *sessions_askable_players(int64 world_id, int *count);

/* A session in a world whose player can be asked. */
typedef struct WorldLender
{
	int64 session_id;
	int64 player_id;
	char *gateway_id;
	int64 source_id; /* 0 = none yet */
	int32 free;		 /* slots that it has left, by what was sent to it */
	bool  pooled;
	bool  of_server;	/* its source is the operators' API */
	bool  pool_for_all; /* of the world: the pool is asked about NPCs without a player, too */
} WorldLender;

/*
 * Returns the sessions in a world that can be asked, whichever gateway has them, by player. It looks at all questions of the world that
 * are under way.
 */
extern WorldLender *sessions_of_lenders(int64 world_id, int *count);

/* Returns those among sessions of a gateway whose source is active, by player, read by the caller's snapshot. */
extern LendingSession *sessions_lending(const char *gateway_id, const int64 *ids, int count, int *found);
/*
 * Keeps sessions from ending, and their sources from being paused, until our transaction ends. Returns those that have not ended,
 * that nobody else ends or pauses, and whose source is active.
 */
extern int64 *sessions_share(const int64 *ids, int count, int *found);

typedef struct SessionsPresent
{
	int64 spectators;
	int64 players;
} SessionsPresent;

/* Counts the spectators and players in a world, without one player (0 = none). */
extern SessionsPresent sessions_count_present(int64 world_id, int64 except_player_id);
/* Returns how many sessions of a player lend compute. */
extern int64 sessions_count_computing(int64 player_id);

/* Returns the longest average time of a decision, in ms, that a player's sessions report; 0 = none does. */
extern double sessions_reported_average(int64 player_id);

/* ---- writing sessions ---- */

/*
 * Lets connections to a world be made one after the other, until the transaction ends, since limits are
 * counted.
 */
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

/* Inserts a session and returns its id; 0 if the gateway is not registered. */
extern int64 session_insert(const NewSession *session);

extern void sessions_end(const int64 *ids, int count, const char *reason);
extern void sessions_delete(const int64 *ids, int count);
/* End the sessions of a player, those by which it lends compute, or those in a world. Return the gateway of each. */
extern char **sessions_end_of_player_rows(int64 player_id, const char *reason, int *count);
extern char **sessions_end_computing_rows(int64 player_id, const char *reason, int *count);
extern char **sessions_end_of_world_rows(int64 world_id, const char *reason, int *count);
/* Deletes gateways that were not seen for a day, and what is left of their sessions. */
extern void sessions_forget(void);

/* What a player reports of the compute that is lent. */
typedef struct SessionFigures
{
	const char *source;
	int32		max_concurrency;
	bool		stateless;
	bool		choices;
	bool		compact;
	bool		observations;
	int32		decisions_per_second; /* thousandths; 0 = it sets no limit */
	bool		has_token_output_rate;
	double		token_output_rate;
	bool		has_average;
	double		average_decision_time_ms;
	const char *kind;	/* of the source, as compute_sources has it */
	Datum		models; /* text[] */
} SessionFigures;

typedef struct HeardSession
{
	int64 id;
	int64 world_id;
	int64 source_id; /* 0 = the row of its source has yet to be made, or to say what the heartbeat does */
} HeardSession;

/* Notes a heartbeat. Returns false if the player lends no compute from that source. */
extern bool session_note_heartbeat(int64 player_id, const SessionFigures *figures, HeardSession *session);
extern void session_write_source(int64 session_id, int64 source_id);

/* What somebody who watches a world looks at, in cells, both ends included. */
typedef struct CameraRow
{
	int64  player_id; /* 0 = a spectator's */
	double min_x;
	double min_y;
	double max_x;
	double max_y;
} CameraRow;

/* Returns the cameras in a world by player, those of spectators first, by the caller's snapshot. */
extern CameraRow *sessions_cameras(int64 world_id, int *count);

/* Returns false if the player does not watch, or the camera was there already. */
extern bool session_move_camera(int64 player_id, const CameraRow *camera);
/* Does nothing if there is no such session of a spectator. */
extern void session_move_spectator_camera(int64 session_id, const CameraRow *camera);

#endif /* NPCSIM_TABLES_SESSIONS_H */
