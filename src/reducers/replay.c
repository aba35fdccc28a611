/*
 * replay.c
 *	  replay_world(world_id, until, name): makes a second world from the seed and the inputs of a first.
 *
 * Each input is applied by the functions that applied it first, which store it again, so that the
 * second world has the first one's inputs and can be replayed itself; between two inputs the ticks are
 * run. All of it happens in the image, which is written once, at the end: however long the first world
 * has lived, no row is written twice except those of its types. Inputs are read and written a page at
 * a time. The first world is not locked: its clock and the number of its inputs are read in one
 * snapshot, and inputs do not change.
 *
 * The second world is paused. Its minds are never asked: which players are present, and what minds
 * answered, are inputs. Its players are those of the first world.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/reducers.h"
#include "reducers/registry.h"
#include "reducers/worlds.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/world_inputs.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_replay_world);

/* So many inputs are read, and written, at a time; after so many ticks memory is reset. */
#define PAGE_INPUTS	 500
#define REPLAY_TICKS 100
/* Events are written when there are so many of them. */
#define EVENTS_PENDING 10000

typedef struct Replay
{
	/* The world that is replayed, as it was when it was read. */
	const WorldOrigin *original;
	WorldLock		  *lock;  /* of the new world */
	const WorldInput  *input; /* that is being applied, or NULL */
	MemoryContext	   page;
	MemoryContext	   scratch;
} Replay;

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
	WorldLock	  *lock = replay->lock;
	MemoryContext  before = MemoryContextSwitchTo(replay->scratch);
	const Reducer *reducer = reducer_named(input->kind);

	replay->input = input;
	if (reducer == NULL || reducer->kind != REDUCER_OF_WORLD)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("there is no input \"%s\"", input->kind),
				errdetail("This version of npcsim does not know how to replay it."),
				errhint("A later version may have run the world."));
	(void) world_image(lock);
	reducer_replay(lock, reducer, input->payload);
	world_settle(world_image(lock));
	if (lock->next_input != input->sequence + 1)
		elog(ERROR, "input %lld was noted as %lld", (long long) input->sequence,
			 (long long) lock->next_input - 1);
	replay->input = NULL;
	MemoryContextSwitchTo(before);
	MemoryContextReset(replay->scratch);
}

/* Reads up to PAGE_INPUTS inputs from 'first' on. Returns how many there are; all must be there. */
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
				errdetail("Input %lld of %lld is missing.", (long long) (first + row),
						  (long long) replay->original->next_input - 1),
				errhint(
					"Without them the world cannot be replayed: rows of npcsim.world_inputs were deleted."));
	return rows;
}

/* Applies the inputs, each of which is stored with the tick after which it took effect. */
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

	/*
	 * It is read before the inputs are counted: inputs that come later take effect at this moment or after
	 * it.
	 */
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

static const char *const rules_names[] = {
	[RULES_0_1] = "0.1", [RULES_0_2] = "0.2", [RULES_0_3] = "0.3", [RULES_0_4] = "0.4",
	[RULES_0_5] = "0.5", [RULES_0_6] = "0.6", [RULES_0_8] = "0.8",
};
StaticAssertDecl(lengthof(rules_names) == RULES_NEWEST + 1, "all rules have a name");

/* Returns the rules that an input sets; RULES_0_1 if it sets none. */
static Rules
told_rules(const WorldInput *input)
{
	JsonbValue *number = getKeyJsonValueFromContainer(&input->payload->root, "rules", strlen("rules"), NULL);
	int32		rules = RULES_0_1;

	if (strcmp(input->kind, "rules") == 0 && number != NULL && number->type == jbvNumeric)
		rules = DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(number->val.numeric)));
	return (Rules) Max(rules, RULES_0_1);
}

/*
 * Returns the rules by which a world began to live: its first input tells them, except in worlds of the first
 * version.
 */
static Rules
first_rules(const WorldOrigin *original)
{
	WorldInput first;
	Rules	   rules = RULES_0_1;

	if (original->next_input == 1)
		return rules;
	spi_begin();
	/* That inputs are missing is reported where they are read. */
	if (world_inputs_read(original->id, 1, 1, CurrentMemoryContext, &first) == 1)
		rules = told_rules(&first);
	else
		rules = RULES_REPLAYED;
	spi_end();
	return rules;
}

/* Refuses a world that began by rules that are no longer known. */
static void
require_known_rules(const WorldOrigin *original)
{
	Rules rules;

	version_require();
	rules = first_rules(original);
	if (rules >= RULES_REPLAYED)
		return;
	ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("world %lld cannot be replayed by this version of npcsim", (long long) original->id),
			errdetail("It began by the rules of version %s; replays live by those of version %s or later.",
					  rules_names[rules], rules_names[RULES_REPLAYED]),
			errhint(
				"It lives on. A copy of the database from before the update can be replayed by the version "
				"that ran it."));
}

/* Returns "Meadow (replay)", "Meadow (replay 2)", … that no other world has. */
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

/*
 * replay_world(world_id, until, name) → id of the new world. It is not described as a reducer, because the
 * range of 'until' is known only when the world was read, and NULL means another moment than 0.
 */
Datum
npcsim_replay_world(PG_FUNCTION_ARGS)
{
	int64			   world_id = arg_id(fcinfo, 0, "world_id");
	char			  *name = arg_text_or_none(fcinfo, 2, "name", NAME_MAX_CHARS);
	const WorldOrigin *original = read_original(world_id);
	int64			   until = original->clock;
	Replay			  *replay = palloc0(sizeof(Replay));

	if (!PG_ARGISNULL(1))
	{
		double seconds = arg_float8(fcinfo, 1, "until", 0, (double) original->clock / SIM_SECOND, "s");

		until = Min((int64) rint(seconds * SIM_SECOND), original->clock);
	}
	require_known_rules(original);
	replay->original = original;
	replay->page = AllocSetContextCreate(CurrentMemoryContext, "npcsim inputs", ALLOCSET_DEFAULT_SIZES);
	replay->scratch = AllocSetContextCreate(CurrentMemoryContext, "npcsim replay", ALLOCSET_DEFAULT_SIZES);
	replay->lock = world_create(name != NULL ? name : free_name(original->name), original->size_x,
								original->size_y, original->seed, original->tick_rate);
	run_replay(replay, until);
	PG_RETURN_INT64(replay->lock->world_id);
}
