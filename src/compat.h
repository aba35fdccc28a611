/*
 * compat.h
 *	  The differences between PostgreSQL 15, 16, 17 and 18, all of them.
 */
#ifndef NPCSIM_COMPAT_H
#define NPCSIM_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "executor/executor.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "utils/backend_status.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#if PG_VERSION_NUM < 150000
#error "npcsim needs PostgreSQL 15 or later"
#endif

/* PostgreSQL 18 writes it before the declaration, where C11's _Noreturn may stand. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn _Noreturn
#endif

/* Returns the schema of an extension's objects; get_extension_schema() is public only since PostgreSQL 16. */
static inline Oid
compat_extension_schema(Oid extension)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			schema = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
	scan = systable_beginscan(relation, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return schema;
}

/* Returns the local transaction id, which moved in PostgreSQL 17. */
static inline LocalTransactionId
compat_local_xid(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* Prepares updates without a plan; PostgreSQL 16 added an argument. */
static inline void
compat_init_recheck(EPQState *recheck, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(recheck, estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(recheck, estate, NULL, NIL, -1);
#endif
}

/* Begins to scan an index for a table's rows; PostgreSQL 18 added an argument. */
static inline IndexScanDesc
compat_index_beginscan(Relation table, Relation index, Snapshot snapshot, int keys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, keys, 0);
#else
	return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

/* Whether our own session has a lock; PostgreSQL 17 added an argument. */
static inline bool
compat_lock_is_ours(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/* Returns the process of a virtual transaction; 0 = none. PostgreSQL 17 numbers them differently. */
static inline int
compat_vxid_pid(VirtualTransactionId vxid)
{
#if PG_VERSION_NUM >= 170000
	PGPROC *process = ProcNumberGetProc(vxid.procNumber);
#else
	PGPROC				 *process = BackendIdGetProc(vxid.backendId);
#endif

	return process == NULL ? 0 : process->pid;
}

/*
 * Returns the status of a server process by its index in the list, from 1 on; PostgreSQL 16 renamed the
 * function.
 */
static inline PgBackendStatus *
compat_backend_status(int index)
{
#if PG_VERSION_NUM >= 160000
	LocalPgBackendStatus *status = pgstat_get_local_beentry_by_index(index);
#else
	LocalPgBackendStatus *status = pgstat_fetch_stat_local_beentry(index);
#endif

	return status == NULL ? NULL : &status->backendStatus;
}

/* Makes a moment of the fields of a text; PostgreSQL 16 added an argument. Returns 0 or an error. */
static inline int
compat_decode_moment(char **fields, int *types, int count, int *type, struct pg_tm *moment, fsec_t *fraction,
					 int *zone)
{
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra extra;

	return DecodeDateTime(fields, types, count, type, moment, fraction, zone, &extra);
#else
	return DecodeDateTime(fields, types, count, type, moment, fraction, zone);
#endif
}

#endif /* NPCSIM_COMPAT_H */
