/*
 * calls.h
 *	  Has one C function for every SQL function that the gateway calls.
 *
 * Nothing else calls functions of the extension.  Texts are parameters and
 * must be UTF-8 without NUL.  A result of type json is text in the reply's
 * first column.  "done" is called as db.h says.
 */
#ifndef NPCSIM_GATEWAY_CALLS_H
#define NPCSIM_GATEWAY_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "db.h"

/* The database does not know this gateway: it was restored, or has not heard of it for too long. */
#define SQLSTATE_NOT_REGISTERED "55000"
#define SQLSTATE_SUSPENDED		"NS405"
#define SQLSTATE_GATEWAY_HELD	"NS409"
#define SQLSTATE_NO_WORLD		"NS101"

/* In all of these a player_id of 0 means a spectator. */

/*
 * Asks whether the extension is "installed", and in "missing" for the names of functions that do not exist or may not be called
 * (NULL: none).  It never causes an error in the database.
 */
extern void call_missing_functions(DbDone done, void *argument);
extern void call_register_gateway(const char *gateway_id, DbDone done, void *argument);
extern void call_gateway_poll(const char *gateway_id, const int64_t *world_ids, int count, DbDone done,
							  void *argument);
extern void call_unknown_sessions(const char *gateway_id, const int64_t *session_ids, int count, DbDone done,
								  void *argument);
extern void call_worlds_to_watch(DbDone done, void *argument);
extern void call_authenticate(const char *token, DbDone done, void *argument);
extern void call_client_connected(const char *gateway_id, int64_t player_id, int64_t world_id,
								  const char *purpose, const char *source, const char *client, DbDone done,
								  void *argument);
extern void call_client_disconnected(int64_t session_id);
extern void call_world_snapshot(int64_t world_id, DbDone done, void *argument);
extern void call_world_delta(int64_t world_id, int64_t since, const char *epoch, DbDone done, void *argument);
extern void call_claim_decisions(const char *gateway_id, int64_t world_id, const int64_t *session_ids,
								 const int *free_slots, int count, DbDone done, void *argument);
/* Asks which of "count" requests in flight nobody waits for; each is its NPC, its id and the session that was given it. */
extern void call_superseded_decisions(int64_t world_id, const int64_t *npc_ids, const int64_t *request_ids,
									  const int64_t *session_ids, int count, DbDone done, void *argument);
extern void call_submit_npc_decisions(int64_t world_id, const int64_t *player_ids,
									  const char *const *decisions, int count, DbDone done, void *argument);
extern void call_fail_decisions(int64_t world_id, const int64_t *player_ids, const int64_t *request_ids,
								const char *const *reasons, int count, DbDone done, void *argument);
/* Tells that a connection of a player was closed for what it sent. */
extern void call_report_flood(int64_t world_id, int64_t player_id, const char *what);
extern void call_update_player_heartbeat(int64_t player_id, const char *heartbeat, DbDone done,
										 void *argument);
extern void call_update_player_camera(int64_t player_id, const double rectangle[4]);
extern void call_update_spectator_camera(int64_t session_id, const double rectangle[4]);
extern void call_reducer(int64_t world_id, int64_t player_id, const char *reducer, const char *arguments,
						 const char *key, DbDone done, void *argument);
extern void call_compute_standings(const int64_t *player_ids, const int64_t *told, int count, DbDone done,
								   void *argument);

/* These read a reply, whose texts they return.  The first column of the first row, or NULL if there is no row or it is NULL: */
extern const char *reply_text(const DbReply *reply);

/* An integer column of a row, 0 when it is NULL; and a column's text, NULL when it is NULL: */
extern int64_t	   reply_integer(const DbReply *reply, int row, const char *column);
extern const char *reply_column(const DbReply *reply, int row, const char *column);

/* Adds the members ,"code":…,"message":…,"detail":…,"hint":…,"retry":… of a failed reply to the text of an object. */
extern void reply_add_error(Text *text, const DbReply *reply);

#endif /* NPCSIM_GATEWAY_CALLS_H */
