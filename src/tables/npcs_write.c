/*
 * npcs_write.c
 *	  NPCs as rows: the only code that writes npc_identities, npc_states,
 *	  npc_tracks, npc_minds and, for the world, decision_slots.
 *
 * Rows are written in sets, one statement per table. Updates say world_id = $1 + 0 * id, which leaves the
 * planner no other way than the whole primary key, even when a young table has no statistics.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/npcs.h"
#include "tables/stage.h"

#define COLUMNS_MAX 32

/* A row of a stage under construction. */
typedef struct RowBuilder
{
	Datum values[COLUMNS_MAX];
	bool  nulls[COLUMNS_MAX];
	int	  used;
} RowBuilder;

typedef void (*RowMaker)(RowBuilder *row, Npc *npc);

static void
put(RowBuilder *row, Datum value)
{
	row->nulls[row->used] = false;
	row->values[row->used++] = value;
}

static void
put_int64(RowBuilder *row, int64 value)
{
	put(row, Int64GetDatum(value));
}

/* NULL instead of the value that stands for "none" in memory. */
static void
put_int64_unless(RowBuilder *row, int64 value, int64 none)
{
	put(row, Int64GetDatum(value));
	row->nulls[row->used - 1] = value == none;
}

static void
put_int32(RowBuilder *row, int32 value)
{
	put(row, Int32GetDatum(value));
}

static void
put_int16(RowBuilder *row, int value)
{
	put(row, Int16GetDatum((int16) value));
}

static void
put_text(RowBuilder *row, const char *value)
{
	put(row, CStringGetTextDatum(value));
}

/*
 * Runs a statement over rows made of NPCs. It must find a row for everyone: otherwise the image is not what the
 * tables are.
 */
static void
write_rows(SpiStatement *statement, Datum *parameters, int expected_result, const char *name,
		   const StageColumn *columns, int column_count, RowMaker make_row, Npc **npcs, int count)
{
	Stage  stage;
	uint64 rows;

	Assert(column_count <= COLUMNS_MAX);
	stage_begin(&stage, name, columns, column_count);
	for (int i = 0; i < count; i++)
	{
		RowBuilder row = {.used = 0};

		make_row(&row, npcs[i]);
		Assert(row.used == column_count);
		stage_row(&stage, row.values, row.nulls);
	}
	rows = spi_run(statement, parameters, NULL, expected_result);
	stage_end(&stage);
	if (rows != (uint64) count)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the image of a world does not match its tables"),
				errdetail("%d rows were to be written, %llu were found.", count, (unsigned long long) rows),
				errhint("Were npcsim's tables written with triggers disabled? The image is loaded anew."));
}

/* ---- npc_identities ---- */

static const StageColumn identity_columns[] = {{"id", INT8OID},
											   {"name", TEXTOID},
											   {"controller_player_id", INT8OID},
											   {"born_at", INT8OID},
											   {"identity_revision", INT8OID}};

static void
identity_row(RowBuilder *row, Npc *npc)
{
	put_int64(row, npc->id);
	put_text(row, npc->name);
	put_int64_unless(row, npc->controller, 0);
	put_int64(row, npc->born_at);
	put_int64(row, npc->identity_revision);
}

static SpiStatement insert_identities = {"INSERT INTO npcsim.npc_identities (world_id, id, name, "
										 "controller_player_id, born_at, identity_revision) "
										 "SELECT $1, u.id, u.name, u.controller_player_id, u.born_at, "
										 "u.identity_revision FROM staged_identities u",
										 1,
										 {INT8OID}};

static SpiStatement update_identities =
	{"UPDATE npcsim.npc_identities t SET name = u.name, controller_player_id = u.controller_player_id, "
	 "identity_revision = u.identity_revision FROM staged_identities u "
	 "WHERE t.world_id = $1 + 0 * u.id AND t.id = u.id",
	 1,
	 {INT8OID}};

static void
write_identities(SpiStatement *statement, int result, int64 world_id, Npc **npcs, int count)
{
	write_rows(statement, (Datum[]) {Int64GetDatum(world_id)}, result, "staged_identities", identity_columns,
			   lengthof(identity_columns), identity_row, npcs, count);
}

void
npcs_write_identities(int64 world_id, Npc **npcs, int count)
{
	write_identities(&update_identities, SPI_OK_UPDATE, world_id, npcs, count);
}

/* ---- npc_states ---- */

#define STATE_COLUMNS \
	"npc_id, needs_as_of, event_at, decision_at, ask_again_at, last_decision_at, interaction_id, " \
	"target_id, state_since, " \
	"state_counter, draws, needs_revision, status_revision, hunger, hygiene, fun, energy, hunger_rate, " \
	"hygiene_rate, " \
	"fun_rate, energy_rate, decay, state, event_kind, goal_x, goal_y, goal_action, goal_interaction, " \
	"replans, decider, " \
	"decision_reason"

static const StageColumn state_columns[] = {{"npc_id", INT8OID},		  {"needs_as_of", INT8OID},
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
											{"decision_reason", INT2OID}};

static void
state_row(RowBuilder *row, Npc *npc)
{
	put_int64(row, npc->id);
	put_int64(row, npc->needs.as_of);
	put_int64_unless(row, npc->event_at, SIM_NEVER);
	put_int64_unless(row, npc->decision_at, SIM_NEVER);
	put_int64_unless(row, npc->ask_again_at, SIM_NEVER);
	put_int64_unless(row, npc->last_decision_at, -1);
	put_int64_unless(row, npc->interaction_id, 0);
	put_int64_unless(row, npc->target_id, 0);
	put_int64(row, npc->state_since);
	put_int64(row, npc->state_counter);
	put_int64(row, (int64) npc->draws);
	put_int64(row, npc->needs_revision);
	put_int64(row, npc->status_revision);
	for (int need = 0; need < NEED_COUNT; need++)
		put_int32(row, npc->needs.value[need]);
	for (int need = 0; need < NEED_COUNT; need++)
		put_int32(row, npc->needs.rate[need]);
	put_int32(row, npc->decay);
	put_int16(row, npc->state);
	put_int16(row, npc->event_kind);
	put_int16(row, npc->goal.x);
	put_int16(row, npc->goal.y);
	put_int16(row, npc->goal_action);
	put_int16(row, npc->goal_rule);
	put_int16(row, npc->replans);
	put_int16(row, npc->decider);
	put_int16(row, npc->decision_reason);
}

static SpiStatement insert_states = {"INSERT INTO npcsim.npc_states (world_id, " STATE_COLUMNS
									 ") SELECT $1, " STATE_COLUMNS " FROM staged_states",
									 1,
									 {INT8OID}};

static SpiStatement update_states =
	{"UPDATE npcsim.npc_states t SET "
	 "needs_as_of = u.needs_as_of, event_at = u.event_at, decision_at = u.decision_at, ask_again_at = "
	 "u.ask_again_at, "
	 "last_decision_at = u.last_decision_at, interaction_id = u.interaction_id, target_id = u.target_id, "
	 "state_since = u.state_since, state_counter = u.state_counter, draws = u.draws, needs_revision = "
	 "u.needs_revision, "
	 "status_revision = u.status_revision, hunger = u.hunger, hygiene = u.hygiene, fun = u.fun, energy = "
	 "u.energy, "
	 "hunger_rate = u.hunger_rate, hygiene_rate = u.hygiene_rate, fun_rate = u.fun_rate, energy_rate = "
	 "u.energy_rate, "
	 "state = u.state, event_kind = u.event_kind, goal_x = u.goal_x, goal_y = u.goal_y, goal_action = "
	 "u.goal_action, "
	 "goal_interaction = u.goal_interaction, replans = u.replans, decider = u.decider, "
	 "decision_reason = u.decision_reason "
	 "FROM staged_states u WHERE t.world_id = $1 + 0 * u.npc_id AND t.npc_id = u.npc_id",
	 1,
	 {INT8OID}};

static void
write_states(SpiStatement *statement, int result, int64 world_id, Npc **npcs, int count)
{
	write_rows(statement, (Datum[]) {Int64GetDatum(world_id)}, result, "staged_states", state_columns,
			   lengthof(state_columns), state_row, npcs, count);
}

void
npcs_write_states(int64 world_id, Npc **npcs, int count)
{
	write_states(&update_states, SPI_OK_UPDATE, world_id, npcs, count);
}

/* ---- npc_tracks ---- */

static const StageColumn track_columns[] =
	{{"npc_id", INT8OID},	  {"departed_at", INT8OID}, {"motion_revision", INT8OID},
	 {"cells", INT2ARRAYOID}, {"x1", INT4OID},			{"y1", INT4OID},
	 {"x2", INT4OID},		  {"y2", INT4OID}};

static void
track_row(RowBuilder *row, Npc *npc)
{
	put_int64(row, npc->id);
	put_int64(row, npc->departed_at);
	put_int64(row, npc->motion_revision);
	put(row, int16_array((const int16 *) npc->leg, 2 * npc->leg_length));
	put_int32(row, npc->sight_box.min.x);
	put_int32(row, npc->sight_box.min.y);
	put_int32(row, npc->sight_box.max.x);
	put_int32(row, npc->sight_box.max.y);
}

#define SIGHT_LINE \
	"%P.st_makeline(%P.st_makepoint(u.x1 + $2, u.y1 + $3), %P.st_makepoint(u.x2 + $2, u.y2 + $3))"

static SpiStatement insert_tracks =
	{"INSERT INTO npcsim.npc_tracks (world_id, npc_id, departed_at, motion_revision, cells, sight) "
	 "SELECT $1, u.npc_id, u.departed_at, u.motion_revision, u.cells, " SIGHT_LINE " FROM staged_tracks u",
	 3,
	 {INT8OID, FLOAT8OID, FLOAT8OID}};

static SpiStatement update_tracks =
	{"UPDATE npcsim.npc_tracks t SET departed_at = u.departed_at, motion_revision = u.motion_revision, "
	 "cells = u.cells, sight = " SIGHT_LINE " FROM staged_tracks u "
	 "WHERE t.world_id = $1 + 0 * u.npc_id AND t.npc_id = u.npc_id",
	 3,
	 {INT8OID, FLOAT8OID, FLOAT8OID}};

static void
write_tracks(SpiStatement *statement, int result, int64 world_id, Npc **npcs, int count, SightShift shift)
{
	for (int i = 0; i < count; i++)
		npcs[i]->sight_box = leg_box(npcs[i]->leg, npcs[i]->leg_length);
	write_rows(statement,
			   (Datum[]) {Int64GetDatum(world_id), Float8GetDatum(shift.x), Float8GetDatum(shift.y)}, result,
			   "staged_tracks", track_columns, lengthof(track_columns), track_row, npcs, count);
}

void
npcs_write_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_tracks(&update_tracks, SPI_OK_UPDATE, world_id, npcs, count, shift);
}

/* ---- npc_minds ---- */

static const StageColumn mind_columns[] = {{"npc_id", INT8OID},
										   {"asked_at", INT8OID},
										   {"plan", TEXTOID},
										   {"events", TEXTOID},
										   {"events_dropped", INT4OID}};

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

static void
mind_row(RowBuilder *row, Npc *npc)
{
	put_int64(row, npc->id);
	put_int64_unless(row, npc->asked_at, -1);
	put_text(row, list_to_json(npc->mind_plan));
	put_text(row, list_to_json(npc->mind_events));
	put_int32(row, npc->events_dropped);
}

static SpiStatement write_minds = {
	"INSERT INTO npcsim.npc_minds AS t (world_id, npc_id, asked_at, plan, events, events_dropped) "
	"SELECT $1, u.npc_id, u.asked_at, u.plan::pg_catalog.jsonb, u.events::pg_catalog.jsonb, u.events_dropped "
	"FROM staged_minds u "
	"ON CONFLICT (world_id, npc_id) DO UPDATE SET asked_at = excluded.asked_at, plan = excluded.plan, "
	"events = excluded.events, events_dropped = excluded.events_dropped",
	1,
	{INT8OID}};

void
npcs_write_minds(int64 world_id, Npc **npcs, int count)
{
	write_rows(&write_minds, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, "staged_minds", mind_columns,
			   lengthof(mind_columns), mind_row, npcs, count);
}

/* ---- decision_slots ---- */

static const StageColumn slot_columns[] = {{"npc_id", INT8OID},		   {"request_id", INT8OID},
										   {"status", INT2OID},		   {"reason", TEXTOID},
										   {"state_counter", INT8OID}, {"opened_at", INT8OID},
										   {"player_id", INT8OID}};

static void
slot_row(RowBuilder *row, Npc *npc)
{
	put_int64(row, npc->id);
	put_int64(row, npc->request_id);
	put_int16(row, npc->request_pending ? REQUEST_OPEN : REQUEST_CLOSED);
	put_text(row, decision_reason_name(npc->request_reason));
	put_int64(row, npc->request_state);
	put_int64(row, npc->asked_at);
	put_int64_unless(row, npc->controller, 0);
}

/* A request that was closed stays in its slot; one that is pending is only written when it is new. */
static SpiStatement write_slots =
	{"INSERT INTO npcsim.decision_slots AS t (world_id, npc_id, request_id, status, reason, state_counter, "
	 "opened_at, "
	 "opened_at_real, player_id) "
	 "SELECT $1, u.npc_id, u.request_id, u.status, u.reason, u.state_counter, u.opened_at, "
	 "pg_catalog.clock_timestamp(), "
	 "u.player_id FROM staged_slots u "
	 "ON CONFLICT (world_id, npc_id) DO UPDATE SET request_id = excluded.request_id, status = "
	 "excluded.status, "
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
	 1,
	 {INT8OID}};

void
npcs_write_slots(int64 world_id, Npc **npcs, int count)
{
	write_rows(&write_slots, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, "staged_slots", slot_columns,
			   lengthof(slot_columns), slot_row, npcs, count);
}

/* ---- births and removals ---- */

void
npcs_insert(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_identities(&insert_identities, SPI_OK_INSERT, world_id, npcs, count);
	write_states(&insert_states, SPI_OK_INSERT, world_id, npcs, count);
	write_tracks(&insert_tracks, SPI_OK_INSERT, world_id, npcs, count, shift);
}

static SpiStatement delete_statements[] = {
	{"DELETE FROM npcsim.decision_slots t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_minds t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_tracks t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_states t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}},
	{"DELETE FROM npcsim.npc_identities t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
	 " AND t.id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}},
};

void
npcs_delete(int64 world_id, const int64 *ids, int count)
{
	for (int i = 0; i < (int) lengthof(delete_statements); i++)
		spi_run(&delete_statements[i], (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				SPI_OK_DELETE);
}
