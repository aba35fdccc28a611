/*
 * plans.c
 *	  The plan of a mind, in memory and as column "plan" of npc_minds.
 *
 * Most NPCs have no plan; a plan has two more pieces of memory, as large as its steps need.
 */
#include "postgres.h"

#include "json.h"
#include "tables/plans.h"

/* ---- actions in one piece of memory ---- */

/* Returns the size of what an action points to, each part aligned. */
static Size
size_besides(const Action *action)
{
	Size size = 0;

	if (action->act != NULL)
		size += MAXALIGN(VARSIZE(action->act));
	if (action->text != NULL)
		size += MAXALIGN(strlen(action->text) + 1);
	size += MAXALIGN(action->partner_count * sizeof(int64));
	size += MAXALIGN(action->id_count * sizeof(int64));
	return size;
}

/* Copies data to *place, and moves *place behind the copy. */
static void *
copy_to(char **place, const void *data, Size size)
{
	void *copy = *place;

	if (data == NULL || size == 0)
		return NULL;
	memcpy(copy, data, size);
	*place += MAXALIGN(size);
	return copy;
}

Action *
actions_copy(const Action *actions, int count, MemoryContext context)
{
	Size	size = MAXALIGN(count * sizeof(Action));
	Action *copies;
	char   *place;

	for (int i = 0; i < count; i++)
		size += size_besides(&actions[i]);
	copies = MemoryContextAlloc(context, size);
	place = (char *) copies + MAXALIGN(count * sizeof(Action));
	for (int i = 0; i < count; i++)
	{
		const Action *action = &actions[i];

		copies[i] = *action;
		copies[i].act = copy_to(&place, action->act, action->act != NULL ? VARSIZE(action->act) : 0);
		copies[i].text = copy_to(&place, action->text, action->text != NULL ? strlen(action->text) + 1 : 0);
		copies[i].partners = copy_to(&place, action->partners, action->partner_count * sizeof(int64));
		copies[i].ids = copy_to(&place, action->ids, action->id_count * sizeof(int64));
	}
	Assert(place == (char *) copies + size);
	return copies;
}

/* ---- plans ---- */

static MindPlan *
make_plan(const Jsonb *told, int count, MemoryContext context)
{
	MindPlan *plan = MemoryContextAllocZero(context, sizeof(MindPlan));

	Assert(count > 0 && count <= PLAN_ACTIONS_MAX);
	plan->count = count;
	plan->told = json_copy(told, context);
	return plan;
}

MindPlan *
plan_make(const ToldPlan *told, MemoryContext context)
{
	MindPlan *plan = make_plan(told->told, told->count, context);

	plan_keep_steps(plan, told->steps, context);
	return plan;
}

void
plan_keep_steps(MindPlan *plan, const Action *steps, MemoryContext context)
{
	Assert(plan->steps == NULL);
	plan->steps = actions_copy(steps, plan->count, context);
}

Jsonb *
plan_next_told(const MindPlan *plan)
{
	return JsonbValueToJsonb(getIthJsonbValueFromContainer(&plan->told->root, (uint32) plan->done));
}

void
plan_drop_next(MindPlan **plan)
{
	if (++(*plan)->done == (*plan)->count)
		plan_clear(plan);
}

void
plan_clear(MindPlan **plan)
{
	if (*plan == NULL)
		return;
	if ((*plan)->steps != NULL)
		pfree((*plan)->steps);
	pfree((*plan)->told);
	pfree(*plan);
	*plan = NULL;
}

/* ---- rows ---- */

/*
 * Returns the elements of an array from 'from' up to, not including, 'to'. 'array' may be NULL if there are
 * none.
 */
static Jsonb *
part_of(const Jsonb *array, int from, int to)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = from; i < to; i++)
		pushJsonbValue(&state, WJB_ELEM,
					   getIthJsonbValueFromContainer((JsonbContainer *) &array->root, (uint32) i));
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

void
plan_take(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	MindPlan **place = (MindPlan **) ((char *) thing + column->offset);
	Jsonb	  *array = isnull ? NULL : DatumGetJsonbP(value);
	int		   count = array != NULL && JB_ROOT_IS_ARRAY(array) ? (int) JB_ROOT_COUNT(array) : 0;

	plan_clear(place);
	if (count > PLAN_ACTIONS_MAX || (count > 0 && JB_ROOT_IS_SCALAR(array)))
	{
		count = Min(count, PLAN_ACTIONS_MAX);
		array = part_of(array, 0, count);
	}
	if (count > 0)
		*place = make_plan(array, count, load->context);
}

void
plan_put(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const MindPlan *plan = *(MindPlan **) ((char *) thing + column->offset);

	if (plan == NULL)
		put_datum(row, JsonbPGetDatum(part_of(NULL, 0, 0)));
	else if (plan->done == 0)
		put_datum(row, JsonbPGetDatum(plan->told));
	else
		put_datum(row, JsonbPGetDatum(part_of(plan->told, plan->done, plan->count)));
}
