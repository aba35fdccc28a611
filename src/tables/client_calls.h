/*
 * client_calls.h
 *	  Calls of clients as rows: reducer_limits, client_calls, call_allowances.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_CLIENT_CALLS_H
#define NPCSIM_TABLES_CLIENT_CALLS_H

#include "postgres.h"

/*
 * Who may call a reducer and how often, where operators have set it to something else than its description
 * says.
 */
typedef struct ReducerLimits
{
	char *minimum_role;
	int32 burst;
	int32 per_minute;
} ReducerLimits;

/* Returns false if nothing was set. */
extern bool reducer_limits_read(const char *name, ReducerLimits *limits);
/* Writes how often a reducer may be called; the arguments are values of the columns. */
extern void reducer_limits_write(Datum name, Datum minimum_role, Datum burst, Datum per_minute);

/* Enters a player's call under a key. Returns false if there is a call of that key already. */
extern bool client_call_enter(int64 player_id, const char *key);
/* Returns the result of a call that was entered, a JSON text. */
extern char *client_call_result(int64 player_id, const char *key);
extern void	 client_call_keep(int64 player_id, const char *key, const char *result);

/* Deletes calls that are older than a day. */
extern void client_calls_forget(void);

/*
 * Takes calls off an allowance of at most 'burst' calls, which grows by 'per_second'. Returns false, and takes none, if
 * fewer are left. 'reducer' may also name something else that a player may do so often.
 */
extern bool call_allowance_charge(int64 player_id, const char *reducer, int calls, double burst,
								  double per_second);
/* Returns the milliseconds until one call is left; 0 or less if one is. */
extern int64 call_allowance_wait(int64 player_id, const char *reducer, double burst, double per_second);

#endif /* NPCSIM_TABLES_CLIENT_CALLS_H */
