/*
 * under_way.c
 *	  Interactions and bids under way, as minds are told of them.
 *
 * Bids are read all of a world's at once: no more than a few last longer than the tick they are made in, those that wait for
 * a mind.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "json.h"
#include "reducers/under_way.h"
#include "sim/talk.h"
#include "tables/bids.h"
#include "tables/id_lists.h"
#include "tables/index_rows.h"
#include "tables/interaction_kinds.h"

/* Messages of a conversation that are told, and the bytes they and the invitations may take, the first of them apart. */
#define MESSAGES_TOLD  5
#define MESSAGES_BYTES 2560
#define BIDS_BYTES	   1024

static IndexRows seen_runs = {"interaction_runs",
							  "interaction_runs_pkey",
							  {{"id", INT8OID},
							   {"interaction", INT2OID},
							   {"target_id", INT8OID},
							   {"started_at", INT8OID},
							   {"participants", INT8ARRAYOID},
							   {"acts", JSONBOID},
							   {"acted_at", INT8ARRAYOID}}};

static IndexRows seen_bids = {"interaction_bid_rows",
							  "interaction_bid_rows_pkey",
							  {{"id", INT8OID},
							   {"interaction", INT2OID},
							   {"bidder_npc_id", INT8OID},
							   {"target_id", INT8OID},
							   {"invited_npc_ids", INT8ARRAYOID},
							   {"answers", INT8ARRAYOID},
							   {"due_at", INT8OID}}};

/* ---- reading ---- */

/* The elements of a bigint[] without nulls, at most PARTICIPANTS_MAX; how many. */
static int
take_int64s(Datum datum, int64 values[PARTICIPANTS_MAX])
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	int		   count = Min(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), PARTICIPANTS_MAX);

	memcpy(values, ARR_DATA_PTR(array), count * sizeof(int64));
	return count;
}

void
read_runs(int64 world_id, const KindTexts *texts, const int64 *ids, int count, const int64 *heard,
		  int heard_count, Runs *runs)
{
	IndexReading reading;

	*runs = (Runs) {0};
	if (count == 0)
		return;
	runs->runs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Run) * count);
	index_rows_of_ids(&reading, &seen_runs, world_id, ids, count);
	while (index_rows_next(&reading))
	{
		Run *run = &runs->runs[runs->count];

		run->id = DatumGetInt64(reading.values[0]);
		run->text = find_interaction_text(texts, DatumGetInt16(reading.values[1]));
		run->target_id = DatumGetInt64(reading.values[2]);
		run->started_at = DatumGetInt64(reading.values[3]);
		run->participant_count = take_int64s(reading.values[4], run->participants);
		memset(run->names, 0, sizeof(run->names));
		for (int i = 0; i < run->participant_count; i++)
			run->acted_at[i] = -1;
		if (!reading.nulls[6])
			take_int64s(reading.values[6], run->acted_at);
		run->acts = NULL;
		if (!reading.nulls[5] && id_list_find(heard, heard_count, run->id) >= 0)
			run->acts = DatumGetJsonbPCopy(reading.values[5]);
		if (run->text != NULL)
			runs->count++;
	}
	index_rows_end(&reading);
}

const Run *
find_run(const Runs *runs, int64 id)
{
	int low = 0;
	int high = runs->count - 1;

	while (low <= high)
	{
		int		   middle = low + (high - low) / 2;
		const Run *run = &runs->runs[middle];

		if (run->id == id)
			return run;
		if (run->id < id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NULL;
}

int64
run_may_act_at(const Run *run, int64 npc_id)
{
	for (int i = 0; i < run->participant_count; i++)
		if (run->participants[i] == npc_id && run->acted_at[i] >= 0)
			return run->acted_at[i] + ACT_COOLDOWN;
	return -1;
}

static OpenBid *
new_bid(OpenBids *bids, int *room)
{
	if (bids->count == *room)
	{
		*room = Max(16, *room * 2);
		bids->bids = bids->bids == NULL ? palloc(sizeof(OpenBid) * *room)
										: repalloc_huge(bids->bids, sizeof(OpenBid) * *room);
	}
	return &bids->bids[bids->count];
}

static void
take_bid(OpenBid *bid, const KindTexts *texts, const IndexReading *row)
{
	int64 answers[PARTICIPANTS_MAX];

	bid->id = DatumGetInt64(row->values[0]);
	bid->text = find_interaction_text(texts, DatumGetInt16(row->values[1]));
	bid->bidder_id = DatumGetInt64(row->values[2]);
	bid->target_id = DatumGetInt64(row->values[3]);
	bid->invited_count = take_int64s(row->values[4], bid->invited);
	take_int64s(row->values[5], answers);
	for (int i = 0; i < bid->invited_count; i++)
		bid->awaited[i] = answers[i] == INVITATION_PUT;
	bid->due_at = DatumGetInt64(row->values[6]);
}

bool
bid_awaits(const OpenBid *bid, int64 npc_id)
{
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->invited[i] == npc_id)
			return bid->awaited[i];
	return false;
}

static bool
concerns(const OpenBid *bid, const NpcRows *npcs)
{
	if (npc_row_find(npcs, bid->bidder_id) != NULL)
		return true;
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->awaited[i] && npc_row_find(npcs, bid->invited[i]) != NULL)
			return true;
	return false;
}

void
read_bids(int64 world_id, const KindTexts *texts, const NpcRows *viewers, OpenBids *bids)
{
	IndexReading reading;
	int			 room = 0;

	*bids = (OpenBids) {0};
	index_rows_of_ids(&reading, &seen_bids, world_id, NULL, 0);
	while (index_rows_next(&reading))
	{
		OpenBid *bid = new_bid(bids, &room);

		take_bid(bid, texts, &reading);
		if (bid->text != NULL && concerns(bid, viewers))
			bids->count++;
	}
	index_rows_end(&reading);
}

/* ---- text ---- */

static void
json_participants(StringInfo out, const Run *run)
{
	json_literal(out, ",\"participants\":");
	json_ids(out, run->participants, run->participant_count);
}

static void
json_names(StringInfo out, const Run *run)
{
	json_literal(out, ",\"participant_names\":[");
	for (int i = 0; i < run->participant_count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_string(out, run->names[i]);
	}
	appendStringInfoChar(out, ']');
}

void
json_seen_run(StringInfo out, const Run *run, bool named)
{
	json_literal(out, ",\"current_interaction\":{\"id\":");
	json_int64(out, run->id);
	json_literal(out, ",\"name\":\"");
	appendStringInfoString(out, run->text->kind->name);
	appendStringInfoChar(out, '"');
	json_participants(out, run);
	if (named)
		json_names(out, run);
	json_literal(out, ",\"started_at\":");
	json_millionths(out, run->started_at);
	if (run->text->kind->min_participants > 1)
	{
		json_literal(out, ",\"min_participants\":");
		json_int64(out, run->text->kind->min_participants);
	}
	json_literal(out, ",\"max_participants\":");
	json_int64(out, run->text->kind->max_participants);
	json_literal(out, ",\"joinable\":");
	json_bool(out, run_is_joinable(run));
	appendStringInfoChar(out, '}');
}

void
json_conversation(StringInfo out, const Run *run)
{
	if (run == NULL || !run->text->kind->takes_messages)
	{
		json_literal(out, "null");
		return;
	}
	json_literal(out, "{\"interaction_id\":");
	json_int64(out, run->id);
	appendStringInfo(out, ",\"interaction\":\"%s\"", run->text->kind->name);
	json_participants(out, run);
	json_literal(out, ",\"messages\":");
	if (run->acts == NULL)
		json_literal(out, "[]");
	else
		(void) json_last_objects(out, run->acts, MESSAGE_PARAMETER, MESSAGES_TOLD, MESSAGES_BYTES);
	appendStringInfoChar(out, '}');
}

static void
json_bid_terms(StringInfo out, const OpenBid *bid)
{
	appendStringInfo(out, ",\"interaction\":\"%s\",\"target_id\":", bid->text->kind->name);
	json_int64(out, bid->target_id);
	json_literal(out, ",\"invited\":");
	json_ids(out, bid->invited, bid->invited_count);
}

void
json_pending_bid(StringInfo out, const OpenBids *bids, int64 npc_id)
{
	for (int i = 0; i < bids->count; i++)
	{
		if (bids->bids[i].bidder_id != npc_id)
			continue;
		json_literal(out, ",\"pending_bid\":{\"bid_id\":");
		json_int64(out, bids->bids[i].id);
		json_bid_terms(out, &bids->bids[i]);
		appendStringInfoChar(out, '}');
		return;
	}
}

static void
json_invitation(StringInfo out, const OpenBid *bid, const NpcRow *bidder)
{
	json_literal(out, "{\"bid_id\":");
	json_int64(out, bid->id);
	json_literal(out, ",\"bidder_id\":");
	json_int64(out, bid->bidder_id);
	json_literal(out, ",\"bidder_name\":");
	json_string(out, bidder != NULL ? bidder->name : NULL);
	json_bid_terms(out, bid);
	json_literal(out, ",\"answer_by\":");
	json_millionths(out, bid->due_at);
	appendStringInfoChar(out, '}');
}

void
json_bids(StringInfo out, const OpenBids *bids, int64 npc_id, const NpcRows *npcs)
{
	int start = out->len;
	int told = 0;
	int omitted = 0;

	for (int i = 0; i < bids->count; i++)
	{
		const OpenBid *bid = &bids->bids[i];
		int			   before = out->len;

		if (!bid_awaits(bid, npc_id))
			continue;
		appendStringInfoString(out, told == 0 ? ",\"bids\":[" : ",");
		json_invitation(out, bid, npc_row_find(npcs, bid->bidder_id));
		if (told > 0 && out->len - start > BIDS_BYTES)
		{
			out->len = before;
			omitted++;
		}
		else
			told++;
	}
	if (told > 0)
		appendStringInfoChar(out, ']');
	if (omitted > 0)
	{
		json_literal(out, ",\"bids_omitted\":");
		json_int64(out, omitted);
	}
}
