/*
 * replay.c
 *	  replay_world(world_id, until, name): a second world from the seed and the
 *	  inputs of a first.
 *
 * Each input is applied by the functions that applied it first, which note it again, so that the second world has the
 * first one's inputs and can be replayed itself; between two inputs the ticks are run. All of it happens in
 * the image and is written once, at the end: however long the first world has lived, no row is
 * written twice but those of its kinds of items. Inputs are read and written a page at a time. The first world is not locked:
 * its clock and the number of its inputs are read in one snapshot, and inputs do not change.
 *
 * The second world is paused. Its minds are nobody's: who is there, and what they answered, are inputs, and its players
 * are those of the first world, who are asked nothing here.
 *
 * A new kind of input is a function here and an entry in 'kinds'.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/colonies.h"
#include "reducers/effect.h"
#include "reducers/failures.h"
#include "reducers/inputs.h"
#include "reducers/interaction_types.h"
#include "reducers/item_types.h"
#include "reducers/items.h"
#include "reducers/judging.h"
#include "reducers/messages.h"
#include "reducers/npcs.h"
#include "reducers/worlds.h"
#include "shmem.h"
#include "spi.h"
#include "tables/world_inputs.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_replay_world);

/* Inputs read, and written, at a time; ticks after which memory is given back. */
#define PAGE_INPUTS	 500
#define REPLAY_TICKS 100
/* What happened is written when there is so much of it. */
#define EVENTS_PENDING 10000

typedef struct Replay
{
	const WorldOrigin *original; /* the world that is replayed, as it was when it was read */
	WorldLock		  *lock;	 /* of the new world */
	const WorldInput  *input;	 /* that is being applied, or NULL */
	MemoryContext	   page;
	MemoryContext	   scratch;
} Replay;

/* ---- kinds of inputs ---- */

static Npc *
npc_of(World *world, Jsonb *payload)
{
	return npc_require(world, input_get_id(payload, "npc_id"));
}

static Cell
cell_of(World *world, Jsonb *payload)
{
	return check_cell(world_grid(world), (int32) input_get_number(payload, "x", 0, WORLD_CELLS_MAX),
					  (int32) input_get_number(payload, "y", 0, WORLD_CELLS_MAX));
}

static void
require_id(int64 id, int64 first)
{
	if (id != first)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("the replay departs from the world"),
				errdetail("What had id %lld in the world has id %lld in the replay.", (long long) first,
						  (long long) id),
				errhint("Another version of npcsim, with other rules, may have run the world."));
}

static void
replay_populate_world(Replay *replay, World *world, Jsonb *payload)
{
	world_populate(world, (int) input_get_number(payload, "npcs", 1, PG_INT32_MAX));
}

static void
replay_set_terrain(Replay *replay, World *world, Jsonb *payload)
{
	world_change_terrain(world, (int32) input_get_number(payload, "x", 0, WORLD_CELLS_MAX),
						 (int32) input_get_number(payload, "y", 0, WORLD_CELLS_MAX),
						 input_get_flag(payload, "blocked"),
						 (int32) input_get_number(payload, "width", 1, WORLD_CELLS_MAX),
						 (int32) input_get_number(payload, "height", 1, WORLD_CELLS_MAX));
}

static void
replay_define_item_type(Replay *replay, World *world, Jsonb *payload)
{
	item_type_define(replay->lock, input_get_text(payload, "name"), input_get_jsonb(payload, "components"),
					 input_get_text(payload, "description"));
}

static void
replay_delete_item_type(Replay *replay, World *world, Jsonb *payload)
{
	item_type_delete(replay->lock, input_get_text(payload, "name"));
}

static void
replay_define_interaction_type(Replay *replay, World *world, Jsonb *payload)
{
	interaction_type_define_again(replay->lock, payload);
}

static void
replay_delete_interaction_type(Replay *replay, World *world, Jsonb *payload)
{
	interaction_type_delete(replay->lock, input_get_text(payload, "name"));
}

static void
replay_send_chat(Replay *replay, World *world, Jsonb *payload)
{
	record_chat(replay->lock, input_get_id(payload, "player_id"), input_get_text(payload, "username"),
				input_get_text(payload, "text"));
}

static void
replay_map_ping(Replay *replay, World *world, Jsonb *payload)
{
	record_map_ping(replay->lock, input_get_id(payload, "player_id"), input_get_text(payload, "username"),
					cell_of(world, payload));
}

static void
replay_set_decision_policy(Replay *replay, World *world, Jsonb *payload)
{
	world_change_policy(world, input_get_text(payload, "policy"));
}

static void
replay_set_idle_interval(Replay *replay, World *world, Jsonb *payload)
{
	world_change_idle_interval(world, (int32) input_get_number(payload, "seconds", IDLE_INTERVAL_MIN,
															   IDLE_INTERVAL_MAX));
}

static void
replay_set_need_decay(Replay *replay, World *world, Jsonb *payload)
{
	int32 most = (int32) input_get_number(payload, "max", 0, NEED_DECAY_MOST);

	world_change_need_decay(world, (int32) input_get_number(payload, "min", 0, most), most);
}

static void
replay_set_world_speed(Replay *replay, World *world, Jsonb *payload)
{
	world_set_speed(world, (int32) input_get_number(payload, "thousandths", 1, PG_INT32_MAX));
}

static void
replay_rules(Replay *replay, World *world, Jsonb *payload)
{
	world_set_rules(replay->lock, (Rules) input_get_number(payload, "rules", RULES_0_1, RULES_NEWEST));
	world_settle_bids(world);
}

static void
replay_adopt_world(Replay *replay, World *world, Jsonb *payload)
{
	world_close_requests(world);
}

static void
replay_create_npc(Replay *replay, World *world, Jsonb *payload)
{
	Npc *npc = npc_create(world, input_get_text(payload, "name"), cell_of(world, payload),
						  input_get_id(payload, "controller_player_id"), NULL, 0);

	require_id(npc->id, input_get_id(payload, "npc_id"));
}

static void
replay_remove_npc(Replay *replay, World *world, Jsonb *payload)
{
	npc_remove(world, npc_of(world, payload));
}

static void
replay_assign_npc_to_player(Replay *replay, World *world, Jsonb *payload)
{
	npc_assign(world, npc_of(world, payload), input_get_id(payload, "player_id"));
}

static void
replay_rename_npc(Replay *replay, World *world, Jsonb *payload)
{
	npc_rename(world, npc_of(world, payload), input_get_text(payload, "name"));
}

static void
replay_place_npc(Replay *replay, World *world, Jsonb *payload)
{
	npc_place(world, npc_of(world, payload), cell_of(world, payload));
}

static void
replay_set_need(Replay *replay, World *world, Jsonb *payload)
{
	char *name = input_get_text(payload, "need");
	int32 value = (int32) input_get_number(payload, "millionths", 0, NEED_MAX);

	for (int need = 0; need < NEED_COUNT; need++)
		if (strcmp(need_names[need], name) == 0)
			npc_change_need(world, npc_of(world, payload), (Need) need, value);
}

static void
replay_set_traits(Replay *replay, World *world, Jsonb *payload)
{
	int	   count;
	char **traits = input_get_texts(payload, "traits", &count);

	npc_change_traits(world, npc_of(world, payload), traits, count);
}

static void
replay_request_npc_decision(Replay *replay, World *world, Jsonb *payload)
{
	npc_ask(world, npc_of(world, payload));
}

static void
replay_create_item(Replay *replay, World *world, Jsonb *payload)
{
	WorldItem *item = item_create(world, input_get_text(payload, "item_type"), cell_of(world, payload),
								  input_get_jsonb(payload, "properties"));

	require_id(item->id, input_get_id(payload, "item_id"));
}

static void
replay_remove_item(Replay *replay, World *world, Jsonb *payload)
{
	item_remove(world, item_require(world, input_get_id(payload, "item_id")));
}

static void
replay_set_item_properties(Replay *replay, World *world, Jsonb *payload)
{
	item_change_properties(world, item_require(world, input_get_id(payload, "item_id")),
						   input_get_jsonb(payload, "properties"));
}

/* An image that is loaded anew (for other item types) is told again, as the first world's was. */
static void
replay_presence(Replay *replay, World *world, Jsonb *payload)
{
	int	   count;
	int64 *ids = input_get_ids(payload, "present", &count);

	world_set_present(world, ids, count);
}

static void
replay_pace(Replay *replay, World *world, Jsonb *payload)
{
	world_set_pace(world, input_get_id(payload, "player_id"),
				   (int32) input_get_number(payload, "seconds", 1, PG_INT32_MAX));
}

/* What it has spent is not known here, only that it was too much, or no longer so. */
static void
replay_budget(Replay *replay, World *world, Jsonb *payload)
{
	world_set_budget_spent(world, npc_of(world, payload), input_get_flag(payload, "spent"));
}

static void
replay_decision(Replay *replay, World *world, Jsonb *payload)
{
	Npc	  *npc = npc_of(world, payload);
	Answer answer = {.npc_id = npc->id,
					 .effect = decision_effect(payload),
					 .tokens_valid = true,
					 .state_counter = input_get_number(payload, "state_counter", 0, PG_INT64_MAX),
					 .told_events = (int) input_get_number(payload, "told_events", 0, PG_INT32_MAX)};

	answer_apply(world, npc, &answer);
}

static void
replay_decision_refused(Replay *replay, World *world, Jsonb *payload)
{
	answer_apply_refusal(world, npc_of(world, payload),
						 (int) input_get_number(payload, "told_events", 0, PG_INT32_MAX),
						 input_get_text(payload, "message"));
}

/* Whose minds were not there: noted when there are any. */
static void
note_absent(Jsonb *payload, const int64 *ids, bool *absent, int count)
{
	int	   absent_count = 0;
	int64 *absent_ids = input_has(payload, "absent") ? input_get_ids(payload, "absent", &absent_count) : NULL;

	for (int i = 0; i < absent_count; i++)
		for (int n = 0; n < count; n++)
			absent[n] |= ids[n] == absent_ids[i];
}

static void
replay_decision_failed(Replay *replay, World *world, Jsonb *payload)
{
	int	   count;
	int	   known_count;
	int64 *ids = input_get_ids(payload, "npc_ids", &count);
	int64 *known = input_get_counts(payload, "known_events", &known_count);
	Npc	 **npcs = palloc((count + 1) * sizeof(Npc *));
	char **reasons = NULL;
	int	   reason_count = count;
	bool  *absent = palloc0((count + 1) * sizeof(bool));

	if (world_lives_by(replay->lock, RULES_0_2))
		reasons = input_get_texts(payload, "reasons", &reason_count);
	if (known_count != count || reason_count != count)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("an input does not fit together"),
				errdetail("It names %d NPCs, what %d of them know, and why %d failed.", count, known_count,
						  reason_count));
	for (int i = 0; i < count; i++)
		npcs[i] = npc_require(world, ids[i]);
	note_absent(payload, ids, absent, count);
	decisions_fail(world, npcs, known, reasons, absent, count);
}

static const struct
{
	const char *name;
	void (*apply)(Replay *replay, World *world, Jsonb *payload);
} kinds[] = {
	{"populate_world", replay_populate_world},
	{"set_terrain", replay_set_terrain},
	{"define_item_type", replay_define_item_type},
	{"delete_item_type", replay_delete_item_type},
	{"define_interaction_type", replay_define_interaction_type},
	{"delete_interaction_type", replay_delete_interaction_type},
	{"send_chat", replay_send_chat},
	{"map_ping", replay_map_ping},
	{"set_decision_policy", replay_set_decision_policy},
	{"set_idle_interval", replay_set_idle_interval},
	{"set_need_decay", replay_set_need_decay},
	{"set_world_speed", replay_set_world_speed},
	{"rules", replay_rules},
	{"adopt_world", replay_adopt_world},
	{"create_npc", replay_create_npc},
	{"remove_npc", replay_remove_npc},
	{"assign_npc_to_player", replay_assign_npc_to_player},
	{"rename_npc", replay_rename_npc},
	{"place_npc", replay_place_npc},
	{"set_need", replay_set_need},
	{"set_traits", replay_set_traits},
	{"request_npc_decision", replay_request_npc_decision},
	{"create_item", replay_create_item},
	{"remove_item", replay_remove_item},
	{"set_item_properties", replay_set_item_properties},
	{"presence", replay_presence},
	{"pace", replay_pace},
	{"budget", replay_budget},
	{"decision", replay_decision},
	{"decision_refused", replay_decision_refused},
	{"decision_failed", replay_decision_failed},
};

/* ---- the course of a replay ---- */

static void
advance(Replay *replay, int64 clock)
{
	MemoryContext before = MemoryContextSwitchTo(replay->scratch);

	while (replay->lock->clock < clock)
	{
		TickResult result;

		world_advance(world_image(replay->lock), clock, REPLAY_TICKS, &result);
		if (replay->lock->events.count >= EVENTS_PENDING)
			world_flush(replay->lock);
		MemoryContextReset(replay->scratch);
	}
	MemoryContextSwitchTo(before);
}

static void
apply(Replay *replay, const WorldInput *input)
{
	MemoryContext before = MemoryContextSwitchTo(replay->scratch);
	int			  kind = 0;

	replay->input = input;
	while (kind < (int) lengthof(kinds) && strcmp(kinds[kind].name, input->kind) != 0)
		kind++;
	if (kind == (int) lengthof(kinds))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("there is no input \"%s\"", input->kind),
				errdetail("This version of npcsim does not know how to replay it."),
				errhint("A later version may have run the world."));
	kinds[kind].apply(replay, world_image(replay->lock), input->payload);
	world_settle(world_image(replay->lock));
	if (replay->lock->next_input != input->sequence + 1)
		elog(ERROR, "input %lld was noted as %lld", (long long) input->sequence,
			 (long long) replay->lock->next_input - 1);
	replay->input = NULL;
	MemoryContextSwitchTo(before);
	MemoryContextReset(replay->scratch);
}

/* Up to PAGE_INPUTS inputs from 'first' on; how many. Every one must be there. */
static int
read_page(Replay *replay, int64 first, WorldInput *inputs)
{
	int64 last = Min(first + PAGE_INPUTS, replay->original->next_input) - 1;
	int	  rows;

	MemoryContextReset(replay->page);
	spi_begin();
	rows = world_inputs_read(replay->original->id, first, last, replay->page, inputs);
	spi_end();
	for (int row = 0; row <= last - first; row++)
		if (row >= rows || inputs[row].sequence != first + row)
			ereport(
				ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the inputs of world %lld are not complete", (long long) replay->original->id),
				errdetail("WorldInput %lld of %lld is missing.", (long long) (first + row),
						  (long long) replay->original->next_input - 1),
				errhint(
					"Without them the world cannot be replayed: rows of npcsim.world_inputs were deleted."));
	return rows;
}

/* Inputs are stored with the tick after which they took effect. */
static void
replay_inputs(Replay *replay, int64 until)
{
	WorldInput *inputs = palloc(PAGE_INPUTS * sizeof(WorldInput));
	int64		tick_length = replay->lock->tick_length;
	int64		next = 1;

	while (next < replay->original->next_input)
	{
		int count = read_page(replay, next, inputs);

		for (int i = 0; i < count; i++)
		{
			if (inputs[i].tick > until / tick_length)
				return;
			advance(replay, inputs[i].tick * tick_length);
			apply(replay, &inputs[i]);
		}
		world_flush(replay->lock);
		next += count;
	}
}

static void
tell_place(void *arg)
{
	const Replay *replay = arg;
	double		  clock = (double) replay->lock->now / SIM_SECOND;

	if (replay->input != NULL)
		errcontext("replaying input %lld (%s) of world %lld, at %.15g s", (long long) replay->input->sequence,
				   replay->input->kind, (long long) replay->original->id, clock);
	else
		errcontext("replaying world %lld, at %.15g s", (long long) replay->original->id, clock);
}

static void
run_replay(Replay *replay, int64 until)
{
	ErrorContextCallback context = {.previous = error_context_stack, .callback = tell_place, .arg = replay};

	error_context_stack = &context;
	replay->lock->replaying = true;
	replay_inputs(replay, until);
	advance(replay, until);
	world_write(world_image(replay->lock));
	replay->lock->replaying = false;
	error_context_stack = context.previous;
}

/* ---- the function ---- */

static WorldOrigin *
read_original(int64 world_id)
{
	MemoryContext caller = CurrentMemoryContext;
	WorldOrigin	 *original = palloc(sizeof(WorldOrigin));
	int64		  served = 0;
	int64		  revision;

	/* Before the inputs are counted: what comes later takes effect at this moment or after it. */
	if (!shmem_world_now(world_id, &served, &revision))
		served = 0;
	spi_begin();
	if (!world_origin_read(world_id, original))
		ereport(ERROR, errcode(ERRCODE_NS_NO_WORLD),
				errmsg("world %lld does not exist", (long long) world_id),
				errdetail("This database has no world with this id."),
				errhint("SELECT id, name FROM npcsim.worlds lists the worlds of this database."));
	world_require_home(world_id, original->home);
	original->name = MemoryContextStrdup(caller, original->name);
	original->home = NULL;
	original->clock = Max(original->clock, served);
	spi_end();
	return original;
}

/* "Meadow (replay)", "Meadow (replay 2)", … */
static char *
free_name(const char *name)
{
	for (int n = 1;; n++)
	{
		char *suffix = n == 1 ? pstrdup(" (replay)") : psprintf(" (replay %d)", n);
		int	  kept = pg_mbcharcliplen(name, (int) strlen(name), NAME_MAX_CHARS - (int) strlen(suffix));
		char *candidate = psprintf("%.*s%s", kept, name, suffix);

		CHECK_FOR_INTERRUPTS();
		if (world_by_name(candidate) == 0)
			return candidate;
	}
}

/* replay_world(world_id, until, name) → id of the new world */
Datum
npcsim_replay_world(PG_FUNCTION_ARGS)
{
	int64			   world_id = arg_id(fcinfo, 0, "world_id");
	char			  *name = PG_ARGISNULL(2) ? NULL : arg_text(fcinfo, 2, "name", NAME_MAX_CHARS);
	const WorldOrigin *original = read_original(world_id);
	int64			   until = original->clock;
	Replay			  *replay = palloc0(sizeof(Replay));

	if (!PG_ARGISNULL(1))
	{
		double seconds = arg_float8(fcinfo, 1, "until", 0, (double) original->clock / SIM_SECOND, "s");

		until = Min((int64) rint(seconds * SIM_SECOND), original->clock);
	}
	replay->original = original;
	replay->page = AllocSetContextCreate(CurrentMemoryContext, "npcsim inputs", ALLOCSET_DEFAULT_SIZES);
	replay->scratch = AllocSetContextCreate(CurrentMemoryContext, "npcsim replay", ALLOCSET_DEFAULT_SIZES);
	replay->lock = world_create(name != NULL ? name : free_name(original->name), original->size_x,
								original->size_y, original->seed, original->tick_rate);
	run_replay(replay, until);
	PG_RETURN_INT64(replay->lock->world_id);
}
