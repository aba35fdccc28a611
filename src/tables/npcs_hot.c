/*
 * npcs_hot.c
 *	  NPCs as rows: writing the hot tables, npc_states and npc_tracks.
 *
 * Updated at their places, see hot_rows.h.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/npcs.h"
#include "tables/geometries.h"
#include "tables/hot_rows.h"

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
											{"decision_reason", INT2OID}, {"conversed_at", INT8OID}};

static void
make_state_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

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
	put_int64_unless(row, npc->conversed_at, -1);
}

static const RowSet state_set = {"staged_states", state_columns, lengthof(state_columns),
								 make_state_row,  npc_id,		 state_place};

static HotTable states = {"npc_states", &state_set, lengthof(state_columns),
						  HOT_ROWS_FIND("npc_states", "npc_id")};

void
npcs_insert_states(int64 world_id, Npc **npcs, int count)
{
	hot_rows_insert(&states, world_id, (void **) npcs, count, NULL);
}

void
npcs_write_states(int64 world_id, Npc **npcs, int count)
{
	hot_rows_update(&states, world_id, (void **) npcs, count, NULL);
}

/* ---- npc_tracks ---- */

/* Cells around a leg that its box in the index holds, too. */
#define SIGHT_MARGIN 4
/* A box with a longer side is not kept for the next leg. */
#define SIGHT_SIDE_KEPT 20

static const StageColumn track_columns[] = {{"npc_id", INT8OID},
											{"departed_at", INT8OID},
											{"motion_revision", INT8OID},
											{"cells", INT2ARRAYOID},
											{"sight", InvalidOid}};

/*
 * The index has a wider box than a leg fills, and keeps it while the next ones lie in it: then the row is updated
 * without new entries in any index. Who looks is shown a few more that are out of sight.
 */
static void
cover_leg(Npc *npc)
{
	CellBox	 leg = leg_box(npc->leg, npc->leg_length);
	CellBox *box = &npc->sight_box;
	int		 margin = npc->leg_length > 1 ? SIGHT_MARGIN : 0;

	if (box->min.x <= leg.min.x && box->min.y <= leg.min.y && box->max.x >= leg.max.x &&
		box->max.y >= leg.max.y && box->max.x - box->min.x <= SIGHT_SIDE_KEPT &&
		box->max.y - box->min.y <= SIGHT_SIDE_KEPT)
		return;
	box->min = (Cell) {(int16) (leg.min.x - margin), (int16) (leg.min.y - margin)};
	box->max = (Cell) {(int16) (leg.max.x + margin), (int16) (leg.max.y + margin)};
}

static void
make_track_row(RowBuilder *row, void *thing, void *arg)
{
	Npc *npc = thing;

	cover_leg(npc);
	put_int64(row, npc->id);
	put_int64(row, npc->departed_at);
	put_int64(row, npc->motion_revision);
	put_datum(row, int16_array((const int16 *) npc->leg, 2 * npc->leg_length));
	put_datum(row, geometry_of_line(arg, npc->sight_box.min, npc->sight_box.max));
}

static const RowSet track_set = {"staged_tracks", track_columns, lengthof(track_columns),
								 make_track_row,  npc_id,		 track_place};

static HotTable tracks = {"npc_tracks", &track_set, lengthof(track_columns),
						  HOT_ROWS_FIND("npc_tracks", "npc_id")};

void
npcs_insert_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	GeometryMaker maker;

	geometry_maker_begin(&maker, shift);
	hot_rows_insert(&tracks, world_id, (void **) npcs, count, &maker);
}

void
npcs_write_tracks(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	GeometryMaker maker;

	geometry_maker_begin(&maker, shift);
	hot_rows_update(&tracks, world_id, (void **) npcs, count, &maker);
}
