/*
 * worlds.c
 *	  The reducers of worlds: they create, drop, adopt and lock worlds, and change settings that the rules
 *	  know.
 *
 * Starting, pausing and stepping are in running.c, terrain and colonies in colonies.c, types of items
 * and interactions in item_types.c and interaction_types.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "queue.h"
#include "reducers/args.h"
#include "reducers/fold.h"
#include "reducers/reducers.h"
#include "reducers/session_ends.h"
#include "reducers/worlds.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/type_definitions.h"
#include "tables/persons.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_adopt_world);
PG_FUNCTION_INFO_V1(npcsim_adopt_worlds);
PG_FUNCTION_INFO_V1(npcsim_world_now);
PG_FUNCTION_INFO_V1(npcsim_world_home);

#define SIZE_MIN 4

const char *const decision_policies[] = {"occasions", "interval", "none", NULL};
const char *const durabilities[] = {"full", "relaxed", NULL};
const char *const allocations[] = {"market", "manual", NULL};
const char *const insufficient_computes[] = {"fewer", "alert", "warn_then_remove", NULL};

/* The presets that create_world() takes. */
typedef enum Preset
{
	PRESET_DEFAULT, /* a colony that asks seldom, and can live */
	/* As in the reference game, and asks as often as 0.1.0 did; measurements and tests use it. */
	PRESET_REFERENCE,
	PRESET_COUNT
} Preset;

static const char *const preset_names[] = {
	[PRESET_DEFAULT] = "default",
	[PRESET_REFERENCE] = "reference",
	[PRESET_COUNT] = NULL,
};
StaticAssertDecl(lengthof(preset_names) == PRESET_COUNT + 1, "every preset has a name");

typedef struct WorldPreset
{
	int32 idle_interval;  /* world seconds */
	int32 need_decay_min; /* millionths of a unit a second */
	int32 need_decay_max;
} WorldPreset;

static const WorldPreset presets[] = {
	[PRESET_DEFAULT] = {.idle_interval = 60,
						.need_decay_min = NEED_UNIT / 10,
						.need_decay_max = NEED_UNIT / 5},
	[PRESET_REFERENCE] = {.idle_interval = IDLE_INTERVAL_MIN,
						  .need_decay_min = NEED_DECAY_REFERENCE_MIN,
						  .need_decay_max = NEED_DECAY_REFERENCE_MAX},
};

StaticAssertDecl(lengthof(presets) == PRESET_COUNT, "every preset says what it is");

/* Whether the set of worlds, or how one runs, changed in this transaction. */
static bool worlds_changed = false;

static void
on_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (worlds_changed)
				shmem_worlds_changed();
			worlds_changed = false;
			break;
		case XACT_EVENT_ABORT:
			worlds_changed = false;
			break;
		default:
			break;
	}
}

void
worlds_changed_at_commit(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(on_transaction_end, NULL);
	registered = true;
	worlds_changed = true;
}

int64
world_by_name(const char *name)
{
	int64 world_id;

	spi_begin();
	world_id = world_row_named(name);
	spi_end();
	return world_id;
}

void
check_world_name_free(const char *name)
{
	int64 world_id = world_by_name(name);

	if (world_id != 0)
		ereport(ERROR, errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("there is already a world \"%s\"", name),
				errdetail("It has id %lld.", (long long) world_id), errhint("Choose another name."));
}

WorldLock *
world_create(const char *name, int32 size_x, int32 size_y, int64 seed, int32 tick_rate)
{
	Size			 terrain_size = VARHDRSZ + ((Size) size_x * size_y + 7) / 8;
	bytea			*terrain;
	int64			 world_id;
	WorldLock		*lock;
	SubTransactionId outer;

	version_require();
	check_world_name_free(name);
	terrain = palloc0(terrain_size);
	SET_VARSIZE(terrain, terrain_size);
	spi_begin();
	world_id = world_rows_insert(name, size_x, size_y, seed, tick_rate, world_home());
	lock = world_lock(world_id, WORLD_WAIT);
	outer = world_begin_writing(lock);
	world_terrain_insert(world_id, terrain);
	starter_types_insert(world_id);
	world_end_writing(lock, outer);
	spi_end();
	world_changed(lock, CHANGE_WORLD, 0);
	world_flush(lock);
	return lock;
}

typedef struct BeginWith
{
	const char *name;
} BeginWith;

static const Argument begin_with_arguments[] = {
	TEXT_ARGUMENT(BeginWith, name, NAME_MAX_CHARS),
};

static bool
begin_with(WorldLock *lock, void *arguments, ReducerResult *result)
{
	world_begin_with(world_image(lock), ((const BeginWith *) arguments)->name);
	return true;
}

const Reducer reducer_begin_with = {
	WORLD_REDUCER(begin_with, begin_with),
	REDUCER_ARGUMENTS(BeginWith, begin_with_arguments),
};

/* A new world's NPCs are the market's, which is no rule: a replay is nobody's, as are worlds of older versions. */
static void
begin_market(WorldLock *lock)
{
	SubTransactionId outer = world_begin_writing(lock);

	spi_begin();
	world_setting_write(lock->world_id, WORLD_ALLOCATION, CStringGetTextDatum("market"), false);
	spi_end();
	world_end_writing(lock, outer);
}

/*
 * Stores as inputs what a world of this version has beyond the first rules, so that a replay needs to know
 * nothing else of it. The reference preset is what world_create() makes.
 */
static void
begin_world(WorldLock *lock, const WorldPreset *preset)
{
	world_set_rules(lock, RULES_NEWEST);
	if (preset->idle_interval != IDLE_INTERVAL_MIN)
		world_change_idle_interval(lock, preset->idle_interval);
	if (preset->need_decay_min != NEED_DECAY_REFERENCE_MIN ||
		preset->need_decay_max != NEED_DECAY_REFERENCE_MAX)
		world_change_need_decay(lock, preset->need_decay_min, preset->need_decay_max);
	for (int i = 0; world_beginning(i) != NULL; i++)
		reducer_run(lock, &reducer_begin_with, &(BeginWith) {.name = world_beginning(i)}, NULL);
	world_write(world_image(lock));
}

typedef struct CreateWorld
{
	const char *name;
	int32		size_x;
	int32		size_y;
	int64		seed;
	int32		tick_rate;
	const char *preset;
} CreateWorld;

static const Argument create_world_arguments[] = {
	TEXT_ARGUMENT(CreateWorld, name, NAME_MAX_CHARS),
	NUMBER_ARGUMENT(CreateWorld, size_x, SIZE_MIN, WORLD_CELLS_MAX),
	NUMBER_ARGUMENT(CreateWorld, size_y, SIZE_MIN, WORLD_CELLS_MAX),
	NUMBER_ARGUMENT(CreateWorld, seed, PG_INT64_MIN, PG_INT64_MAX),
	NUMBER_ARGUMENT(CreateWorld, tick_rate, 1, 100),
	WORD_ARGUMENT(CreateWorld, preset, preset_names, .has_default = true, .default_text = "default"),
};

static const WorldPreset *
preset_named(const char *name)
{
	for (int preset = 0; preset < PRESET_COUNT; preset++)
		if (strcmp(preset_names[preset], name) == 0)
			return &presets[preset];
	return &presets[PRESET_DEFAULT];
}

/* Returns its id. */
static bool
create_world(WorldLock *none, void *arguments, ReducerResult *result)
{
	const CreateWorld *create = arguments;
	WorldLock		  *lock;

	if (SIM_SECOND % create->tick_rate != 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"tick_rate\" does not divide a second into whole microseconds"),
				errdetail("It is %d.", create->tick_rate),
				errhint("It can be 1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50 or 100."));
	lock = world_create(create->name, create->size_x, create->size_y, create->seed, create->tick_rate);
	begin_market(lock);
	begin_world(lock, preset_named(create->preset));
	result->number = lock->world_id;
	return true;
}

const Reducer reducer_create_world = {
	OUTSIDE_REDUCER(create_world, create_world),
	REDUCER_ARGUMENTS(CreateWorld, create_world_arguments),
	.returns = RETURNS_ID,
	.without_world = true,
};

REDUCER_FUNCTION(create_world);

typedef struct DropWorld
{
	int64 world_id;
} DropWorld;

static const Argument drop_world_arguments[] = {
	ID_ARGUMENT(DropWorld, world_id),
};

/* Drops everything of a world. A parked world needs no lock, since nobody else can have it locked. */
static bool
drop_world(WorldLock *none, void *arguments, ReducerResult *result)
{
	int64	   world_id = ((const DropWorld *) arguments)->world_id;
	bool	   parked = false;
	WorldLock *lock = NULL;
	char	  *home;

	spi_begin();
	if (world_row_home(world_id, &home))
		parked = home == NULL || strcmp(home, world_home()) != 0;
	spi_end();

	if (!parked)
	{
		/* It is flushed while there is a row to write; the revision wakes those who watch. */
		lock = world_lock(world_id, WORLD_WAIT);
		world_changed(lock, CHANGE_WORLD, 0);
		world_flush(lock);
		world_forget(world_id);
	}
	/* Who counts may suspend players, and end their sessions. */
	spi_begin();
	fold_stop();
	spi_end();
	sessions_end_of_world(world_id);
	if (lock != NULL)
		world_begin_writing(lock);
	spi_begin();
	person_days_keep(world_id);
	world_delete_contents(world_id);
	world_rows_delete(world_id);
	spi_end();
	queue_note_doubt(world_id);
	if (lock != NULL)
	{
		world_end_writing(lock, InvalidSubTransactionId);
		/* Whoever asks for the lock again in this transaction is told that the world is gone. */
		lock->stale = true;
	}
	worlds_changed_at_commit();
	return true;
}

const Reducer reducer_drop_world = {
	OUTSIDE_REDUCER(drop_world, drop_world),
	REDUCER_ARGUMENTS(DropWorld, drop_world_arguments),
	.without_world = true,
};

REDUCER_FUNCTION(drop_world);

/* Locks the world, so that nobody else changes it until the transaction ends. */
static bool
lock_world(WorldLock *lock, void *arguments, ReducerResult *result)
{
	return false;
}

const Reducer reducer_lock_world = {
	OUTSIDE_REDUCER(lock_world, lock_world),
};

REDUCER_FUNCTION(lock_world);

/* Closes a request, which was asked elsewhere and is answered nowhere; its NPC is due again. */
static void
close_request(World *world, Npc *npc, void *arg)
{
	int *closed = arg;

	if (!npc->request_pending)
		return;
	world_close_request(world, npc);
	world_ask_again(world, npc, world_image_lock(world)->now);
	(*closed)++;
}

/* Returns how many requests were closed. */
static bool
close_requests(WorldLock *lock, void *arguments, ReducerResult *result)
{
	int closed = 0;

	world_each_npc(world_image(lock), close_request, &closed);
	result->number = closed;
	return true;
}

const Reducer reducer_adopt_world = {
	WORLD_REDUCER(adopt_world, close_requests),
	.returns = RETURNS_COUNT,
};

static void
adopt_world(int64 world_id, const char *home)
{
	WorldLock	 *lock;
	ReducerResult closed = {0};

	char *old_home = NULL;

	spi_begin();
	(void) world_row_home(world_id, &old_home);
	world_row_write_home(world_id, home);
	lock = world_lock(world_id, WORLD_WAIT);
	if (old_home != NULL)
		fold_adopted(world_id, old_home, lock->next_id);
	spi_end();
	world_forget(world_id);
	reducer_run(lock, &reducer_adopt_world, NULL, &closed);
	world_changed(lock, CHANGE_WORLD, 0);
	reducer_write(lock);
	queue_note_doubt(world_id);
	ereport(LOG, errmsg("world %lld was adopted by this database", (long long) world_id),
			errdetail("It is %s; %d requests to minds were closed.", lock->running ? "running" : "paused",
					  (int) closed.number));
}

/* Whether a world is whole. One of which a restore has lost something is reported, and stays parked. */
static bool
world_is_whole(int64 world_id, int level)
{
	WorldFault first;
	uint64	   faults = world_row_faults(world_id, &first);

	if (faults == 0)
		return true;
	ereport(level, errcode(level < ERROR ? ERRCODE_WARNING : ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("world %lld is not whole and stays parked", (long long) world_id),
			errdetail("Faults: %llu, the first of them in %s%s%s: %s.", (unsigned long long) faults,
					  first.relation, *first.key != '\0' ? ", " : "", first.key, first.fault),
			errhint("Restore it again, into another database. SELECT * FROM npcsim.world_faults(%lld) lists "
					"the faults, SELECT "
					"npcsim.drop_world(%lld) removes what there is of it.",
					(long long) world_id, (long long) world_id));
	return false;
}

/*
 * adopt_world(world_id); does nothing if the world is this database's own. The reducer of that name only does
 * what follows for its requests, since a parked world cannot be locked before it was adopted.
 */
Datum
npcsim_adopt_world(PG_FUNCTION_ARGS)
{
	int64		world_id = arg_id(fcinfo, 0, "world_id");
	const char *home = world_home();
	bool		ours = false;
	char	   *now;

	spi_begin();
	if (world_row_home(world_id, &now))
	{
		ours = now != NULL && strcmp(now, home) == 0;
		if (!ours)
			(void) world_is_whole(world_id, ERROR);
	}
	spi_end();
	if (ours)
		PG_RETURN_VOID();
	adopt_world(world_id, home); /* raises an error if there is no such world */
	worlds_changed_at_commit();
	PG_RETURN_VOID();
}

/* adopt_worlds() → ids of the worlds that were parked, ascending. */
Datum
npcsim_adopt_worlds(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char	  *home = world_home();
	int			   count;
	int64		  *ids;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	spi_begin();
	ids = worlds_without_clock(&count);
	for (int i = 0; i < count; i++)
		(void) world_is_whole(ids[i], WARNING);
	ids = worlds_parked_lock(home, &count);
	for (int i = 0; i < count; i++)
	{
		Datum id = Int64GetDatum(ids[i]);
		bool  isnull = false;

		CHECK_FOR_INTERRUPTS();
		if (!world_is_whole(ids[i], WARNING))
			continue;
		adopt_world(ids[i], home);
		tuplestore_putvalues(result->setResult, result->setDesc, &id, &isnull);
	}
	spi_end();
	if (count > 0)
		worlds_changed_at_commit();
	return (Datum) 0;
}

/* ---- settings that the rules know of ---- */

typedef struct SetDecisionPolicy
{
	const char *policy;
} SetDecisionPolicy;

static const Argument set_decision_policy_arguments[] = {
	WORD_ARGUMENT(SetDecisionPolicy, policy, decision_policies),
};

static bool
set_decision_policy(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const char		*policy = ((const SetDecisionPolicy *) arguments)->policy;
	World			*world = world_image(lock);
	SubTransactionId outer;

	outer = world_begin_writing(lock);
	spi_begin();
	world_row_write_policy(lock->world_id, policy);
	spi_end();
	world_end_writing(lock, outer);
	world_set_policy(world, policy);
	world_changed(lock, CHANGE_WORLD, 0);
	return true;
}

const Reducer reducer_set_decision_policy = {
	WORLD_REDUCER(set_decision_policy, set_decision_policy),
	REDUCER_ARGUMENTS(SetDecisionPolicy, set_decision_policy_arguments),
};

REDUCER_FUNCTION(set_decision_policy);

void
world_change_policy(WorldLock *lock, const char *policy)
{
	reducer_run(lock, &reducer_set_decision_policy, &(SetDecisionPolicy) {.policy = policy}, NULL);
}

typedef struct SetIdleInterval
{
	int32 seconds;
} SetIdleInterval;

static const Argument set_idle_interval_arguments[] = {
	NUMBER_ARGUMENT(SetIdleInterval, seconds, IDLE_INTERVAL_MIN, IDLE_INTERVAL_MAX),
};

static bool
set_idle_interval(WorldLock *lock, void *arguments, ReducerResult *result)
{
	int32			 seconds = ((const SetIdleInterval *) arguments)->seconds;
	World			*world = world_image(lock);
	SubTransactionId outer;

	outer = world_begin_writing(lock);
	spi_begin();
	world_row_write_idle_interval(lock->world_id, seconds);
	spi_end();
	world_end_writing(lock, outer);
	world_set_idle_interval(world, seconds);
	world_changed(lock, CHANGE_WORLD, 0);
	return true;
}

const Reducer reducer_set_idle_interval = {
	WORLD_REDUCER(set_idle_interval, set_idle_interval),
	REDUCER_ARGUMENTS(SetIdleInterval, set_idle_interval_arguments),
};

void
world_change_idle_interval(WorldLock *lock, int32 seconds)
{
	reducer_run(lock, &reducer_set_idle_interval, &(SetIdleInterval) {.seconds = seconds}, NULL);
}

typedef struct SetBuiltInFallback
{
	bool stands_in;
} SetBuiltInFallback;

static const Argument set_built_in_fallback_arguments[] = {
	FLAG_ARGUMENT(SetBuiltInFallback, stands_in),
};

static bool
set_built_in_fallback(WorldLock *lock, void *arguments, ReducerResult *result)
{
	bool			 stands_in = ((const SetBuiltInFallback *) arguments)->stands_in;
	World			*world = world_image(lock);
	SubTransactionId outer;

	outer = world_begin_writing(lock);
	spi_begin();
	world_row_write_built_in_fallback(lock->world_id, stands_in);
	spi_end();
	world_end_writing(lock, outer);
	world_set_built_in_fallback(world, stands_in);
	world_changed(lock, CHANGE_WORLD, 0);
	return true;
}

const Reducer reducer_set_built_in_fallback = {
	WORLD_REDUCER(set_built_in_fallback, set_built_in_fallback),
	REDUCER_ARGUMENTS(SetBuiltInFallback, set_built_in_fallback_arguments),
};

void
world_change_built_in_fallback(WorldLock *lock, bool stands_in)
{
	reducer_run(lock, &reducer_set_built_in_fallback, &(SetBuiltInFallback) {.stands_in = stands_in}, NULL);
}

/* Decays are in millionths of a unit a second. */
typedef struct SetNeedDecay
{
	int32 min;
	int32 max;
} SetNeedDecay;

static const Argument set_need_decay_arguments[] = {
	NUMBER_ARGUMENT(SetNeedDecay, min, 0, NEED_DECAY_MOST),
	NUMBER_ARGUMENT(SetNeedDecay, max, 0, NEED_DECAY_MOST),
};

static bool
set_need_decay(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetNeedDecay *set = arguments;
	World			   *world = world_image(lock);
	SubTransactionId	outer;

	outer = world_begin_writing(lock);
	spi_begin();
	world_row_write_need_decay(lock->world_id, set->min, set->max);
	spi_end();
	world_end_writing(lock, outer);
	world_set_need_decay(world, set->min, set->max);
	world_changed(lock, CHANGE_WORLD, 0);
	return true;
}

const Reducer reducer_set_need_decay = {
	WORLD_REDUCER(set_need_decay, set_need_decay),
	REDUCER_ARGUMENTS(SetNeedDecay, set_need_decay_arguments),
};

void
world_change_need_decay(WorldLock *lock, int32 least, int32 most)
{
	reducer_run(lock, &reducer_set_need_decay, &(SetNeedDecay) {.min = least, .max = most}, NULL);
}

/* ---- for the views ---- */

/* world_now(world_id, clock, tick_length) → µs; for the views. */
Datum
npcsim_world_now(PG_FUNCTION_ARGS)
{
	int64 tick_length = PG_GETARG_INT64(2);

	if (tick_length < 1 || tick_length > SIM_SECOND)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				errmsg("\"%s\" is out of range", "tick_length"),
				errdetail("It is %lld.", (long long) tick_length),
				errhint("It can be 1 to %lld microseconds.", (long long) SIM_SECOND));
	PG_RETURN_INT64(world_now(PG_GETARG_INT64(0), PG_GETARG_INT64(1), tick_length));
}

/* world_home() → what world_clock.home has for worlds that are not parked. */
Datum
npcsim_world_home(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(world_home()));
}
