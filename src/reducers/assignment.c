/*
 * assignment.c
 *	  The client's call request_npc_assignment, by which a player gets NPCs or gives them back.
 */
#include "postgres.h"

#include "engine/world.h"
#include "json.h"
#include "reducers/allocation.h"
#include "reducers/controllers.h"
#include "reducers/reducers.h"

#define ASSIGNMENT_MAX 10000

typedef struct RequestNpcAssignment
{
	int64 player_id;
	int32 desired_npc_count;
} RequestNpcAssignment;

static const Argument request_npc_assignment_arguments[] = {
	CALLER_ARGUMENT(RequestNpcAssignment, player_id),
	NUMBER_ARGUMENT(RequestNpcAssignment, desired_npc_count, 0, ASSIGNMENT_MAX),
};

typedef struct Assignment
{
	int64  player_id;
	int64  of;	 /* whose NPCs are collected; 0 = nobody's */
	int64 *npcs; /* ids */
	int	   count;
	int	   limit;
} Assignment;

static void
count_own(World *world, Npc *npc, void *arg)
{
	Assignment *assignment = arg;

	if (npc->controller == assignment->player_id)
		assignment->count++;
}

/* An NPC that an operator keeps with the built-in mind is given to nobody. */
static void
collect(World *world, Npc *npc, void *arg)
{
	Assignment *assignment = arg;

	if (npc->controller == assignment->of && (npc->controller != 0 || !npc_is_assigned(npc)) &&
		assignment->count < assignment->limit)
		assignment->npcs[assignment->count++] = npc->id;
}

/* Gives NPCs that nobody controls to the player, or takes some of its own from it, lower ids first. */
static void
assign(World *world, Assignment *assignment, int own, int desired)
{
	int64 *players;

	assignment->of = own < desired ? 0 : assignment->player_id;
	assignment->limit = own < desired ? desired - own : own - desired;
	assignment->count = 0;
	world_each_npc(world, collect, assignment);
	players = palloc0(sizeof(int64) * Max(assignment->count, 1));
	for (int i = 0; i < assignment->count; i++)
		players[i] = own < desired ? assignment->player_id : 0;
	controllers_change(world, assignment->npcs, players, assignment->count);
}

/*
 * The NPCs that change hands are one input. Where NPCs are the market's it says who has which: it is asked to look at once, and how many are desired
 * says nothing.
 */
static bool
request_npc_assignment(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const RequestNpcAssignment *request = arguments;
	int							desired = request->desired_npc_count;
	World					   *world = world_image(lock);
	Assignment					assignment = {.player_id = request->player_id};
	int							own;

	world_each_npc(world, count_own, &assignment);
	own = assignment.count;
	assignment.npcs = palloc(sizeof(int64) * (world_npc_count(world) + 1));
	if (!allocation_settle(world))
		assign(world, &assignment, own, desired);

	assignment.of = assignment.player_id;
	assignment.count = 0;
	assignment.limit = world_npc_count(world);
	world_each_npc(world, collect, &assignment);
	json_literal(result->json, "{\"assigned_npcs\":");
	json_int64(result->json, assignment.count);
	json_literal(result->json, ",\"npc_ids\":[");
	for (int i = 0; i < assignment.count; i++)
	{
		if (i > 0)
			appendStringInfoChar(result->json, ',');
		json_int64(result->json, assignment.npcs[i]);
	}
	json_literal(result->json, "]}");
	return true;
}

const Reducer reducer_request_npc_assignment = {
	OUTSIDE_REDUCER(request_npc_assignment, request_npc_assignment),
	REDUCER_ARGUMENTS(RequestNpcAssignment, request_npc_assignment_arguments),
	.returns = RETURNS_JSON,
	.client_roles = ROLES_PLAYERS,
	.burst = 20,
	.per_minute = 60,
	.description =
		"NPCs without a controller become yours up to that number, or you give some back; where the market "
		"divides them you get your share now; value: {\"assigned_npcs\", \"npc_ids\"}",
};
