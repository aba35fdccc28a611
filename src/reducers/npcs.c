/*
 * npcs.c
 *	  The reducers of NPCs: they are created and removed, edited, assigned to players, asked to decide;
 *	  and need_at() and track_x() for the views.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/npcs.h"
#include "reducers/players.h"
#include "reducers/reducers.h"

PG_FUNCTION_INFO_V1(npcsim_need_at);
PG_FUNCTION_INFO_V1(npcsim_track_x);
PG_FUNCTION_INFO_V1(npcsim_track_y);

void
refuse_unknown_npc(int64 world_id, int64 npc_id)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_NPC), errmsg("NPC %lld does not exist", (long long) npc_id),
			errdetail("World %lld has no NPC with this id.", (long long) world_id),
			errhint("SELECT id, name FROM npcsim.npcs WHERE world_id = %lld lists those it has.",
					(long long) world_id));
}

Npc *
npc_require(World *world, int64 npc_id)
{
	Npc *npc = world_npc(world, npc_id);

	if (npc == NULL)
		refuse_unknown_npc(world_image_lock(world)->world_id, npc_id);
	return npc;
}

/*
 * Requires a player of the world, or nobody (0). In a replay players are those of the world that is replayed,
 * and are not checked.
 */
static void
require_controller(const WorldLock *lock, int64 player_id)
{
	if (player_id != 0 && !lock->replaying)
		player_require(lock->world_id, player_id);
}

/* Gives an NPC to a player, or to nobody (0), as an operator: the market leaves it there, unless that is nobody. */
static void
give_by_hand(World *world, Npc *npc, int64 player_id)
{
	world_set_controller(world, npc, player_id);
	world_set_assigned(world, npc, player_id != 0);
}

/* Checks a name; a replay takes the names as they were taken. */
static void
require_name(const WorldLock *lock, const char *name)
{
	if (!lock->replaying)
		check_text(name, "name", NAME_MAX_CHARS);
}

/* ---- making and removing ---- */

typedef struct CreateNpc
{
	int64		npc_id;
	const char *name;
	int32		x;
	int32		y;
	int64		controller_player_id;
	TextList	traits;
} CreateNpc;

static const Argument create_npc_arguments[] = {
	ID_ARGUMENT(CreateNpc, npc_id, .place = ARGUMENT_MADE),
	TEXT_ARGUMENT(CreateNpc, name, NAME_MAX_CHARS),
	COORDINATE_ARGUMENT(CreateNpc, x),
	COORDINATE_ARGUMENT(CreateNpc, y),
	ID_ARGUMENT(CreateNpc, controller_player_id, .optional = true, .stored_as_null = true),
	TEXTS_ARGUMENT(CreateNpc, traits, TRAITS_MAX, TRAIT_MAX_CHARS, .place = ARGUMENT_GIVEN),
};

static bool
create_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	CreateNpc *create = arguments;
	World	  *world = world_image(lock);
	Cell	   cell = check_cell(world_grid(world), create->x, create->y);
	Npc		  *npc;

	require_name(lock, create->name);
	require_controller(lock, create->controller_player_id);
	npc = world_add_npc(world, create->name, cell);
	if (create->controller_player_id != 0)
		give_by_hand(world, npc, create->controller_player_id);
	create->npc_id = npc->id;
	result->number = npc->id;
	return true;
}

static void
give_traits(WorldLock *lock, void *arguments)
{
	const CreateNpc *create = arguments;

	if (create->traits.count > 0)
		npc_change_traits(world_image(lock), create->npc_id, create->traits);
}

const Reducer reducer_create_npc = {
	WORLD_REDUCER(create_npc, create_npc),
	REDUCER_ARGUMENTS(CreateNpc, create_npc_arguments),
	.after = give_traits,
	.returns = RETURNS_ID,
};

REDUCER_FUNCTION(create_npc);

Npc *
npc_create(World *world, const char *name, Cell cell, int64 controller, TextList traits)
{
	CreateNpc create = {.name = name,
						.x = cell.x,
						.y = cell.y,
						.controller_player_id = controller,
						.traits = traits};

	reducer_run(world_image_lock(world), &reducer_create_npc, &create, NULL);
	return npc_require(world, create.npc_id);
}

/* The arguments of reducers that take an NPC and nothing else. */
typedef struct OneNpc
{
	int64 npc_id;
} OneNpc;

static const Argument one_npc[] = {
	ID_ARGUMENT(OneNpc, npc_id),
};

static bool
remove_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	World *world = world_image(lock);

	world_remove_npc(world, npc_require(world, ((const OneNpc *) arguments)->npc_id));
	return true;
}

const Reducer reducer_remove_npc = {
	WORLD_REDUCER(remove_npc, remove_npc),
	REDUCER_ARGUMENTS(OneNpc, one_npc),
};

REDUCER_FUNCTION(remove_npc);

void
npc_remove(World *world, int64 npc_id)
{
	reducer_run(world_image_lock(world), &reducer_remove_npc, &(OneNpc) {.npc_id = npc_id}, NULL);
}

/* ---- editing ---- */

typedef struct AssignNpc
{
	int64 npc_id;
	int64 player_id; /* 0 gives it back to the built-in mind */
} AssignNpc;

static const Argument assign_npc_arguments[] = {
	ID_ARGUMENT(AssignNpc, npc_id),
	ID_ARGUMENT(AssignNpc, player_id, .optional = true, .stored_as_null = true),
};

static bool
assign_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const AssignNpc *assign = arguments;
	World			*world = world_image(lock);
	Npc				*npc = npc_require(world, assign->npc_id);

	require_controller(lock, assign->player_id);
	if (npc->controller == assign->player_id && npc_is_assigned(npc) == (assign->player_id != 0))
		return false;
	give_by_hand(world, npc, assign->player_id);
	return true;
}

const Reducer reducer_assign_npc_to_player = {
	WORLD_REDUCER(assign_npc_to_player, assign_npc),
	REDUCER_ARGUMENTS(AssignNpc, assign_npc_arguments),
};

REDUCER_FUNCTION(assign_npc_to_player);

void
npc_assign(World *world, int64 npc_id, int64 player_id)
{
	reducer_run(world_image_lock(world), &reducer_assign_npc_to_player,
				&(AssignNpc) {.npc_id = npc_id, .player_id = player_id}, NULL);
}

typedef struct SetNpcAssigned
{
	int64 npc_id;
	bool  assigned;
} SetNpcAssigned;

static const Argument set_npc_assigned_arguments[] = {
	ID_ARGUMENT(SetNpcAssigned, npc_id),
	FLAG_ARGUMENT(SetNpcAssigned, assigned),
};

static bool
set_npc_assigned(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetNpcAssigned *set = arguments;
	World				 *world = world_image(lock);
	Npc					 *npc = npc_require(world, set->npc_id);

	if (npc_is_assigned(npc) == set->assigned)
		return false;
	world_set_assigned(world, npc, set->assigned);
	return true;
}

const Reducer reducer_set_npc_assigned = {
	WORLD_REDUCER(set_npc_assigned, set_npc_assigned),
	REDUCER_ARGUMENTS(SetNpcAssigned, set_npc_assigned_arguments),
};

void
npc_change_assigned(World *world, int64 npc_id, bool assigned)
{
	reducer_run(world_image_lock(world), &reducer_set_npc_assigned,
				&(SetNpcAssigned) {.npc_id = npc_id, .assigned = assigned}, NULL);
}

typedef struct RenameNpc
{
	int64		npc_id;
	const char *name;
} RenameNpc;

static const Argument rename_npc_arguments[] = {
	ID_ARGUMENT(RenameNpc, npc_id),
	TEXT_ARGUMENT(RenameNpc, name, NAME_MAX_CHARS),
};

static bool
rename_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const RenameNpc *rename = arguments;
	World			*world = world_image(lock);

	require_name(lock, rename->name);
	world_set_name(world, npc_require(world, rename->npc_id), rename->name);
	return true;
}

const Reducer reducer_rename_npc = {
	WORLD_REDUCER(rename_npc, rename_npc),
	REDUCER_ARGUMENTS(RenameNpc, rename_npc_arguments),
};

void
npc_rename(World *world, int64 npc_id, const char *name)
{
	reducer_run(world_image_lock(world), &reducer_rename_npc, &(RenameNpc) {.npc_id = npc_id, .name = name},
				NULL);
}

typedef struct PlaceNpc
{
	int64 npc_id;
	int32 x;
	int32 y;
} PlaceNpc;

static const Argument place_npc_arguments[] = {
	ID_ARGUMENT(PlaceNpc, npc_id),
	COORDINATE_ARGUMENT(PlaceNpc, x),
	COORDINATE_ARGUMENT(PlaceNpc, y),
};

static bool
place_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const PlaceNpc *place = arguments;
	World		   *world = world_image(lock);

	world_place_npc(world, npc_require(world, place->npc_id),
					check_cell(world_grid(world), place->x, place->y));
	return true;
}

const Reducer reducer_place_npc = {
	WORLD_REDUCER(place_npc, place_npc),
	REDUCER_ARGUMENTS(PlaceNpc, place_npc_arguments),
};

void
npc_place(World *world, int64 npc_id, Cell cell)
{
	reducer_run(world_image_lock(world), &reducer_place_npc,
				&(PlaceNpc) {.npc_id = npc_id, .x = cell.x, .y = cell.y}, NULL);
}

typedef struct SetNeed
{
	int64		npc_id;
	const char *need;
	int32		millionths;
} SetNeed;

static const Argument set_need_arguments[] = {
	ID_ARGUMENT(SetNeed, npc_id),
	TEXT_ARGUMENT(SetNeed, need, 0),
	NUMBER_ARGUMENT(SetNeed, millionths, 0, NEED_MAX),
};

/* An input about a need that this version does not have is kept in a replay, and has no effect. */
static bool
set_need(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetNeed *set = arguments;
	World		  *world = world_image(lock);
	Npc			  *npc = npc_require(world, set->npc_id);

	for (int need = 0; need < NEED_COUNT; need++)
		if (strcmp(need_names[need], set->need) == 0)
		{
			world_set_need(world, npc, (Need) need, set->millionths);
			break;
		}
	return true;
}

const Reducer reducer_set_need = {
	WORLD_REDUCER(set_need, set_need),
	REDUCER_ARGUMENTS(SetNeed, set_need_arguments),
};

void
npc_change_need(World *world, int64 npc_id, Need need, int32 value)
{
	reducer_run(world_image_lock(world), &reducer_set_need,
				&(SetNeed) {.npc_id = npc_id, .need = need_names[need], .millionths = value}, NULL);
}

typedef struct SetTraits
{
	int64	 npc_id;
	TextList traits;
} SetTraits;

static const Argument set_traits_arguments[] = {
	ID_ARGUMENT(SetTraits, npc_id),
	TEXTS_ARGUMENT(SetTraits, traits, TRAITS_MAX, TRAIT_MAX_CHARS),
};

static bool
set_traits(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetTraits *set = arguments;
	World			*world = world_image(lock);

	world_set_traits(world, npc_require(world, set->npc_id), set->traits.texts, set->traits.count);
	return true;
}

const Reducer reducer_set_traits = {
	WORLD_REDUCER(set_traits, set_traits),
	REDUCER_ARGUMENTS(SetTraits, set_traits_arguments),
};

void
npc_change_traits(World *world, int64 npc_id, TextList traits)
{
	reducer_run(world_image_lock(world), &reducer_set_traits,
				&(SetTraits) {.npc_id = npc_id, .traits = traits}, NULL);
}

typedef struct SetNumber
{
	int64		npc_id;
	const char *column;
	int32		value;
} SetNumber;

static const Argument set_number_arguments[] = {
	ID_ARGUMENT(SetNumber, npc_id),
	TEXT_ARGUMENT(SetNumber, column, 0),
	NUMBER_ARGUMENT(SetNumber, value, PG_INT32_MIN, PG_INT32_MAX),
};

/*
 * A column that this version does not have is not changed, since no rule reads it. A replay keeps the input.
 */
static bool
set_number(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetNumber *set = arguments;
	World			*world = world_image(lock);
	Npc				*npc = npc_require(world, set->npc_id);
	const RowColumn *column = npc_edited_column_named(set->column);

	if (column != NULL)
		world_set_number(world, npc, column, set->value);
	return true;
}

const Reducer reducer_set_npc_number = {
	WORLD_REDUCER(set_npc_number, set_number),
	REDUCER_ARGUMENTS(SetNumber, set_number_arguments),
};

void
npc_change_number(World *world, int64 npc_id, const RowColumn *column, int32 value)
{
	reducer_run(world_image_lock(world), &reducer_set_npc_number,
				&(SetNumber) {.npc_id = npc_id, .column = column->name, .value = value}, NULL);
}

typedef struct SetDormant
{
	int64 npc_id;
	bool  dormant;
} SetDormant;

static const Argument set_dormant_arguments[] = {
	ID_ARGUMENT(SetDormant, npc_id),
	FLAG_ARGUMENT(SetDormant, dormant, .has_default = true, .default_number = true),
};

static bool
set_dormant(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetDormant *set = arguments;
	World			 *world = world_image(lock);
	Npc				 *npc = npc_require(world, set->npc_id);

	if (set->dormant ? npc->state == NPC_DORMANT && npc->decider == DECIDER_OPERATOR
					 : npc->state != NPC_DORMANT)
		return false;
	world_set_dormant(world, npc, set->dormant);
	return true;
}

const Reducer reducer_set_npc_dormant = {
	WORLD_REDUCER(set_npc_dormant, set_dormant),
	REDUCER_ARGUMENTS(SetDormant, set_dormant_arguments),
};

REDUCER_FUNCTION(set_npc_dormant);

/* ---- requests ---- */

/* Returns the request's id; 0 if the mind cannot be asked: then the built-in one decides at once. */
static bool
request_npc_decision(WorldLock *lock, void *arguments, ReducerResult *result)
{
	World *world = world_image(lock);
	Npc	  *npc = npc_require(world, ((const OneNpc *) arguments)->npc_id);

	if (npc->state == NPC_DORMANT)
		ereport(ERROR, errcode(ERRCODE_NS_ACTION_IMPOSSIBLE), errmsg("NPC %lld sleeps", (long long) npc->id),
				errdetail("Nobody decides for a dormant NPC."),
				errhint("It wakes when its mind can be asked; whom an operator put to sleep, "
						"set_npc_dormant(world_id, npc_id, false) wakes."));
	if (npc->controller != 0)
		world_open_request(world, npc, REASON_REQUESTED, npc->controller);
	if (!npc->request_pending)
		world_decide_built_in(world, &npc, 1);
	result->number = npc->request_pending ? npc->request_id : 0;
	return true;
}

void
refuse_foreign_npc(int64 npc_id)
{
	ereport(ERROR, errcode(ERRCODE_NS_NOT_CONTROLLER), errmsg("NPC %lld is not yours", (long long) npc_id),
			errdetail("Its mind is another player's, or the built-in one."),
			errhint("The reducer request_npc_assignment gives you NPCs."));
}

static void
require_own_npc(WorldLock *lock, const void *arguments, const Caller *caller)
{
	int64 npc_id = ((const OneNpc *) arguments)->npc_id;

	if (npc_require(world_image(lock), npc_id)->controller != caller->player_id)
		refuse_foreign_npc(npc_id);
}

static const Argument own_npc[] = {
	ID_ARGUMENT(OneNpc, npc_id, .meaning = "id of an NPC of yours"),
};

const Reducer reducer_request_npc_decision = {
	WORLD_REDUCER(request_npc_decision, request_npc_decision),
	REDUCER_ARGUMENTS(OneNpc, own_npc),
	.returns = RETURNS_ID,
	.client_roles = ROLES_PLAYERS,
	.burst = 100,
	.per_minute = 600,
	.description =
		"Its mind is asked at once; value: the request's id, or null when its tokens of the day are spent",
	.require = require_own_npc,
};

REDUCER_FUNCTION(request_npc_decision);

/* ---- for the views ---- */

/* need_at(value, rate, as_of, now) → units; for the views. */
Datum
npcsim_need_at(PG_FUNCTION_ARGS)
{
	int32 value = need_at(PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_INT64(2), PG_GETARG_INT64(3));

	PG_RETURN_FLOAT8((double) value / NEED_UNIT);
}

/*
 * Returns where on its track a walker is, interpolated between the cell it left and the next one. cells: x0,
 * y0, x1, y1, …; coordinate 0 = x, 1 = y.
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

/* track_x(cells, departed_at, now), track_y(…) → cells; for the views. */
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
