/*
 * npcs.c
 *	  NPCs as rows: the only code that reads and writes npc_identities,
 *	  npc_states, npc_tracks, npc_minds and, for the world, decision_slots.
 *
 * Rows are written in sets: arrays of columns go in as parameters, one
 * statement per table. In those arrays SIM_NEVER, 0 (ids) and -1 (moments of
 * the past) stand for NULL. Updates say world_id = $1 + 0 * id, which leaves the planner no other way than the
 * whole primary key, even when a young table has no statistics.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/npcs.h"

/* Statements exist twice: for all NPCs of a world and for some. */
typedef struct LoadStatements
{
	SpiStatement all;
	SpiStatement some;
} LoadStatements;

#define LOAD_STATEMENTS(columns, table, key) \
	{ \
		{"SELECT " columns " FROM npcsim." table " t WHERE t.world_id = $1", 1, {INT8OID}}, \
		{"SELECT " columns " FROM npcsim." table " t WHERE t.world_id = $1 AND t." key " = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}} \
	}

static LoadStatements identity_loads =
LOAD_STATEMENTS("t.id, t.name, t.controller_player_id, t.born_at, t.identity_revision", "npc_identities", "id");

static LoadStatements state_loads =
LOAD_STATEMENTS("t.npc_id, t.needs_as_of, t.event_at, t.decision_at, t.ask_again_at, t.last_decision_at, t.interaction_id, "
				"t.target_id, t.state_since, t.state_counter, t.draws, t.needs_revision, t.status_revision, "
				"t.hunger, t.hygiene, t.fun, t.energy, t.hunger_rate, t.hygiene_rate, t.fun_rate, t.energy_rate, "
				"t.decay, t.state, t.event_kind, t.goal_x, t.goal_y, t.goal_action, t.goal_interaction, t.replans, "
				"t.decider, t.decision_reason",
				"npc_states", "npc_id");

static LoadStatements track_loads =
LOAD_STATEMENTS("t.npc_id, t.departed_at, t.motion_revision, t.cells", "npc_tracks", "npc_id");

static LoadStatements mind_loads =
LOAD_STATEMENTS("t.npc_id, t.asked_at, t.plan, t.events, t.events_dropped", "npc_minds", "npc_id");

static LoadStatements slot_loads =
LOAD_STATEMENTS("t.npc_id, t.request_id, t.status, t.reason", "decision_slots", "npc_id");

static const char *const reason_names[] = {
	[REASON_IDLE] = "idle",
	[REASON_INTERVAL] = "interval",
	[REASON_NEED] = "need",
	[REASON_PLAN_FAILED] = "plan_failed",
	[REASON_REQUESTED] = "requested",
	[REASON_CHECK] = "check",
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

static uint64
run_load(const NpcLoad *load, LoadStatements *statements)
{
	if (load->all)
		return spi_run(&statements->all, (Datum[]) {Int64GetDatum(load->world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&statements->some, (Datum[]) {
		Int64GetDatum(load->world_id), int64_array(load->ids, load->count)
	}, NULL, SPI_OK_SELECT);
}

void
npcs_load_identities(const NpcLoad *load)
{
	uint64		rows = run_load(load, &identity_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		   *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

		if (npc == NULL)
			continue;
		if (npc->name != NULL)
			pfree(npc->name);
		npc->name = spi_text(row, 2, load->context);
		npc->controller = spi_int64(row, 3, 0);
		npc->born_at = spi_int64(row, 4, 0);
		npc->identity_revision = spi_int64(row, 5, 0);
	}
}

void
npcs_load_states(const NpcLoad *load)
{
	uint64		rows = run_load(load, &state_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		   *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

		if (npc == NULL)
			continue;
		npc->needs.as_of = spi_int64(row, 2, 0);
		npc->event_at = spi_int64(row, 3, SIM_NEVER);
		npc->decision_at = spi_int64(row, 4, SIM_NEVER);
		npc->ask_again_at = spi_int64(row, 5, SIM_NEVER);
		npc->last_decision_at = spi_int64(row, 6, -1);
		npc->interaction_id = spi_int64(row, 7, 0);
		npc->target_id = spi_int64(row, 8, 0);
		npc->state_since = spi_int64(row, 9, 0);
		npc->state_counter = spi_int64(row, 10, 0);
		npc->draws = (uint64) spi_int64(row, 11, 0);
		npc->needs_revision = spi_int64(row, 12, 0);
		npc->status_revision = spi_int64(row, 13, 0);
		for (int need = 0; need < NEED_COUNT; need++)
		{
			npc->needs.value[need] = spi_int32(row, 14 + need, 0);
			npc->needs.rate[need] = spi_int32(row, 18 + need, 0);
		}
		npc->decay = spi_int32(row, 22, 0);
		npc->state = (NpcState) spi_int16(row, 23, 0);
		npc->event_kind = (NpcEvent) spi_int16(row, 24, 0);
		npc->goal.x = spi_int16(row, 25, 0);
		npc->goal.y = spi_int16(row, 26, 0);
		npc->goal_action = (ActionKind) spi_int16(row, 27, 0);
		npc->goal_rule = (InteractionRule) spi_int16(row, 28, 0);
		npc->replans = spi_int16(row, 29, 0);
		npc->decider = (Decider) spi_int16(row, 30, 0);
		npc->decision_reason = (DecisionReason) spi_int16(row, 31, 0);
	}
}

void
npcs_load_tracks(const NpcLoad *load)
{
	uint64		rows = run_load(load, &track_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		   *npc = load->lookup(load->arg, spi_int64(row, 1, 0));
		bool		isnull;
		ArrayType  *cells;
		int			count;

		if (npc == NULL)
			continue;
		npc->departed_at = spi_int64(row, 2, 0);
		npc->motion_revision = spi_int64(row, 3, 0);
		cells = DatumGetArrayTypeP(spi_datum(row, 4, &isnull));
		count = ArrayGetNItems(ARR_NDIM(cells), ARR_DIMS(cells));
		if (count < 2 || count % 2 != 0 || count > 2 * LEG_CELLS || ARR_HASNULL(cells) || ARR_ELEMTYPE(cells) != INT2OID)
			ereport(ERROR,
					errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the track of NPC %lld in world %lld is damaged", (long long) npc->id, (long long) load->world_id));
		npc->leg_length = count / 2;
		memcpy(npc->leg, ARR_DATA_PTR(cells), count * sizeof(int16));
		npc->sight_box = leg_box(npc->leg, npc->leg_length);
	}
}

static void
free_list(JsonList *list)
{
	if (list == NULL)
		return;
	for (int i = 0; i < list->count; i++)
		pfree(list->item[i]);
	pfree(list);
}

/* The elements of a jsonb array as texts; NULL when there are none. */
static JsonList *
list_from_jsonb(Jsonb *array, int max, MemoryContext context)
{
	JsonList   *list = NULL;
	MemoryContext before = MemoryContextSwitchTo(context);
	int			count = JB_ROOT_IS_ARRAY(array) ? Min((int) JB_ROOT_COUNT(array), max) : 0;

	for (int i = 0; i < count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&array->root, i);
		Jsonb	   *element;

		if (list == NULL)
			list = palloc0(sizeof(JsonList));
		element = JsonbValueToJsonb(value);
		list->item[list->count++] = JsonbToCString(NULL, &element->root, VARSIZE(element));
		pfree(element);
	}
	MemoryContextSwitchTo(before);
	return list;
}

void
npcs_load_minds(const NpcLoad *load)
{
	uint64		rows = run_load(load, &mind_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		   *npc = load->lookup(load->arg, spi_int64(row, 1, 0));
		bool		isnull;

		if (npc == NULL)
			continue;
		npc->asked_at = spi_int64(row, 2, -1);
		free_list(npc->mind_plan);
		free_list(npc->mind_events);
		npc->mind_plan = list_from_jsonb(DatumGetJsonbP(spi_datum(row, 3, &isnull)), PLAN_ACTIONS_MAX, load->context);
		npc->mind_events = list_from_jsonb(DatumGetJsonbP(spi_datum(row, 4, &isnull)), NPC_EVENTS_MAX, load->context);
		npc->events_dropped = spi_int32(row, 5, 0);
	}
}

void
npcs_load_slots(const NpcLoad *load)
{
	uint64		rows = run_load(load, &slot_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		   *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

		if (npc == NULL)
			continue;
		npc->request_id = spi_int64(row, 2, 0);
		npc->request_pending = spi_int16(row, 3, 0) != REQUEST_CLOSED;
		npc->request_reason = decision_reason_by_name(spi_text(row, 4, CurrentMemoryContext));
	}
}

/* ---- writing ---- */

/* Columns of arrays under construction. */
typedef struct Columns
{
	int			count;			/* rows */
	Datum		values[SPI_STATEMENT_ARGS];
	int			used;
} Columns;

static int64 *
begin_int64(int count)
{
	return palloc(Max(count, 1) * sizeof(int64));
}

/* Appends a bigint[] made of 'expression' for every NPC. */
#define ADD_INT64(columns, expression) \
	do { \
		int64	   *column_ = begin_int64(count); \
		for (int i = 0; i < count; i++) { const Npc *npc = npcs[i]; column_[i] = (expression); } \
		(columns)->values[(columns)->used++] = int64_array(column_, count); \
		pfree(column_); \
	} while (0)

#define ADD_INT32(columns, expression) \
	do { \
		int32	   *column_ = palloc(Max(count, 1) * sizeof(int32)); \
		for (int i = 0; i < count; i++) { const Npc *npc = npcs[i]; column_[i] = (expression); } \
		(columns)->values[(columns)->used++] = int32_array(column_, count); \
		pfree(column_); \
	} while (0)

#define ADD_INT16(columns, expression) \
	do { \
		int16	   *column_ = palloc(Max(count, 1) * sizeof(int16)); \
		for (int i = 0; i < count; i++) { const Npc *npc = npcs[i]; column_[i] = (int16) (expression); } \
		(columns)->values[(columns)->used++] = int16_array(column_, count); \
		pfree(column_); \
	} while (0)

#define ADD_TEXT(columns, expression) \
	do { \
		Datum	   *column_ = palloc(Max(count, 1) * sizeof(Datum)); \
		for (int i = 0; i < count; i++) { const Npc *npc = npcs[i]; column_[i] = CStringGetTextDatum(expression); } \
		(columns)->values[(columns)->used++] = array_of(column_, count, TEXTOID); \
		pfree(column_); \
	} while (0)

static void
begin_columns(Columns *columns, int64 world_id)
{
	columns->used = 0;
	columns->values[columns->used++] = Int64GetDatum(world_id);
}

/* The columns of npc_states from $2 on, in the order of STATE_COLUMNS. */
static void
add_state_columns(Columns *columns, Npc **npcs, int count)
{
	ADD_INT64(columns, npc->id);
	ADD_INT64(columns, npc->needs.as_of);
	ADD_INT64(columns, npc->event_at);
	ADD_INT64(columns, npc->decision_at);
	ADD_INT64(columns, npc->ask_again_at);
	ADD_INT64(columns, npc->last_decision_at);
	ADD_INT64(columns, npc->interaction_id);
	ADD_INT64(columns, npc->target_id);
	ADD_INT64(columns, npc->state_since);
	ADD_INT64(columns, npc->state_counter);
	ADD_INT64(columns, (int64) npc->draws);
	ADD_INT64(columns, npc->needs_revision);
	ADD_INT64(columns, npc->status_revision);
	for (int need = 0; need < NEED_COUNT; need++)
		ADD_INT32(columns, npc->needs.value[need]);
	for (int need = 0; need < NEED_COUNT; need++)
		ADD_INT32(columns, npc->needs.rate[need]);
	ADD_INT32(columns, npc->decay);
	ADD_INT16(columns, npc->state);
	ADD_INT16(columns, npc->event_kind);
	ADD_INT16(columns, npc->goal.x);
	ADD_INT16(columns, npc->goal.y);
	ADD_INT16(columns, npc->goal_action);
	ADD_INT16(columns, npc->goal_rule);
	ADD_INT16(columns, npc->replans);
	ADD_INT16(columns, npc->decider);
	ADD_INT16(columns, npc->decision_reason);
}

#define STATE_COLUMNS \
	"npc_id, needs_as_of, event_at, decision_at, ask_again_at, last_decision_at, interaction_id, target_id, state_since, " \
	"state_counter, draws, needs_revision, status_revision, hunger, hygiene, fun, energy, hunger_rate, hygiene_rate, " \
	"fun_rate, energy_rate, decay, state, event_kind, goal_x, goal_y, goal_action, goal_interaction, replans, decider, " \
	"decision_reason"
#define STATE_VALUES \
	"u.npc_id, u.needs_as_of, NULLIF(u.event_at, 9223372036854775807), NULLIF(u.decision_at, 9223372036854775807), " \
	"NULLIF(u.ask_again_at, 9223372036854775807), NULLIF(u.last_decision_at, -1), NULLIF(u.interaction_id, 0), " \
	"NULLIF(u.target_id, 0), u.state_since, u.state_counter, u.draws, u.needs_revision, u.status_revision, u.hunger, " \
	"u.hygiene, u.fun, u.energy, u.hunger_rate, u.hygiene_rate, u.fun_rate, u.energy_rate, u.decay, u.state, " \
	"u.event_kind, u.goal_x, u.goal_y, u.goal_action, u.goal_interaction, u.replans, u.decider, u.decision_reason"
#define STATE_ARRAYS \
	"ROWS FROM (" \
	"pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), " \
	"pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9), " \
	"pg_catalog.unnest($10), pg_catalog.unnest($11), pg_catalog.unnest($12), pg_catalog.unnest($13), " \
	"pg_catalog.unnest($14), pg_catalog.unnest($15), pg_catalog.unnest($16), pg_catalog.unnest($17), " \
	"pg_catalog.unnest($18), pg_catalog.unnest($19), pg_catalog.unnest($20), pg_catalog.unnest($21), " \
	"pg_catalog.unnest($22), pg_catalog.unnest($23), pg_catalog.unnest($24), pg_catalog.unnest($25), " \
	"pg_catalog.unnest($26), pg_catalog.unnest($27), pg_catalog.unnest($28), pg_catalog.unnest($29), " \
	"pg_catalog.unnest($30), pg_catalog.unnest($31), pg_catalog.unnest($32)) " \
	"AS u(" STATE_COLUMNS ")"
#define STATE_TYPES \
	{INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
	 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
	 INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, \
	 INT4ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, INT2ARRAYOID, \
	 INT2ARRAYOID, INT2ARRAYOID}
#define STATE_ARGS 32

static SpiStatement insert_states = {
	"INSERT INTO npcsim.npc_states (world_id, " STATE_COLUMNS ") SELECT $1, " STATE_VALUES " FROM " STATE_ARRAYS,
	STATE_ARGS, STATE_TYPES
};

static SpiStatement update_states = {
	"UPDATE npcsim.npc_states t SET (" STATE_COLUMNS ") = ROW(" STATE_VALUES ") FROM " STATE_ARRAYS
	" WHERE t.world_id = $1 + 0 * u.npc_id AND t.npc_id = u.npc_id",
	STATE_ARGS, STATE_TYPES
};

#define SIGHT_LINE \
	"%P.st_makeline(%P.st_makepoint(u.x1 + $2, u.y1 + $3), %P.st_makepoint(u.x2 + $2, u.y2 + $3))"
#define TRACK_ARRAYS \
	"ROWS FROM (pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), " \
	"pg_catalog.unnest($9), pg_catalog.unnest($10), pg_catalog.unnest($11), pg_catalog.unnest($12), " \
	"pg_catalog.unnest($13)) " \
	"AS u(npc_id, departed_at, motion_revision, first, last, x1, y1, x2, y2)"
#define TRACK_TYPES \
	{INT8OID, FLOAT8OID, FLOAT8OID, INT2ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, \
	 INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID}
#define TRACK_ARGS 13

static SpiStatement insert_tracks = {
	"INSERT INTO npcsim.npc_tracks (world_id, npc_id, departed_at, motion_revision, cells, sight) "
	"SELECT $1, u.npc_id, u.departed_at, u.motion_revision, $4[u.first:u.last], " SIGHT_LINE " FROM " TRACK_ARRAYS,
	TRACK_ARGS, TRACK_TYPES
};

static SpiStatement update_tracks = {
	"UPDATE npcsim.npc_tracks t SET departed_at = u.departed_at, motion_revision = u.motion_revision, "
	"cells = $4[u.first:u.last], sight = " SIGHT_LINE " FROM " TRACK_ARRAYS
	" WHERE t.world_id = $1 + 0 * u.npc_id AND t.npc_id = u.npc_id",
	TRACK_ARGS, TRACK_TYPES
};

static SpiStatement insert_identities = {
	"INSERT INTO npcsim.npc_identities (world_id, id, name, controller_player_id, born_at, identity_revision) "
	"SELECT $1, u.id, u.name, NULLIF(u.controller, 0), u.born_at, u.revision "
	"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), "
	"pg_catalog.unnest($6)) AS u(id, name, controller, born_at, revision)",
	6, {INT8OID, INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
};

static SpiStatement update_identities = {
	"UPDATE npcsim.npc_identities t SET name = u.name, controller_player_id = NULLIF(u.controller, 0), "
	"identity_revision = u.revision "
	"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS u(id, name, controller, revision) WHERE t.world_id = $1 + 0 * u.id AND t.id = u.id",
	5, {INT8OID, INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
};

static SpiStatement write_minds = {
	"INSERT INTO npcsim.npc_minds AS t (world_id, npc_id, asked_at, plan, events, events_dropped) "
	"SELECT $1, u.npc_id, NULLIF(u.asked_at, -1), u.plan::pg_catalog.jsonb, u.events::pg_catalog.jsonb, u.dropped "
	"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), "
	"pg_catalog.unnest($6)) AS u(npc_id, asked_at, plan, events, dropped) "
	"ON CONFLICT (world_id, npc_id) DO UPDATE SET asked_at = excluded.asked_at, plan = excluded.plan, "
	"events = excluded.events, events_dropped = excluded.events_dropped",
	6, {INT8OID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID}
};

/* A request that was closed stays in its slot; one that is pending is only written when it is new. */
static SpiStatement write_slots = {
	"INSERT INTO npcsim.decision_slots AS t (world_id, npc_id, request_id, status, reason, state_counter, opened_at, "
	"opened_at_real, player_id) "
	"SELECT $1, u.npc_id, u.request_id, u.status, u.reason, u.state_counter, u.opened_at, pg_catalog.clock_timestamp(), "
	"NULLIF(u.player_id, 0) "
	"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), "
	"pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) "
	"AS u(npc_id, request_id, status, reason, state_counter, opened_at, player_id) "
	"ON CONFLICT (world_id, npc_id) DO UPDATE SET request_id = excluded.request_id, status = excluded.status, "
	"reason = excluded.reason, "
	"state_counter = CASE WHEN excluded.status = 0 THEN t.state_counter ELSE excluded.state_counter END, "
	"opened_at = CASE WHEN excluded.status = 0 THEN t.opened_at ELSE excluded.opened_at END, "
	"opened_at_real = CASE WHEN excluded.status = 0 THEN t.opened_at_real ELSE excluded.opened_at_real END, "
	"sent_at_real = CASE WHEN excluded.status = 0 THEN t.sent_at_real END, "
	"timeout_ms = CASE WHEN excluded.status = 0 THEN t.timeout_ms END, "
	"session_id = CASE WHEN excluded.status = 0 THEN t.session_id END, "
	"told_events = CASE WHEN excluded.status = 0 THEN t.told_events END, "
	"answered = excluded.status = 0 AND t.answered, "
	"player_id = CASE WHEN excluded.status = 0 THEN t.player_id ELSE excluded.player_id END",
	8, {INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT2ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
};

static SpiStatement delete_statements[] = {
	{"DELETE FROM npcsim.decision_slots WHERE world_id = $1 AND npc_id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_minds WHERE world_id = $1 AND npc_id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_tracks WHERE world_id = $1 AND npc_id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_states WHERE world_id = $1 AND npc_id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_identities WHERE world_id = $1 AND id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
};

/* An UPDATE by key must find every row: otherwise the image is not what the tables are. */
static void
run_exactly(SpiStatement *statement, Columns *columns, int expected_result, int count)
{
	uint64		rows = spi_run(statement, columns->values, NULL, expected_result);

	if (rows != (uint64) count)
		ereport(ERROR,
				errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the image of a world does not match its tables"),
				errdetail("%d rows were to be written, %llu were found.", count, (unsigned long long) rows),
				errhint("Were npcsim's tables written with triggers disabled? The image is loaded anew."));
}

static void
write_states(SpiStatement *statement, int result, int64 world_id, Npc **npcs, int count)
{
	Columns		columns;

	begin_columns(&columns, world_id);
	add_state_columns(&columns, npcs, count);
	Assert(columns.used == STATE_ARGS);
	run_exactly(statement, &columns, result, count);
}

void
npcs_write_states(int64 world_id, Npc **npcs, int count)
{
	write_states(&update_states, SPI_OK_UPDATE, world_id, npcs, count);
}

static void
write_tracks(SpiStatement *statement, int result, int64 world_id, Npc **npcs, int count, SightShift shift)
{
	Columns		columns;
	int16	   *cells = palloc(Max(count, 1) * 2 * LEG_CELLS * sizeof(int16));
	int32	   *first = palloc(Max(count, 1) * sizeof(int32));
	int			used = 0;

	for (int i = 0; i < count; i++)
	{
		first[i] = used + 1;
		memcpy(cells + used, npcs[i]->leg, npcs[i]->leg_length * sizeof(Cell));
		used += 2 * npcs[i]->leg_length;
		npcs[i]->sight_box = leg_box(npcs[i]->leg, npcs[i]->leg_length);
	}
	begin_columns(&columns, world_id);
	columns.values[columns.used++] = Float8GetDatum(shift.x);
	columns.values[columns.used++] = Float8GetDatum(shift.y);
	columns.values[columns.used++] = int16_array(cells, used);
	ADD_INT64(&columns, npc->id);
	ADD_INT64(&columns, npc->departed_at);
	ADD_INT64(&columns, npc->motion_revision);
	columns.values[columns.used++] = int32_array(first, count);
	ADD_INT32(&columns, first[i] + 2 * npc->leg_length - 1);
	ADD_INT32(&columns, npc->sight_box.min.x);
	ADD_INT32(&columns, npc->sight_box.min.y);
	ADD_INT32(&columns, npc->sight_box.max.x);
	ADD_INT32(&columns, npc->sight_box.max.y);
	run_exactly(statement, &columns, result, count);
	pfree(cells);
	pfree(first);
}

void
npcs_write_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_tracks(&update_tracks, SPI_OK_UPDATE, world_id, npcs, count, shift);
}

void
npcs_insert(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	Columns		columns;

	begin_columns(&columns, world_id);
	ADD_INT64(&columns, npc->id);
	ADD_TEXT(&columns, npc->name);
	ADD_INT64(&columns, npc->controller);
	ADD_INT64(&columns, npc->born_at);
	ADD_INT64(&columns, npc->identity_revision);
	run_exactly(&insert_identities, &columns, SPI_OK_INSERT, count);
	write_states(&insert_states, SPI_OK_INSERT, world_id, npcs, count);
	write_tracks(&insert_tracks, SPI_OK_INSERT, world_id, npcs, count, shift);
}

void
npcs_write_identities(int64 world_id, Npc **npcs, int count)
{
	Columns		columns;

	begin_columns(&columns, world_id);
	ADD_INT64(&columns, npc->id);
	ADD_TEXT(&columns, npc->name);
	ADD_INT64(&columns, npc->controller);
	ADD_INT64(&columns, npc->identity_revision);
	run_exactly(&update_identities, &columns, SPI_OK_UPDATE, count);
}

static char *
list_to_json(const JsonList *list)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; list != NULL && i < list->count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		appendStringInfoString(&json, list->item[i]);
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

void
npcs_write_minds(int64 world_id, Npc **npcs, int count)
{
	Columns		columns;

	begin_columns(&columns, world_id);
	ADD_INT64(&columns, npc->id);
	ADD_INT64(&columns, npc->asked_at);
	ADD_TEXT(&columns, list_to_json(npc->mind_plan));
	ADD_TEXT(&columns, list_to_json(npc->mind_events));
	ADD_INT32(&columns, npc->events_dropped);
	run_exactly(&write_minds, &columns, SPI_OK_INSERT, count);
}

void
npcs_write_slots(int64 world_id, Npc **npcs, int count)
{
	Columns		columns;

	begin_columns(&columns, world_id);
	ADD_INT64(&columns, npc->id);
	ADD_INT64(&columns, npc->request_id);
	ADD_INT16(&columns, npc->request_pending ? REQUEST_OPEN : REQUEST_CLOSED);
	ADD_TEXT(&columns, decision_reason_name(npc->request_reason));
	ADD_INT64(&columns, npc->request_state);
	ADD_INT64(&columns, npc->asked_at);
	ADD_INT64(&columns, npc->controller);
	run_exactly(&write_slots, &columns, SPI_OK_INSERT, count);
}

void
npcs_delete(int64 world_id, const int64 *ids, int count)
{
	for (int i = 0; i < (int) lengthof(delete_statements); i++)
		spi_run(&delete_statements[i], (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL, SPI_OK_DELETE);
}
