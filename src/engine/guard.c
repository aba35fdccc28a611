/*
 * guard.c
 *	  The triggers that keep others from writing the tables past the rules (sql/05_guard.sql,
 *	  sql/90_guards.sql).
 *
 * Whatever changes a world from outside is an input, and what runs a world keeps an image of it. So
 * tables are written by statements of this library (spi_runs_statement) and without a statement
 * (tables/hot_rows.c), and by nobody else: neither by a superuser nor by a session that holds the
 * world's lock. Statement triggers see to that; they cost nothing where there is no statement.
 *
 * A parked world is nothing but rows: pg_restore may write them. Everything may also be written in a
 * database in which no world lives, and by the extension's own scripts.
 *
 * The row triggers of the state tables hold our own code to the order of locks: what is written there
 * must be written under the world's lock.
 *
 * All triggers fire whatever session_replication_role says. A subscription, for which statement
 * triggers do not fire, may write the worlds it follows, since they are parked here. A world that was
 * adopted is protected from it row by row: by the row triggers and, on tables that have none, by
 * others that only fire for replicas (refuse_replicated). Rows that are each database's own stay as
 * they are when a subscription brings another's.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "engine/lock.h"
#include "errors.h"
#include "queue.h"
#include "spi.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_world_is_locked);
PG_FUNCTION_INFO_V1(npcsim_require_world_lock);
PG_FUNCTION_INFO_V1(npcsim_refuse_write);
PG_FUNCTION_INFO_V1(npcsim_refuse_truncate);
PG_FUNCTION_INFO_V1(npcsim_refuse_replicated);
PG_FUNCTION_INFO_V1(npcsim_keep_own);
PG_FUNCTION_INFO_V1(npcsim_doubt_questions);

/* Returns the world of a row that a trigger looks at. */
static int64
trigger_world(HeapTuple tuple, TupleDesc desc, int column)
{
	bool  isnull;
	Datum value = heap_getattr(tuple, column, desc, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* Whether rows of the world may come in: it is parked, or its clock is not restored yet. */
static bool
world_is_parked(int64 world_id)
{
	bool  parked;
	char *home;

	spi_begin();
	home = world_clock_home(world_id);
	parked = home == NULL || strcmp(home, world_home()) != 0;
	spi_end();
	return parked;
}

/* The same, remembered for the transaction, so that a COPY of many rows of one parked world asks once. */
static bool
world_is_known_parked(int64 world_id)
{
	static int64			  parked_world = 0;
	static LocalTransactionId parked_xact = InvalidLocalTransactionId;

	if (world_id == parked_world && compat_local_xid() == parked_xact)
		return true;
	if (!world_is_parked(world_id))
		return false;
	parked_world = world_id;
	parked_xact = compat_local_xid();
	return true;
}

Datum
npcsim_world_is_locked(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(world_lock_held(PG_GETARG_INT64(0)) != NULL);
}

Datum
npcsim_require_world_lock(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	 desc;
	const int	 column = 1; /* world_id is the first column of every table this guards */
	int64		 world_id;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		!TRIGGER_FIRED_AFTER(data->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("require_world_lock must be called as a row trigger after the event"));
	desc = RelationGetDescr(data->tg_relation);
	world_id = trigger_world(data->tg_trigtuple, desc, column);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event) && trigger_world(data->tg_newtuple, desc, column) != world_id)
		ereport(ERROR, errcode(ERRCODE_NS_LOCK_NEEDED),
				errmsg("world_id of a row in %s cannot be changed",
					   RelationGetRelationName(data->tg_relation)),
				errdetail("The row belongs to world %lld.", (long long) world_id),
				errhint("Remove the row and create it in the other world."));

	/* The trigger's condition has found that the lock is not held. */
	if (!world_is_known_parked(world_id))
		ereport(ERROR, errcode(ERRCODE_NS_LOCK_NEEDED),
				errmsg("table %s can only be written while the lock of world %lld is held",
					   RelationGetRelationName(data->tg_relation), (long long) world_id),
				errdetail("This transaction does not hold it."),
				errhint("Write through the views npcsim.npcs and npcsim.world_items, or through npcsim's "
						"functions."));
	return PointerGetDatum(NULL);
}

/* Returns a world that is not parked; 0 if there is none. */
static int64
living_world(void)
{
	int64 world_id;

	spi_begin();
	world_id = world_at_home(world_home());
	spi_end();
	return world_id;
}

/*
 * Returns the column that tells which world a row of a table belongs to; InvalidAttrNumber if there is none.
 */
static AttrNumber
world_column(Relation relation)
{
	bool	   settings = strcmp(RelationGetRelationName(relation), "world_settings") == 0;
	AttrNumber number = get_attnum(RelationGetRelid(relation), settings ? "id" : "world_id");

	if (number != InvalidAttrNumber &&
		TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid != INT8OID)
		return InvalidAttrNumber;
	return number;
}

/*
 * Returns a world that is not parked and of which a statement has inserted rows; 0 if there is none. Rows
 * that name no world belong to all of them.
 */
static int64
living_world_of_rows(Relation relation, Tuplestorestate *rows)
{
	AttrNumber		column = world_column(relation);
	TupleTableSlot *slot;
	int64			parked = 0;
	int64			living = 0;

	if (column == InvalidAttrNumber)
		return living_world();
	slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsMinimalTuple);
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	while (living == 0 && tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool  isnull;
		int64 world_id = DatumGetInt64(slot_getattr(slot, column, &isnull));

		CHECK_FOR_INTERRUPTS();
		/* A COPY of many rows of one world asks once. */
		if (isnull || world_id == parked)
			continue;
		if (world_is_parked(world_id))
			parked = world_id;
		else
			living = world_id;
	}
	ExecDropSingleTupleTableSlot(slot);
	return living;
}

/* Whether this library's code or a script of the extension writes. */
static bool
write_is_ours(void)
{
	return spi_runs_statement() ||
		   (creating_extension && CurrentExtensionObject == get_extension_oid("npcsim", true));
}

/* Returns the hint of a trigger: its argument, else 'usual'. */
static const char *
trigger_hint(const TriggerData *data, const char *usual)
{
	return data->tg_trigger->tgnargs > 0 ? data->tg_trigger->tgargs[0] : usual;
}

static void
check_statement_trigger(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("%s must be called as a statement trigger", name));
}

/*
 * Sets the search_path that statements need, since triggers fired by our own writes do not set it. Returns
 * the GUC nest level, which the caller ends.
 */
static int
begin_looking(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", SPI_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	return level;
}

/*
 * Returns a world that is not parked and that a statement of somebody else's is about; 0 if there is none. It
 * is looked for with the rights of the table's owner, since whoever may write one table need not be able to
 * read the others.
 */
static int64
living_world_written(const TriggerData *data)
{
	int	  level = begin_looking();
	Oid	  caller;
	int	  context;
	int64 world_id;

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(data->tg_relation->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
	world_id = data->tg_newtable != NULL ? living_world_of_rows(data->tg_relation, data->tg_newtable)
										 : living_world();
	SetUserIdAndSecContext(caller, context);
	AtEOXact_GUC(true, level);
	return world_id;
}

/*
 * As BEFORE UPDATE OR DELETE trigger, refuses the statement while a world lives here. As AFTER INSERT trigger
 * with a transition table, refuses rows of worlds that live here.
 */
Datum
npcsim_refuse_write(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	int64		 world_id;

	check_statement_trigger(fcinfo, "refuse_write");
	if (write_is_ours() || (world_id = living_world_written(data)) == 0)
		return PointerGetDatum(NULL);
	ereport(
		ERROR, errcode(ERRCODE_NS_LOCK_NEEDED),
		errmsg("table %s is written by npcsim alone", RelationGetRelationName(data->tg_relation)),
		errdetail("World %lld lives in this database, and what runs it would not learn of the change, even "
				  "if this transaction holds its lock.",
				  (long long) world_id),
		errhint("%s",
				trigger_hint(data, "Write through the views, for example npcsim.npcs, npcsim.world_items and "
								   "npcsim.worlds, or call npcsim's functions.")));
	PG_RETURN_NULL();
}

/*
 * Whether a subscription may truncate a table here. It empties the partitions that prune_logs() emptied at
 * its origin, which are parts of logs. Nobody truncates other tables there; where no world lives they are
 * mere rows.
 */
static bool
truncation_is_followed(Relation relation)
{
	int	  level;
	int64 world_id;

	if (!IsLogicalWorker())
		return false;
	if (relation->rd_rel->relispartition)
		return true;
	level = begin_looking();
	world_id = living_world();
	AtEOXact_GUC(true, level);
	return world_id == 0;
}

Datum
npcsim_refuse_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	check_statement_trigger(fcinfo, "refuse_truncate");
	if (write_is_ours() || truncation_is_followed(data->tg_relation))
		return PointerGetDatum(NULL);
	ereport(ERROR, errcode(ERRCODE_NS_NO_TRUNCATE),
			errmsg("table %s holds what belongs to worlds and cannot be truncated",
				   RelationGetRelationName(data->tg_relation)),
			errdetail("The worlds that run would go on with rows that are gone."),
			errhint("%s", trigger_hint(data, "DELETE … WHERE world_id = … from the views npcsim.npcs and "
											 "npcsim.world_items, among others, removes rows of one world; "
											 "drop_world(world_id) removes it with all that is in it.")));
	PG_RETURN_NULL();
}

static void
check_row_trigger(FunctionCallInfo fcinfo, const char *name, bool before)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event) ||
		TRIGGER_FIRED_BEFORE(((TriggerData *) fcinfo->context)->tg_event) != before)
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("%s must be called as a row trigger %s the event", name, before ? "before" : "after"));
}

/*
 * Whether the world of a row lived here before the row was written. For a row of world_clock its old version
 * tells that.
 */
static bool
row_is_of_living_world(const TriggerData *data, int64 world_id)
{
	TupleDesc  desc = RelationGetDescr(data->tg_relation);
	AttrNumber home = get_attnum(RelationGetRelid(data->tg_relation), "home");
	Datum	   value;
	bool	   isnull;

	if (home == InvalidAttrNumber || TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return !world_is_known_parked(world_id);
	value = heap_getattr(data->tg_trigtuple, home, desc, &isnull);
	return !isnull && strcmp(TextDatumGetCString(value), world_home()) == 0;
}

/*
 * As AFTER INSERT OR UPDATE OR DELETE row trigger for session_replication_role replica, refuses rows of
 * worlds that live here unless this library writes them.
 */
Datum
npcsim_refuse_replicated(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	AttrNumber	 column;
	int64		 world_id;

	check_row_trigger(fcinfo, "refuse_replicated", false);
	column = world_column(data->tg_relation);
	if (column == InvalidAttrNumber || write_is_ours())
		return PointerGetDatum(NULL);
	world_id = trigger_world(data->tg_trigtuple, RelationGetDescr(data->tg_relation), column);
	if (world_lock_held(world_id) != NULL || !row_is_of_living_world(data, world_id))
		return PointerGetDatum(NULL);
	ereport(ERROR, errcode(ERRCODE_NS_LOCK_NEEDED),
			errmsg("table %s is written by npcsim alone", RelationGetRelationName(data->tg_relation)),
			errdetail("World %lld lives in this database.", (long long) world_id),
			errhint("A subscription that still brings a world which was adopted here has to end: ALTER "
					"SUBSCRIPTION … "
					"DISABLE, or DROP SUBSCRIPTION."));
	PG_RETURN_NULL();
}

/*
 * As BEFORE INSERT OR UPDATE OR DELETE row trigger for session_replication_role replica, leaves a row as it
 * is: for tables that are each database's own (installation, world_event_segments).
 */
Datum
npcsim_keep_own(PG_FUNCTION_ARGS)
{
	check_row_trigger(fcinfo, "keep_own", true);
	return PointerGetDatum(NULL);
}

/*
 * As AFTER statement trigger of decision_slots, has the questions that are open read from the table again when
 * somebody else wrote it, because it was parked or its guards were disabled.
 */
Datum
npcsim_doubt_questions(PG_FUNCTION_ARGS)
{
	check_statement_trigger(fcinfo, "doubt_questions");
	if (!spi_runs_statement())
		queue_note_doubt(0);
	return PointerGetDatum(NULL);
}
