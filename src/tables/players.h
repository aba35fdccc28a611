/*
 * players.h
 *	  Accounts of players as rows: player_accounts, with roles, bans, budgets and what was spent; and
 *	  world_tokens, what the players of a world spent together.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_PLAYERS_H
#define NPCSIM_TABLES_PLAYERS_H

#include "postgres.h"

#include "utils/timestamp.h"

/* A player that lends no compute for a while. */
typedef struct Suspension
{
	TimestampTz until; /* in the past, or 0: it is over, or there was none */
	char	   *reason;
} Suspension;

typedef struct PlayerRow
{
	int64	   id;
	int64	   world_id;
	char	  *username;
	char	  *role;   /* one of player_roles */
	char	  *status; /* one of player_statuses */
	Suspension suspension;
} PlayerRow;

/* Reads a player. Returns false if there is none. */
extern bool player_row_read(int64 player_id, PlayerRow *player);
/* Reads the player whose token has this SHA-256 (bytea). Returns false if there is none. */
extern bool player_row_of_token(Datum token_hash, PlayerRow *player);
/* Returns the id of the player of this name; 0 = there is none. */
extern int64 player_row_named(int64 world_id, const char *username);

/* Returns the names of players, one for each id; NULL for one that is not there. */
extern char **player_names_read(const int64 *ids, int count);

/* Inserts a player and returns its id. Only the SHA-256 of the token is kept. */
extern int64 player_row_insert(int64 world_id, const char *username, const char *role, const char *token,
							   int64 person_id);
/* Returns false if there is no such player. */
extern bool player_row_write_token(int64 player_id, const char *token);
/*
 * Notes the time of a heartbeat, at most every 5 s: it is for people to read, and several sources of a player
 * need not all write it.
 */
extern void player_row_note_heartbeat(int64 player_id);

/* How much a player's mind is asked for. */
typedef struct PlayerLoad
{
	int64 npcs;
	int64 in_flight; /* requests that were handed out */
	bool  spent;	 /* as many tokens of the day as the player declared */
	char *status;
	char *warned_until; /* when what it offers too little for is taken, UTC; NULL = it is not warned */
} PlayerLoad;

/* Returns false if there is no such player. */
extern bool player_row_load_of(int64 player_id, PlayerLoad *load);

/* Output tokens of a day. */
typedef struct PlayerTokens
{
	int64 declared;
	int64 measured; /* of the last one; 0 of who has declared nothing */
} PlayerTokens;

/* Returns false if there is no such player. */
extern bool player_row_tokens(int64 player_id, PlayerTokens *tokens);

/* Returns false if there is no such player. */
extern bool player_row_declare(int64 player_id, int64 tokens_per_day);

/*
 * Writes until when the player is suspended, and why. Unless 'anew', a suspension that lasts longer stays as it is. Returns false if nothing
 * was written.
 */
extern bool player_row_suspend(int64 player_id, TimestampTz until, const char *reason, bool anew);
extern void player_row_release(int64 player_id);

/* The world of a player, and whether the world is at home in this database. */
typedef struct PlayerHome
{
	int64	   player_id;
	int64	   world_id;
	bool	   active; /* not banned */
	bool	   at_home;
	Suspension suspension;
} PlayerHome;

/* Returns the homes of those of the players that exist. */
extern PlayerHome *player_homes_read(const int64 *player_ids, int count, const char *home, int *found);

/*
 * Counts tokens for players, and their sum for their worlds. The caller has locked the worlds, so that nobody
 * else counts for them.
 */
extern void players_credit_tokens(const int64 *player_ids, const int64 *tokens, int count);

/* ---- what operators write ---- */

typedef enum PlayerColumn
{
	PLAYER_USERNAME,
	PLAYER_ROLE,
	PLAYER_STATUS,
	PLAYER_DAILY_TOKEN_OUTPUT,
	PLAYER_DECLARED_TOKENS,
	PLAYER_PERSON
} PlayerColumn;

#define PLAYER_COLUMNS (PLAYER_PERSON + 1)

/* Locks the row and reads its columns, as the view has them. Returns false if it is gone. */
extern bool player_row_lock(int64 player_id, Datum columns[PLAYER_COLUMNS]);
extern void player_row_write(int64 player_id, PlayerColumn column, Datum value);

#endif /* NPCSIM_TABLES_PLAYERS_H */
