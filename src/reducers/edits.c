/*
 * edits.c
 *	  Writes through views: rows as their INSTEAD OF triggers get them.
 *
 * Invariants: a world in the list of touched ones was touched by a subtransaction that still stands,
 * and its image may have unwritten changes; the list is empty between two statements.
 *
 * A statement may call functions that begin subtransactions and even write through views themselves.
 * What such a function writes is undone when its subtransaction is rolled back, and the image is
 * thrown away; rows that the statement had touched before would be lost, so the statement fails.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "errors.h"
#include "reducers/edits.h"
#include "reducers/reducers.h"

PG_FUNCTION_INFO_V1(npcsim_write_edits);
PG_FUNCTION_INFO_V1(npcsim_refuse_edit);

typedef struct TouchedWorld
{
	int64			 world_id;
	SubTransactionId subxact;
	bool			 lost; /* a nested subtransaction was rolled back */
} TouchedWorld;

/* The list is in TopTransactionContext. */
static List *touched_worlds = NIL;

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		touched_worlds = NIL;
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	ListCell *cell;

	foreach (cell, touched_worlds)
	{
		TouchedWorld *touched = lfirst(cell);

		if (event == SUBXACT_EVENT_COMMIT_SUB && touched->subxact == mine)
			touched->subxact = parent;
		else if (event == SUBXACT_EVENT_ABORT_SUB && touched->subxact == mine)
			touched_worlds = foreach_delete_current (touched_worlds, cell);
		else if (event == SUBXACT_EVENT_ABORT_SUB)
			touched->lost = true;
	}
}

void
edit_touch(WorldLock *lock)
{
	static bool	  registered = false;
	ListCell	 *cell;
	TouchedWorld *touched;
	MemoryContext before;

	if (!registered)
	{
		RegisterXactCallback(on_transaction_end, NULL);
		RegisterSubXactCallback(on_subtransaction_end, NULL);
		registered = true;
	}
	foreach (cell, touched_worlds)
	{
		touched = lfirst(cell);
		if (touched->world_id == lock->world_id && touched->subxact == GetCurrentSubTransactionId())
			return;
	}
	before = MemoryContextSwitchTo(TopTransactionContext);
	touched = palloc0(sizeof(TouchedWorld));
	touched->world_id = lock->world_id;
	touched->subxact = GetCurrentSubTransactionId();
	touched_worlds = lappend(touched_worlds, touched);
	MemoryContextSwitchTo(before);
}

static void
write_world(const TouchedWorld *touched)
{
	WorldLock *lock = world_lock(touched->world_id, WORLD_WAIT);

	if (touched->lost)
		world_refuse_lost(lock, "A function that the statement calls caught an error.",
						  "Compute the values first, then write them in a statement of its own.");
	reducer_write(lock);
}

/*
 * As AFTER STATEMENT trigger of every view that can be written, writes the touched worlds. Worlds that an
 * outer statement touched are written, too, but stay in the list.
 */
Datum
npcsim_write_edits(PG_FUNCTION_ARGS)
{
	ListCell *cell;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_STATEMENT(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("write_edits must be called as a statement trigger"));
	foreach (cell, touched_worlds)
	{
		TouchedWorld *touched = lfirst(cell);

		write_world(touched);
		if (touched->subxact == GetCurrentSubTransactionId())
			touched_worlds = foreach_delete_current (touched_worlds, cell);
	}
	return PointerGetDatum(NULL);
}

/*
 * As INSTEAD OF trigger of every view that cannot be written, refuses the statement; its argument says what
 * to do instead.
 */
Datum
npcsim_refuse_edit(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || data->tg_trigger->tgnargs != 1)
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("refuse_edit must be called as a trigger with one argument"));
	ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("cannot %s \"%s\"",
				   TRIGGER_FIRED_BY_INSERT(data->tg_event)	 ? "insert into"
				   : TRIGGER_FIRED_BY_DELETE(data->tg_event) ? "delete from"
															 : "update",
				   RelationGetRelationName(data->tg_relation)),
			errdetail("The view only shows."), errhint("%s", data->tg_trigger->tgargs[0]));
	return PointerGetDatum(NULL);
}

void
edit_begin(Edit *edit, FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_INSTEAD(data->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("a view's edits must be called as an INSTEAD OF trigger"));
	memset(edit, 0, sizeof(*edit));
	edit->view = RelationGetRelationName(data->tg_relation);
	edit->desc = RelationGetDescr(data->tg_relation);
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
	{
		edit->kind = EDIT_INSERT;
		edit->new = data->tg_trigtuple;
	}
	else if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		edit->kind = EDIT_UPDATE;
		edit->old = data->tg_trigtuple;
		edit->new = data->tg_newtuple;
	}
	else
	{
		edit->kind = EDIT_DELETE;
		edit->old = data->tg_trigtuple;
	}
	edit->values = palloc0(edit->desc->natts * sizeof(Datum));
	edit->nulls = palloc0(edit->desc->natts * sizeof(bool));
	edit->shown = palloc0(edit->desc->natts * sizeof(bool));
}

static int
column_number(const Edit *edit, const char *column)
{
	int number = SPI_fnumber(edit->desc, column);

	if (number <= 0)
		elog(ERROR, "view \"%s\" has no column \"%s\"", edit->view, column);
	return number;
}

Datum
edit_old(const Edit *edit, const char *column, bool *isnull)
{
	return heap_getattr(edit->old, column_number(edit, column), edit->desc, isnull);
}

Datum
edit_new(const Edit *edit, const char *column, bool *isnull)
{
	return heap_getattr(edit->new, column_number(edit, column), edit->desc, isnull);
}

int64
edit_old_int64(const Edit *edit, const char *column)
{
	bool  isnull;
	Datum value = edit_old(edit, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static bool
writes(const Edit *edit, int number)
{
	Form_pg_attribute attribute = TupleDescAttr(edit->desc, number - 1);
	bool			  old_null = true;
	bool			  new_null;
	Datum			  old_value = (Datum) 0;
	Datum			  new_value = heap_getattr(edit->new, number, edit->desc, &new_null);

	if (edit->old != NULL)
		old_value = heap_getattr(edit->old, number, edit->desc, &old_null);
	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(old_value, new_value, attribute->attbyval, attribute->attlen);
}

bool
edit_writes(const Edit *edit, const char *column)
{
	return writes(edit, column_number(edit, column));
}

Datum
edit_value(const Edit *edit, const char *column)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	if (isnull)
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", column),
				errdetail("A row of \"%s\" has no meaning without it.", edit->view),
				errhint("Give a value for \"%s\".", column));
	return value;
}

char *
edit_text(const Edit *edit, const char *column)
{
	return TextDatumGetCString(edit_value(edit, column));
}

uint32
edit_groups(const Edit *edit, const EditColumn *columns, int count)
{
	uint32 groups = 0;

	for (int i = 0; i < edit->desc->natts; i++)
	{
		const char		 *name = NameStr(TupleDescAttr(edit->desc, i)->attname);
		const EditColumn *column = NULL;

		if (!writes(edit, i + 1))
			continue;
		for (int j = 0; j < count && column == NULL; j++)
			if (strcmp(columns[j].name, name) == 0)
				column = &columns[j];
		if (column == NULL || column->hint != NULL)
			ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("column \"%s\" of \"%s\" cannot be written", name, edit->view),
					errdetail("The world itself decides its value."),
					errhint("%s", column != NULL ? column->hint : "Leave the column out."));
		groups |= 1U << column->group;
	}
	return groups;
}

void
edit_check_revision(const Edit *edit, const WorldLock *lock, const char *column, int64 revision,
					const char *what)
{
	int64 read = edit_old_int64(edit, column);

	if (revision <= read || (lock->changed && revision == lock->revision))
		return;
	ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			errmsg("%s has changed since it was read", what),
			errdetail("Its %s was %lld when it was read and is %lld now.", column, (long long) read,
					  (long long) revision),
			errhint("Try again; lock_world(%lld) first lets nothing come between.",
					(long long) lock->world_id));
}

void
edit_show(Edit *edit, const char *column, Datum value)
{
	int index = column_number(edit, column) - 1;

	edit->values[index] = value;
	edit->nulls[index] = false;
	edit->shown[index] = true;
}

void
edit_show_null(Edit *edit, const char *column)
{
	int index = column_number(edit, column) - 1;

	edit->nulls[index] = edit->shown[index] = true;
}

Datum
edit_end(Edit *edit)
{
	if (edit->kind == EDIT_DELETE)
		return PointerGetDatum(edit->old);
	return PointerGetDatum(heap_modify_tuple(edit->new, edit->desc, edit->values, edit->nulls, edit->shown));
}
