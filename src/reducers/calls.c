/*
 * calls.c
 *	  call_reducer(player_id, reducer, args, key): what clients may call.
 *
 * The list is npcsim.client_reducers; the player comes from the session, never from the
 * arguments. A call's error becomes the result, and what it did is undone. A key is
 * entered before the call acts and in the same subtransaction, so that of two calls
 * with one key the second waits and then finds the first one's result.
 *
 * What is set of the list is kept apart from it, in npcsim.reducer_limits, which is dumped.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/world.h"
#include "errors.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/call_args.h"
#include "reducers/edits.h"
#include "reducers/messages.h"
#include "reducers/npcs.h"
#include "reducers/players.h"
#include "reducers/refusals.h"
#include "spi.h"
#include "tables/client_calls.h"
#include "tables/players.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_call_reducer);
PG_FUNCTION_INFO_V1(npcsim_edit_client_reducers);

#define REDUCER_NAME_MAX 63
#define KEY_MAX_CHARS	 100
#define ASSIGNMENT_MAX	 10000

static SpiStatement reducer_statement =
	{.sql = "SELECT minimum_role, burst, per_minute FROM npcsim.client_reducers WHERE name = $1",
	 .nargs = 1,
	 .types = {TEXTOID}};

#define KNOWN_HINT "What clients may call comes with npcsim."

static const EditColumn limit_columns[] = {
	{"minimum_role", 0, NULL},		{"burst", 0, NULL}, {"per_minute", 0, NULL}, {"name", 0, KNOWN_HINT},
	{"description", 0, KNOWN_HINT},
};

static SpiStatement start_statement = {.sql = "SELECT npcsim.start_world($1)",
									   .nargs = 1,
									   .types = {INT8OID}};

static SpiStatement pause_statement = {.sql = "SELECT npcsim.pause_world($1)",
									   .nargs = 1,
									   .types = {INT8OID}};

static SpiStatement speed_statement = {.sql = "SELECT npcsim.set_world_speed($1, $2)",
									   .nargs = 2,
									   .types = {INT8OID, FLOAT8OID}};

/* ---- reducers ---- */

/* Writes the value of its result, a JSON text. */
typedef void (*Reducer)(const Caller *caller, Jsonb *args, StringInfo value);

/* {"npc_id": …}: the mind of an NPC of the caller's is asked, unless it is being asked. Tells the request's id, or null. */
static void
reduce_npc_decision(const Caller *caller, Jsonb *args, StringInfo value)
{
	int64  npc_id = (int64) call_number(args, "npc_id", 1, (double) ID_MAX, true);
	World *world = world_image(world_lock(caller->world_id, WORLD_WAIT));
	Npc	  *npc = npc_require(world, npc_id);
	int64  request_id;

	if (npc->controller != caller->player_id)
		ereport(ERROR, errcode(ERRCODE_NS_NOT_CONTROLLER),
				errmsg("NPC %lld is not yours", (long long) npc_id),
				errdetail("Its mind is another player's, or the built-in one."),
				errhint("The reducer request_npc_assignment gives you NPCs."));
	request_id = npc_ask(world, npc);
	world_write(world);
	json_id(value, request_id);
}

typedef struct Assignment
{
	int64 player_id;
	bool  wanted; /* collects NPCs without a controller, else the player's own */
	Npc **npcs;
	int	  count;
	int	  limit;
} Assignment;

static void
count_own(World *world, Npc *npc, void *arg)
{
	Assignment *assignment = arg;

	if (npc->controller == assignment->player_id)
		assignment->count++;
}

static void
collect(World *world, Npc *npc, void *arg)
{
	Assignment *assignment = arg;

	if (npc->controller == (assignment->wanted ? 0 : assignment->player_id) &&
		assignment->count < assignment->limit)
		assignment->npcs[assignment->count++] = npc;
}

static void
collect_own_ids(World *world, Npc *npc, void *arg)
{
	Assignment *assignment = arg;

	if (npc->controller == assignment->player_id && assignment->count < assignment->limit)
		assignment->npcs[assignment->count++] = npc;
}

/*
 * {"desired_npc_count": …}: NPCs that nobody controls become the caller's, those
 * of lower ids first, up to that number; or he gives NPCs back, those of lower ids first.
 */
static void
reduce_npc_assignment(const Caller *caller, Jsonb *args, StringInfo value)
{
	int		   desired = (int) call_number(args, "desired_npc_count", 0, ASSIGNMENT_MAX, true);
	World	  *world = world_image(world_lock(caller->world_id, WORLD_WAIT));
	Assignment assignment = {.player_id = caller->player_id};
	int		   own;

	world_each_npc(world, count_own, &assignment);
	own = assignment.count;
	assignment.wanted = own < desired;
	assignment.limit = assignment.wanted ? desired - own : own - desired;
	assignment.count = 0;
	assignment.npcs = palloc(sizeof(Npc *) * Max(Max(own, desired), 1));
	if (assignment.limit > 0)
		world_each_npc(world, collect, &assignment);
	for (int i = 0; i < assignment.count; i++)
		npc_assign(world, assignment.npcs[i], assignment.wanted ? caller->player_id : 0);
	world_write(world);

	assignment.count = 0;
	assignment.limit = Max(own, desired);
	world_each_npc(world, collect_own_ids, &assignment);
	json_literal(value, "{\"assigned_npcs\":");
	json_int64(value, assignment.count);
	json_literal(value, ",\"npc_ids\":[");
	for (int i = 0; i < assignment.count; i++)
	{
		if (i > 0)
			appendStringInfoChar(value, ',');
		json_int64(value, assignment.npcs[i]->id);
	}
	json_literal(value, "]}");
}

static void
reduce_start_world(const Caller *caller, Jsonb *args, StringInfo value)
{
	spi_run(&start_statement, (Datum[]) {Int64GetDatum(caller->world_id)}, NULL, SPI_OK_SELECT);
	json_literal(value, "null");
}

static void
reduce_pause_world(const Caller *caller, Jsonb *args, StringInfo value)
{
	spi_run(&pause_statement, (Datum[]) {Int64GetDatum(caller->world_id)}, NULL, SPI_OK_SELECT);
	json_literal(value, "null");
}

static void
reduce_world_speed(const Caller *caller, Jsonb *args, StringInfo value)
{
	double speed = call_number(args, "speed", 0, 1e6, false);

	spi_run(&speed_statement, (Datum[]) {Int64GetDatum(caller->world_id), Float8GetDatum(speed)}, NULL,
			SPI_OK_SELECT);
	json_literal(value, "null");
}

static const struct
{
	const char *name;
	Reducer		reduce;
} reducers[] = {
	{"request_npc_decision", reduce_npc_decision},
	{"request_npc_assignment", reduce_npc_assignment},
	{"start_world", reduce_start_world},
	{"pause_world", reduce_pause_world},
	{"set_world_speed", reduce_world_speed},
	{"send_chat", reduce_chat},
	{"map_ping", reduce_map_ping},
};

/* ---- who may what ---- */

static int
role_rank(const char *role)
{
	if (strcmp(role, "operator") == 0)
		return 2;
	return strcmp(role, "player") == 0 ? 1 : 0;
}

static Caller
read_caller(int64 player_id)
{
	Caller	  caller = {.player_id = player_id, .role = "spectator"};
	PlayerRow player;

	if (player_id == 0)
		return caller;
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	refuse_banned(player.status);
	caller.world_id = player.world_id;
	caller.role = player.role;
	caller.username = player.username;
	return caller;
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE ON client_reducers */
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

/* A row of client_reducers, and the function behind it. */
typedef struct ClientReducer
{
	const char *name;
	Reducer		reduce;
	int			burst;
	int			per_minute;
} ClientReducer;

static ClientReducer
find_reducer(const Caller *caller, const char *name)
{
	ClientReducer found = {.name = name};
	char		 *minimum;

	if (spi_run(&reducer_statement, (Datum[]) {CStringGetTextDatum(name)}, NULL, SPI_OK_SELECT) == 1)
	{
		minimum = spi_text(0, 1, CurrentMemoryContext);
		found.burst = spi_int32(0, 2, 1);
		found.per_minute = spi_int32(0, 3, 1);
		if (role_rank(caller->role) < role_rank(minimum))
			ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("\"%s\" is not for the role %s", name, caller->role),
					errdetail("It takes the role %s.", minimum), errhint("Ask an operator of the world."));
		for (int i = 0; i < (int) lengthof(reducers); i++)
			if (strcmp(reducers[i].name, name) == 0)
				found.reduce = reducers[i].reduce;
	}
	if (found.reduce != NULL)
		return found;
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("there is no reducer \"%s\"", name),
			errdetail("npcsim.client_reducers lists those that clients may call."),
			errhint("Check its spelling."));
}

/* ---- how often ---- */

/* Writes why the call may not be made yet, and returns false. What a call that fails was charged is undone with it. */
static bool
charge_call(const Caller *caller, const ClientReducer *reducer, StringInfo out)
{
	double per_second = reducer->per_minute / 60.0;
	int64  wait;

	if (caller->player_id == 0 ||
		call_allowance_charge(caller->player_id, reducer->name, reducer->burst, per_second))
		return true;
	wait = Max(call_allowance_wait(caller->player_id, reducer->name, reducer->burst, per_second), 1);
	json_refusal(out, &(Refusal) {.sqlerrcode = ERRCODE_NS_TOO_MANY_CALLS,
								  .message = psprintf("\"%s\" was called too often", reducer->name),
								  .detail =
									  psprintf("A player may call it %d times at once and %d times a minute, "
											   "over all connections.",
											   reducer->burst, reducer->per_minute),
								  .hint = psprintf("Call again in %.3f s.", wait / 1000.0),
								  .retry = true,
								  .retry_after = wait / 1000.0});
	return false;
}

/* ---- the call ---- */

static int64
revision_of(int64 world_id)
{
	WorldLock *lock = world_lock_held(world_id);

	return lock != NULL ? lock->revision : world_row_revision(world_id);
}

/* The result of an earlier call with the same key; NULL when the key is new: then it is entered. */
static char *
known_result(const Caller *caller, const char *key)
{
	return client_call_enter(caller->player_id, key) ? NULL : client_call_result(caller->player_id, key);
}

/* Carries the call out; all errors are raised. */
static void
call(FunctionCallInfo fcinfo, StringInfo out)
{
	Caller		  caller = read_caller(PG_ARGISNULL(0) ? 0 : arg_id(fcinfo, 0, "player_id"));
	char		 *name = arg_text(fcinfo, 1, "reducer", REDUCER_NAME_MAX);
	ClientReducer reducer = find_reducer(&caller, name);
	Jsonb *args = PG_ARGISNULL(2) ? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")))
								  : arg_object(fcinfo, 2, "args");
	char  *key = PG_ARGISNULL(3) || caller.player_id == 0 ? NULL : arg_text(fcinfo, 3, "key", KEY_MAX_CHARS);

	if (!charge_call(&caller, &reducer, out))
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
	reducer.reduce(&caller, args, out);
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
