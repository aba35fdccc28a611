/*
 * pace.c
 *	  How long players' minds take, and how long they are waited for.
 *
 * The log of decisions is read once per backend and PACE_REFRESH_MS, its newest PACE_LOG_ROWS rows for all
 * players together, so that a claim never pays for it. A figure may thus be half a
 * minute old, which time-outs of 10 to 60 s do not mind. Decisions during which the world was started say
 * nothing: it stood for a part of that time.
 */
#include "postgres.h"

#include <math.h>

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/image.h"
#include "engine/pace.h"
#include "spi.h"
#include "tables/decision_log.h"
#include "tables/sessions.h"

#define PACE_REFRESH_MS 30000
#define PACE_LOG_ROWS	5000

/* An average is to its p95 about as 1 to 2. */
#define P95_PER_AVERAGE 2.0

typedef struct Pace
{
	int64  player_id; /* key */
	double p95_ms;
} Pace;

static HTAB		  *paces = NULL;
static TimestampTz read_at;

static void
read_paces(void)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(Pace), .hcxt = TopMemoryContext};
	int			count;
	PlayerPace *known = decision_paces_read(PACE_LOG_ROWS, &count);

	if (paces != NULL)
		hash_destroy(paces);
	paces = hash_create("npcsim paces", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < count; i++)
	{
		Pace *pace = hash_search(paces, &known[i].player_id, HASH_ENTER, NULL);

		pace->p95_ms = known[i].p95_ms;
	}
	read_at = GetCurrentTimestamp();
}

/* p95 of a player's mind in ms; by what its session reports while too few decisions are known; 0 = nothing is. */
static double
usual_time_ms(int64 player_id, double reported_average_ms)
{
	const Pace *pace;

	if (paces == NULL || TimestampDifferenceExceeds(read_at, GetCurrentTimestamp(), PACE_REFRESH_MS))
		read_paces();
	pace = hash_search(paces, &player_id, HASH_FIND, NULL);
	if (pace != NULL)
		return pace->p95_ms;
	return reported_average_ms > 0 ? P95_PER_AVERAGE * reported_average_ms : 0;
}

int32
pace_timeout_ms(int64 player_id, double reported_average_ms)
{
	double usual = usual_time_ms(player_id, reported_average_ms);

	return usual > 0 ? (int32) Min(Max(3 * usual, TIMEOUT_MS_MIN), TIMEOUT_MS_MAX) : TIMEOUT_MS_UNKNOWN;
}

/* ---- as worlds know it ---- */

/*
 * How long an invitation waits for a mind depends on its pace, which comes from outside: a world knows it in steps, and a
 * change is an input. It is looked up once per transaction, so that all bids of a tick go by the same.
 */
#define PACE_STEP_S 5
#define PACE_MAX_S	30

typedef struct WorldPace
{
	int64  player_id; /* key */
	int32  seconds;
	uint64 turn; /* World.turn in which it was looked up */
} WorldPace;

static int32
look_up_seconds(int64 player_id)
{
	double usual;

	spi_begin();
	usual = usual_time_ms(player_id, sessions_reported_average(player_id));
	spi_end();
	return (int32) Min(Max(ceil(usual / 1000 / PACE_STEP_S), 1) * PACE_STEP_S, PACE_MAX_S);
}

static WorldPace *
world_pace_entry(World *world, int64 player_id, bool *known)
{
	if (world->paces == NULL)
	{
		HASHCTL control = {.keysize = sizeof(int64), .entrysize = sizeof(WorldPace), .hcxt = world->context};

		world->paces = hash_create("npcsim world paces", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	return hash_search(world->paces, &player_id, HASH_ENTER, known);
}

typedef struct PaceTold
{
	int64 player_id;
	int32 seconds;
} PaceTold;

static const Argument pace_arguments[] = {
	ID_ARGUMENT(PaceTold, player_id),
	NUMBER_ARGUMENT(PaceTold, seconds, 1, PG_INT32_MAX),
};

static void
set_pace(World *world, const PaceTold *pace)
{
	bool	   known;
	WorldPace *entry = world_pace_entry(world, pace->player_id, &known);

	entry->seconds = pace->seconds;
	entry->turn = world->turn;
	world_input(world->lock, &reducer_pace, pace);
}

static bool
take_pace(WorldLock *lock, void *arguments, ReducerResult *result)
{
	set_pace(lock->image, arguments);
	return false;
}

const Reducer reducer_pace = {
	WORLD_REDUCER(pace, take_pace),
	REDUCER_ARGUMENTS(PaceTold, pace_arguments),
};

int32
world_pace(World *world, int64 player_id)
{
	bool	   known;
	WorldPace *pace = world_pace_entry(world, player_id, &known);
	int32	   seconds;

	if (!known)
		pace->seconds = 0;
	if (world->lock->replaying)
		return known ? pace->seconds : PACE_STEP_S;
	if (known && pace->turn == world->turn)
		return pace->seconds;
	seconds = look_up_seconds(player_id);
	pace->turn = world->turn;
	if (seconds != pace->seconds)
		set_pace(world, &(PaceTold) {.player_id = player_id, .seconds = seconds});
	return seconds;
}

void
world_forget_paces(World *world)
{
	if (world->paces != NULL)
		hash_destroy(world->paces);
	world->paces = NULL;
}
