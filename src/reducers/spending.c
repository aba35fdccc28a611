/*
 * spending.c
 *	  Whom a claim may ask now.
 *
 * A question spends of up to three budgets, of its NPC, its player and its world (market/pacing.h), and of how often its source may be
 * asked (market/buckets.h).  What it costs is taken for the world's tokens_per_decision, or what is left when that is less, until
 * the books know what it cost (settle_spending() in fold.c; of an NPC's budget, until it is answered).  What does not fit waits: it stays
 * open, and the built-in mind goes on with its NPC.
 *
 * Urgent questions may go ahead: invitations and messages, those about NPCs that somebody watches, that have a need below 20, or
 * whom somebody has invited or spoken to since the question was opened.
 *
 * Rows of paces are locked when the first question is reached that one of them limits, all of the claim's in their order, and nothing is
 * waited for while they are held.  An NPC's own pace is in its slot, which is written when the question is handed out.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "guc.h"
#include "market/buckets.h"
#include "reducers/spending.h"
#include "sim/mind.h"
#include "tables/npcs.h"

/* So many NPCs are looked at together, at most. */
#define LOOKED_AT_MOST 2000

typedef struct SpenderState
{
	Spender who;
	int		pace[2]; /* places of its player's and its world's pace; -1 = no budget */
	int		source;	 /* place of its source's bucket; -1 = no limit */
} SpenderState;

struct Spending
{
	const OpenQuestions *open;
	int64				 now; /* ms since 1970 */
	SpenderState		*spenders;
	int					 spender_count;
	int					 spenders_most;
	PaceRow				*rows; /* in their order once they are locked */
	bool				*changed;
	Budget				*budgets; /* of each row that is of a budget */
	int					 row_count;
	bool				 locked;
	/* NPCs of one world, by id */
	int64	  asked_world;
	AskedNpc *asked;
	int		  asked_count;
};

#define UNIX_MS(moment) \
	((moment) / 1000 + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000)
#define DAY_MS ((int64) SECS_PER_DAY * 1000)

static Budget
budget_of(int64 tokens, int64 spent, int64 now)
{
	int64 begins = now - now % DAY_MS;

	return (Budget) {.tokens = tokens, .spent = spent, .begins = begins, .ends = begins + DAY_MS};
}

/* A source may be asked as many at once as come to it in a second, since gateways look every second. */
static BucketTerms
source_terms(int32 rate)
{
	return (BucketTerms) {.rate = rate, .burst = Max(1, (rate + 999) / 1000)};
}

static Bucket
bucket_of(const PaceRow *row)
{
	return (Bucket) {.level = row->saved, .as_of = row->as_of};
}

/* ---- who may be asked ---- */

Spending *
spending_begin(const OpenQuestions *open, int spenders_most)
{
	Spending *spending = palloc0(sizeof(Spending));
	int		  rows_most = Max(spenders_most, 1) * 3;

	spending->open = open;
	spending->spenders_most = spenders_most;
	spending->spenders = palloc0(sizeof(SpenderState) * Max(spenders_most, 1));
	spending->rows = palloc0(sizeof(PaceRow) * rows_most);
	spending->budgets = palloc0(sizeof(Budget) * rows_most);
	spending->changed = palloc0(sizeof(bool) * rows_most);
	spending->now = UNIX_MS(market_now());
	return spending;
}

/* Returns the place of a row, which is added if it is not there. */
static int
row_place(Spending *spending, PaceKind kind, int64 id, Budget budget)
{
	int count = spending->row_count;

	for (int i = 0; i < count; i++)
		if (spending->rows[i].kind == kind && spending->rows[i].id == id)
			return i;
	spending->rows[count] = (PaceRow) {.kind = kind, .id = id};
	spending->budgets[count] = budget;
	return spending->row_count++;
}

int
spending_add(Spending *spending, const Spender *spender)
{
	const SpendingLimits *limits = &spender->limits;
	SpenderState		 *state;

	Assert(!spending->locked && spending->spender_count < spending->spenders_most);
	state = &spending->spenders[spending->spender_count];
	*state = (SpenderState) {.who = *spender, .pace = {-1, -1}, .source = -1};
	if (limits->player_tokens > 0)
		state->pace[0] = row_place(spending, PACE_OF_PLAYER, spender->player_id,
								   budget_of(limits->player_tokens, limits->player_spent, spending->now));
	if (limits->world_tokens > 0)
		state->pace[1] = row_place(spending, PACE_OF_WORLD, spender->world_id,
								   budget_of(limits->world_tokens, limits->world_spent, spending->now));
	if (limits->rate > 0 && spender->source_id != 0)
		state->source = row_place(spending, PACE_OF_SOURCE, spender->source_id, (Budget) {0});
	return spending->spender_count++;
}

static void
lock_rows(Spending *spending)
{
	if (!spending->locked && spending->row_count > 0)
		pace_rows_lock(spending->rows, spending->row_count);
	spending->locked = true;
}

/* ---- NPCs ---- */

static int
compare_asked(const void *a, const void *b)
{
	int64 left = ((const AskedNpc *) a)->npc_id;
	int64 right = ((const AskedNpc *) b)->npc_id;

	return left < right ? -1 : left > right;
}

static const AskedNpc *
find_asked(const Spending *spending, const OpenQuestion *question)
{
	AskedNpc key = {.npc_id = question->question.npc_id};

	if (spending->asked == NULL || spending->asked_world != question->world_id)
		return NULL;
	return bsearch(&key, spending->asked, spending->asked_count, sizeof(AskedNpc), compare_asked);
}

/* Returns what is known of a question's NPC; with it those of the world are looked up whose questions are still to come. */
static const AskedNpc *
look_up(Spending *spending, const OpenQuestion *question)
{
	const binaryheap *order = spending->open->order;
	const AskedNpc	 *known = find_asked(spending, question);
	int64			 *ids;
	int				  count = 0;

	if (known != NULL)
		return known;
	ids = palloc(sizeof(int64) * (LOOKED_AT_MOST + 1));
	ids[count++] = question->question.npc_id;
	for (int i = 0; order != NULL && i < order->bh_size && count < LOOKED_AT_MOST; i++)
	{
		const OpenQuestion *other = (const OpenQuestion *) DatumGetPointer(order->bh_nodes[i]);

		if (other->world_id == question->world_id && other != question)
			ids[count++] = other->question.npc_id;
	}
	spending->asked_world = question->world_id;
	spending->asked = asked_npcs_read(question->world_id, ids, count, &spending->asked_count);
	pfree(ids);
	return find_asked(spending, question);
}

static int64
world_moment(const OpenQuestions *open, int64 world_id)
{
	for (int i = 0; i < open->head_count; i++)
		if (open->heads[i].world_id == world_id)
			return open->heads[i].now;
	return 0;
}

static bool
reason_is_urgent(int16 reason)
{
	return reason == REASON_BID || reason == REASON_MESSAGE;
}

static bool
is_urgent(Spending *spending, const OpenQuestion *question)
{
	const AskedNpc *npc;
	int64			now;

	if (reason_is_urgent(question->question.reason) || question->players > 0 || question->spectated)
		return true;
	npc = look_up(spending, question);
	if (npc == NULL)
		return false;
	now = world_moment(spending->open, question->world_id);
	for (int need = 0; need < NEED_COUNT; need++)
		if (need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of,
					Max(now, npc->needs.as_of)) < MIND_CRITICAL_NEED)
			return true;
	return reason_is_urgent(npc->waiting_reason);
}

/* ---- one question ---- */

static int64
left_of(const Budget *budget)
{
	return Max(budget->tokens - budget->spent, 0);
}

static BudgetTold
told_of(const PacedBudget *budgets, int count, int64 tokens_per_decision, int64 now)
{
	BudgetTold told = {.any = count > 0,
					   .pace = PACE_FASTEST,
					   .left = INT64_MAX,
					   .tokens_per_decision = tokens_per_decision};

	for (int i = 0; i < count; i++)
	{
		told.pace = Min(told.pace, pace_speed(&budgets[i].budget, now));
		told.left = Min(told.left, left_of(&budgets[i].budget));
	}
	return told;
}

/* What is lent by the reserve, when a pace became another by one question. */
static int64
lent_by_reserve(const PacedBudget *before, const Pace *after)
{
	return after->reserve - (before->pace.as_of < before->budget.begins ? 0 : before->pace.reserve);
}

/* Whether an urgent question could be put. */
static bool
reserve_has(const PacedBudget *budgets, int count, int64 cost, int64 now)
{
	for (int i = 0; i < count; i++)
		if (!pace_may(&budgets[i].pace, &budgets[i].budget, cost, true, now))
			return false;
	return true;
}

/* Takes what a question costs from the paces of its budgets; false, and nothing is changed, if one of them does not allow it now. */
static bool
pay(Spending *spending, PacedBudget *budgets, int count, const OpenQuestion *question,
	int64 tokens_per_decision, Expense *expense)
{
	PacedBudget before[BUDGETS_MOST];

	if (count == 0)
		return true;
	expense->told = told_of(budgets, count, tokens_per_decision, spending->now);
	expense->cost = Min(tokens_per_decision, expense->told.left);
	if (expense->cost <= 0)
		return false;
	memcpy(before, budgets, sizeof(PacedBudget) * count);
	if (!pace_take(budgets, count, expense->cost, false, spending->now) &&
		!(reserve_has(budgets, count, expense->cost, spending->now) && is_urgent(spending, question) &&
		  pace_take(budgets, count, expense->cost, true, spending->now)))
		return false;
	for (int i = 0; i < count; i++)
	{
		Pace *pace = &budgets[i].pace;

		expense->lent[i] = lent_by_reserve(&before[i], pace);
		if (expense->pace[i] < 0)
		{
			expense->npc_pace = *pace;
			continue;
		}
		spending->rows[expense->pace[i]].saved = pace->saved;
		spending->rows[expense->pace[i]].as_of = pace->as_of;
		spending->rows[expense->pace[i]].reserve = pace->reserve;
		spending->changed[expense->pace[i]] = true;
	}
	return true;
}

bool
spending_take(Spending *spending, int spender, const OpenQuestion *question, Expense *expense)
{
	const SpenderState *state = &spending->spenders[spender];
	BucketTerms			terms = source_terms(state->who.limits.rate);
	Bucket				bucket = {0};
	PacedBudget			budgets[BUDGETS_MOST];
	int					count = 0;

	*expense = (Expense) {.pace = {-1, -1, -1}, .source = state->source};
	if (state->pace[0] >= 0 || state->pace[1] >= 0 || state->source >= 0)
		lock_rows(spending);
	if (state->source >= 0)
	{
		bucket = bucket_of(&spending->rows[state->source]);
		if (bucket_wait(&bucket, &terms, 1, spending->now * 1000) > 0)
			return false;
	}
	for (int i = 0; i < 2; i++)
		if (state->pace[i] >= 0)
		{
			const PaceRow *row = &spending->rows[state->pace[i]];

			expense->pace[count] = state->pace[i];
			budgets[count++] =
				(PacedBudget) {.pace = {.saved = row->saved, .as_of = row->as_of, .reserve = row->reserve},
							   .budget = spending->budgets[state->pace[i]]};
		}
	if (state->who.limits.npc_tokens > 0)
	{
		const AskedNpc *npc = look_up(spending, question);

		if (npc == NULL)
			return false;
		expense->of_npc = true;
		budgets[count++] =
			(PacedBudget) {.pace = {.saved = npc->pace_saved,
									.as_of = npc->pace_as_of,
									.reserve = npc->pace_reserve},
						   .budget = budget_of(state->who.limits.npc_tokens, npc->spent, spending->now)};
	}
	if (!pay(spending, budgets, count, question, state->who.limits.tokens_per_decision, expense))
		return false;
	if (state->source >= 0)
	{
		(void) bucket_take(&bucket, &terms, 1, spending->now * 1000);
		spending->rows[state->source].saved = bucket.level;
		spending->rows[state->source].as_of = bucket.as_of;
		spending->changed[state->source] = true;
	}
	return true;
}

void
spending_give_back(Spending *spending, const Expense *expense)
{
	for (int i = 0; i < BUDGETS_MOST; i++)
		if (expense->pace[i] >= 0)
		{
			PaceRow *row = &spending->rows[expense->pace[i]];

			row->saved += expense->cost * 1000 - expense->lent[i];
			row->reserve -= expense->lent[i];
		}
	if (expense->source >= 0)
		spending->rows[expense->source].saved += BUCKET_ONE;
}

void
spending_end(Spending *spending)
{
	PaceRow *rows = palloc(sizeof(PaceRow) * Max(spending->row_count, 1));
	int		 count = 0;

	for (int i = 0; i < spending->row_count; i++)
		if (spending->changed[i])
			rows[count++] = spending->rows[i];
	pace_rows_write(rows, count);
}

/* ---- for those who show it ---- */

/* Fills in the budgets of a player and its world, as they stand. Returns how many there are. */
static int
read_budgets(int64 player_id, int64 world_id, const SpendingLimits *limits, int64 now,
			 PacedBudget budgets[BUDGETS_MOST])
{
	PaceRow rows[2];
	int		count = 0;

	if (limits->player_tokens > 0)
	{
		rows[count] = (PaceRow) {.kind = PACE_OF_PLAYER, .id = player_id};
		budgets[count++].budget = budget_of(limits->player_tokens, limits->player_spent, now);
	}
	if (limits->world_tokens > 0)
	{
		rows[count] = (PaceRow) {.kind = PACE_OF_WORLD, .id = world_id};
		budgets[count++].budget = budget_of(limits->world_tokens, limits->world_spent, now);
	}
	if (count > 0)
		pace_rows_read(rows, count);
	for (int i = 0; i < count; i++)
		budgets[i].pace = (Pace) {.saved = rows[i].saved, .as_of = rows[i].as_of, .reserve = rows[i].reserve};
	return count;
}

bool
budget_standing(int64 player_id, BudgetStanding *standing)
{
	int64		now = UNIX_MS(market_now());
	PacedBudget budgets[BUDGETS_MOST];
	int			count;

	if (!spending_limits_read(player_id, &standing->limits))
		return false;
	count = read_budgets(player_id, standing->limits.world_id, &standing->limits, now, budgets);
	standing->paced = count > 0;
	standing->pace = told_of(budgets, count, 0, now).pace;
	standing->wait_ms = 0;
	for (int i = 0; i < count; i++)
	{
		int64 left = left_of(&budgets[i].budget);
		int64 cost = Min(standing->limits.tokens_per_decision, Max(left, 1));

		standing->wait_ms =
			Max(standing->wait_ms, pace_wait(&budgets[i].pace, &budgets[i].budget, cost, now));
	}
	return true;
}

bool
source_is_limited(int64 source_id, int32 rate)
{
	PaceRow		row = {.kind = PACE_OF_SOURCE, .id = source_id};
	BucketTerms terms = source_terms(rate);
	Bucket		bucket;

	if (rate <= 0)
		return false;
	pace_rows_read(&row, 1);
	bucket = bucket_of(&row);
	return bucket_wait(&bucket, &terms, 1, UNIX_MS(market_now()) * 1000) > 0;
}

BudgetTold
budget_told(int64 world_id, int64 npc_id, int64 player_id)
{
	int64		   now = UNIX_MS(market_now());
	PacedBudget	   budgets[BUDGETS_MOST];
	SpendingLimits limits;
	int			   count;

	if (player_id == 0 || !spending_limits_read(player_id, &limits))
		return (BudgetTold) {0};
	count = read_budgets(player_id, world_id, &limits, now, budgets);
	if (limits.npc_tokens > 0)
	{
		int		  found;
		AskedNpc *npc = asked_npcs_read(world_id, &npc_id, 1, &found);

		budgets[count++].budget = budget_of(limits.npc_tokens, found > 0 ? npc->spent : 0, now);
	}
	return told_of(budgets, count, limits.tokens_per_decision, now);
}
