/*
 * npcs.c
 *	  NPCs as rows: reading npc_identities, npc_states, npc_tracks, npc_minds and
 *	  their requests in decision_slots. Writing is in npcs_write.c.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
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
		{ \
			"SELECT " columns " FROM " SPI_WANTED_KEYS " JOIN npcsim." table \
			" t ON t.world_id = " SPI_WANTED_WORLD " AND t." key " = wanted.key_", \
				2, \
			{ \
				INT8OID, INT8ARRAYOID \
			} \
		} \
	}

static LoadStatements identity_loads =
	LOAD_STATEMENTS("t.id, t.name, t.controller_player_id, t.born_at, t.identity_revision", "npc_identities",
					"id");

static LoadStatements state_loads = LOAD_STATEMENTS(
	"t.npc_id, t.needs_as_of, t.event_at, t.decision_at, t.ask_again_at, t.last_decision_at, "
	"t.interaction_id, "
	"t.target_id, t.state_since, t.state_counter, t.draws, t.needs_revision, t.status_revision, "
	"t.hunger, t.hygiene, t.fun, t.energy, t.hunger_rate, t.hygiene_rate, t.fun_rate, t.energy_rate, "
	"t.decay, t.state, t.event_kind, t.goal_x, t.goal_y, t.goal_action, t.goal_interaction, t.replans, "
	"t.decider, t.decision_reason, t.conversed_at, t.ctid",
	"npc_states", "npc_id");

static LoadStatements track_loads =
	LOAD_STATEMENTS("t.npc_id, t.departed_at, t.motion_revision, t.cells, t.ctid", "npc_tracks", "npc_id");

static LoadStatements mind_loads =
	LOAD_STATEMENTS("t.npc_id, t.asked_at, t.plan, t.events, t.events_dropped, t.wake_on, t.budget_spent, "
					"t.goal_terms::pg_catalog.text",
					"npc_minds", "npc_id");

static LoadStatements slot_loads =
	LOAD_STATEMENTS("t.npc_id, t.request_id, t.status, t.reason, t.state_counter, t.opened_at, t.player_id, "
					"t.daily_token_output, t.tokens_day",
					"decision_slots", "npc_id");

static const char *const reason_names[] = {
	[REASON_IDLE] = "idle",
	[REASON_INTERVAL] = "interval",
	[REASON_NEED] = "need",
	[REASON_PLAN_FAILED] = "plan_failed",
	[REASON_REQUESTED] = "requested",
	[REASON_CHECK] = "check",
	[REASON_BID] = "bid",
	[REASON_MESSAGE] = "message",
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
	return spi_run(&statements->some,
				   (Datum[]) {Int64GetDatum(load->world_id), int64_array(load->ids, load->count)}, NULL,
				   SPI_OK_SELECT);
}

void
npcs_load_identities(const NpcLoad *load)
{
	uint64 rows = run_load(load, &identity_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

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
	uint64 rows = run_load(load, &state_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

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
		npc->goal_interaction = spi_int16(row, 28, 0);
		npc->replans = spi_int16(row, 29, 0);
		npc->decider = (Decider) spi_int16(row, 30, 0);
		npc->decision_reason = (DecisionReason) spi_int16(row, 31, 0);
		npc->conversed_at = spi_int64(row, 32, -1);
		npc->state_row = spi_tid(row, 33);
	}
}

void
npcs_load_tracks(const NpcLoad *load)
{
	uint64 rows = run_load(load, &track_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc		  *npc = load->lookup(load->arg, spi_int64(row, 1, 0));
		bool	   isnull;
		ArrayType *cells;
		int		   count;

		if (npc == NULL)
			continue;
		npc->departed_at = spi_int64(row, 2, 0);
		npc->motion_revision = spi_int64(row, 3, 0);
		cells = DatumGetArrayTypeP(spi_datum(row, 4, &isnull));
		count = ArrayGetNItems(ARR_NDIM(cells), ARR_DIMS(cells));
		if (count < 2 || count % 2 != 0 || count > 2 * LEG_CELLS || ARR_HASNULL(cells) ||
			ARR_ELEMTYPE(cells) != INT2OID)
			ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the track of NPC %lld in world %lld is damaged", (long long) npc->id,
						   (long long) load->world_id));
		npc->leg_length = count / 2;
		memcpy(npc->leg, ARR_DATA_PTR(cells), count * sizeof(int16));
		npc->sight_box = leg_box(npc->leg, npc->leg_length);
		npc->track_row = spi_tid(row, 5);
	}
}

void
npcs_load_minds(const NpcLoad *load)
{
	uint64 rows = run_load(load, &mind_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

		if (npc == NULL)
			continue;
		npc->asked_at = spi_int64(row, 2, -1);
		json_list_clear(&npc->mind_plan);
		json_list_clear(&npc->mind_events);
		json_list_clear(&npc->wake_on);
		npc->mind_plan = json_list_read(row, 3, PLAN_ACTIONS_MAX, load->context);
		npc->mind_events = json_list_read(row, 4, NPC_EVENTS_MAX, load->context);
		npc->events_dropped = spi_int32(row, 5, 0);
		npc->wake_on = json_list_read(row, 6, WAKE_ON_MAX, load->context);
		npc->budget_spent = spi_bool(row, 7, false);
		if (npc->goal_terms != NULL)
			pfree(npc->goal_terms);
		npc->goal_terms = spi_text(row, 8, load->context);
	}
}

void
npcs_load_slots(const NpcLoad *load)
{
	uint64 rows = run_load(load, &slot_loads);

	for (uint64 row = 0; row < rows; row++)
	{
		Npc *npc = load->lookup(load->arg, spi_int64(row, 1, 0));

		if (npc == NULL)
			continue;
		npc->request_id = spi_int64(row, 2, 0);
		npc->request_pending = spi_int16(row, 3, 0) != REQUEST_CLOSED;
		npc->request_reason = decision_reason_by_name(spi_text(row, 4, CurrentMemoryContext));
		npc->request_state = spi_int64(row, 5, 0);
		npc->request_opened_at = spi_int64(row, 6, 0);
		npc->request_player = spi_int64(row, 7, 0);
		npc->tokens = spi_int64(row, 8, 0);
		npc->tokens_day = spi_int32(row, 9, 0);
	}
}
