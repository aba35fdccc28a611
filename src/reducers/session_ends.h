/*
 * session_ends.h
 *	  Ends sessions.
 *
 * Whoever ends a session locks its row (FOR UPDATE) before the rows of its requests.
 */
#ifndef NPCSIM_REDUCERS_SESSION_ENDS_H
#define NPCSIM_REDUCERS_SESSION_ENDS_H

#include "postgres.h"

/*
 * Ends sessions for a reason (one of sessions.end_reason), or deletes them if their gateway knows (NULL);
 * their requests are open again. SPI must be connected.
 */
extern void sessions_end_of_ids(const int64 *ids, int count, const char *reason);

/*
 * Locks sessions, so that nothing is handed out to them until our transaction ends; waits for what is being handed out. If
 * 'take_back', the requests they were handed are open again. SPI must be connected.
 */
extern void sessions_give_nothing(const int64 *ids, int count, bool take_back);

/* End the sessions of a player, those by which it lends compute, or those in a world; their gateways are told at commit. */
extern void sessions_end_of_player(int64 player_id, const char *reason);
extern void sessions_end_computing(int64 player_id, const char *reason);
extern void sessions_end_of_world(int64 world_id);

/*
 * Opens requests of a world again that timed out with a source that the operators' API backs up, if that may be asked. Fills in which, and returns
 * how many; 'opened' has room for 'count'. The world is locked, and SPI connected.
 */
extern int sessions_back_up(int64 world_id, const int64 *request_ids, const int64 *player_ids, int count,
							int64 *opened);

/*
 * Ends the sessions of dead gateways, and opens requests whose session is gone or silent. SPI must be
 * connected.
 */
extern void sessions_expire(void);

#endif /* NPCSIM_REDUCERS_SESSION_ENDS_H */
