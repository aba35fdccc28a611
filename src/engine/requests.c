/*
 * requests.c
 *	  Requests to minds outside: they are opened and closed, their outcome is noted, and the tokens that
 *	  may still be spent are counted.
 *
 * A mind that fails is left alone for a while that doubles up to a minute, since questions cost its
 * player money. The while is real time, taken at the speed of the world at the moment of the failure.
 * Invitations and messages are put to it all the same, but only so many a minute; beyond that the
 * built-in mind answers them.
 *
 * Tokens come from outside, and so does the day. What they mean to the world, that the budget of an
 * NPC is spent or no longer spent, is an input: the same inputs make the same world on any day.
 * (Budgets of players and of the world are part of who can be asked: the input "presence".)
 */
#include "postgres.h"

#include "engine/image.h"

void
npc_request_decision(World *world, Npc *npc)
{
	if (world->policy == POLICY_NONE || npc->request_pending || npc->state == NPC_DORMANT)
		return;
	npc->decision_reason = REASON_REQUESTED;
	npc_schedule(world, npc, 0);
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
}

void
world_ask_again(World *world, Npc *npc, int64 at)
{
	npc->ask_again_at = at;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
world_open_request(World *world, Npc *npc, DecisionReason reason, int64 player_id)
{
	if (npc->request_pending || npc->state == NPC_DORMANT || npc_budget_spent(world, npc))
		return;
	npc->request_pending = true;
	npc->request_id = world_new_id(world->lock);
	npc->request_reason = reason;
	npc->request_state = npc->state_counter;
	npc->request_opened_at = world->now;
	npc->request_player = player_id;
	npc->asked_at = world->now;
	npc_was_asked(world, npc);
	npc->events_merged = 0;
	npc->ask_again_at = SIM_NEVER;
	if (reason_cannot_wait(reason))
		npc_note_pressing(world, npc);
	npc->decision_reason = REASON_IDLE;
	npc_touch(world, npc, NPC_DIRTY_REQUEST | NPC_DIRTY_MIND | NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
	world->result.requests++;
	world->lock->requests = true;
}

void
world_close_request(World *world, Npc *npc)
{
	if (!npc->request_pending)
		return;
	npc->request_pending = false;
	npc_touch(world, npc, NPC_DIRTY_REQUEST | NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
npc_forget_events(World *world, Npc *npc, int count)
{
	if (npc->mind_events == NULL || count <= 0)
		return;
	while (count-- > 0 && npc->mind_events != NULL)
		json_list_drop_first(&npc->mind_events);
	npc->events_dropped = 0;
	npc->events_merged = 0;
	npc_touch(world, npc, NPC_DIRTY_MIND);
	/*
	 * The question that was open has told the mind of the invitation or message, so it need not be asked
	 * again.
	 */
	if (npc->mind_events == NULL && reason_cannot_wait(npc->decision_reason))
	{
		npc->decision_reason = REASON_IDLE;
		npc_schedule(world, npc, 0);
		npc_settle(world, npc);
	}
}

/* ---- minds that fail, minds that are told much ---- */

#define BACK_OFF_FIRST (3 * SIM_SECOND)
#define BACK_OFF_MOST  (60 * SIM_SECOND)
/* More failures are not counted: BACK_OFF_FIRST doubled so often is more than BACK_OFF_MOST. */
#define FAILURES_MAX 6
/* A mind is asked at most PRESSING_MAX questions that cannot wait within this time. */
#define PRESSING_TIME (60 * SIM_SECOND)

void
world_note_outcome(World *world, Npc *npc, bool applied)
{
	if (applied && npc->failures == 0)
		return;
	if (applied)
	{
		npc->failures = 0;
		npc->asked_not_before = -1;
	}
	else
	{
		npc->failures = Min(npc->failures + 1, FAILURES_MAX);
		npc->asked_not_before =
			world->now + world_patience(world, Min(BACK_OFF_FIRST << (npc->failures - 1), BACK_OFF_MOST));
	}
	npc_touch(world, npc, NPC_DIRTY_MIND);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

/* Returns how many of the pressing questions were asked so long ago that they no longer count. */
static int
pressing_gone_by(const World *world, const Npc *npc)
{
	int64 since = world->now - world_patience(world, PRESSING_TIME);
	int	  gone = 0;

	while (gone < npc->pressing_count && npc->pressing[gone] <= since)
		gone++;
	return gone;
}

bool
npc_is_pressed(const World *world, const Npc *npc)
{
	return npc->pressing_count - pressing_gone_by(world, npc) >= PRESSING_MAX;
}

void
npc_note_pressing(World *world, Npc *npc)
{
	int gone = Max(pressing_gone_by(world, npc), npc->pressing_count - PRESSING_MAX + 1);

	npc->pressing_count -= gone;
	memmove(npc->pressing, npc->pressing + gone, npc->pressing_count * sizeof(int64));
	npc->pressing[npc->pressing_count++] = world->now;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

/* ---- budgets ---- */

void
world_count_tokens(World *world, Npc *npc, int64 tokens)
{
	int64 before = npc->tokens_day == world->today ? npc->tokens : 0;

	npc->tokens = Min(before + tokens, TOKENS_MAX);
	npc->tokens_day = world->today;
}

typedef struct Budget
{
	int64 npc_id;
	bool  spent;
} Budget;

static const Argument budget_arguments[] = {
	ID_ARGUMENT(Budget, npc_id),
	FLAG_ARGUMENT(Budget, spent),
};

static void
set_budget_spent(World *world, Npc *npc, bool spent)
{
	npc->budget_spent = spent;
	npc_touch(world, npc, NPC_DIRTY_MIND);
	world_input(world->lock, &reducer_budget, &(Budget) {.npc_id = npc->id, .spent = spent});
}

/* A replay does not know what was spent, only that the budget was spent or is no longer. */
static bool
spend_budget(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Budget *budget = arguments;
	Npc			 *npc = world_npc(lock->image, budget->npc_id);

	if (npc == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("an input tells of NPC %lld, which is not there", (long long) budget->npc_id),
				errdetail("npcsim stores it of those that are."),
				errhint("Were rows of npcsim.world_inputs written by hand?"));
	set_budget_spent(lock->image, npc, budget->spent);
	return false;
}

const Reducer reducer_budget = {
	WORLD_REDUCER(budget, spend_budget),
	REDUCER_ARGUMENTS(Budget, budget_arguments),
};

bool
npc_budget_spent(World *world, Npc *npc)
{
	bool spent = world->max_tokens_per_npc > 0 && npc->tokens_day == world->today &&
				 npc->tokens >= world->max_tokens_per_npc;

	if (spent != npc->budget_spent && !world->lock->replaying)
		set_budget_spent(world, npc, spent);
	return npc->budget_spent;
}
