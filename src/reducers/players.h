/*
 * players.h
 *	  Checks and errors about players that reducers of several families share.
 */
#ifndef NPCSIM_REDUCERS_PLAYERS_H
#define NPCSIM_REDUCERS_PLAYERS_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

#define USERNAME_MAX_CHARS 50

/* The words of player_accounts.role and .status, NULL-terminated. */
extern const char *const player_roles[];
extern const char *const player_statuses[];

pg_noreturn extern void refuse_unknown_player(int64 player_id);
/* Raises NS203 unless the player exists. */
extern void player_require_known(int64 player_id);
/* Raises NS403 if a player's status is "banned". */
extern void refuse_banned(const char *status);
/* Raises NS203 unless the player exists and plays in that world. */
extern void player_require(int64 world_id, int64 player_id);

/* Raises 23505 if another player of the world has the name. */
extern void check_username_free(int64 world_id, const char *username);

#endif /* NPCSIM_REDUCERS_PLAYERS_H */
