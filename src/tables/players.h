/*
 * players.h
 *	  Players' accounts as rows: player_accounts, with roles, bans, budgets and what was spent and earned; of worlds as a
 *	  whole, world_tokens.
 *
 * All of it within spi_begin and spi_end, whose memory results are in.
 */
#ifndef NPCSIM_TABLES_PLAYERS_H
#define NPCSIM_TABLES_PLAYERS_H

#include "postgres.h"

typedef struct PlayerRow
{
	int64 id;
	int64 world_id;
	char *username;
	char *role;	  /* one of player_roles */
	char *status; /* one of player_statuses */
} PlayerRow;

/* False when there is none. */
extern bool player_row_read(int64 player_id, PlayerRow *player);
/* The one whose token has this SHA-256 (bytea). */
extern bool player_row_of_token(Datum token_hash, PlayerRow *player);
/* The id of the one of this name; 0 = there is none. */
extern int64 player_row_named(int64 world_id, const char *username);

/* Its id. Only the SHA-256 of the token is kept. */
extern int64 player_row_insert(int64 world_id, const char *username, const char *role, const char *token);
/* False when there is no such player. */
extern bool player_row_write_token(int64 player_id, const char *token);
/* last_heartbeat is for people to read: several sources of a player need not all write it. */
extern void player_row_note_heartbeat(int64 player_id);

/* What a player's mind is asked for: NPCs, and requests under way; false when there is no such player. */
extern bool player_row_load_of(int64 player_id, int64 *npcs, int64 *in_flight, char **status);

/* The world of a player, and whether that is at home in this database. */
typedef struct PlayerHome
{
	int64 player_id;
	int64 world_id;
	bool  active; /* not banned */
	bool  at_home;
} PlayerHome;

/* Of those of the players that there are. */
extern PlayerHome *player_homes_read(const int64 *player_ids, int count, const char *home, int *found);

/*
 * Counts tokens for players, and for their worlds what all of them wrote together. The worlds are locked, so that nobody
 * else counts for them.
 */
extern void players_credit_tokens(const int64 *player_ids, const int64 *tokens, int count);

/* ---- what operators write ---- */

typedef enum PlayerColumn
{
	PLAYER_USERNAME,
	PLAYER_ROLE,
	PLAYER_STATUS,
	PLAYER_DAILY_TOKEN_OUTPUT
} PlayerColumn;

#define PLAYER_COLUMNS (PLAYER_DAILY_TOKEN_OUTPUT + 1)

/* Locks the row and reads its columns, as the view has them; false when it is gone. */
extern bool player_row_lock(int64 player_id, Datum columns[PLAYER_COLUMNS]);
extern void player_row_write(int64 player_id, PlayerColumn column, Datum value);

#endif /* NPCSIM_TABLES_PLAYERS_H */
