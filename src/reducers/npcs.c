/*
 * npcs.c
 *	  NPCs: made and removed, given to a player, asked to decide.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/inputs.h"
#include "reducers/npcs.h"
#include "reducers/players.h"

PG_FUNCTION_INFO_V1(npcsim_create_npc);
PG_FUNCTION_INFO_V1(npcsim_remove_npc);
PG_FUNCTION_INFO_V1(npcsim_assign_npc_to_player);
PG_FUNCTION_INFO_V1(npcsim_request_npc_decision);
PG_FUNCTION_INFO_V1(npcsim_need_at);
PG_FUNCTION_INFO_V1(npcsim_track_x);
PG_FUNCTION_INFO_V1(npcsim_track_y);

Npc *
npc_require(World *world, int64 npc_id)
{
	Npc *npc = world_npc(world, npc_id);

	if (npc == NULL)
		ereport(ERROR, errcode(ERRCODE_NS_NO_NPC), errmsg("NPC %lld does not exist", (long long) npc_id),
				errdetail("World %lld has no NPC with this id.",
						  (long long) world_image_lock(world)->world_id),
				errhint("SELECT id, name FROM npcsim.npcs WHERE world_id = %lld lists those it has.",
						(long long) world_image_lock(world)->world_id));
	return npc;
}

/* A player of the world; in a replay the players are those of the world that is replayed. */
static void
require_controller(const WorldLock *lock, int64 player_id)
{
	if (player_id != 0 && !lock->replaying)
		player_require(lock->world_id, player_id);
}

/* A replay takes the names that were taken. */
static void
require_name(const WorldLock *lock, const char *name)
{
	if (!lock->replaying)
		check_text(name, "name", NAME_MAX_CHARS);
}

Npc *
npc_create(World *world, const char *name, Cell cell, int64 controller, char *const *traits, int trait_count)
{
	WorldLock *lock = world_image_lock(world);
	Npc		  *npc;

	require_name(lock, name);
	require_controller(lock, controller);
	npc = world_add_npc(world, name, cell);
	if (controller != 0)
		world_set_controller(world, npc, controller);
	input_begin(lock, "create_npc");
	input_id("npc_id", npc->id);
	input_text("name", name);
	input_number("x", cell.x);
	input_number("y", cell.y);
	input_id("controller_player_id", controller);
	input_end();
	if (trait_count > 0)
		npc_change_traits(world, npc, traits, trait_count);
	return npc;
}

void
npc_remove(World *world, Npc *npc)
{
	input_begin(world_image_lock(world), "remove_npc");
	input_id("npc_id", npc->id);
	input_end();
	world_remove_npc(world, npc);
}

void
npc_assign(World *world, Npc *npc, int64 player_id)
{
	WorldLock *lock = world_image_lock(world);

	require_controller(lock, player_id);
	if (npc->controller == player_id)
		return;
	world_set_controller(world, npc, player_id);
	input_begin(lock, "assign_npc_to_player");
	input_id("npc_id", npc->id);
	input_id("player_id", player_id);
	input_end();
}

void
npc_rename(World *world, Npc *npc, const char *name)
{
	require_name(world_image_lock(world), name);
	world_set_name(world, npc, name);
	input_begin(world_image_lock(world), "rename_npc");
	input_id("npc_id", npc->id);
	input_text("name", name);
	input_end();
}

void
npc_place(World *world, Npc *npc, Cell cell)
{
	world_place_npc(world, npc, cell);
	input_begin(world_image_lock(world), "place_npc");
	input_id("npc_id", npc->id);
	input_number("x", cell.x);
	input_number("y", cell.y);
	input_end();
}

void
npc_change_need(World *world, Npc *npc, Need need, int32 value)
{
	world_set_need(world, npc, need, value);
	input_begin(world_image_lock(world), "set_need");
	input_id("npc_id", npc->id);
	input_text("need", need_names[need]);
	input_number("millionths", value);
	input_end();
}

void
npc_change_traits(World *world, Npc *npc, char *const *traits, int count)
{
	world_set_traits(world, npc, traits, count);
	input_begin(world_image_lock(world), "set_traits");
	input_id("npc_id", npc->id);
	input_texts("traits", traits, count);
	input_end();
}

int64
npc_ask(World *world, Npc *npc)
{
	world_open_request(world, npc, REASON_REQUESTED);
	if (!npc->request_pending)
		world_decide_built_in(world, &npc, 1);
	input_begin(world_image_lock(world), "request_npc_decision");
	input_id("npc_id", npc->id);
	input_end();
	return npc->request_pending ? npc->request_id : 0;
}

/* create_npc(world_id, name, x, y, controller_player_id, traits) → id */
Datum
npcsim_create_npc(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	char  *name = arg_text(fcinfo, 1, "name", NAME_MAX_CHARS);
	int32  x = arg_int32(fcinfo, 2, "x", PG_INT32_MIN, PG_INT32_MAX);
	int32  y = arg_int32(fcinfo, 3, "y", PG_INT32_MIN, PG_INT32_MAX);
	int64  controller = PG_ARGISNULL(4) ? 0 : arg_id(fcinfo, 4, "controller_player_id");
	int	   trait_count;
	char **traits = arg_texts(fcinfo, 5, "traits", TRAITS_MAX, TRAIT_MAX_CHARS, &trait_count);
	World *world = world_image(world_lock(world_id, WORLD_WAIT));
	Npc	  *npc;

	npc = npc_create(world, name, check_cell(world_grid(world), x, y), controller, traits, trait_count);
	world_write(world);
	PG_RETURN_INT64(npc->id);
}

/* remove_npc(world_id, npc_id) */
Datum
npcsim_remove_npc(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	int64  npc_id = arg_id(fcinfo, 1, "npc_id");
	World *world = world_image(world_lock(world_id, WORLD_WAIT));

	npc_remove(world, npc_require(world, npc_id));
	world_write(world);
	PG_RETURN_VOID();
}

/* assign_npc_to_player(world_id, npc_id, player_id); NULL gives it back to the built-in mind */
Datum
npcsim_assign_npc_to_player(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	int64  npc_id = arg_id(fcinfo, 1, "npc_id");
	int64  player_id = PG_ARGISNULL(2) ? 0 : arg_id(fcinfo, 2, "player_id");
	World *world = world_image(world_lock(world_id, WORLD_WAIT));

	npc_assign(world, npc_require(world, npc_id), player_id);
	world_write(world);
	PG_RETURN_VOID();
}

/*
 * request_npc_decision(world_id, npc_id) → request id, or NULL when no other
 * mind is to be asked: the built-in mind then decides at once.
 */
Datum
npcsim_request_npc_decision(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	int64  npc_id = arg_id(fcinfo, 1, "npc_id");
	World *world = world_image(world_lock(world_id, WORLD_WAIT));
	Npc	  *npc = npc_require(world, npc_id);
	int64  request_id = npc_ask(world, npc);

	world_write(world);
	if (request_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(request_id);
}

/* need_at(value, rate, as_of, now) → units; for the views */
Datum
npcsim_need_at(PG_FUNCTION_ARGS)
{
	int32 value = need_at(PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_INT64(2), PG_GETARG_INT64(3));

	PG_RETURN_FLOAT8((double) value / NEED_UNIT);
}

/*
 * Where on its track a walker is, interpolated between the cell it left and
 * the next one.  cells: x0, y0, x1, y1, …; coordinate 0 = x, 1 = y.
 */
static double
track_coordinate(FunctionCallInfo fcinfo, int coordinate)
{
	ArrayType	*array = PG_GETARG_ARRAYTYPE_P(0);
	int64		 departed_at = PG_GETARG_INT64(1);
	int64		 now = PG_GETARG_INT64(2);
	int			 length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) / 2;
	const int16 *cells = (const int16 *) ARR_DATA_PTR(array);
	int			 index;
	double		 from;
	double		 to;

	if (length < 1 || ARR_HASNULL(array))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("a track has no cells"));
	index = leg_index_at(length, departed_at, now);
	from = cells[index * 2 + coordinate];
	if (now <= departed_at || index == length - 1)
		return from;
	to = cells[(index + 1) * 2 + coordinate];
	return from + (to - from) * ((now - departed_at) % CELL_TIME) / CELL_TIME;
}

/* track_x(cells, departed_at, now), track_y(…) → cells; for the views */
Datum
npcsim_track_x(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(track_coordinate(fcinfo, 0));
}

Datum
npcsim_track_y(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(track_coordinate(fcinfo, 1));
}
