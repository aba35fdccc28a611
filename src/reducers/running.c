/*
 * running.c
 *	  The reducers by which time passes in a world: start_world, pause_world, set_world_speed, tick_world.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/reducers.h"
#include "reducers/worlds.h"
#include "require.h"
#include "spi.h"
#include "tables/worlds.h"

/* The most world seconds of one tick_world(), since a transaction cannot prune its own dead rows. */
#define STEP_MAX_SECONDS 60
/* The number of ticks between two checks for interrupts. */
#define STEP_TICKS 100

/* Returns false if the status is this already. */
static bool
set_status(WorldLock *lock, bool running)
{
	if (lock->running == running)
		return false;
	spi_begin();
	world_row_write_running(lock->world_id, running);
	spi_end();
	lock->running = running;
	world_changed(lock, CHANGE_WORLD, 0);
	worlds_changed_at_commit();
	return true;
}

/* Nothing happens if the world runs already. */
static bool
start_world(WorldLock *lock, void *arguments, ReducerResult *result)
{
	worker_require();
	return set_status(lock, true);
}

const Reducer reducer_start_world = {
	OUTSIDE_REDUCER(start_world, start_world), .client_roles = ROLES_OPERATORS, .burst = 20, .per_minute = 60,
	.description = "Lets your world run",
};

REDUCER_FUNCTION(start_world);

/* Nothing happens if the world is paused already. */
static bool
pause_world(WorldLock *lock, void *arguments, ReducerResult *result)
{
	return set_status(lock, false);
}

const Reducer reducer_pause_world = {
	OUTSIDE_REDUCER(pause_world, pause_world),
	.client_roles = ROLES_OPERATORS,
	.burst = 20,
	.per_minute = 60,
	.description = "Stops the clock of your world",
};

REDUCER_FUNCTION(pause_world);

/* The speed is world time per real time. */
typedef struct SetWorldSpeed
{
	int32 speed; /* thousandths */
} SetWorldSpeed;

static const Argument set_world_speed_arguments[] = {
	SCALED_ARGUMENT(SetWorldSpeed, speed, SPEED_MIN, SPEED_MAX, SPEED_UNIT, .stored_name = "thousandths"),
};

static bool
set_world_speed(WorldLock *lock, void *arguments, ReducerResult *result)
{
	int32  speed = ((const SetWorldSpeed *) arguments)->speed;
	World *world = world_image(lock);

	if (lock->speed == speed)
		return false;
	spi_begin();
	world_row_write_speed(lock->world_id, speed);
	spi_end();
	world_change_speed(world, speed);
	world_changed(lock, CHANGE_WORLD, 0);
	worlds_changed_at_commit();
	return true;
}

const Reducer reducer_set_world_speed = {
	WORLD_REDUCER(set_world_speed, set_world_speed),
	REDUCER_ARGUMENTS(SetWorldSpeed, set_world_speed_arguments),
	.client_roles = ROLES_OPERATORS,
	.burst = 20,
	.per_minute = 60,
	.description = "World time per real time",
};

REDUCER_FUNCTION(set_world_speed);

void
world_set_speed(WorldLock *lock, int32 speed)
{
	reducer_run(lock, &reducer_set_world_speed, &(SetWorldSpeed) {.speed = speed}, NULL);
}

typedef struct TickWorld
{
	double dt; /* seconds */
} TickWorld;

static const Argument tick_world_arguments[] = {
	DECIMAL_ARGUMENT(TickWorld, dt, 0, STEP_MAX_SECONDS, .unit = "s"),
};

/* Moves the world on and writes it; the result is its clock in seconds. */
static bool
tick_world(WorldLock *lock, void *arguments, ReducerResult *result)
{
	double dt = ((const TickWorld *) arguments)->dt;
	int64  step = (int64) rint(dt * SIM_SECOND);
	int64  clock = lock->clock;
	int64  until = clock + step;

	if (step < 1)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"dt\" is out of range"),
				errdetail("It is %.15g s, which is no microsecond.", dt),
				errhint("It can be 0.000001 to %d s.", STEP_MAX_SECONDS));
	if (lock->running)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_RUNNING),
				errmsg("world %lld is running", (long long) lock->world_id),
				errdetail("Its clock is moved by its worker."),
				errhint("SELECT npcsim.pause_world(%lld); start_world(%lld) lets it run on afterwards.",
						(long long) lock->world_id, (long long) lock->world_id));
	while (clock < until)
	{
		TickResult ticks;

		CHECK_FOR_INTERRUPTS();
		clock = world_run(lock, until, STEP_TICKS, &ticks);
	}
	result->datum = Float8GetDatum((double) clock / SIM_SECOND);
	return false;
}

const Reducer reducer_tick_world = {
	OUTSIDE_REDUCER(tick_world, tick_world),
	REDUCER_ARGUMENTS(TickWorld, tick_world_arguments),
	.returns = RETURNS_DATUM,
};

REDUCER_FUNCTION(tick_world);
