/*
 * holders.c
 *	  Finds who keeps a world from going on.
 *
 * A session that has locked a row is found by the row itself, whose header names the transaction that
 * locked or wrote it; one that has locked a table is in the table of locks. The result holds for a
 * moment and is only reported to people: nothing is decided by it.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/multixact.h"
#include "access/subtrans.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "engine/holders.h"
#include "spi.h"

/* The tables whose rows somebody else may have locked. */
#define ROWS_OF(table, condition) \
	{ \
		table, \
		{ \
			.sql = "SELECT ctid FROM npcsim." table " WHERE world_id = $1" condition, .nargs = 1, .types = { \
				INT8OID \
			} \
		} \
	}
#define TOUCHED " AND xmax <> '0'::pg_catalog.xid"

typedef struct StateRows
{
	const char	*table;
	SpiStatement statement;
} StateRows;

static StateRows clock_row = ROWS_OF("world_clock", "");

static StateRows state_rows[] = {
	ROWS_OF("npc_states", TOUCHED),
	ROWS_OF("npc_tracks", TOUCHED),
	ROWS_OF("npc_minds", TOUCHED),
	ROWS_OF("decision_slots", TOUCHED),
	ROWS_OF("items", TOUCHED),
	ROWS_OF("item_respawns", TOUCHED),
	ROWS_OF("interaction_runs", TOUCHED),
	ROWS_OF("interaction_bid_rows", TOUCHED),
	ROWS_OF("npc_identities", TOUCHED),
};

static SpiStatement tables_statement =
	{.sql = "SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = $1 AND relkind IN ('r', 'p', 'i', 'I')",
	 .nargs = 1,
	 .types = {OIDOID}};

/* Returns the pid of the backend that runs a transaction; 0 if there is none or it is this one. */
static int
transaction_pid(TransactionId xid)
{
	if (!TransactionIdIsNormal(xid) || TransactionIdIsCurrentTransactionId(xid) ||
		!TransactionIdIsInProgress(xid))
		return 0;
	if (TransactionIdFollowsOrEquals(xid, TransactionXmin))
		xid = SubTransGetTopmostTransaction(xid);
	return BackendXidGetPid(xid);
}

static int
row_holder(Relation relation, ItemPointer place)
{
	HeapTupleData tuple = {.t_self = *place};
	Buffer		  buffer;
	TransactionId xmax;
	uint16		  infomask;
	int			  pid = 0;

	if (!heap_fetch(relation, SnapshotAny, &tuple, &buffer, false))
		return 0;
	xmax = HeapTupleHeaderGetRawXmax(tuple.t_data);
	infomask = tuple.t_data->t_infomask;
	ReleaseBuffer(buffer);
	if (infomask & HEAP_XMAX_INVALID)
		return 0;
	if (infomask & HEAP_XMAX_IS_MULTI)
	{
		MultiXactMember *members;
		int count = GetMultiXactIdMembers(xmax, &members, false, HEAP_XMAX_IS_LOCKED_ONLY(infomask));

		for (int i = 0; i < count && pid == 0; i++)
			pid = transaction_pid(members[i].xid);
		return pid;
	}
	return transaction_pid(xmax);
}

static int
rows_holder(StateRows *rows, int64 world_id)
{
	uint64	 count;
	Relation relation;
	int		 pid = 0;

	spi_begin();
	count = spi_run(&rows->statement, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	relation = table_openrv(makeRangeVar("npcsim", pstrdup(rows->table), -1), AccessShareLock);
	for (uint64 row = 0; row < count && pid == 0; row++)
	{
		ItemPointerData place = spi_tid(row);

		CHECK_FOR_INTERRUPTS();
		pid = row_holder(relation, &place);
	}
	table_close(relation, AccessShareLock);
	spi_end();
	return pid;
}

int
world_lock_holder(int64 world_id)
{
	return rows_holder(&clock_row, world_id);
}

/*
 * Returns the pid of a session that holds a table or index so that its rows cannot be written; 0 if there is
 * none.
 */
static int
conflict_holder(Oid relation)
{
	LOCKTAG				  tag;
	VirtualTransactionId *holders;
	int					  count;
	int					  pid = 0;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	holders = GetLockConflicts(&tag, RowExclusiveLock, &count);
	for (int i = 0; i < count && pid == 0; i++)
		pid = compat_vxid_pid(holders[i]);
	pfree(holders);
	return pid;
}

int
table_holder(void)
{
	uint64 count;
	int	   pid = 0;

	spi_begin();
	count = spi_run(&tables_statement, (Datum[]) {ObjectIdGetDatum(get_namespace_oid("npcsim", false))}, NULL,
					SPI_OK_SELECT);
	for (uint64 row = 0; row < count && pid == 0; row++)
	{
		bool isnull;

		pid = conflict_holder(DatumGetObjectId(spi_value(row, &isnull)));
	}
	spi_end();
	return pid;
}

int
world_blocker(int64 world_id)
{
	int pid = table_holder();

	for (int i = 0; i < (int) lengthof(state_rows) && pid == 0; i++)
		pid = rows_holder(&state_rows[i], world_id);
	return pid;
}
