/*
 * npcs_write.c
 *	  NPCs as rows: writing npc_identities, npc_minds and, for the world, decision_slots; births
 *	  and removals. The hot tables are in npcs_hot.c.
 *
 * Rows are written in sets, one statement per table. Updates say world_id = $1 + 0 * id, which leaves the
 * planner no other way than the whole primary key, even when a young table has no statistics.
 */
#include "postgres.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/npcs.h"
#include "tables/row_set.h"

/* ---- npc_identities ---- */

static const StageColumn identity_columns[] = {{"id", INT8OID},
											   {"name", TEXTOID},
											   {"controller_player_id", INT8OID},
											   {"born_at", INT8OID},
											   {"identity_revision", INT8OID}};

static void
identity_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

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
	static const RowSet set = {"staged_identities", identity_columns, lengthof(identity_columns),
							   identity_row};

	write_rows(statement, (Datum[]) {Int64GetDatum(world_id)}, result, &set, (void **) npcs, count, NULL);
}

void
npcs_write_identities(int64 world_id, Npc **npcs, int count)
{
	write_identities(&update_identities, SPI_OK_UPDATE, world_id, npcs, count);
}

static const StageColumn trait_columns[] = {{"id", INT8OID}, {"traits", TEXTARRAYOID}};

static void
trait_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

	put_int64(row, npc->id);
	put_datum(row, PointerGetDatum(npc->traits));
}

static SpiStatement update_traits =
	{"UPDATE npcsim.npc_identities t SET traits = u.traits FROM staged_traits u "
	 "WHERE t.world_id = $1 + 0 * u.id AND t.id = u.id",
	 1,
	 {INT8OID}};

void
npcs_write_traits(int64 world_id, Npc **npcs, int count)
{
	static const RowSet set = {"staged_traits", trait_columns, lengthof(trait_columns), trait_row};

	write_rows(&update_traits, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_UPDATE, &set, (void **) npcs,
			   count, NULL);
}

/* ---- npc_minds ---- */

static const StageColumn mind_columns[] =
	{{"npc_id", INT8OID},		 {"asked_at", INT8OID},		  {"plan", TEXTOID},
	 {"events", TEXTOID},		 {"events_dropped", INT4OID}, {"wake_on", TEXTOID},
	 {"budget_spent", BOOLOID},	 {"goal_terms", TEXTOID},	  {"unanswered_since", INT8OID},
	 {"events_merged", INT4OID}, {"failures", INT2OID},		  {"asked_not_before", INT8OID},
	 {"pressing", INT8ARRAYOID}};

static void
mind_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

	put_int64(row, npc->id);
	put_int64_unless(row, npc->asked_at, -1);
	put_text(row, json_list_text(npc->mind_plan));
	put_text(row, json_list_text(npc->mind_events));
	put_int32(row, npc->events_dropped);
	put_text_or_null(row, npc->wake_on != NULL ? json_list_text(npc->wake_on) : NULL);
	put_bool(row, npc->budget_spent);
	put_text_or_null(row, npc->goal_terms);
	put_int64_unless(row, npc->unanswered_since, -1);
	put_int32(row, npc->events_merged);
	put_int16(row, npc->failures);
	put_int64_unless(row, npc->asked_not_before, -1);
	put_datum(row, int64_array(npc->pressing, npc->pressing_count));
}

static SpiStatement write_minds =
	{"INSERT INTO npcsim.npc_minds AS t (world_id, npc_id, asked_at, plan, events, events_dropped, wake_on, "
	 "budget_spent, goal_terms, unanswered_since, events_merged, failures, asked_not_before, pressing) "
	 "SELECT $1, u.npc_id, u.asked_at, u.plan::pg_catalog.jsonb, u.events::pg_catalog.jsonb, "
	 "u.events_dropped, u.wake_on::pg_catalog.jsonb, u.budget_spent, u.goal_terms::pg_catalog.jsonb, "
	 "u.unanswered_since, u.events_merged, u.failures, u.asked_not_before, u.pressing FROM staged_minds u "
	 "ON CONFLICT (world_id, npc_id) DO UPDATE SET asked_at = excluded.asked_at, plan = excluded.plan, "
	 "events = excluded.events, events_dropped = excluded.events_dropped, wake_on = excluded.wake_on, "
	 "budget_spent = excluded.budget_spent, goal_terms = excluded.goal_terms, "
	 "unanswered_since = excluded.unanswered_since, events_merged = excluded.events_merged, "
	 "failures = excluded.failures, asked_not_before = excluded.asked_not_before, pressing = "
	 "excluded.pressing",
	 1,
	 {INT8OID}};

void
npcs_write_minds(int64 world_id, Npc **npcs, int count)
{
	static const RowSet set = {"staged_minds", mind_columns, lengthof(mind_columns), mind_row};

	write_rows(&write_minds, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, &set, (void **) npcs, count,
			   NULL);
}

/* ---- decision_slots ---- */

static const StageColumn slot_columns[] = {{"npc_id", INT8OID},		   {"request_id", INT8OID},
										   {"status", INT2OID},		   {"reason", TEXTOID},
										   {"state_counter", INT8OID}, {"opened_at", INT8OID},
										   {"player_id", INT8OID}};

static void
slot_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

	put_int64(row, npc->id);
	put_int64(row, npc->request_id);
	put_int16(row, npc->request_pending ? REQUEST_OPEN : REQUEST_CLOSED);
	put_text(row, decision_reason_name(npc->request_reason));
	put_int64(row, npc->request_state);
	put_int64(row, npc->request_opened_at);
	put_int64_unless(row, npc->request_player, 0);
}

/*
 * A request that was closed stays in its slot, with what became of its delivery; one that is pending is only written
 * when it is new.
 */
static SpiStatement write_slots =
	{"INSERT INTO npcsim.decision_slots AS t (world_id, npc_id, request_id, status, reason, state_counter, "
	 "opened_at, "
	 "opened_at_real, player_id) "
	 "SELECT $1, u.npc_id, u.request_id, u.status, u.reason, u.state_counter, u.opened_at, "
	 "pg_catalog.clock_timestamp(), "
	 "u.player_id FROM staged_slots u "
	 "ON CONFLICT (world_id, npc_id) DO UPDATE SET request_id = excluded.request_id, status = "
	 "excluded.status, "
	 "reason = excluded.reason, state_counter = excluded.state_counter, opened_at = excluded.opened_at, "
	 "player_id = excluded.player_id, "
	 "opened_at_real = CASE WHEN excluded.status = 0 THEN t.opened_at_real ELSE excluded.opened_at_real END, "
	 "sent_at_real = CASE WHEN excluded.status = 0 THEN t.sent_at_real END, "
	 "timeout_ms = CASE WHEN excluded.status = 0 THEN t.timeout_ms END, "
	 "session_id = CASE WHEN excluded.status = 0 THEN t.session_id END, "
	 "told_events = CASE WHEN excluded.status = 0 THEN t.told_events END, "
	 "choices = CASE WHEN excluded.status = 0 THEN t.choices END, "
	 "told_state = CASE WHEN excluded.status = 0 THEN t.told_state END, "
	 "answered = excluded.status = 0 AND t.answered",
	 1,
	 {INT8OID}};

void
npcs_write_slots(int64 world_id, Npc **npcs, int count)
{
	static const RowSet set = {"staged_slots", slot_columns, lengthof(slot_columns), slot_row};

	write_rows(&write_slots, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, &set, (void **) npcs, count,
			   NULL);
}

/* ---- births and removals ---- */

void
npcs_insert(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_identities(&insert_identities, SPI_OK_INSERT, world_id, npcs, count);
	npcs_insert_states(world_id, npcs, count);
	npcs_insert_tracks(world_id, npcs, count, shift);
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

int
npcs_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most)
{
	static SpiStatement statement =
		{"SELECT npc_id FROM npcsim.npc_tracks WHERE world_id + 0 = $1 AND sight OPERATOR(%P.&&) "
		 "%P.st_makeenvelope($2, $3, $4, $5, 0)",
		 5,
		 {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};
	uint64 rows =
		spi_run_limit(&statement,
					  (Datum[]) {Int64GetDatum(world_id), Float8GetDatum(shift.x), Float8GetDatum(shift.y),
								 Float8GetDatum(shift.x + size_x), Float8GetDatum(shift.y + size_y)},
					  NULL, SPI_OK_SELECT, most);

	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 1, 0);
	return (int) rows;
}
