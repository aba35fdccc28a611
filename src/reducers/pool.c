/*
 * pool.c
 *	  Chooses sources of the pool, by the market's kernel (market/sources.h).
 *
 * What players have shown is read at most every FIGURES_LAST_MS by each backend: it changes slowly, and a claim
 * does not wait for it. What they were charged is as of now.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "charges.h"
#include "market/sources.h"
#include "reducers/pool.h"
#include "reducers/questions.h"
#include "tables/books.h"

#define FIGURES_LAST_MS 10000
/* Until a question is handed out, its price is not known: so much is taken for it while others are chosen. */
#define USUAL_CHARGE (60 * SIM_SECOND)

typedef struct Figures
{
	int64		player_id; /* key */
	TimestampTz read_at;
	int32		proof;
	int32		reliability;
} Figures;

static HTAB *figures = NULL;

/* A player who has not shown anything yet may take a question: so newcomers get theirs. */
static void
read_figures(Figures *player, int64 world_id, TimestampTz now)
{
	lender_figures_read(world_id, player->player_id, &player->proof, &player->reliability);
	player->proof = Max(player->proof, 1);
	player->read_at = now;
}

static const Figures *
figures_of(int64 world_id, int64 player_id)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(Figures), .hcxt = TopMemoryContext};
	TimestampTz now = GetCurrentTimestamp();
	Figures	   *player;
	bool		found;

	if (figures == NULL)
		figures = hash_create("npcsim lenders", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	player = hash_search(figures, &player_id, HASH_ENTER, &found);
	if (!found)
		player->read_at = 0;
	if (player->read_at == 0 || TimestampDifferenceExceeds(player->read_at, now, FIGURES_LAST_MS))
		read_figures(player, world_id, now);
	return player;
}

void
pool_read(PoolSource *sources, int count)
{
	for (int i = 0; i < count; i++)
	{
		const Figures *player = figures_of(sources[i].world_id, sources[i].player_id);

		sources[i].proof = player->proof;
		sources[i].reliability = player->reliability;
		sources[i].charged = charges_of(sources[i].player_id);
	}
}

int
pool_choose(PoolSource *sources, int count, int64 world_id, const QueuedQuestion *question)
{
	Source *choice = palloc(sizeof(Source) * Max(count, 1));
	int		chosen;

	for (int i = 0; i < count; i++)
		choice[i] = (Source) {.id = sources[i].source_id,
							  .active = sources[i].world_id == world_id,
							  .stateless = true,
							  .slots = sources[i].slots,
							  .tried = question_was_tried(question, sources[i].source_id),
							  .p95 = RESPONSE_UNKNOWN,
							  .charged = sources[i].charged,
							  .proof = sources[i].proof,
							  .reliability = sources[i].reliability};
	chosen = source_for_pooled(choice, count);
	pfree(choice);
	if (chosen == NO_SOURCE)
		return NOBODY_IN_POOL;
	for (int i = 0; i < count; i++)
		if (sources[i].player_id == sources[chosen].player_id)
			sources[i].charged += USUAL_CHARGE;
	return chosen;
}
