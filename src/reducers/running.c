/*
 * running.c
 *	  How time passes in a world: started, paused, at which speed, or moved
 *	  on by hand.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/inputs.h"
#include "reducers/worlds.h"
#include "require.h"
#include "spi.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_start_world);
PG_FUNCTION_INFO_V1(npcsim_pause_world);
PG_FUNCTION_INFO_V1(npcsim_set_world_speed);
PG_FUNCTION_INFO_V1(npcsim_tick_world);

/* World seconds of one tick_world(): a transaction cannot prune its own dead rows. */
#define STEP_MAX_SECONDS 60
/* Ticks between two looks at whether the query was cancelled. */
#define STEP_TICKS 100

static void
set_status(WorldLock *lock, bool running)
{
	if (lock->running == running)
		return;
	spi_begin();
	world_row_write_running(lock->world_id, running);
	spi_end();
	lock->running = running;
	world_changed(lock, CHANGE_WORLD, 0);
	world_flush(lock);
	worlds_changed_at_commit();
}

/* start_world(world_id); nothing happens when it runs */
Datum
npcsim_start_world(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	WorldLock *lock = world_lock(world_id, WORLD_WAIT);

	worker_require();
	set_status(lock, true);
	PG_RETURN_VOID();
}

/* pause_world(world_id); nothing happens when it stands */
Datum
npcsim_pause_world(PG_FUNCTION_ARGS)
{
	set_status(world_lock(arg_id(fcinfo, 0, "world_id"), WORLD_WAIT), false);
	PG_RETURN_VOID();
}

void
world_set_speed(World *world, int32 speed)
{
	WorldLock *lock = world_image_lock(world);

	if (lock->speed == speed)
		return;
	spi_begin();
	world_row_write_speed(lock->world_id, speed);
	spi_end();
	world_change_speed(world, speed);
	world_changed(lock, CHANGE_WORLD, 0);
	input_begin(lock, "set_world_speed");
	input_number("thousandths", speed);
	input_end();
	worlds_changed_at_commit();
}

/* set_world_speed(world_id, speed): world time per real time, kept in thousandths */
Datum
npcsim_set_world_speed(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	double speed = arg_float8(fcinfo, 1, "speed", SPEED_MIN, SPEED_MAX, "");
	World *world = world_image(world_lock(world_id, WORLD_WAIT));

	world_set_speed(world, (int32) rint(speed * 1000));
	world_write(world);
	PG_RETURN_VOID();
}

/* tick_world(world_id, dt) → clock in seconds */
Datum
npcsim_tick_world(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	double	   dt = arg_float8(fcinfo, 1, "dt", 0, STEP_MAX_SECONDS, "s");
	int64	   step = (int64) rint(dt * SIM_SECOND);
	int64	   clock;
	int64	   until;
	WorldLock *lock;

	if (step < 1)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"dt\" is out of range"),
				errdetail("It is %.15g s, which is no microsecond.", dt),
				errhint("It can be 0.000001 to %d s.", STEP_MAX_SECONDS));
	lock = world_lock(world_id, WORLD_WAIT);
	if (lock->running)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_RUNNING),
				errmsg("world %lld is running", (long long) world_id),
				errdetail("Its clock is moved by its worker."),
				errhint("SELECT npcsim.pause_world(%lld); start_world(%lld) lets it run on afterwards.",
						(long long) world_id, (long long) world_id));

	clock = lock->clock;
	until = clock + step;
	while (clock < until)
	{
		TickResult result;

		CHECK_FOR_INTERRUPTS();
		clock = world_run(lock, until, STEP_TICKS, &result);
	}
	PG_RETURN_FLOAT8((double) clock / SIM_SECOND);
}
