/*
 * floods.c
 *	  Suspends players who go on although they are told that it is too often: report_flood(), and calls that are refused.
 *
 * What a connection sends (it is a source of compute), and all connections of a player together, is limited where it comes in, by gateways;
 * what is too much closes the connection, and is reported here. Who calls a reducer too often is refused here. Neither is a
 * flood by itself: whoever waits as it is told meets it once. Floods of answers are seen by suspects.c.
 *
 * Whoever may be suspended here is locked behind its world, as by whoever drops it.
 */
#include "postgres.h"

#include "fmgr.h"

#include "engine/lock.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/floods.h"
#include "reducers/players.h"
#include "reducers/trust.h"
#include "spi.h"
#include "tables/client_calls.h"

PG_FUNCTION_INFO_V1(npcsim_report_flood);

/* Calls that are refused: so many at once, and so many later. The names of the allowances are those of no reducer. */
#define REFUSED_CALLS	   "(refused_calls)"
#define REFUSED_AT_ONCE	   100
#define REFUSED_PER_SECOND 1.0
/* Connections that are closed for what they sent. */
#define CLOSED_CONNECTIONS "(closed_connections)"
#define CLOSED_AT_ONCE	   2
#define CLOSED_PER_SECOND  (1.0 / 600)

#define WHAT_MAX_CHARS 200

void
flood_note_refused_call(int64 player_id)
{
	PlayerRow player;

	if (call_allowance_wait(player_id, REFUSED_CALLS, REFUSED_AT_ONCE, REFUSED_PER_SECOND) <= 0)
	{
		(void) call_allowance_charge(player_id, REFUSED_CALLS, 1, REFUSED_AT_ONCE, REFUSED_PER_SECOND);
		return;
	}
	if (!player_row_read(player_id, &player) || player_is_suspended(&player.suspension))
		return;
	(void) world_lock(player.world_id, WORLD_WAIT);
	note_incident(player.world_id, player_id, VIOLATION_FLOOD, "calls that were refused as too many");
	player_suspend(player.world_id, player_id, "floods of calls");
}

/* report_flood(player_id, what) */
static Datum
report_flood(PG_FUNCTION_ARGS)
{
	int64	  player_id = arg_id(fcinfo, 0, "player_id");
	char	 *what = arg_text(fcinfo, 1, "what", WHAT_MAX_CHARS);
	PlayerRow player;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	if (!player_is_suspended(&player.suspension))
	{
		(void) world_lock(player.world_id, WORLD_WAIT);
		note_incident(player.world_id, player_id, VIOLATION_FLOOD, what);
		if (!call_allowance_charge(player_id, CLOSED_CONNECTIONS, 1, CLOSED_AT_ONCE, CLOSED_PER_SECOND))
			player_suspend(player.world_id, player_id, "floods of messages");
	}
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_report_flood(PG_FUNCTION_ARGS)
{
	return call_quietly(report_flood, fcinfo);
}
