/*
 * npcs.c
 *	  NPCs as rows: reading npc_identities, npc_states, npc_tracks, npc_minds and
 *	  their requests in decision_slots. Writing is in npcs_write.c.
 *
 * Read straight through the indexes: what another backend wrote is loaded for every answer from outside.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "tables/index_rows.h"
#include "tables/npcs.h"

static IndexRows identity_rows = {"npc_identities",
								  "npc_identities_pkey",
								  {{"id", INT8OID},
								   {"name", TEXTOID},
								   {"controller_player_id", INT8OID},
								   {"born_at", INT8OID},
								   {"identity_revision", INT8OID}}};

static IndexRows state_rows = {"npc_states",
							   "npc_states_key",
							   {{"npc_id", INT8OID},		  {"needs_as_of", INT8OID},
								{"event_at", INT8OID},		  {"decision_at", INT8OID},
								{"ask_again_at", INT8OID},	  {"last_decision_at", INT8OID},
								{"interaction_id", INT8OID},  {"target_id", INT8OID},
								{"state_since", INT8OID},	  {"state_counter", INT8OID},
								{"draws", INT8OID},			  {"needs_revision", INT8OID},
								{"status_revision", INT8OID}, {"hunger", INT4OID},
								{"hygiene", INT4OID},		  {"fun", INT4OID},
								{"energy", INT4OID},		  {"hunger_rate", INT4OID},
								{"hygiene_rate", INT4OID},	  {"fun_rate", INT4OID},
								{"energy_rate", INT4OID},	  {"decay", INT4OID},
								{"state", INT2OID},			  {"event_kind", INT2OID},
								{"goal_x", INT2OID},		  {"goal_y", INT2OID},
								{"goal_action", INT2OID},	  {"goal_interaction", INT2OID},
								{"replans", INT2OID},		  {"decider", INT2OID},
								{"decision_reason", INT2OID}, {"conversed_at", INT8OID}}};

static IndexRows track_rows =
	{"npc_tracks",
	 "npc_tracks_key",
	 {{"npc_id", INT8OID}, {"departed_at", INT8OID}, {"motion_revision", INT8OID}, {"cells", INT2ARRAYOID}}};

static IndexRows mind_rows = {"npc_minds",
							  "npc_minds_pkey",
							  {{"npc_id", INT8OID},
							   {"asked_at", INT8OID},
							   {"plan", JSONBOID},
							   {"events", JSONBOID},
							   {"events_dropped", INT4OID},
							   {"wake_on", JSONBOID},
							   {"budget_spent", BOOLOID},
							   {"goal_terms", JSONBOID},
							   {"unanswered_since", INT8OID},
							   {"events_merged", INT4OID},
							   {"failures", INT2OID},
							   {"asked_not_before", INT8OID},
							   {"pressing", INT8ARRAYOID}}};

static IndexRows slot_rows = {"decision_slots",
							  "decision_slots_pkey",
							  {{"npc_id", INT8OID},
							   {"request_id", INT8OID},
							   {"status", INT2OID},
							   {"reason", TEXTOID},
							   {"state_counter", INT8OID},
							   {"opened_at", INT8OID},
							   {"player_id", INT8OID},
							   {"daily_token_output", INT8OID},
							   {"tokens_day", DATEOID}}};

static const char *const reason_names[] = {
	[REASON_IDLE] = "idle",
	[REASON_INTERVAL] = "interval",
	[REASON_NEED] = "need",
	[REASON_PLAN_FAILED] = "plan_failed",
	[REASON_REQUESTED] = "requested",
	[REASON_CHECK] = "check",
	[REASON_BID] = "bid",
	[REASON_MESSAGE] = "message",
	[REASON_CARE] = "care",
	[REASON_NEED_WAITS] = "need",
};

const char *
decision_reason_name(DecisionReason reason)
{
	return reason_names[reason];
}

static DecisionReason
decision_reason_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(reason_names); i++)
		if (strcmp(name, reason_names[i]) == 0)
			return (DecisionReason) i;
	return REASON_REQUESTED;
}

/* Reads the rows, each into the NPC that is looked up for it. */
static void
load_rows(const NpcLoad *load, IndexRows *rows,
		  void (*take)(const NpcLoad *load, Npc *npc, const IndexReading *row))
{
	IndexReading reading;

	index_rows_of_ids(&reading, rows, load->world_id, load->all ? NULL : load->ids, load->count);
	while (index_rows_next(&reading))
	{
		Npc *npc = load->lookup(load->arg, DatumGetInt64(reading.values[0]));

		if (npc != NULL)
			take(load, npc, &reading);
	}
	index_rows_end(&reading);
}

static int64
int64_or(const IndexReading *row, int column, int64 if_null)
{
	return row->nulls[column] ? if_null : DatumGetInt64(row->values[column]);
}

static char *
text_copy(const IndexReading *row, int column, MemoryContext context)
{
	MemoryContext before = MemoryContextSwitchTo(context);
	char		 *copy = TextDatumGetCString(row->values[column]);

	MemoryContextSwitchTo(before);
	return copy;
}

static JsonList *
list_of(const IndexReading *row, int column, int max, MemoryContext context)
{
	return row->nulls[column] ? NULL : json_list_of(DatumGetJsonbP(row->values[column]), max, context);
}

static void
take_identity(const NpcLoad *load, Npc *npc, const IndexReading *row)
{
	if (npc->name != NULL)
		pfree(npc->name);
	npc->name = text_copy(row, 1, load->context);
	npc->controller = int64_or(row, 2, 0);
	npc->born_at = DatumGetInt64(row->values[3]);
	npc->identity_revision = DatumGetInt64(row->values[4]);
}

static void
take_state(const NpcLoad *load, Npc *npc, const IndexReading *row)
{
	const Datum *values = row->values;

	npc->needs.as_of = DatumGetInt64(values[1]);
	npc->event_at = int64_or(row, 2, SIM_NEVER);
	npc->decision_at = int64_or(row, 3, SIM_NEVER);
	npc->ask_again_at = int64_or(row, 4, SIM_NEVER);
	npc->last_decision_at = int64_or(row, 5, -1);
	npc->interaction_id = int64_or(row, 6, 0);
	npc->target_id = int64_or(row, 7, 0);
	npc->state_since = DatumGetInt64(values[8]);
	npc->state_counter = DatumGetInt64(values[9]);
	npc->draws = (uint64) DatumGetInt64(values[10]);
	npc->needs_revision = DatumGetInt64(values[11]);
	npc->status_revision = DatumGetInt64(values[12]);
	for (int need = 0; need < NEED_COUNT; need++)
	{
		npc->needs.value[need] = DatumGetInt32(values[13 + need]);
		npc->needs.rate[need] = DatumGetInt32(values[17 + need]);
	}
	npc->decay = DatumGetInt32(values[21]);
	npc->state = (NpcState) DatumGetInt16(values[22]);
	npc->event_kind = (NpcEvent) DatumGetInt16(values[23]);
	npc->goal.x = DatumGetInt16(values[24]);
	npc->goal.y = DatumGetInt16(values[25]);
	npc->goal_action = (ActionKind) DatumGetInt16(values[26]);
	npc->goal_interaction = DatumGetInt16(values[27]);
	npc->replans = DatumGetInt16(values[28]);
	npc->decider = (Decider) DatumGetInt16(values[29]);
	npc->decision_reason = (DecisionReason) DatumGetInt16(values[30]);
	npc->conversed_at = int64_or(row, 31, -1);
	npc->state_row = index_rows_place(row);
}

static void
take_track(const NpcLoad *load, Npc *npc, const IndexReading *row)
{
	ArrayType *cells = DatumGetArrayTypeP(row->values[3]);
	int		   count = ArrayGetNItems(ARR_NDIM(cells), ARR_DIMS(cells));

	if (count < 2 || count % 2 != 0 || count > 2 * LEG_CELLS || ARR_HASNULL(cells) ||
		ARR_ELEMTYPE(cells) != INT2OID)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the track of NPC %lld in world %lld is damaged", (long long) npc->id,
					   (long long) load->world_id));
	npc->departed_at = DatumGetInt64(row->values[1]);
	npc->motion_revision = DatumGetInt64(row->values[2]);
	npc->leg_length = count / 2;
	memcpy(npc->leg, ARR_DATA_PTR(cells), count * sizeof(int16));
	npc->sight_box = leg_box(npc->leg, npc->leg_length);
	npc->track_row = index_rows_place(row);
}

/* The moments of a column, as many as there is room for. */
static int
moments_of(const IndexReading *row, int column, int64 *moments, int room)
{
	ArrayType *array = DatumGetArrayTypeP(row->values[column]);
	int		   count = Min(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), room);

	if (ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID)
		return 0;
	memcpy(moments, ARR_DATA_PTR(array), count * sizeof(int64));
	return count;
}

static void
take_mind(const NpcLoad *load, Npc *npc, const IndexReading *row)
{
	npc->asked_at = int64_or(row, 1, -1);
	json_list_clear(&npc->mind_plan);
	json_list_clear(&npc->mind_events);
	json_list_clear(&npc->wake_on);
	npc->mind_plan = list_of(row, 2, PLAN_ACTIONS_MAX, load->context);
	npc->mind_events = list_of(row, 3, NPC_EVENTS_MAX, load->context);
	npc->events_dropped = DatumGetInt32(row->values[4]);
	npc->wake_on = list_of(row, 5, WAKE_ON_MAX, load->context);
	npc->budget_spent = DatumGetBool(row->values[6]);
	if (npc->goal_terms != NULL)
		pfree(npc->goal_terms);
	npc->goal_terms = NULL;
	if (!row->nulls[7])
	{
		Jsonb *terms = DatumGetJsonbP(row->values[7]);

		npc->goal_terms =
			MemoryContextStrdup(load->context, JsonbToCString(NULL, &terms->root, VARSIZE(terms)));
	}
	npc->unanswered_since = int64_or(row, 8, -1);
	npc->events_merged = DatumGetInt32(row->values[9]);
	npc->failures = DatumGetInt16(row->values[10]);
	npc->asked_not_before = int64_or(row, 11, -1);
	npc->pressing_count = moments_of(row, 12, npc->pressing, PRESSING_MAX);
}

static void
take_slot(const NpcLoad *load, Npc *npc, const IndexReading *row)
{
	npc->request_id = DatumGetInt64(row->values[1]);
	npc->request_pending = DatumGetInt16(row->values[2]) != REQUEST_CLOSED;
	npc->request_reason = decision_reason_by_name(text_copy(row, 3, CurrentMemoryContext));
	npc->request_state = DatumGetInt64(row->values[4]);
	npc->request_opened_at = DatumGetInt64(row->values[5]);
	npc->request_player = int64_or(row, 6, 0);
	npc->tokens = DatumGetInt64(row->values[7]);
	npc->tokens_day = DatumGetDateADT(row->values[8]);
}

void
npcs_load_identities(const NpcLoad *load)
{
	load_rows(load, &identity_rows, take_identity);
}

void
npcs_load_states(const NpcLoad *load)
{
	load_rows(load, &state_rows, take_state);
}

void
npcs_load_tracks(const NpcLoad *load)
{
	load_rows(load, &track_rows, take_track);
}

void
npcs_load_minds(const NpcLoad *load)
{
	load_rows(load, &mind_rows, take_mind);
}

void
npcs_load_slots(const NpcLoad *load)
{
	load_rows(load, &slot_rows, take_slot);
}
