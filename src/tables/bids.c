/*
 * bids.c
 *	  Invitations that are not answered by everybody yet, as rows: the only
 *	  code that reads and writes interaction_bid_rows for the image.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/bids.h"
#include "tables/hot_rows.h"

#define COLUMNS \
	"id, interaction, bidder_npc_id, target_id, invited_npc_ids, answers, act, made_at, due_at, put_at, " \
	"t.ctid "

static SpiStatement load_all = {"SELECT " COLUMNS "FROM npcsim.interaction_bid_rows t WHERE world_id = $1",
								1,
								{INT8OID}};
static SpiStatement load_some = {"SELECT " COLUMNS "FROM " SPI_WANTED_KEYS
								 " JOIN npcsim.interaction_bid_rows t ON t.world_id = " SPI_WANTED_WORLD
								 " AND t.id = wanted.key_",
								 2,
								 {INT8OID, INT8ARRAYOID}};

/* An update writes the first ones. */
#define COLUMNS_UPDATED 4

static const StageColumn columns[] = {{"id", INT8OID},			{"answers", INT8ARRAYOID},
									  {"due_at", INT8OID},		{"put_at", INT8OID},
									  {"interaction", INT2OID}, {"bidder_npc_id", INT8OID},
									  {"target_id", INT8OID},	{"invited_npc_ids", INT8ARRAYOID},
									  {"act", JSONBOID},		{"made_at", INT8OID}};

static void
make_row(RowBuilder *row, void *thing, void *arg)
{
	Bid	 *bid = thing;
	int64 answers[PARTICIPANTS_MAX];

	for (int i = 0; i < bid->invited_count; i++)
		answers[i] = bid->answers[i];
	put_int64(row, bid->id);
	put_datum(row, int64_array(answers, bid->invited_count));
	put_int64(row, bid->due_at);
	put_int64(row, bid->put_at);
	put_int16(row, bid->number);
	put_int64(row, bid->bidder_id);
	put_int64(row, bid->target_id);
	put_datum(row, int64_array(bid->invited, bid->invited_count));
	if (bid->act == NULL)
		put_null(row);
	else
		put_datum(row, DirectFunctionCall1(jsonb_in, CStringGetDatum(bid->act)));
	put_int64(row, bid->made_at);
}

static int64
bid_id(void *thing)
{
	return ((Bid *) thing)->id;
}

static ItemPointer
bid_place(void *thing)
{
	return &((Bid *) thing)->row;
}

static const RowSet set = {"staged_bids", columns, lengthof(columns), make_row, bid_id, bid_place};
static HotTable		hot = {"interaction_bid_rows", &set, COLUMNS_UPDATED,
						   HOT_ROWS_FIND("interaction_bid_rows", "id")};

static SpiStatement delete_some = {"DELETE FROM npcsim.interaction_bid_rows t USING " SPI_WANTED_KEYS
								   " WHERE t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_",
								   2,
								   {INT8OID, INT8ARRAYOID}};

uint64
bids_load(int64 world_id, const int64 *ids, int count)
{
	if (ids == NULL)
		return spi_run(&load_all, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&load_some, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
}

void
bid_read(uint64 row, Bid *bid, MemoryContext context)
{
	int64 answers[PARTICIPANTS_MAX];
	int	  answered = spi_int64s(row, 6, answers, PARTICIPANTS_MAX);
	bool  isnull;
	Datum act = spi_datum(row, 7, &isnull);

	bid->id = spi_int64(row, 1, 0);
	bid->number = spi_int16(row, 2, 0);
	bid->bidder_id = spi_int64(row, 3, 0);
	bid->target_id = spi_int64(row, 4, 0);
	bid->invited_count = spi_int64s(row, 5, bid->invited, PARTICIPANTS_MAX);
	for (int i = 0; i < bid->invited_count; i++)
		bid->answers[i] = i < answered ? (Invitation) answers[i] : INVITATION_NEW;
	bid->act = NULL;
	if (!isnull)
	{
		Jsonb *object = DatumGetJsonbP(act);

		bid->act = MemoryContextStrdup(context, JsonbToCString(NULL, &object->root, VARSIZE(object)));
	}
	bid->made_at = spi_int64(row, 8, 0);
	bid->due_at = spi_int64(row, 9, SIM_NEVER);
	bid->put_at = spi_int64(row, 10, -1);
	bid->row = spi_tid(row, 11);
}

void
bids_insert(int64 world_id, Bid **bids, int count)
{
	hot_rows_insert(&hot, world_id, (void **) bids, count, NULL);
}

void
bids_write(int64 world_id, Bid **bids, int count)
{
	hot_rows_update(&hot, world_id, (void **) bids, count, NULL);
}

void
bids_delete(int64 world_id, const int64 *ids, int count)
{
	delete_rows(&delete_some, world_id, ids, count, 0);
}
