/*
 * calls.c
 *	  call_reducer(player_id, reducer, args, key): the calls of clients.
 *
 * The reducers describe what clients may call (reducer.h), and npcsim.client_reducers shows it; the
 * player comes from the session, never from the arguments. A call's error becomes the result, and what
 * it did is undone. A key is entered before the call acts and in the same subtransaction, so that of
 * two calls with one key the second waits and then finds the first one's result. What operators have
 * set otherwise than it is described is kept in npcsim.reducer_limits, which is dumped.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/world.h"
#include "errors.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/floods.h"
#include "reducers/players.h"
#include "reducers/reducers.h"
#include "reducers/refusals.h"
#include "reducers/registry.h"
#include "reducers/roles.h"
#include "spi.h"
#include "tables/client_calls.h"
#include "tables/players.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_call_reducer);
PG_FUNCTION_INFO_V1(npcsim_edit_client_reducers);

#define REDUCER_NAME_MAX 63
#define KEY_MAX_CHARS	 100

#define KNOWN_HINT "What clients may call comes with npcsim."

static const EditColumn limit_columns[] = {
	{"minimum_role", 0, NULL},		{"burst", 0, NULL}, {"per_minute", 0, NULL}, {"name", 0, KNOWN_HINT},
	{"description", 0, KNOWN_HINT},
};

/* ---- who may call what ---- */

static Caller
read_caller(int64 player_id)
{
	Caller	  caller = {.player_id = player_id, .role = ROLE_SPECTATOR};
	PlayerRow player;

	if (player_id == 0)
		return caller;
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	refuse_banned(player.status);
	caller.world_id = player.world_id;
	caller.role = role_named(player.role);
	return caller;
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of client_reducers. */
Datum
npcsim_edit_client_reducers(PG_FUNCTION_ARGS)
{
	Edit edit;

	edit_begin(&edit, fcinfo);
	if (edit.kind != EDIT_UPDATE)
		ereport(
			ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("cannot %s \"client_reducers\"", edit.kind == EDIT_INSERT ? "insert into" : "delete from"),
			errdetail("Of \"client_reducers\" rows can only be updated."),
			errhint(
				"%s",
				edit.kind == EDIT_INSERT
					? KNOWN_HINT
					: "A minimum_role of operator keeps players from it. DELETE FROM npcsim.reducer_limits "
					  "WHERE name = … sets a row back."));
	if (edit_groups(&edit, limit_columns, lengthof(limit_columns)) == 0)
		return edit_end(&edit);
	spi_begin();
	reducer_limits_write(edit_value(&edit, "name"), edit_value(&edit, "minimum_role"),
						 edit_value(&edit, "burst"), edit_value(&edit, "per_minute"));
	spi_end();
	return edit_end(&edit);
}

/* A reducer, and what now holds for calls of it: as it is described, or as operators have set it. */
typedef struct ClientReducer
{
	const Reducer *reducer;
	Roles		   roles;
	int			   burst;
	int			   per_minute;
} ClientReducer;

static ClientReducer
find_reducer(const char *name)
{
	const Reducer *reducer = reducer_named(name);
	ClientReducer  found;
	ReducerLimits  limits;

	if (reducer == NULL || reducer->client_roles == ROLES_NONE)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("there is no reducer \"%s\"", name),
				errdetail("npcsim.client_reducers lists those that clients may call."),
				errhint("Check its spelling."));
	found = (ClientReducer) {.reducer = reducer,
							 .roles = reducer->client_roles,
							 .burst = reducer->burst,
							 .per_minute = reducer->per_minute};
	if (reducer_limits_read(name, &limits))
	{
		found.roles = roles_from(limits.minimum_role);
		found.burst = limits.burst;
		found.per_minute = limits.per_minute;
	}
	return found;
}

static void
require_role(const Caller *caller, const ClientReducer *called)
{
	if (!roles_have(called->roles, caller->role))
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("\"%s\" is not for the role %s", called->reducer->name, role_name(caller->role)),
				errdetail("It takes the role %s.", minimum_role_of(called->roles)),
				errhint("Ask an operator of the world."));
}

/* ---- how often it may be called ---- */

static int64
wait_for_call(const Caller *caller, const ClientReducer *called)
{
	return call_allowance_wait(caller->player_id, called->reducer->name, called->burst,
							   called->per_minute / 60.0);
}

static void
refuse_call(const ClientReducer *called, int64 wait, StringInfo out)
{
	const char *name = called->reducer->name;

	json_refusal(out, &(Refusal) {.sqlerrcode = ERRCODE_NS_TOO_MANY_CALLS,
								  .message = psprintf("\"%s\" was called too often", name),
								  .detail =
									  psprintf("A player may call it %d times at once and %d times a minute, "
											   "over all connections.",
											   called->burst, called->per_minute),
								  .hint = psprintf("Call again in %.3f s.", wait / 1000.0),
								  .retry = true,
								  .retry_after = wait / 1000.0});
}

/*
 * Charges the call; if it may not be made yet, writes the refusal and returns false. If the call fails its
 * charge is undone with it.
 *
 * The world is locked before the player's rows, as whoever drops it does. Who has no call left does not get
 * that far.
 */
static bool
charge_call(const Caller *caller, const ClientReducer *called, StringInfo out)
{
	int64 wait;

	if (caller->player_id == 0)
		return true;
	wait = wait_for_call(caller, called);
	if (wait <= 0)
	{
		(void) world_lock(caller->world_id, WORLD_WAIT);
		if (call_allowance_charge(caller->player_id, called->reducer->name, 1, called->burst,
								  called->per_minute / 60.0))
			return true;
		wait = Max(wait_for_call(caller, called), 1);
	}
	flood_note_refused_call(caller->player_id);
	refuse_call(called, wait, out);
	return false;
}

/* ---- the call ---- */

static int64
revision_of(int64 world_id)
{
	WorldLock *lock = world_lock_held(world_id);

	return lock != NULL ? lock->revision : world_row_revision(world_id);
}

/* Returns the result of an earlier call with the same key; NULL if the key is new, which it then enters. */
static char *
known_result(const Caller *caller, const char *key)
{
	return client_call_enter(caller->player_id, key) ? NULL : client_call_result(caller->player_id, key);
}

/* Makes the call; it raises errors. */
static void
call(FunctionCallInfo fcinfo, StringInfo out)
{
	Caller		  caller = read_caller(arg_id_or_none(fcinfo, 0, "player_id"));
	char		 *name = arg_text(fcinfo, 1, "reducer", REDUCER_NAME_MAX);
	ClientReducer called = find_reducer(name);
	Jsonb		 *args;
	char		 *key;

	require_role(&caller, &called);
	args = PG_ARGISNULL(2) ? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")))
						   : arg_object(fcinfo, 2, "args");
	key = caller.player_id == 0 ? NULL : arg_text_or_none(fcinfo, 3, "key", KEY_MAX_CHARS);
	if (!charge_call(&caller, &called, out))
		return;
	if (key != NULL)
	{
		char *known = known_result(&caller, key);

		if (known != NULL)
		{
			appendStringInfoString(out, known);
			return;
		}
	}
	json_literal(out, "{\"ok\":true,\"value\":");
	reducer_answer(called.reducer, &caller, args, out);
	json_literal(out, ",\"revision\":");
	json_int64(out, revision_of(caller.world_id));
	appendStringInfoChar(out, '}');
	if (key != NULL)
		client_call_keep(caller.player_id, key, out->data);
}

Datum
npcsim_call_reducer(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	write_or_refuse(fcinfo, call, &out);
	PG_RETURN_DATUM(json_datum(&out));
}
