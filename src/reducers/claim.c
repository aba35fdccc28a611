/*
 * claim.c
 *	  claim_decisions(gateway_id, session_ids, free_slots): hands open requests
 *	  to the players connected to a gateway, oldest first, each once.
 *
 * Observations are built before any row is locked, in the caller's snapshot;
 * then sessions and requests are locked, with SKIP LOCKED, and only what is still
 * open, and goes to a session that still lives, is handed out. The world's lock is
 * never taken. Sessions come before requests here and where a session ends, which
 * waits for a claim that holds the session's row and then finds its requests.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "engine/pace.h"
#include "json.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/gateway_poll.h"
#include "reducers/observe.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_claim_decisions);

#define SESSIONS_MAX 10000
#define CLAIM_MAX	 64 /* requests a call hands out: the first one waits for the last */

typedef struct Offer
{
	int64 session_id;
	int32 free;
} Offer;

typedef struct ClaimSession
{
	int64  id;
	int64  player_id;
	int64  world_id;
	int	   free;
	int32  timeout_ms; /* 0 = not known yet */
	double average_ms; /* NaN = not reported */
	bool   choices;	   /* it wants a list to choose from */
	bool   compact;	   /* it has little room */
} ClaimSession;

typedef struct Claim
{
	int64		  world_id;
	int64		  npc_id;
	int64		  request_id;
	char		 *reason;
	ClaimSession *session;
	bool		  taken;
	int32		  told_events;
	int64		  told_state;
	StringInfo	  body;	   /* the frame; NULL = it has nobody to go to */
	StringInfo	  offered; /* the actions it may choose from; NULL = no list was asked for */
} Claim;

static SpiStatement sessions_statement =
	{.sql =
		 "SELECT s.id, s.player_id, s.world_id, s.average_decision_time_ms, s.choices, s.compact"
		 "  FROM npcsim.sessions s"
		 "  JOIN npcsim.player_accounts p ON p.id = s.player_id AND p.status = 'active'"
		 "  JOIN npcsim.world_settings w ON w.id = s.world_id AND (w.max_tokens_per_player_per_day = 0"
		 "    OR npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day) < "
		 "w.max_tokens_per_player_per_day)"
		 "  LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id"
		 " WHERE s.id = ANY ($1) AND s.gateway_id = $2 AND NOT s.ended AND s.purpose IN ('compute', 'both')"
		 "   AND (w.max_tokens_per_day = 0"
		 "    OR npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) < w.max_tokens_per_day)"
		 "   AND s.max_concurrency > 0 AND s.heartbeat_at_real > pg_catalog.clock_timestamp() "
		 "- " SESSION_SILENCE " ORDER BY s.player_id, s.id",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, TEXTOID},
	 .read_only = true};

static SpiStatement open_statement =
	{.sql = "SELECT world_id, npc_id, request_id, player_id, reason FROM npcsim.decision_slots"
			" WHERE world_id = ANY ($1) AND status = 1 AND player_id = ANY ($2)"
			" ORDER BY opened_at_real, world_id, npc_id",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, INT8ARRAYOID},
	 .read_only = true};

static SpiStatement lock_sessions_statement =
	{.sql = "SELECT id FROM npcsim.sessions WHERE id = ANY ($1) AND NOT ended FOR KEY SHARE SKIP LOCKED",
	 .nargs = 1,
	 .types = {INT8ARRAYOID}};

/* One by one by their keys, whatever the statistics say. */
static SpiStatement take_statement =
	{.sql =
		 "WITH open AS ("
		 " SELECT d.world_id, d.npc_id, c.session_id, c.timeout_ms, c.told_events, c.choices, c.told_state"
		 "   FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS c(world_id, npc_id, request_id, session_id, "
		 "timeout_ms, told_events, choices, told_state)"
		 "  CROSS JOIN LATERAL (SELECT s.world_id, s.npc_id FROM npcsim.decision_slots s"
		 "        WHERE s.world_id = c.world_id AND s.npc_id = c.npc_id AND s.request_id = c.request_id"
		 "          AND s.status = 1 FOR NO KEY UPDATE SKIP LOCKED) d)"
		 " UPDATE npcsim.decision_slots d"
		 "    SET status = 2, sent_at_real = pg_catalog.clock_timestamp(),"
		 "        timeout_ms = open.timeout_ms, session_id = open.session_id, told_events = open.told_events,"
		 "        choices = open.choices::pg_catalog.jsonb, told_state = open.told_state"
		 "   FROM open WHERE d.world_id = open.world_id AND d.npc_id = open.npc_id"
		 " RETURNING d.request_id, d.world_id",
	 .nargs = 8,
	 .types = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
			   TEXTARRAYOID, INT8ARRAYOID}};

/* ---- who asks for how much ---- */

/* Sessions may end while they are asked about; a gateway that is not there has forgotten to register. */
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

/* Sessions that may get something, by player; *session_count of them. Whose tokens of the day are spent gets nothing. */
static ClaimSession *
read_sessions(const char *gateway_id, const int64 *ids, const int32 *free_slots, int count,
			  int *session_count)
{
	Offer		 *offers = palloc(sizeof(Offer) * Max(count, 1));
	ClaimSession *sessions;
	uint64		  rows =
		spi_run(&sessions_statement, (Datum[]) {int64_array(ids, count), CStringGetTextDatum(gateway_id)},
				NULL, SPI_OK_SELECT);

	for (int i = 0; i < count; i++)
		offers[i] = (Offer) {ids[i], free_slots[i]};
	qsort(offers, count, sizeof(Offer), compare_offers);

	*session_count = 0;
	sessions = palloc(sizeof(ClaimSession) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
	{
		ClaimSession *session = &sessions[*session_count];
		bool		  isnull;
		Datum		  average = spi_datum(row, 4, &isnull);
		Offer		  key = {.session_id = spi_int64(row, 1, 0)};
		const Offer	 *offer = bsearch(&key, offers, count, sizeof(Offer), compare_offers);

		if (offer == NULL || offer->free <= 0)
			continue;
		*session = (ClaimSession) {.id = key.session_id,
								   .player_id = spi_int64(row, 2, 0),
								   .world_id = spi_int64(row, 3, 0),
								   .free = offer->free,
								   .average_ms = isnull ? NAN : DatumGetFloat8(average),
								   .choices = spi_bool(row, 5, false),
								   .compact = spi_bool(row, 6, false)};
		(*session_count)++;
	}
	return sessions;
}

/* The player's session with most free slots; NULL if none is free. */
static ClaimSession *
session_for(ClaimSession *sessions, int count, int64 player_id)
{
	ClaimSession *best = NULL;
	int			  low = 0;
	int			  high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (sessions[middle].player_id < player_id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && sessions[low].player_id == player_id; low++)
		if (sessions[low].free > 0 && (best == NULL || sessions[low].free > best->free))
			best = &sessions[low];
	return best;
}

/* The running worlds the sessions are in. */
static int
read_running_worlds(const ClaimSession *sessions, int count, WorldHead **heads)
{
	int64 *ids = palloc(sizeof(int64) * count);
	int	   running = 0;
	int	   found;

	for (int i = 0; i < count; i++)
		ids[i] = sessions[i].world_id;
	found = read_world_heads(ids, id_list_sort(ids, count), heads);
	for (int i = 0; i < found; i++)
		if ((*heads)[i].running)
			(*heads)[running++] = (*heads)[i];
	return running;
}

/* ---- what they get ---- */

static int
compare_claims(const void *a, const void *b)
{
	const Claim *left = a;
	const Claim *right = b;

	if (left->world_id != right->world_id)
		return left->world_id < right->world_id ? -1 : 1;
	return left->npc_id < right->npc_id ? -1 : left->npc_id > right->npc_id;
}

/* Open requests for the free slots, in order of world and NPC. */
static Claim *
choose_requests(ClaimSession *sessions, int session_count, const WorldHead *heads, int head_count, int *count)
{
	int64 *world_ids = palloc(sizeof(int64) * head_count);
	int64 *player_ids = palloc(sizeof(int64) * session_count);
	int64  free_slots = 0;
	Claim *claims;
	uint64 rows;

	for (int i = 0; i < head_count; i++)
		world_ids[i] = heads[i].world_id;
	for (int i = 0; i < session_count; i++)
	{
		player_ids[i] = sessions[i].player_id;
		free_slots += sessions[i].free;
	}
	free_slots = Min(free_slots, CLAIM_MAX);
	rows = spi_run(&open_statement,
				   (Datum[]) {int64_array(world_ids, head_count),
							  int64_array(player_ids, id_list_sort(player_ids, session_count))},
				   NULL, SPI_OK_SELECT);

	*count = 0;
	claims = palloc0(sizeof(Claim) * Max(Min((int64) rows, free_slots), 1));
	for (uint64 row = 0; row < rows && *count < free_slots; row++)
	{
		ClaimSession *session = session_for(sessions, session_count, spi_int64(row, 4, 0));
		Claim		 *claim = &claims[*count];

		if (session == NULL || session->world_id != spi_int64(row, 1, 0))
			continue;
		session->free--;
		claim->world_id = spi_int64(row, 1, 0);
		claim->npc_id = spi_int64(row, 2, 0);
		claim->request_id = spi_int64(row, 3, 0);
		claim->reason = spi_text(row, 5, CurrentMemoryContext);
		claim->session = session;
		(*count)++;
	}
	qsort(claims, *count, sizeof(Claim), compare_claims);
	return claims;
}

static StringInfo
request_frame(const Claim *claim, StringInfo observation)
{
	StringInfo out = makeStringInfo();

	enlargeStringInfo(out, observation->len + 256);
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
	json_literal(out, ",\"observations\":");
	appendBinaryStringInfo(out, observation->data, observation->len);
	appendStringInfoChar(out, '}');
	return out;
}

/* Writes the frames of the claims of one world. NPCs that changed hands since the request was opened get none. */
static void
write_bodies(const WorldHead *head, Claim *claims, int count)
{
	Observation *observations = palloc0(sizeof(Observation) * count);

	for (int i = 0; i < count; i++)
		observations[i] = (Observation) {.npc_id = claims[i].npc_id,
										 .with_choices = claims[i].session->choices,
										 .compact = claims[i].session->compact};
	observe(head, observations, count);
	for (int i = 0; i < count; i++)
	{
		ClaimSession *session = claims[i].session;

		if (observations[i].text == NULL || observations[i].controller != session->player_id)
			continue;
		if (session->timeout_ms == 0)
			session->timeout_ms = pace_timeout_ms(session->player_id, session->average_ms);
		claims[i].told_events = observations[i].told_events;
		claims[i].told_state = observations[i].told_state;
		claims[i].body = request_frame(&claims[i], observations[i].text);
		claims[i].offered = observations[i].offered;
	}
}

/* ---- taking ---- */

/* Locks the sessions of the claims; those that ended meanwhile lose theirs. */
static void
lock_sessions(Claim *claims, int count)
{
	int64 *ids = palloc(sizeof(int64) * count);
	int64 *alive;
	int	   alive_count;

	for (int i = 0; i < count; i++)
		ids[i] = claims[i].session->id;
	alive_count = (int) spi_run(&lock_sessions_statement,
								(Datum[]) {int64_array(ids, id_list_sort(ids, count))}, NULL, SPI_OK_SELECT);
	alive = palloc(sizeof(int64) * Max(alive_count, 1));
	for (int i = 0; i < alive_count; i++)
		alive[i] = spi_int64(i, 1, 0);
	alive_count = id_list_sort(alive, alive_count);
	for (int i = 0; i < count; i++)
		if (id_list_find(alive, alive_count, claims[i].session->id) < 0)
			claims[i].body = NULL;
}

/*
 * Handing out need not wait for the disk: after a crash the sessions are gone, and their requests are open, whether
 * this was written or not.
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
	int64 *worlds = palloc(sizeof(int64) * count);
	int64 *npcs = palloc(sizeof(int64) * count);
	int64 *requests = palloc(sizeof(int64) * count);
	int64 *sessions = palloc(sizeof(int64) * count);
	int32 *timeouts = palloc(sizeof(int32) * count);
	int32 *told_events = palloc(sizeof(int32) * count);
	int64 *told_states = palloc(sizeof(int64) * count);
	Datum *choices = palloc(sizeof(Datum) * count);
	bool  *without_choices = palloc(sizeof(bool) * count);
	uint64 rows;
	int	   asked = 0;

	lock_sessions(claims, count);
	for (int i = 0; i < count; i++)
	{
		if (claims[i].body == NULL)
			continue;
		worlds[asked] = claims[i].world_id;
		npcs[asked] = claims[i].npc_id;
		requests[asked] = claims[i].request_id;
		sessions[asked] = claims[i].session->id;
		timeouts[asked] = claims[i].session->timeout_ms;
		told_events[asked] = claims[i].told_events;
		told_states[asked] = claims[i].told_state;
		without_choices[asked] = claims[i].offered == NULL;
		choices[asked] = without_choices[asked] ? (Datum) 0 : json_datum(claims[i].offered);
		asked++;
	}
	if (asked == 0)
		return;
	relax_commit();
	rows = spi_run(&take_statement,
				   (Datum[]) {int64_array(worlds, asked), int64_array(npcs, asked),
							  int64_array(requests, asked), int64_array(sessions, asked),
							  int32_array(timeouts, asked), int32_array(told_events, asked),
							  nullable_array_of(choices, without_choices, asked, TEXTOID),
							  int64_array(told_states, asked)},
				   NULL, SPI_OK_UPDATE_RETURNING);
	for (uint64 row = 0; row < rows; row++)
	{
		int64 request_id = spi_int64(row, 1, 0);
		int64 world_id = spi_int64(row, 2, 0);

		/* mostly in our order */
		for (int i = 0, at = (int) (row % count); i < count; i++, at = at + 1 == count ? 0 : at + 1)
			if (claims[at].request_id == request_id && claims[at].world_id == world_id)
			{
				claims[at].taken = true;
				break;
			}
	}
}

/* ---- */

static void
claim(const char *gateway_id, const int64 *ids, const int32 *free_slots, int count, ReturnSetInfo *result)
{
	ClaimSession *sessions;
	int			  session_count;
	WorldHead	 *heads;
	int			  head_count;
	Claim		 *claims;
	int			  claim_count;
	int			  level;

	sessions = read_sessions(gateway_id, ids, free_slots, count, &session_count);
	if (session_count == 0)
	{
		require_gateway(gateway_id);
		return;
	}
	head_count = read_running_worlds(sessions, session_count, &heads);
	if (head_count == 0)
		return;
	claims = choose_requests(sessions, session_count, heads, head_count, &claim_count);
	if (claim_count == 0)
		return;
	level = spi_index_plans_begin();
	for (int first = 0, head = 0; first < claim_count;)
	{
		int end = first;

		while (heads[head].world_id != claims[first].world_id)
			head++;
		while (end < claim_count && claims[end].world_id == claims[first].world_id)
			end++;
		write_bodies(&heads[head], claims + first, end - first);
		first = end;
	}
	take_requests(claims, claim_count);
	spi_index_plans_end(level);
	for (int i = 0; i < claim_count; i++)
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
