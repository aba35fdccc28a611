/*
 * assignment.c
 *	  The client's call request_npc_assignment, by which a player gets NPCs or gives them back.
 */
#include "postgres.h"

#include "engine/world.h"
#include "json.h"
#include "reducers/npcs.h"
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
	int64 player_id;
	/* NPCs without a controller are collected, else the player's own. */
	bool  wanted;
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
 * Assigns NPCs that nobody controls to the caller, lower ids first, up to the number asked for; or releases
 * some of the caller's, lower ids first. Each assignment is an input of its own.
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
	assignment.wanted = own < desired;
	assignment.limit = assignment.wanted ? desired - own : own - desired;
	assignment.count = 0;
	assignment.npcs = palloc(sizeof(Npc *) * Max(Max(own, desired), 1));
	if (assignment.limit > 0)
		world_each_npc(world, collect, &assignment);
	for (int i = 0; i < assignment.count; i++)
		npc_assign(world, assignment.npcs[i]->id, assignment.wanted ? request->player_id : 0);

	assignment.count = 0;
	assignment.limit = Max(own, desired);
	world_each_npc(world, collect_own_ids, &assignment);
	json_literal(result->json, "{\"assigned_npcs\":");
	json_int64(result->json, assignment.count);
	json_literal(result->json, ",\"npc_ids\":[");
	for (int i = 0; i < assignment.count; i++)
	{
		if (i > 0)
			appendStringInfoChar(result->json, ',');
		json_int64(result->json, assignment.npcs[i]->id);
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
	.description = "NPCs without a controller become yours up to that number, or you give some back; value: "
				   "{\"assigned_npcs\", \"npc_ids\"}",
};
