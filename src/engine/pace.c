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
#include <time.h>

#include "catalog/pg_type.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/image.h"
#include "engine/pace.h"
#include "spi.h"

#define PACE_REFRESH_MS 30000
#define PACE_LOG_ROWS	5000
#define LOG_DAYS		32 /* length of decision_log's ring */

/* An average is to its p95 about as 1 to 2. */
#define P95_PER_AVERAGE 2.0

typedef struct Pace
{
	int64  player_id; /* key */
	double p95_ms;
} Pace;

static HTAB		  *paces = NULL;
static TimestampTz read_at;

static SpiStatement paces_statement =
	{.sql =
		 "SELECT player_id, pg_catalog.percentile_disc(0.95) WITHIN GROUP (ORDER BY ms)"
		 "  FROM (SELECT player_id,"
		 "               (EXTRACT(epoch FROM finished_at_real - sent_at_real) * 1000)::pg_catalog.float8 "
		 "AS ms,"
		 "               pg_catalog.row_number() OVER (PARTITION BY player_id ORDER BY finished_at_real "
		 "DESC) AS place"
		 "          FROM (SELECT l.player_id, l.sent_at_real, l.finished_at_real FROM npcsim.decision_log l"
		 "                  JOIN npcsim.world_clock c ON c.world_id = l.world_id"
		 "                 WHERE day IN ($1, $2) AND player_id IS NOT NULL AND sent_at_real IS NOT NULL"
		 "                   AND l.status IN ('applied', 'rejected', 'late', 'timeout')"
		 "                   AND finished_at_real > pg_catalog.now() - interval '1 hour'"
		 "                   AND (c.started_at_real BETWEEN sent_at_real AND finished_at_real) IS NOT TRUE"
		 "                 ORDER BY finished_at_real DESC LIMIT $3) AS recent) AS numbered"
		 " WHERE place <= 100 GROUP BY player_id HAVING pg_catalog.count(*) >= 5",
	 .nargs = 3,
	 .types = {INT2OID, INT2OID, INT8OID},
	 .read_only = true};

static void
read_paces(void)
{
	HASHCTL control = {.keysize = sizeof(int64), .entrysize = sizeof(Pace), .hcxt = TopMemoryContext};
	int16	today = (int16) (time(NULL) / 86400 % LOG_DAYS);
	int16	yesterday = (int16) ((today + LOG_DAYS - 1) % LOG_DAYS);
	uint64	rows =
		spi_run(&paces_statement,
				(Datum[]) {Int16GetDatum(today), Int16GetDatum(yesterday), Int64GetDatum(PACE_LOG_ROWS)},
				NULL, SPI_OK_SELECT);

	if (paces != NULL)
		hash_destroy(paces);
	paces = hash_create("npcsim paces", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (uint64 i = 0; i < rows; i++)
	{
		int64 player_id = spi_int64(i, 1, 0);
		bool  isnull;
		Pace *pace = hash_search(paces, &player_id, HASH_ENTER, NULL);

		pace->p95_ms = DatumGetFloat8(spi_datum(i, 2, &isnull));
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

static SpiStatement reported_statement = {
	"SELECT pg_catalog.max(average_decision_time_ms) FROM npcsim.sessions WHERE player_id = $1 AND NOT ended",
	1,
	{INT8OID}};

static int32
look_up_seconds(int64 player_id)
{
	double usual;
	bool   isnull = true;
	Datum  reported = (Datum) 0;

	spi_begin();
	if (spi_run(&reported_statement, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 1)
		reported = spi_datum(0, 1, &isnull);
	usual = usual_time_ms(player_id, isnull ? 0 : DatumGetFloat8(reported));
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

void
world_set_pace(World *world, int64 player_id, int32 seconds)
{
	bool	   known;
	WorldPace *pace = world_pace_entry(world, player_id, &known);

	pace->seconds = seconds;
	pace->turn = world->turn;
	world_input(world->lock, "pace",
				psprintf("{\"player_id\":%lld,\"seconds\":%d}", (long long) player_id, seconds));
}

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
		world_set_pace(world, player_id, seconds);
	return seconds;
}

void
world_forget_paces(World *world)
{
	if (world->paces != NULL)
		hash_destroy(world->paces);
	world->paces = NULL;
}
