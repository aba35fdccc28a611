/*
 * gateways.c
 *	  Lets one session hold the id of a gateway.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "gateways.h"
#include "spi.h"
#include "worker_pool.h"

/* A holder that is just ending, or a session that checks whether there is a holder, is waited for. */
#define HOLD_WAIT_MS	  300
#define HOLD_WAIT_STEP_MS 10

#define TWO_KEYS 2 /* as pg_advisory_lock(integer, integer) has it */

typedef struct Holder
{
	int32 pid;
	char *address; /* NULL if it is on the server's own machine */
	int64 seconds; /* since it connected */
} Holder;

static const SpiColumn holder_columns[] = {
	SPI_COLUMN(Holder, pid, "l.pid"),
	SPI_COLUMN(Holder, address, "pg_catalog.host(a.client_addr)"),
	SPI_COLUMN(
		Holder, seconds,
		"pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - a.backend_start)::pg_catalog.int8"),
};

static SpiStatement holder_statement =
	{.sql =
		 "SELECT %C"
		 "  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
		 " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1 AND l.objid = $2"
		 "   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
		 "                      WHERE d.datname = pg_catalog.current_database())",
	 SPI_GIVES(Holder, holder_columns),
	 .nargs = 2,
	 .types = {OIDOID, OIDOID}};

static Oid
key_class(void)
{
	return get_relname_relid("gateways", get_namespace_oid("npcsim", false));
}

static uint32
key_object(const char *id)
{
	return DatumGetUInt32(DirectFunctionCall1Coll(hashtext, C_COLLATION_OID, CStringGetTextDatum(id)));
}

static LOCKTAG
lock_of(const char *id)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, key_class(), key_object(id), TWO_KEYS);
	return tag;
}

bool
gateway_hold(const char *id)
{
	LOCKTAG tag = lock_of(id);

	if (compat_lock_is_ours(&tag, ExclusiveLock))
		return true;
	for (int waited = 0; LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL;
		 waited += HOLD_WAIT_STEP_MS)
	{
		if (waited >= HOLD_WAIT_MS)
			return false;
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, HOLD_WAIT_STEP_MS,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	return true;
}

bool
gateway_is_held(const char *id)
{
	LOCKTAG tag = lock_of(id);

	if (compat_lock_is_ours(&tag, ExclusiveLock) ||
		LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	(void) LockRelease(&tag, ShareLock, false);
	return false;
}

/* It runs after our locks were released, which happens before shared memory is left. */
static void
departed(int code, Datum arg)
{
	pool_gateway_departed(MyDatabaseId);
}

void
gateway_bind(void)
{
	static bool registered = false;

	if (worker_pool == NULL || registered)
		return;
	on_shmem_exit(departed, (Datum) 0);
	registered = true;
}

char *
gateway_holder(const char *id)
{
	Holder holder;

	if (spi_run(&holder_statement,
				(Datum[]) {ObjectIdGetDatum(key_class()), ObjectIdGetDatum(key_object(id))}, NULL,
				SPI_OK_SELECT) == 0)
		return "Who held it is just gone.";
	spi_row(&holder_statement, 0, &holder);
	return psprintf("It is held by backend %d, which was connected from %s %lld s ago.", holder.pid,
					holder.address == NULL ? "the server's own machine" : holder.address,
					(long long) holder.seconds);
}
