/*
 * response_times.c
 *	  How long players' minds take to answer, and how long they are waited for.
 *
 * The log of decisions is read once per backend and RESPONSE_TIME_REFRESH_MS, its newest
 * RESPONSE_TIME_LOG_ROWS rows for all players together, so that a claim never pays for it. A figure
 * may be half a minute old, which does not matter to timeouts of 10 to 60 s. Decisions during which
 * the world was started do not count, since it stood still for a part of that time.
 */
#include "postgres.h"

#include <math.h>

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/image.h"
#include "engine/response_times.h"
#include "spi.h"
#include "tables/decision_log.h"
#include "tables/sessions.h"

#define RESPONSE_TIME_REFRESH_MS 30000
#define RESPONSE_TIME_LOG_ROWS	 5000

/* The p95 is taken to be this many times the average. */
#define P95_PER_AVERAGE 2.0

typedef struct ResponseTime
{
	int64  player_id; /* key */
	double p95_ms;
} ResponseTime;

static HTAB		  *response_times = NULL;
static TimestampTz read_at;

static void
read_response_times(void)
{
	HASHCTL control = {.keysize = sizeof(int64), .entrysize = sizeof(ResponseTime), .hcxt = TopMemoryContext};
	int		count;
	PlayerResponseTime *known = decision_response_times_read(RESPONSE_TIME_LOG_ROWS, &count);

	if (response_times != NULL)
		hash_destroy(response_times);
	response_times = hash_create("npcsim paces", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < count; i++)
	{
		ResponseTime *response_time = hash_search(response_times, &known[i].player_id, HASH_ENTER, NULL);

		response_time->p95_ms = known[i].p95_ms;
	}
	read_at = GetCurrentTimestamp();
}

/*
 * Returns the p95 of a player's mind in ms; while too few decisions are known, it is estimated from the
 * average that its session reports. 0 = nothing is known.
 */
static double
usual_time_ms(int64 player_id, double reported_average_ms)
{
	const ResponseTime *response_time;

	if (response_times == NULL ||
		TimestampDifferenceExceeds(read_at, GetCurrentTimestamp(), RESPONSE_TIME_REFRESH_MS))
		read_response_times();
	response_time = hash_search(response_times, &player_id, HASH_FIND, NULL);
	if (response_time != NULL)
		return response_time->p95_ms;
	return reported_average_ms > 0 ? P95_PER_AVERAGE * reported_average_ms : 0;
}

int32
response_time_timeout_ms(int64 player_id, double reported_average_ms)
{
	double usual = usual_time_ms(player_id, reported_average_ms);

	return usual > 0 ? (int32) Min(Max(3 * usual, TIMEOUT_MS_MIN), TIMEOUT_MS_MAX) : TIMEOUT_MS_UNKNOWN;
}

/* ---- as worlds know it ---- */

/*
 * How long an invitation waits for a mind depends on its response time, which comes from outside: a world
 * knows it in steps, and a change is an input. It is looked up once per transaction, so that all bids of a
 * tick go by the same.
 */
#define RESPONSE_TIME_STEP_S 5
#define RESPONSE_TIME_MAX_S	 30

typedef struct WorldResponseTime
{
	int64  player_id; /* key */
	int32  seconds;
	uint64 turn; /* World.turn in which it was looked up */
} WorldResponseTime;

static int32
look_up_seconds(int64 player_id)
{
	double usual;

	spi_begin();
	usual = usual_time_ms(player_id, sessions_reported_average(player_id));
	spi_end();
	return (int32) Min(Max(ceil(usual / 1000 / RESPONSE_TIME_STEP_S), 1) * RESPONSE_TIME_STEP_S,
					   RESPONSE_TIME_MAX_S);
}

static WorldResponseTime *
world_response_time_entry(World *world, int64 player_id, bool *known)
{
	if (world->response_times == NULL)
	{
		HASHCTL control = {.keysize = sizeof(int64),
						   .entrysize = sizeof(WorldResponseTime),
						   .hcxt = world->context};

		world->response_times =
			hash_create("npcsim world paces", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	return hash_search(world->response_times, &player_id, HASH_ENTER, known);
}

typedef struct ResponseTimeTold
{
	int64 player_id;
	int32 seconds;
} ResponseTimeTold;

static const Argument response_time_arguments[] = {
	ID_ARGUMENT(ResponseTimeTold, player_id),
	NUMBER_ARGUMENT(ResponseTimeTold, seconds, 1, PG_INT32_MAX),
};

static void
set_response_time(World *world, const ResponseTimeTold *response_time)
{
	bool			   known;
	WorldResponseTime *entry = world_response_time_entry(world, response_time->player_id, &known);

	entry->seconds = response_time->seconds;
	entry->turn = world->turn;
	world_input(world->lock, &reducer_pace, response_time);
}

static bool
take_response_time(WorldLock *lock, void *arguments, ReducerResult *result)
{
	set_response_time(lock->image, arguments);
	return false;
}

const Reducer reducer_pace = {
	WORLD_REDUCER(pace, take_response_time),
	REDUCER_ARGUMENTS(ResponseTimeTold, response_time_arguments),
};

int32
world_response_time(World *world, int64 player_id)
{
	bool			   known;
	WorldResponseTime *response_time = world_response_time_entry(world, player_id, &known);
	int32			   seconds;

	if (!known)
		response_time->seconds = 0;
	if (world->lock->replaying)
		return known ? response_time->seconds : RESPONSE_TIME_STEP_S;
	if (known && response_time->turn == world->turn)
		return response_time->seconds;
	seconds = look_up_seconds(player_id);
	response_time->turn = world->turn;
	if (seconds != response_time->seconds)
		set_response_time(world, &(ResponseTimeTold) {.player_id = player_id, .seconds = seconds});
	return seconds;
}

void
world_forget_response_times(World *world)
{
	if (world->response_times != NULL)
		hash_destroy(world->response_times);
	world->response_times = NULL;
}
