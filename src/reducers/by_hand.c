/*
 * by_hand.c
 *	  What operators, and tests, do to single NPCs besides editing them: apply_npc_action() has one do something, as if its mind had decided
 *	  it; and whether an NPC is traced.
 *
 * Whoever has an NPC do something has looked at it before, at some revision of its world. If the NPC is another since, what fitted may not
 * fit any more: then it is refused. A replay takes the action as it was taken.
 */
#include "postgres.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/answer_read.h"
#include "reducers/args.h"
#include "reducers/by_hand.h"
#include "reducers/effect.h"
#include "reducers/judging.h"
#include "reducers/npcs.h"
#include "reducers/reducers.h"

/* ---- an action by hand ---- */

typedef struct ApplyNpcAction
{
	int64  npc_id;
	Jsonb *action; /* as it is given; of the input its effect */
	int64  revision;
} ApplyNpcAction;

static const Argument apply_npc_action_arguments[] = {
	ID_ARGUMENT(ApplyNpcAction, npc_id),
	OBJECT_ARGUMENT(ApplyNpcAction, action),
	NUMBER_ARGUMENT(ApplyNpcAction, revision, 1, ID_MAX, .place = ARGUMENT_GIVEN),
};

static int64
last_revision(const Npc *npc)
{
	return Max(Max(npc->identity_revision, npc->motion_revision),
			   Max(npc->needs_revision, npc->status_revision));
}

/* Raises NS306 unless the NPC is as it was at a revision of its world. */
static void
require_unchanged(const WorldLock *lock, const Npc *npc, int64 revision)
{
	if (revision > lock->revision)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				errmsg("\"revision\" is later than the world"),
				errdetail("It is %lld, and world %lld is at revision %lld.", (long long) revision,
						  (long long) lock->world_id, (long long) lock->revision),
				errhint("SELECT revision FROM npcsim.worlds WHERE id = %lld, before the NPC is looked at.",
						(long long) lock->world_id));
	if (last_revision(npc) > revision)
		ereport(ERROR, errcode(ERRCODE_NS_NPC_CHANGED),
				errmsg("NPC %lld has changed since revision %lld", (long long) npc->id, (long long) revision),
				errdetail("It changed with revision %lld.", (long long) last_revision(npc)),
				errhint("Look at it again, and try again with the revision that the world has then."));
}

pg_noreturn static void
raise_refusal(const Npc *npc, Refusal refusal)
{
	ereport(ERROR, errcode(refusal.sqlerrcode),
			errmsg("NPC %lld cannot do that: %s", (long long) npc->id, refusal.message),
			errdetail("Nothing was changed."),
			errhint("get_reasonable_actions_for_npc(world_id, npc_id) lists what it may do."));
}

/* Returns the part of an action that takes effect. An action that minds could not give is refused as theirs are. */
static Jsonb *
effect_given(const Npc *npc, Jsonb *action)
{
	const char *flaw = decision_number_flaw(action);
	Jsonb	   *effect = NULL;

	if (flaw == NULL)
		effect = effect_with_plain_texts(decision_effect(action), &flaw);
	if (flaw == NULL)
		flaw = effect_size_flaw(effect);
	if (flaw != NULL)
		raise_refusal(npc, refuse(ERRCODE_NS_BAD_DECISION, flaw));
	return effect;
}

/* The input comes first, since what the NPC does may bring about others. */
static bool
apply_npc_action(WorldLock *lock, void *arguments, ReducerResult *result)
{
	ApplyNpcAction *apply = arguments;
	World		   *world = world_image(lock);
	Npc			   *npc = npc_require(world, apply->npc_id);
	Refusal			refusal;

	if (!lock->replaying)
	{
		require_unchanged(lock, npc, apply->revision);
		apply->action = effect_given(npc, apply->action);
	}
	world_input(lock, &reducer_apply_npc_action, apply);
	refusal = decision_carry_out(world, npc, apply->action);
	if (is_refused(refusal))
		raise_refusal(npc, refusal);
	return false;
}

const Reducer reducer_apply_npc_action = {
	WORLD_REDUCER(apply_npc_action, apply_npc_action),
	REDUCER_ARGUMENTS(ApplyNpcAction, apply_npc_action_arguments),
};

REDUCER_FUNCTION(apply_npc_action);

/* ---- traced ---- */

typedef struct SetNpcTraced
{
	int64 npc_id;
	bool  traced;
} SetNpcTraced;

static const Argument set_npc_traced_arguments[] = {
	ID_ARGUMENT(SetNpcTraced, npc_id),
	FLAG_ARGUMENT(SetNpcTraced, traced),
};

static bool
set_npc_traced(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetNpcTraced *set = arguments;
	World			   *world = world_image(lock);
	Npc				   *npc = npc_require(world, set->npc_id);

	if (npc->traced == set->traced)
		return false;
	world_set_traced(world, npc, set->traced);
	return true;
}

const Reducer reducer_set_npc_traced = {
	WORLD_REDUCER(set_npc_traced, set_npc_traced),
	REDUCER_ARGUMENTS(SetNpcTraced, set_npc_traced_arguments),
};

void
npc_change_traced(World *world, int64 npc_id, bool traced)
{
	reducer_run(world_image_lock(world), &reducer_set_npc_traced,
				&(SetNpcTraced) {.npc_id = npc_id, .traced = traced}, NULL);
}
