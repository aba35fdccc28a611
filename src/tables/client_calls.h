/*
 * client_calls.h
 *	  Calls of clients as rows: reducer_limits, client_calls, call_allowances.
 *
 * All of it within spi_begin and spi_end, whose memory results are in.
 */
#ifndef NPCSIM_TABLES_CLIENT_CALLS_H
#define NPCSIM_TABLES_CLIENT_CALLS_H

#include "postgres.h"

/* How often a reducer may be called: values of its columns. */
extern void reducer_limits_write(Datum name, Datum minimum_role, Datum burst, Datum per_minute);

/* Enters a call of a player's that has a key; false when there is one of that key already. */
extern bool client_call_enter(int64 player_id, const char *key);
/* What became of a call that was entered, a JSON text. */
extern char *client_call_result(int64 player_id, const char *key);
extern void	 client_call_keep(int64 player_id, const char *key, const char *result);

/* Deletes those that are older than a day. */
extern void client_calls_forget(void);

/* Of so many calls at once, to which so many a second come, takes one off; false when none is left. */
extern bool call_allowance_charge(int64 player_id, const char *reducer, double burst, double per_second);
/* Milliseconds until there is one. */
extern int64 call_allowance_wait(int64 player_id, const char *reducer, double burst, double per_second);

#endif /* NPCSIM_TABLES_CLIENT_CALLS_H */
