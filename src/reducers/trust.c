/*
 * trust.c
 *	  What becomes of players whose answers are dishonest: ban_player_temporarily(), log_security_violation().
 *
 * A suspension is of compute: the player is not asked, its answers are refused, and what it lends by is disconnected and not let in again
 * until the moment that its account has. Nothing has to be done for it to be over. Who is suspended may watch, chat and call as before.
 * A world learns of it as it learns of anybody who goes: its player is not present any more.
 */
#include "postgres.h"

#include "commands/async.h"
#include "common/string.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "errors.h"
#include "guc.h"
#include "reducers/allocation.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/session_ends.h"
#include "reducers/trust.h"
#include "spi.h"
#include "tables/client_calls.h"
#include "tables/trust.h"

PG_FUNCTION_INFO_V1(npcsim_ban_player_temporarily);
PG_FUNCTION_INFO_V1(npcsim_log_security_violation);

#define KIND_MAX_CHARS		 40
#define REASON_MAX_CHARS	 200
#define SUSPENSION_DAYS_MOST 366

/* How long npcsim itself suspends a player. */
#define SUSPENDED_FOR USECS_PER_HOUR
/* Of each kind of incident so many come on record, and so many later. */
#define INCIDENTS_AT_ONCE	 5
#define INCIDENTS_PER_SECOND (1.0 / 600)

/* ---- suspensions ---- */

bool
player_is_suspended(const Suspension *suspension)
{
	return suspension->until > market_now();
}

static char *
moment_told(TimestampTz moment)
{
	pg_time_t seconds = timestamptz_to_time_t(moment);
	char	  text[64];

	pg_strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", pg_gmtime(&seconds));
	return pstrdup(text);
}

char *
suspension_told(const Suspension *suspension)
{
	return psprintf("the player is suspended until %s: %s", moment_told(suspension->until),
					suspension->reason != NULL ? suspension->reason : "an operator decided so");
}

void
refuse_suspended(const Suspension *suspension)
{
	if (player_is_suspended(suspension))
		ereport(ERROR, errcode(ERRCODE_NS_SUSPENDED), errmsg("%s", suspension_told(suspension)),
				errdetail("It lends no compute until then."),
				errhint("Connect again afterwards; to watch is allowed meanwhile."));
}

/* ---- what is on record ---- */

/* Returns a text that may have come from a client without control characters, and cut. */
static char *
clean_detail(const char *detail)
{
	char *clean = pnstrdup(detail, pg_mbcharcliplen(detail, (int) strlen(detail), REASON_MAX_CHARS));

	for (char *c = clean; *c != '\0'; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = ' ';
	return clean;
}

/* Puts something on record, and tells those who LISTEN. */
static int64
record(int64 world_id, int64 player_id, int64 source_id, const char *kind, const char *detail)
{
	Async_Notify("npcsim_security", psprintf(INT64_FORMAT " %s", player_id, kind));
	return violation_insert(&(Violation) {.world_id = world_id,
										  .player_id = player_id,
										  .source_id = source_id,
										  .kind = kind,
										  .detail = clean_detail(detail),
										  .at = market_now()});
}

/* 'anew': a suspension that lasts longer is shortened. */
static void
suspend(int64 world_id, int64 player_id, TimestampTz until, const char *reason, bool anew)
{
	sessions_end_computing(player_id, "suspended");
	allocation_changed_at_commit(world_id);
	if (player_row_suspend(player_id, until, reason, anew))
		record(world_id, player_id, 0, VIOLATION_SUSPENDED,
			   psprintf("until %s: %s", moment_told(until), reason));
}

void
player_suspend(int64 world_id, int64 player_id, const char *reason)
{
	PlayerRow player;

	if (player_row_read(player_id, &player) && !player_is_suspended(&player.suspension))
		suspend(world_id, player_id, market_now() + SUSPENDED_FOR, reason, false);
}

/* The allowance is a name that no reducer has. */
void
note_incident(int64 world_id, int64 player_id, const char *kind, const char *detail)
{
	if (call_allowance_charge(player_id, psprintf("(%s)", kind), 1, INCIDENTS_AT_ONCE, INCIDENTS_PER_SECOND))
		record(world_id, player_id, 0, kind, detail);
}

/* log_security_violation(player_id, kind, detail, source_id) → the id of the row */
Datum
npcsim_log_security_violation(PG_FUNCTION_ARGS)
{
	int64	  player_id = arg_id(fcinfo, 0, "player_id");
	char	 *kind = arg_text(fcinfo, 1, "kind", KIND_MAX_CHARS);
	char	 *detail;
	int64	  source_id = arg_id_or_none(fcinfo, 3, "source_id");
	PlayerRow player;
	int64	  id;

	arg_not_null(fcinfo, 2, "detail");
	detail = text_to_cstring(PG_GETARG_TEXT_PP(2));
	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	id = record(player.world_id, player_id, source_id, kind, detail);
	spi_end();
	PG_RETURN_INT64(id);
}

/* Reads how long a suspension lasts, in microseconds; 0 = it ends now. */
static int64
arg_duration(FunctionCallInfo fcinfo, int n)
{
	Interval *duration;
	double	  days;

	arg_not_null(fcinfo, n, "duration");
	duration = PG_GETARG_INTERVAL_P(n);
	days = duration->month * 30.0 + duration->day + (double) duration->time / USECS_PER_DAY;
	if (!(days >= 0 && days <= SUSPENSION_DAYS_MOST))
		ereport(
			ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"duration\" is out of range"),
			errdetail("It is %.15g days.", days),
			errhint(
				"A suspension lasts 0 to %d days; 0 ends one. Who is never to come back is banned: UPDATE "
				"npcsim.players SET status = 'banned'.",
				SUSPENSION_DAYS_MOST));
	return duration->month * 30 * USECS_PER_DAY + duration->day * USECS_PER_DAY + duration->time;
}

static void
release(const PlayerRow *player)
{
	player_row_release(player->id);
	allocation_changed_at_commit(player->world_id);
	if (player_is_suspended(&player->suspension))
		record(player->world_id, player->id, 0, VIOLATION_RELEASED, "an operator ended the suspension");
}

/* ban_player_temporarily(player_id, duration, reason) → until when; NULL when it is over */
Datum
npcsim_ban_player_temporarily(PG_FUNCTION_ARGS)
{
	int64		player_id = arg_id(fcinfo, 0, "player_id");
	int64		duration = arg_duration(fcinfo, 1);
	char	   *reason = arg_text(fcinfo, 2, "reason", REASON_MAX_CHARS);
	TimestampTz until = market_now() + duration;
	PlayerRow	player;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	if (duration > 0)
		suspend(player.world_id, player_id, until, reason, true);
	else
		release(&player);
	spi_end();
	if (duration == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(until);
}
