/*
 * sources.c
 *	  What players lend: declare_compute; pause_compute_source, drain_compute_source and
 *	  resume_compute_source, by operators and by the player whose source it is.
 *
 *	                pause                    drain
 *	  paused, <────────────── active ──────────────> draining
 *	  maintenance ──────────>        <──────────────
 *	                resume, or its time is over
 *
 * From each of them one may go to each other. Suspended a source is by those who watch over the world: its player cannot end
 * that, and nobody pauses it meanwhile.
 *
 * Sources are no state of a world: no world is locked here and nothing makes a revision. Who pauses a source locks its
 * sessions first, as a claim does that hands out requests to them: it waits for the claim, and takes back what that gave.
 */
#include "postgres.h"

#include "commands/async.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "errors.h"
#include "market/market.h"
#include "reducers/allocation.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/reducers.h"
#include "reducers/session_ends.h"
#include "reducers/sources.h"
#include "spi.h"
#include "tables/players.h"
#include "tables/sessions.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_contribution_tier);
PG_FUNCTION_INFO_V1(npcsim_source_idle);

#define REASON_MAX_CHARS 200
#define SECONDS_MAX		 (365 * 86400)

static const char *const idle_names[] = {
	[IDLE_NOT] = NULL,
	[IDLE_NOT_CONNECTED] = "not_connected",
	[IDLE_SUSPENDED] = "suspended",
	[IDLE_IN_MAINTENANCE] = "in_maintenance",
	[IDLE_PAUSED] = "paused",
	[IDLE_DRAINING] = "draining",
	[IDLE_PACED] = "paced",
	[IDLE_RATE_LIMITED] = "rate_limited",
	[IDLE_NO_DEMAND] = "no_demand",
};
StaticAssertDecl(lengthof(idle_names) == IDLE_NO_DEMAND + 1, "every reason has a name");

SourceIdle
source_idle(const SourceUse *use)
{
	if (use->asked)
		return IDLE_NOT;
	if (!use->connected)
		return IDLE_NOT_CONNECTED;
	switch (use->state)
	{
		case SOURCE_SUSPENDED:
			return IDLE_SUSPENDED;
		case SOURCE_MAINTENANCE:
			return IDLE_IN_MAINTENANCE;
		case SOURCE_PAUSED:
			return IDLE_PAUSED;
		case SOURCE_DRAINING:
			return IDLE_DRAINING;
		case SOURCE_ACTIVE:
			break;
	}
	if (use->paced)
		return IDLE_PACED;
	return use->limited ? IDLE_RATE_LIMITED : IDLE_NO_DEMAND;
}

const char *
source_idle_name(SourceIdle idle)
{
	return idle_names[idle];
}

/* source_idle(connected, state, paced, limited, asked) → why a source is not asked; for explain_assignment(). */
Datum
npcsim_source_idle(PG_FUNCTION_ARGS)
{
	char	   *state = text_to_cstring(PG_GETARG_TEXT_PP(1));
	SourceUse	use = {.connected = PG_GETARG_BOOL(0),
					   .paced = PG_GETARG_BOOL(2),
					   .limited = PG_GETARG_BOOL(3),
					   .asked = PG_GETARG_BOOL(4)};
	const char *idle;

	check_word(state, "state", source_states);
	while (strcmp(source_states[use.state], state) != 0)
		use.state++;
	idle = source_idle_name(source_idle(&use));
	if (idle == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(idle));
}

Datum
npcsim_contribution_tier(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(tier_terms[contribution_tier(PG_GETARG_INT64(0))].name));
}

/* ---- what a player declares ---- */

typedef struct DeclareCompute
{
	int64 player_id;
	int64 tokens_per_day;
} DeclareCompute;

static const Argument declare_compute_arguments[] = {
	CALLER_ARGUMENT(DeclareCompute, player_id),
	NUMBER_ARGUMENT(DeclareCompute, tokens_per_day, 0, TOKENS_MAX),
};

static bool
declare_compute(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const DeclareCompute *declare = arguments;
	PlayerRow			  player;

	spi_begin();
	if (!player_row_declare(declare->player_id, declare->tokens_per_day) ||
		!player_row_read(declare->player_id, &player))
		refuse_unknown_player(declare->player_id);
	allocation_changed_at_commit(player.world_id);
	spi_end();
	return true;
}

const Reducer reducer_declare_compute = {
	OUTSIDE_REDUCER(declare_compute, declare_compute),
	REDUCER_ARGUMENTS(DeclareCompute, declare_compute_arguments),
	.without_world = true,
	.client_roles = ROLES_PLAYERS,
	.burst = 20,
	.per_minute = 60,
	.description = "Says how many output tokens you lend a day; no more are asked of you. 0 sets no limit",
};

REDUCER_FUNCTION(declare_compute);

/* ---- the state of a source ---- */

typedef struct SourceCall
{
	int64		caller_id; /* 0 = SQL calls */
	int64		source_id;
	const char *reason;
	int32		seconds; /* 0 = for good */
	bool		maintenance;
} SourceCall;

/* A player's own source is there for it, and the sources of a world for its operators. */
static bool
is_there_for(const SourceRow *source, int64 caller_id)
{
	PlayerRow caller;

	if (caller_id == 0 || source->player_id == caller_id)
		return true;
	return player_row_read(caller_id, &caller) && caller.world_id == source->world_id &&
		   strcmp(caller.role, "operator") == 0;
}

static bool
is_own(const SourceRow *source, int64 caller_id)
{
	return caller_id != 0 && source->player_id == caller_id;
}

pg_noreturn static void
refuse_unknown_source(const SourceCall *call)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_SOURCE),
			errmsg("source %lld does not exist", (long long) call->source_id),
			call->caller_id == 0 ? errdetail("There is no source with this id.")
								 : errdetail("You have no source with this id."),
			call->caller_id == 0 ? errhint("The ids are in npcsim.compute_sources.")
								 : errhint("A heartbeat is answered with the id of its source."));
}

pg_noreturn static void
refuse_suspended(const SourceRow *source)
{
	ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("source %lld is suspended", (long long) source->id),
			errdetail("Reason: %s. Until: %s.", source->reason != NULL ? source->reason : "none was told",
					  source->until != NULL ? source->until : "an operator resumes it"),
			errhint("Ask an operator of the world, who can resume it."));
}

/* Sets the state of a source that the caller has, and wakes the gateways if it can be asked again. */
static void
change_state(const SourceCall *call, SourceState state)
{
	SourceRow source;
	int64	 *sessions;
	int		  count;

	spi_begin();
	if (!source_row_read(call->source_id, &source) || !is_there_for(&source, call->caller_id))
		refuse_unknown_source(call);
	if (state != SOURCE_ACTIVE)
	{
		sessions = sessions_of_source(source.world_id, source.id, &count);
		sessions_give_nothing(sessions, count, state != SOURCE_DRAINING);
	}
	if (!source_row_lock(call->source_id, &source))
		refuse_unknown_source(call);
	if (source.state == SOURCE_SUSPENDED && (state != SOURCE_ACTIVE || is_own(&source, call->caller_id)))
		refuse_suspended(&source);
	source_row_write_state(source.id, state, call->reason, call->seconds);
	if (state == SOURCE_ACTIVE)
		Async_Notify("npcsim_decisions", psprintf(INT64_FORMAT, source.world_id));
	spi_end();
}

#define SOURCE_CALL_ARGUMENTS \
	CALLER_ARGUMENT(SourceCall, caller_id, .optional = true), ID_ARGUMENT(SourceCall, source_id)
#define ABSENCE_ARGUMENTS \
	TEXT_ARGUMENT(SourceCall, reason, REASON_MAX_CHARS, .optional = true), \
		NUMBER_ARGUMENT(SourceCall, seconds, 1, SECONDS_MAX, .optional = true, .unit = "s")
#define SOURCE_CALL_RATES .without_world = true, .client_roles = ROLES_PLAYERS, .burst = 20, .per_minute = 60

static const Argument pause_arguments[] = {
	SOURCE_CALL_ARGUMENTS,
	ABSENCE_ARGUMENTS,
	FLAG_ARGUMENT(SourceCall, maintenance, .optional = true),
};

static bool
pause_compute_source(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SourceCall *call = arguments;

	change_state(call, call->maintenance ? SOURCE_MAINTENANCE : SOURCE_PAUSED);
	return true;
}

const Reducer reducer_pause_compute_source = {
	OUTSIDE_REDUCER(pause_compute_source, pause_compute_source),
	REDUCER_ARGUMENTS(SourceCall, pause_arguments),
	SOURCE_CALL_RATES,
	.description = "Your source is asked no more, and what it was asked goes to others",
};

REDUCER_FUNCTION(pause_compute_source);

static const Argument drain_arguments[] = {
	SOURCE_CALL_ARGUMENTS,
	ABSENCE_ARGUMENTS,
};

static bool
drain_compute_source(WorldLock *lock, void *arguments, ReducerResult *result)
{
	change_state(arguments, SOURCE_DRAINING);
	return true;
}

const Reducer reducer_drain_compute_source = {
	OUTSIDE_REDUCER(drain_compute_source, drain_compute_source),
	REDUCER_ARGUMENTS(SourceCall, drain_arguments),
	SOURCE_CALL_RATES,
	.description = "Your source is asked no more; what it was asked it may answer",
};

REDUCER_FUNCTION(drain_compute_source);

static const Argument resume_arguments[] = {
	SOURCE_CALL_ARGUMENTS,
};

static bool
resume_compute_source(WorldLock *lock, void *arguments, ReducerResult *result)
{
	change_state(arguments, SOURCE_ACTIVE);
	return true;
}

const Reducer reducer_resume_compute_source = {
	OUTSIDE_REDUCER(resume_compute_source, resume_compute_source),
	REDUCER_ARGUMENTS(SourceCall, resume_arguments),
	SOURCE_CALL_RATES,
	.description = "Your source is asked again",
};

REDUCER_FUNCTION(resume_compute_source);
