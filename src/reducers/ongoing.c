/*
 * ongoing.c
 *	  Reads ongoing interactions and open bids, and writes them as minds are told of them.
 *
 * All bids of a world are read at once: only those that wait for a mind last longer than the tick they
 * are made in, and those are few.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "json.h"
#include "reducers/ongoing.h"
#include "sim/talk.h"
#include "tables/bids.h"
#include "tables/id_lists.h"
#include "tables/interaction_types.h"
#include "tables/row_type.h"

/*
 * The most messages of a conversation that are told, and the most bytes of messages and of invitations; the
 * first invitation is told in any case.
 */
#define MESSAGES_TOLD  5
#define MESSAGES_BYTES 2560
#define BIDS_BYTES	   1024

/* ---- reading ---- */

/* Copies the elements of a bigint[] without NULLs, at most PARTICIPANTS_MAX. Returns how many it copied. */
static int
take_int64s(Datum datum, int64 values[PARTICIPANTS_MAX])
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	int		   count = Min(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), PARTICIPANTS_MAX);

	memcpy(values, ARR_DATA_PTR(array), count * sizeof(int64));
	return count;
}

/* The state of reading interactions. */
typedef struct RunsReading
{
	Runs			*runs;
	const TypeTexts *texts;
	const int64		*heard;
	int				 heard_count;
} RunsReading;

static void
take_run_text(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((Run *) thing)->text =
		find_interaction_text(((const RunsReading *) load->arg)->texts, DatumGetInt16(value));
}

static void
take_participants(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Run *run = thing;

	run->participant_count = take_int64s(value, run->participants);
	for (int i = 0; i < run->participant_count; i++)
		run->acted_at[i] = -1;
}

/* It is read after the participants. */
static void
take_acted_at(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	if (!isnull)
		take_int64s(value, ((Run *) thing)->acted_at);
}

static void
take_acts(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	const RunsReading *reading = load->arg;
	Run				  *run = thing;

	if (!isnull && id_list_find(reading->heard, reading->heard_count, run->id) >= 0)
		run->acts = DatumGetJsonbPCopy(value);
}

static const RowColumn run_columns[] = {
	ROW_READ_NUMBER(Run, id, "id", INT8OID),
	ROW_OWN("interaction", INT2OID, take_run_text, NULL),
	ROW_READ_NUMBER(Run, target_id, "target_id", INT8OID),
	ROW_READ_NUMBER(Run, started_at, "started_at", INT8OID),
	ROW_OWN("participants", INT8ARRAYOID, take_participants, NULL),
	ROW_OWN("acts", JSONBOID, take_acts, NULL),
	ROW_OWN("acted_at", INT8ARRAYOID, take_acted_at, NULL),
};

static RowType run_rows = {.table = "interaction_runs",
						   .index = "interaction_runs_pkey",
						   .columns = run_columns,
						   .column_count = lengthof(run_columns)};

static void *
next_run(void *arg, int64 id)
{
	Runs *runs = ((RunsReading *) arg)->runs;

	return memset(&runs->runs[runs->count], 0, sizeof(Run));
}

/* An interaction whose type the world does not have is left out. */
static void
keep_run(void *arg, void *thing)
{
	if (((Run *) thing)->text != NULL)
		((RunsReading *) arg)->runs->count++;
}

void
read_runs(int64 world_id, const TypeTexts *texts, const int64 *ids, int count, const int64 *heard,
		  int heard_count, Runs *runs)
{
	RunsReading reading = {.runs = runs, .texts = texts, .heard = heard, .heard_count = heard_count};
	RowLoad		load = {.world_id = world_id,
						.ids = ids,
						.count = count,
						.lookup = next_run,
						.done = keep_run,
						.arg = &reading};

	*runs = (Runs) {0};
	if (count == 0)
		return;
	runs->runs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Run) * count);
	rows_load(&run_rows, &load);
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

/* The state of reading bids. */
typedef struct BidsReading
{
	OpenBids		*bids;
	int				 room;
	const TypeTexts *texts;
	const NpcRows	*viewers;
} BidsReading;

static void *
next_bid(void *arg, int64 id)
{
	BidsReading *reading = arg;
	OpenBids	*bids = reading->bids;

	if (bids->count == reading->room)
	{
		reading->room = Max(16, reading->room * 2);
		bids->bids = bids->bids == NULL ? palloc(sizeof(OpenBid) * reading->room)
										: repalloc_huge(bids->bids, sizeof(OpenBid) * reading->room);
	}
	return &bids->bids[bids->count];
}

static void
take_bid_text(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((OpenBid *) thing)->text =
		find_interaction_text(((const BidsReading *) load->arg)->texts, DatumGetInt16(value));
}

static void
take_invited(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	OpenBid *bid = thing;

	bid->invited_count = take_int64s(value, bid->invited);
}

/* It is read after the NPCs invited. */
static void
take_answers(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	OpenBid *bid = thing;
	int64	 answers[PARTICIPANTS_MAX];
	int		 count = take_int64s(value, answers);

	for (int i = 0; i < bid->invited_count; i++)
		bid->awaited[i] = i < count && answers[i] == INVITATION_PUT;
}

static const RowColumn bid_columns[] = {
	ROW_READ_NUMBER(OpenBid, id, "id", INT8OID),
	ROW_OWN("interaction", INT2OID, take_bid_text, NULL),
	ROW_READ_NUMBER(OpenBid, bidder_id, "bidder_npc_id", INT8OID),
	ROW_READ_NUMBER(OpenBid, target_id, "target_id", INT8OID),
	ROW_OWN("invited_npc_ids", INT8ARRAYOID, take_invited, NULL),
	ROW_OWN("answers", INT8ARRAYOID, take_answers, NULL),
	ROW_READ_NUMBER(OpenBid, due_at, "due_at", INT8OID),
};

static RowType open_bid_rows = {.table = "interaction_bid_rows",
								.index = "interaction_bid_rows_pkey",
								.columns = bid_columns,
								.column_count = lengthof(bid_columns)};

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

static void
keep_bid(void *arg, void *thing)
{
	BidsReading	  *reading = arg;
	const OpenBid *bid = thing;

	if (bid->text != NULL && concerns(bid, reading->viewers))
		reading->bids->count++;
}

void
read_bids(int64 world_id, const TypeTexts *texts, const NpcRows *viewers, OpenBids *bids)
{
	BidsReading reading = {.bids = bids, .texts = texts, .viewers = viewers};
	RowLoad		load = {.world_id = world_id, .lookup = next_bid, .done = keep_bid, .arg = &reading};

	*bids = (OpenBids) {0};
	rows_load(&open_bid_rows, &load);
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
	appendStringInfoString(out, run->text->type->name);
	appendStringInfoChar(out, '"');
	json_participants(out, run);
	if (named)
		json_names(out, run);
	json_literal(out, ",\"started_at\":");
	json_millionths(out, run->started_at);
	if (run->text->type->min_participants > 1)
	{
		json_literal(out, ",\"min_participants\":");
		json_int64(out, run->text->type->min_participants);
	}
	json_literal(out, ",\"max_participants\":");
	json_int64(out, run->text->type->max_participants);
	json_literal(out, ",\"joinable\":");
	json_bool(out, run_is_joinable(run));
	appendStringInfoChar(out, '}');
}

void
json_conversation(StringInfo out, const Run *run)
{
	if (run == NULL || !run->text->type->takes_messages)
	{
		json_literal(out, "null");
		return;
	}
	json_literal(out, "{\"interaction_id\":");
	json_int64(out, run->id);
	appendStringInfo(out, ",\"interaction\":\"%s\"", run->text->type->name);
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
	appendStringInfo(out, ",\"interaction\":\"%s\",\"target_id\":", bid->text->type->name);
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
