/*
 * claim.c
 *	  claim_decisions(gateway_id, session_ids, free_slots): hands open requests to the players connected
 *	  to a gateway, in the market's order (questions.h), each once.
 *
 * Observations are built before any row is locked, in one snapshot; then sessions and
 * requests are locked, with SKIP LOCKED, and only requests that are still open and whose session still
 * lives are handed out. The world's lock is never taken. Sessions are locked before requests, here and
 * where a session ends: that waits for a claim that holds the session's row, and then finds its
 * requests.
 *
 * What the queue had may not be open any more, or be locked by another claim; then the next ones are
 * tried, so that a slot stays free only if nothing is there for it.
 *
 * A question goes to a source of its player. When that player cannot be asked, or there is none, it goes to the pool: the
 * source whose player was charged least for what it can serve (pool.h), of those that this gateway has. No world knows of that.
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "charges.h"
#include "engine/response_times.h"
#include "json.h"
#include "market/market.h"
#include "market/sources.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/fallback.h"
#include "reducers/gateway_poll.h"
#include "reducers/observe.h"
#include "reducers/questions.h"
#include "reducers/spending.h"
#include "reducers/takers.h"
#include "reducers/worlds.h"
#include "spi.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/observation_log.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_claim_decisions);

#define SESSIONS_MAX 10000
/* A call hands out at most so many requests, since the first one waits for the last. */
#define CLAIM_MAX 64
/* A call tries so often to find others for those that it could not hand out. */
#define ROUNDS_MAX 4
/* One in so many answers of minds that look for themselves is judged. */
#define UNTOLD_JUDGED 8

typedef struct Offer
{
	int64 session_id;
	int32 free;
} Offer;

typedef struct Claim
{
	int64		world_id;
	int64		npc_id;
	int64		request_id;
	int64		player_id; /* whom it is for; POOL = nobody in particular */
	const char *reason;
	uint64		serial; /* in the queue; 0 = it is not from there */
	int			place;	/* in the order of handing out */
	Taker	   *session;
	bool		taken;
	int32		told_events;
	int64		told_state;
	int64		credit_most;
	StringInfo	body; /* NULL = it has nobody to go to */
	/* The actions it may choose from; NULL = no list was asked for. */
	StringInfo offered;
	Expense	   expense;
	bool	   judged; /* the answer will be, by the ranking, whether a list was asked for or not */
	Ranking	   ranking;
	Purchase  *purchase; /* NULL = nothing is bought */
} Claim;

/* ---- sessions and worlds ---- */

/*
 * Sessions may end while requests are claimed for them, but a gateway that does not exist has forgotten to
 * register.
 */
static void
require_gateway(const char *gateway_id)
{
	if (!gateway_row_exists(gateway_id))
		refuse_gateway(gateway_id);
}

static int
compare_offers(const void *a, const void *b)
{
	const Offer *left = a;
	const Offer *right = b;

	return left->session_id < right->session_id ? -1 : left->session_id > right->session_id;
}

/*
 * Returns the sessions that may get something, by player. A player whose tokens of the day are spent gets
 * nothing.
 */
static Taker *
read_sessions(const char *gateway_id, const int64 *ids, const int32 *free_slots, int count,
			  int *session_count)
{
	Offer		   *offers = palloc(sizeof(Offer) * Max(count, 1));
	Taker		   *sessions;
	int				found;
	LendingSession *lending = sessions_lending(gateway_id, ids, count, &found);

	for (int i = 0; i < count; i++)
		offers[i] = (Offer) {ids[i], free_slots[i]};
	qsort(offers, count, sizeof(Offer), compare_offers);

	*session_count = 0;
	sessions = palloc(sizeof(Taker) * Max(found, 1));
	for (int i = 0; i < found; i++)
	{
		Offer		 key = {.session_id = lending[i].id};
		const Offer *offer = bsearch(&key, offers, count, sizeof(Offer), compare_offers);

		if (offer == NULL || offer->free <= 0)
			continue;
		sessions[*session_count] = (Taker) {.id = key.session_id,
											.player_id = lending[i].player_id,
											.world_id = lending[i].world_id,
											.free = Min(offer->free, lending[i].slots),
											.average_ms = lending[i].average_ms,
											.choices = lending[i].choices,
											.compact = lending[i].compact,
											.observations = lending[i].observations,
											.connected_at_real = lending[i].connected_at_real,
											.source_id = lending[i].source_id,
											.limits = lending[i].limits,
											.pooled = lending[i].pooled,
											.of_server = lending[i].of_server};
		(*session_count)++;
	}
	return sessions;
}

/* Returns how many requests the sessions still take. */
static int
free_slots_of(const Taker *sessions, int count)
{
	int64 slots = 0;

	for (int i = 0; i < count; i++)
		if (!sessions[i].gone)
			slots += sessions[i].free;
	return (int) Min(slots, CLAIM_MAX);
}

/* Begins to read the questions that the sessions may get. */
static void
begin_reading(OpenQuestions *open, Takers *takers)
{
	int64 *world_ids = palloc(sizeof(int64) * takers->count);
	int	   worlds;

	for (int i = 0; i < takers->count; i++)
		world_ids[i] = takers->sessions[i].world_id;
	worlds = id_list_sort(world_ids, takers->count);
	takers_want(takers, world_ids, worlds);
	questions_begin(open, world_ids, worlds, &takers->filter);
}

/* Says what the sessions may spend. */
static Spending *
begin_spending(const OpenQuestions *open, Taker *sessions, int count)
{
	Spending *spending = spending_begin(open, count);

	for (int i = 0; i < count; i++)
		sessions[i].spender = spending_add(spending, &(Spender) {.player_id = sessions[i].player_id,
																 .world_id = sessions[i].world_id,
																 .source_id = sessions[i].source_id,
																 .limits = sessions[i].limits});
	return spending;
}

/* ---- requests and their frames ---- */

static int
compare_claims(const void *a, const void *b)
{
	const Claim *left = a;
	const Claim *right = b;

	if (left->world_id != right->world_id)
		return left->world_id < right->world_id ? -1 : 1;
	return left->npc_id < right->npc_id ? -1 : left->npc_id > right->npc_id;
}

static int
compare_places(const void *a, const void *b)
{
	return ((const Claim *) a)->place - ((const Claim *) b)->place;
}

/*
 * Returns the session that gets a question and spends its tokens, and what is bought for that; NULL if none may now. Of the pool others may, if
 * one may not.
 */
static Taker *
session_that_can_afford(Takers *takers, Spending *spending, const OpenQuestion *open, Expense *expense,
						Purchase **purchase)
{
	Taker *session;

	*purchase = NULL;
	while ((session = taker_for(takers, open)) != NULL)
	{
		bool own = session->player_id == open->question.player_id;

		if (spending_take(spending, session->spender, open, expense))
		{
			if (own || !session->of_server)
				return session;
			*purchase = fallback_buy(open->world_id, open->question.npc_id);
			if (*purchase != NULL)
				return session;
			spending_give_back(spending, expense);
		}
		else if (own)
			return NULL;
		session->unaffordable = open;
	}
	return NULL;
}

/*
 * Chooses open requests for at most 'most' slots, the next ones first. Those of players who have no free slot, or whose tokens
 * are to last, are kept in *skipped for the next round. Returns how many were chosen.
 */
static int
choose_requests(OpenQuestions *open, Spending *spending, Takers *takers, Claim *claims, int most,
				List **skipped)
{
	int			  count = 0;
	OpenQuestion *next;

	while (count < most && (next = questions_next(open)) != NULL)
	{
		Expense	  expense;
		Purchase *purchase;
		Taker	 *session = session_that_can_afford(takers, spending, next, &expense, &purchase);

		if (session == NULL)
		{
			*skipped = lappend(*skipped, next);
			continue;
		}
		session->free--;
		claims[count] = (Claim) {.world_id = next->world_id,
								 .npc_id = next->question.npc_id,
								 .request_id = next->question.request_id,
								 .player_id = next->question.player_id,
								 .reason = decision_reason_name((DecisionReason) next->question.reason),
								 .serial = next->question.serial,
								 .place = count,
								 .session = session,
								 .expense = expense,
								 .purchase = purchase};
		count++;
	}
	return count;
}

/* Returns the frame of a request; 'observation' NULL: its mind looks for itself. */
static StringInfo
request_frame(const Claim *claim, StringInfo observation)
{
	StringInfo out = makeStringInfo();

	enlargeStringInfo(out, (observation == NULL ? 0 : observation->len) + 256);
	json_literal(out, "{\"type\":\"decision_request\",\"request_id\":");
	json_int64(out, claim->request_id);
	json_literal(out, ",\"npc_id\":");
	json_int64(out, claim->npc_id);
	json_literal(out, ",\"world_id\":");
	json_int64(out, claim->world_id);
	json_literal(out, ",\"reason\":");
	json_string(out, claim->reason);
	json_literal(out, ",\"timeout_ms\":");
	json_int64(out, claim->session->timeout_ms);
	if (observation != NULL)
	{
		json_literal(out, ",\"observations\":");
		appendBinaryStringInfo(out, observation->data, observation->len);
	}
	appendStringInfoChar(out, '}');
	return out;
}

/* Returns the world time for which an answer is paid at most: as long as the session has been connected, and no longer than any. */
static int64
credit_most(const Taker *session, int32 speed)
{
	/* More would not matter at any speed, and might not fit. */
	int64 connected =
		Min(GetCurrentTimestamp() - session->connected_at_real, CREDIT_MOST * SPEED_UNIT / SPEED_MIN);

	return decision_credit_connected(CREDIT_MOST, connected * speed / SPEED_UNIT);
}

/*
 * Whether the answer of a session will be judged by what its NPC might do now. Of minds that look for themselves some are, by chance, so that
 * nobody escapes by looking away, and looking around is saved for the others.
 */
static bool
is_judged(const Taker *session)
{
	return session->observations || pg_prng_uint32(&pg_global_prng_state) % UNTOLD_JUDGED == 0;
}

/*
 * Whether a mind is asked about its NPC for the first time since another player's was. What a session that ended left unanswered is asked
 * for the first time again.
 */
static bool
mind_is_new(const MetMind *met, int count, const Claim *claim)
{
	for (int i = 0; i < count; i++)
		if (met[i].npc_id == claim->npc_id)
			return met[i].player_id != claim->session->player_id || met[i].request_id == claim->request_id;
	return false;
}

/*
 * Writes the frames of the claims of one world. NPCs that changed hands since the request was opened get
 * none.
 */
static void
write_bodies(const WorldHead *head, Claim *claims, int count)
{
	Observation *observations = palloc0(sizeof(Observation) * count);
	int64		*ids = palloc(sizeof(int64) * count);
	int			 met_count;
	MetMind		*met;

	for (int i = 0; i < count; i++)
		ids[i] = claims[i].npc_id;
	met = slots_met(head->world_id, ids, count, &met_count);
	for (int i = 0; i < count; i++)
		observations[i] = (Observation) {.npc_id = claims[i].npc_id,
										 .untold = !claims[i].session->observations,
										 .with_choices = claims[i].session->choices,
										 .with_ranking = is_judged(claims[i].session),
										 .compact = claims[i].session->compact,
										 .budget = claims[i].expense.told,
										 .is_new = mind_is_new(met, met_count, &claims[i])};
	observe(head, observations, count);
	for (int i = 0; i < count; i++)
	{
		Taker *session = claims[i].session;

		if (!observations[i].found ||
			(claims[i].player_id != POOL && observations[i].controller != claims[i].player_id))
			continue;
		if (session->timeout_ms == 0)
			session->timeout_ms = response_time_timeout_ms(session->player_id, session->average_ms);
		claims[i].told_events = observations[i].told_events;
		claims[i].told_state = observations[i].told_state;
		claims[i].credit_most = credit_most(session, head->speed);
		claims[i].body = request_frame(&claims[i], observations[i].text);
		claims[i].offered = observations[i].offered;
		claims[i].judged = observations[i].with_ranking;
		claims[i].ranking = observations[i].ranking;
	}
}

/* ---- handing out ---- */

/* Locks the sessions of the claims; claims of sessions that ended meanwhile lose their frames. */
static void
lock_sessions(Claim *claims, int count)
{
	int64 *ids = palloc(sizeof(int64) * count);
	int64 *alive;
	int	   alive_count;

	for (int i = 0; i < count; i++)
		ids[i] = claims[i].session->id;
	alive = sessions_share(ids, id_list_sort(ids, count), &alive_count);
	for (int i = 0; i < count; i++)
		if (id_list_find(alive, alive_count, claims[i].session->id) < 0)
		{
			claims[i].session->gone = true;
			claims[i].body = NULL;
		}
}

/*
 * Handing out need not wait for the disk: after a crash the sessions are gone and their requests open,
 * whether this was written or not.
 */
static void
relax_commit(void)
{
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true,
							 0, false);
}

/* Marks the requests as sent, and the claims that got theirs as taken. */
static void
take_requests(Claim *claims, int count)
{
	SentSlot *slots = palloc(sizeof(SentSlot) * count);
	int		  asked = 0;
	int		  sent;

	lock_sessions(claims, count);
	for (int i = 0; i < count; i++)
		if (claims[i].body != NULL)
			slots[asked++] =
				(SentSlot) {.world_id = claims[i].world_id,
							.npc_id = claims[i].npc_id,
							.request_id = claims[i].request_id,
							.session_id = claims[i].session->id,
							.timeout_ms = claims[i].session->timeout_ms,
							.told_events = claims[i].told_events,
							.told_state = claims[i].told_state,
							.source_id = claims[i].session->source_id,
							.credit_most = claims[i].credit_most,
							.choices = claims[i].offered == NULL ? (Datum) 0 : json_datum(claims[i].offered),
							.ranking = claims[i].judged ? claims[i].ranking.keys : NULL,
							.ranked = claims[i].ranking.count,
							.player_id = claims[i].session->player_id,
							.has_pace = claims[i].expense.of_npc,
							.pace_saved = claims[i].expense.npc_pace.saved,
							.pace_as_of = claims[i].expense.npc_pace.as_of,
							.pace_reserve = claims[i].expense.npc_pace.reserve};
	if (asked == 0)
		return;
	relax_commit();
	slots = slots_send(slots, asked, &sent);
	for (int s = 0; s < sent; s++)
	{
		/* The rows are mostly in our order. */
		for (int i = 0, at = s % count; i < count; i++, at = at + 1 == count ? 0 : at + 1)
			if (claims[at].request_id == slots[s].request_id && claims[at].world_id == slots[s].world_id)
			{
				claims[at].taken = true;
				charges_add(claims[at].session->player_id, question_charge(slots[s].credit));
				break;
			}
	}
}

/*
 * Keeps the queue true: what was handed out, and what is not open any more, leaves it. What another claim has locked
 * leaves it with that claim.
 */
static void
look_after_queue(Claim *claims, int count)
{
	int64 *npc_ids = palloc(sizeof(int64) * count);

	for (int first = 0, end; first < count; first = end)
	{
		int64	  world_id = claims[first].world_id;
		int		  doubtful = 0;
		int		  open_count = 0;
		OpenSlot *open = NULL;

		for (end = first; end < count && claims[end].world_id == world_id; end++)
			if (!claims[end].taken && claims[end].serial != 0)
				npc_ids[doubtful++] = claims[end].npc_id;
		if (doubtful > 0)
			open = slots_open_now(world_id, npc_ids, doubtful, &open_count);
		for (int i = first; i < end; i++)
		{
			bool   is_open = false;
			uint64 serial = claims[i].serial;

			if (claims[i].taken && serial == 0)
				serial = queue_serial(world_id, claims[i].npc_id);
			for (int o = 0; o < open_count && !claims[i].taken; o++)
				is_open = is_open || (open[o].question.npc_id == claims[i].npc_id &&
									  open[o].question.request_id == claims[i].request_id);
			if (serial != 0 && !is_open)
				queue_note_gone(world_id, claims[i].npc_id, serial);
		}
	}
}

/* Keeps what was handed out in one world, as it was given, a line of each. */
static void
keep_told(const WorldHead *head, const Claim *claims, int count)
{
	int64		   npc_ids[CLAIM_MAX];
	int64		   request_ids[CLAIM_MAX];
	int64		   player_ids[CLAIM_MAX];
	ToldRow		   row = {head->now, npc_ids, request_ids, player_ids};
	StringInfoData told;

	if (!head->keeps_observations)
		return;
	initStringInfo(&told);
	for (int i = 0; i < count; i++)
	{
		if (!claims[i].taken)
			continue;
		if (row.count > 0)
			appendStringInfoChar(&told, '\n');
		appendBinaryStringInfo(&told, claims[i].body->data, claims[i].body->len);
		npc_ids[row.count] = claims[i].npc_id;
		request_ids[row.count] = claims[i].request_id;
		player_ids[row.count++] = claims[i].session->player_id;
	}
	row.told = told.data;
	if (row.count > 0)
		observation_log_write(head->world_id, &row);
	pfree(told.data);
}

/* ---- the function ---- */

/* Hands out what was chosen, and returns how many were taken. */
static int
hand_out(const OpenQuestions *open, Spending *spending, Claim *claims, int count)
{
	int level = spi_index_plans_begin();
	int taken = 0;

	qsort(claims, count, sizeof(Claim), compare_claims);
	for (int first = 0, head = 0, end; first < count; first = end)
	{
		while (open->heads[head].world_id != claims[first].world_id)
			head++;
		for (end = first; end < count && claims[end].world_id == claims[first].world_id; end++)
			;
		write_bodies(&open->heads[head], claims + first, end - first);
	}
	take_requests(claims, count);
	spi_index_plans_end(level);
	for (int first = 0, head = 0, end; first < count; first = end)
	{
		while (open->heads[head].world_id != claims[first].world_id)
			head++;
		for (end = first; end < count && claims[end].world_id == claims[first].world_id; end++)
			;
		keep_told(&open->heads[head], claims + first, end - first);
	}
	for (int i = 0; i < count; i++)
	{
		if (claims[i].taken)
		{
			taken++;
			if (claims[i].purchase != NULL)
				fallback_bought(claims[i].purchase, claims[i].request_id, claims[i].session->source_id);
		}
		else
		{
			claims[i].session->free++;
			spending_give_back(spending, &claims[i].expense);
			if (claims[i].purchase != NULL)
				fallback_not_bought(claims[i].purchase);
		}
	}
	look_after_queue(claims, count);
	qsort(claims, count, sizeof(Claim), compare_places);
	return taken;
}

static void
return_taken(const Claim *claims, int count, ReturnSetInfo *result)
{
	for (int i = 0; i < count; i++)
	{
		bool nulls[7] = {false};

		if (claims[i].taken)
			tuplestore_putvalues(result->setResult, result->setDesc,
								 (Datum[]) {Int64GetDatum(claims[i].request_id),
											Int64GetDatum(claims[i].npc_id),
											Int64GetDatum(claims[i].world_id),
											Int64GetDatum(claims[i].session->id),
											Int64GetDatum(claims[i].session->player_id),
											Int32GetDatum(claims[i].session->timeout_ms),
											json_datum(claims[i].body)},
								 nulls);
	}
}

static void
claim(const char *gateway_id, const int64 *ids, const int32 *free_slots, int count, ReturnSetInfo *result)
{
	Claim		  claims[CLAIM_MAX];
	Takers		  takers = {0};
	OpenQuestions open;
	Spending	 *spending;
	int			  left = CLAIM_MAX;

	takers.sessions = read_sessions(gateway_id, ids, free_slots, count, &takers.count);
	if (takers.count == 0)
	{
		require_gateway(gateway_id);
		return;
	}
	begin_reading(&open, &takers);
	spending = begin_spending(&open, takers.sessions, takers.count);
	for (int round = 0; round < ROUNDS_MAX && left > 0; round++)
	{
		List *skipped = NIL;
		int	  most = Min(left, free_slots_of(takers.sessions, takers.count));
		int	  chosen = choose_requests(&open, spending, &takers, claims, most, &skipped);
		int	  taken;

		if (chosen == 0)
			break;
		taken = hand_out(&open, spending, claims, chosen);
		return_taken(claims, chosen, result);
		left -= taken;
		if (taken == chosen)
			break;
		questions_put_back(&open, skipped);
	}
	spending_end(spending);
	questions_end(&open);
}

static Datum
claim_decisions(PG_FUNCTION_ARGS)
{
	char  *gateway_id = arg_gateway_id(fcinfo, 0);
	int	   count;
	int	   free_count;
	int64 *ids = arg_int64_list(fcinfo, 1, "session_ids", SESSIONS_MAX, &count);
	int32 *free_slots = arg_int32_list(fcinfo, 2, "free_slots", SESSIONS_MAX, &free_count);

	if (count != free_count)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"session_ids\" and \"free_slots\" differ in length"),
				errdetail("They have %d and %d elements.", count, free_count),
				errhint("Give one number of free slots per session."));
	for (int i = 0; i < count; i++)
	{
		check_id(ids[i], "session_ids");
		if (free_slots[i] < 0)
			ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("\"free_slots\" is out of range"),
					errdetail("Element %d is %d.", i + 1, free_slots[i]),
					errhint("A session has no free slot or some."));
	}
	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	claim(gateway_id, ids, free_slots, count, (ReturnSetInfo *) fcinfo->resultinfo);
	spi_end();
	return (Datum) 0;
}

Datum
npcsim_claim_decisions(PG_FUNCTION_ARGS)
{
	return call_quietly(claim_decisions, fcinfo);
}
