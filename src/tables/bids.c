/*
 * bids.c
 *	  Bids that are not decided yet, as rows of interaction_bid_rows.
 */
#include "postgres.h"

#include "tables/arrays.h"
#include "tables/bids.h"

static void
take_invited(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Bid *bid = thing;

	bid->invited_count = int64s_of(value, isnull, bid->invited, PARTICIPANTS_MAX);
}

static void
put_invited(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Bid *bid = thing;

	put_datum(row, int64_array(bid->invited, bid->invited_count));
}

/* NPCs beyond the end of the array were not asked yet. */
static void
take_answers(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Bid	 *bid = thing;
	int64 answers[PARTICIPANTS_MAX];
	int	  answered = int64s_of(value, isnull, answers, PARTICIPANTS_MAX);

	for (int i = 0; i < PARTICIPANTS_MAX; i++)
		bid->answers[i] = i < answered ? (Invitation) answers[i] : INVITATION_NEW;
}

static void
put_answers(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Bid *bid = thing;
	int64	   answers[PARTICIPANTS_MAX];

	for (int i = 0; i < bid->invited_count; i++)
		answers[i] = bid->answers[i];
	put_datum(row, int64_array(answers, bid->invited_count));
}

static const RowColumn columns[] = {
	ROW_NUMBER(Bid, id, "id", INT8OID),
	ROW_OWN("answers", INT8ARRAYOID, take_answers, put_answers),
	ROW_NUMBER(Bid, due_at, "due_at", INT8OID),
	ROW_NUMBER(Bid, put_at, "put_at", INT8OID),
	ROW_FIXED_NUMBER(Bid, number, "interaction", INT2OID),
	ROW_FIXED_NUMBER(Bid, bidder_id, "bidder_npc_id", INT8OID),
	ROW_FIXED_NUMBER(Bid, target_id, "target_id", INT8OID),
	ROW_FIXED_OWN("invited_npc_ids", INT8ARRAYOID, take_invited, put_invited),
	ROW_FIXED_JSON_OR_NULL(Bid, act, "act"),
	ROW_FIXED_NUMBER(Bid, made_at, "made_at", INT8OID),
};

RowType bid_rows = {.table = "interaction_bid_rows",
					.index = "interaction_bid_rows_pkey",
					.columns = columns,
					.column_count = lengthof(columns),
					.place_at = offsetof(Bid, row)};
