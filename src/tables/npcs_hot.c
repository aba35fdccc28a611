/*
 * npcs_hot.c
 *	  NPCs as rows: writing the hot tables, npc_states and npc_tracks.
 *
 * Updated at their places, see row_set.h.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/npcs.h"
#include "tables/row_set.h"

static int64
npc_id(void *thing)
{
	return ((Npc *) thing)->id;
}

static ItemPointer
state_place(void *thing)
{
	return &((Npc *) thing)->state_row;
}

static ItemPointer
track_place(void *thing)
{
	return &((Npc *) thing)->track_row;
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

static const StageColumn state_columns[] = {{"place", TIDOID},
											{"npc_id", INT8OID},
											{"needs_as_of", INT8OID},
											{"event_at", INT8OID},
											{"decision_at", INT8OID},
											{"ask_again_at", INT8OID},
											{"last_decision_at", INT8OID},
											{"interaction_id", INT8OID},
											{"target_id", INT8OID},
											{"state_since", INT8OID},
											{"state_counter", INT8OID},
											{"draws", INT8OID},
											{"needs_revision", INT8OID},
											{"status_revision", INT8OID},
											{"hunger", INT4OID},
											{"hygiene", INT4OID},
											{"fun", INT4OID},
											{"energy", INT4OID},
											{"hunger_rate", INT4OID},
											{"hygiene_rate", INT4OID},
											{"fun_rate", INT4OID},
											{"energy_rate", INT4OID},
											{"decay", INT4OID},
											{"state", INT2OID},
											{"event_kind", INT2OID},
											{"goal_x", INT2OID},
											{"goal_y", INT2OID},
											{"goal_action", INT2OID},
											{"goal_interaction", INT2OID},
											{"replans", INT2OID},
											{"decider", INT2OID},
											{"decision_reason", INT2OID}};

static void
make_state_row(RowBuilder *row, void *thing)
{
	Npc *npc = thing;

	put_tid(row, &npc->state_row);
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
	put_int16(row, npc->goal_interaction);
	put_int16(row, npc->replans);
	put_int16(row, npc->decider);
	put_int16(row, npc->decision_reason);
}

static SpiStatement insert_states = {"INSERT INTO npcsim.npc_states (world_id, " STATE_COLUMNS
									 ") SELECT $1, " STATE_COLUMNS
									 " FROM staged_states RETURNING npc_id, ctid",
									 1,
									 {INT8OID}};

#define UPDATE_STATES \
	"UPDATE npcsim.npc_states t SET " \
	"needs_as_of = u.needs_as_of, event_at = u.event_at, decision_at = u.decision_at, ask_again_at = " \
	"u.ask_again_at, " \
	"last_decision_at = u.last_decision_at, interaction_id = u.interaction_id, target_id = u.target_id, " \
	"state_since = u.state_since, state_counter = u.state_counter, draws = u.draws, needs_revision = " \
	"u.needs_revision, " \
	"status_revision = u.status_revision, hunger = u.hunger, hygiene = u.hygiene, fun = u.fun, energy = " \
	"u.energy, " \
	"hunger_rate = u.hunger_rate, hygiene_rate = u.hygiene_rate, fun_rate = u.fun_rate, energy_rate = " \
	"u.energy_rate, " \
	"state = u.state, event_kind = u.event_kind, goal_x = u.goal_x, goal_y = u.goal_y, goal_action = " \
	"u.goal_action, " \
	"goal_interaction = u.goal_interaction, replans = u.replans, decider = u.decider, " \
	"decision_reason = u.decision_reason " \
	"FROM staged_states u WHERE "

static SpiStatement update_states_by_place = {UPDATE_STATES SPI_BY_PLACE("npc_id"), 1, {INT8OID}};
static SpiStatement update_states_by_key = {UPDATE_STATES SPI_BY_KEY("npc_id"), 1, {INT8OID}};

static const RowSet state_set = {"staged_states", state_columns, lengthof(state_columns),
								 make_state_row,  npc_id,		 state_place};

void
npcs_insert_states(int64 world_id, Npc **npcs, int count)
{
	write_hot_rows(NULL, &insert_states, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT_RETURNING,
				   &state_set, (void **) npcs, count);
}

void
npcs_write_states(int64 world_id, Npc **npcs, int count)
{
	write_hot_rows(&update_states_by_place, &update_states_by_key, (Datum[]) {Int64GetDatum(world_id)},
				   SPI_OK_UPDATE_RETURNING, &state_set, (void **) npcs, count);
}

/* ---- npc_tracks ---- */

static const StageColumn track_columns[] = {{"place", TIDOID},		  {"npc_id", INT8OID},
											{"departed_at", INT8OID}, {"motion_revision", INT8OID},
											{"cells", INT2ARRAYOID},  {"x1", INT4OID},
											{"y1", INT4OID},		  {"x2", INT4OID},
											{"y2", INT4OID}};

static void
make_track_row(RowBuilder *row, void *thing)
{
	Npc *npc = thing;

	put_tid(row, &npc->track_row);
	put_int64(row, npc->id);
	put_int64(row, npc->departed_at);
	put_int64(row, npc->motion_revision);
	put_datum(row, int16_array((const int16 *) npc->leg, 2 * npc->leg_length));
	put_int32(row, npc->sight_box.min.x);
	put_int32(row, npc->sight_box.min.y);
	put_int32(row, npc->sight_box.max.x);
	put_int32(row, npc->sight_box.max.y);
}

#define SIGHT_LINE \
	"%P.st_makeline(%P.st_makepoint(u.x1 + $2, u.y1 + $3), %P.st_makepoint(u.x2 + $2, u.y2 + $3))"

static SpiStatement insert_tracks =
	{"INSERT INTO npcsim.npc_tracks (world_id, npc_id, departed_at, motion_revision, cells, sight) "
	 "SELECT $1, u.npc_id, u.departed_at, u.motion_revision, u.cells, " SIGHT_LINE
	 " FROM staged_tracks u RETURNING npc_id, ctid",
	 3,
	 {INT8OID, FLOAT8OID, FLOAT8OID}};

#define UPDATE_TRACKS \
	"UPDATE npcsim.npc_tracks t SET departed_at = u.departed_at, motion_revision = u.motion_revision, " \
	"cells = u.cells, sight = " SIGHT_LINE " FROM staged_tracks u WHERE "

static SpiStatement update_tracks_by_place = {UPDATE_TRACKS SPI_BY_PLACE("npc_id"),
											  3,
											  {INT8OID, FLOAT8OID, FLOAT8OID}};
static SpiStatement update_tracks_by_key = {UPDATE_TRACKS SPI_BY_KEY("npc_id"),
											3,
											{INT8OID, FLOAT8OID, FLOAT8OID}};

static const RowSet track_set = {"staged_tracks", track_columns, lengthof(track_columns),
								 make_track_row,  npc_id,		 track_place};

static void
write_tracks(SpiStatement *by_place, SpiStatement *by_key, int result, int64 world_id, Npc **npcs, int count,
			 SightShift shift)
{
	for (int i = 0; i < count; i++)
		npcs[i]->sight_box = leg_box(npcs[i]->leg, npcs[i]->leg_length);
	write_hot_rows(by_place, by_key,
				   (Datum[]) {Int64GetDatum(world_id), Float8GetDatum(shift.x), Float8GetDatum(shift.y)},
				   result, &track_set, (void **) npcs, count);
}

void
npcs_insert_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_tracks(NULL, &insert_tracks, SPI_OK_INSERT_RETURNING, world_id, npcs, count, shift);
}

void
npcs_write_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	write_tracks(&update_tracks_by_place, &update_tracks_by_key, SPI_OK_UPDATE_RETURNING, world_id, npcs,
				 count, shift);
}
