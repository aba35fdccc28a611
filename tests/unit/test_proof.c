/*
 * test_proof.c
 *	  How many NPCs a player is found able to serve: random markets, minute by minute, honest and with one player lying.
 *
 * A player truly answers 'capacity' questions a minute and each of its NPCs asks once a minute.  Chance is drawn by (market and
 * player, minute, question), so that a lie changes what follows from it and nothing else.
 */
#include "market/market.h"
#include "market/proof.h"
#include "sim/random.h"
#include "tap.h"

#include <stdlib.h>

#define MINUTE		   (60 * SIM_SECOND)
#define PLAYERS_MOST   20
#define MARKETS		   1000
#define TOKENS_PER_NPC 700
#define TOKENS		   50 /* of a decision */
#define MILLE		   1000

typedef enum Lie
{
	LIE_NONE,
	LIE_DECLARES_TEN_TIMES,
	LIE_DECLARES_HALF,
	LIE_FAILS_A_FIFTH,		 /* of what it could answer */
	LIE_COMES_AND_GOES,		 /* five minutes each */
	LIE_FAILS_WHEN_IDLE,	 /* a fifth, while it is not overloaded, so that overload looks as usual */
	LIE_FAILS_HALF_AT_FIRST, /* in the first quarter of an hour, so that little is usual */
	LIE_COUNT
} Lie;

static const char *const lies[LIE_COUNT] = {
	[LIE_NONE] = "nothing",
	[LIE_DECLARES_TEN_TIMES] = "ten times its tokens",
	[LIE_DECLARES_HALF] = "half of its tokens",
	[LIE_FAILS_A_FIFTH] = "failing a fifth on purpose",
	[LIE_COMES_AND_GOES] = "coming and going",
	[LIE_FAILS_WHEN_IDLE] = "failing a fifth while it is not overloaded",
	[LIE_FAILS_HALF_AT_FIRST] = "failing half in the first quarter of an hour",
};

typedef struct Player
{
	int32_t capacity; /* questions a minute, thousandths */
	int64_t declared; /* tokens a day */
	int32_t accepted; /* thousandths of its answers that are */
	int32_t fails;	  /* thousandths of the questions, whatever the load */
	Lie		lie;
	Proof	proof;
	int32_t asked; /* of the last questions, for its reliability */
	int32_t halves;
	int64_t credit; /* accepted answers */
	int64_t held;	/* NPC-minutes */
	int32_t over; /* minutes in a row in which it held more than 1.25 times what it can serve, and one NPC */
	int32_t over_most;
	int32_t ready; /* the minute in which it had shown 80 % of what it can serve; 0: it has not */
} Player;

typedef struct Market
{
	uint64_t seed;
	int		 count;
	int32_t	 npcs;
	Player	 players[PLAYERS_MOST];
} Market;

static uint32_t
below(uint64_t seed, int64_t entity, uint64_t counter, uint32_t bound)
{
	return sim_random_below(seed, entity, counter, bound);
}

/* What a player can serve in answers that are accepted, thousandths of NPCs. */
static int64_t
worth(const Player *player)
{
	return (int64_t) player->capacity * (MILLE - player->fails) / MILLE * player->accepted / MILLE;
}

static void
make_market(Market *market, uint64_t seed, Lie lie)
{
	static const int32_t capacities[] = {3, 8, 20, 50, 120};
	static const int32_t accepted[] = {1000, 1000, 950, 820, 700};
	static const int32_t fails[] = {0, 0, 0, 50, 100, 200};
	static const int32_t demand[] = {500, 900, 1500, 3000};
	int64_t				 all = 0;

	*market = (Market) {.seed = seed, .count = 3 + (int) below(seed, -1, 0, PLAYERS_MOST - 2)};
	for (int i = 0; i < market->count; i++)
	{
		Player *player = &market->players[i];

		player->capacity = capacities[below(seed, i, 0, 5)] * (int32_t) (700 + below(seed, i, 1, 601));
		player->declared =
			(int64_t) player->capacity * 1440 / MILLE * TOKENS * (800 + below(seed, i, 2, 301)) / MILLE;
		player->accepted = accepted[below(seed, i, 3, 5)];
		player->fails = fails[below(seed, i, 4, 6)];
		all += player->capacity;
	}
	market->npcs = (int32_t) (all * demand[below(seed, -1, 1, 4)] / (MILLE * MILLE));
	market->players[0].lie = lie;
	if (lie == LIE_DECLARES_TEN_TIMES)
		market->players[0].declared *= 10;
	if (lie == LIE_DECLARES_HALF)
		market->players[0].declared /= 2;
	if (lie == LIE_FAILS_A_FIFTH && market->players[0].fails < 200)
		market->players[0].fails = 200;
}

/* Thousandths of the questions that a player fails. */
static int32_t
fails_now(const Player *player, int32_t held, int minute)
{
	if (player->lie == LIE_FAILS_WHEN_IDLE && (int64_t) held * MILLE < player->capacity &&
		player->fails < 200)
		return 200;
	if (player->lie == LIE_FAILS_HALF_AT_FIRST && minute < 15 && player->fails < 500)
		return 500;
	return player->fails;
}

static void
count_outcome(Player *player, int64_t asked_at, bool answered)
{
	if (player->asked == RELIABILITY_WINDOW)
	{
		player->asked -= player->asked / 4;
		player->halves -= player->halves / 4;
	}
	player->asked++;
	player->halves += answered ? 2 : 0;
	player->credit += answered;
	proof_count(&player->proof, asked_at, answered ? PROOF_ANSWERED : PROOF_MISSED);
}

static int32_t
demand_of(const Player *player)
{
	return market_demand(player->declared, TOKENS_PER_NPC, reliability(player->asked, player->halves),
						 INT32_MAX);
}

static void
watch(Player *player, int32_t held, int minute)
{
	player->held += held;
	player->over = (int64_t) held * MILLE > worth(player) * 5 / 4 + MILLE ? player->over + 1 : 0;
	if (player->over > player->over_most)
		player->over_most = player->over;
	if (player->ready == 0 && player->proof.npcs >= worth(player) * 8 / 10 / MILLE)
		player->ready = minute + 1;
}

static void
play_minute(Market *market, Player *player, int64_t entity, int32_t held, int minute)
{
	int64_t now = (minute + 1) * MINUTE;
	int32_t can = player->capacity / MILLE;

	if (player->lie == LIE_COMES_AND_GOES && minute / 5 % 2 == 1)
		return;
	can +=
		below(market->seed, entity, 1000 + (uint64_t) minute, MILLE) < (uint32_t) (player->capacity % MILLE);
	for (int32_t question = 0; question < held; question++)
	{
		uint64_t draw = ((uint64_t) minute << 24) + ((uint64_t) question << 1) + (UINT64_C(1) << 60);
		bool	 answered =
			question < can &&
			below(market->seed, entity, draw, MILLE) >= (uint32_t) fails_now(player, held, minute) &&
			below(market->seed, entity, draw + 1, MILLE) < (uint32_t) player->accepted;

		count_outcome(player, now - MINUTE / 2, answered);
	}
	proof_step(&player->proof, demand_of(player), held, now);
}

static void
play(Market *market, int minutes)
{
	Claimant claimants[PLAYERS_MOST];

	for (int i = 0; i < market->count; i++)
		proof_step(&market->players[i].proof, demand_of(&market->players[i]), 0, 0);
	for (int minute = 0; minute < minutes; minute++)
	{
		for (int i = 0; i < market->count; i++)
		{
			int32_t demand = demand_of(&market->players[i]);
			int32_t shown = market->players[i].proof.npcs;

			claimants[i] = (Claimant) {.id = i, .demand = demand, .proof = shown, .weight = CLAIMANT_WEIGHT};
		}
		market_divide(claimants, market->count, market->npcs);
		for (int i = 0; i < market->count; i++)
		{
			watch(&market->players[i], claimants[i].share, minute);
			play_minute(market, &market->players[i], i, claimants[i].share, minute);
		}
	}
}

/* ---- what is asked of the rule ---- */

typedef struct Tally
{
	int		players;
	int		late;			/* who had not shown 80 % of what they can serve within 20 minutes */
	int		overlong;		/* who held more than 1.25 times it, and one NPC, for more than ten minutes */
	int64_t held;			/* NPC-minutes */
	int64_t could;			/* what they could serve of it */
	int64_t held_of_fifths; /* of those who fail a fifth */
	int64_t could_of_fifths;
} Tally;

static void
count_market(Tally *tally, const Market *market, int minutes)
{
	int64_t could = 0;

	for (int i = 0; i < market->count; i++)
		could += market->players[i].capacity;
	for (int i = 0; i < market->count; i++)
	{
		const Player *player = &market->players[i];

		tally->players++;
		tally->overlong += player->over_most > 10;
		/* The others may have too few NPCs to show anything. */
		if ((int64_t) market->npcs * MILLE < could * 14 / 10)
			continue;
		tally->late += player->ready == 0 || player->ready > 20;
		tally->held += player->held;
		tally->could += worth(player) * minutes / MILLE;
		if (player->fails == 200)
		{
			tally->held_of_fifths += player->held;
			tally->could_of_fifths += (int64_t) player->capacity * minutes / MILLE;
		}
	}
}

static void
tell(const Tally *tally, const char *span)
{
	printf("# %s: %d players, %d late, %d overlong, held %lld %% of what could be served, %lld %% of those "
		   "who fail a fifth\n",
		   span, tally->players, tally->late, tally->overlong, (long long) (tally->held * 100 / tally->could),
		   (long long) (tally->held_of_fifths * 100 / tally->could_of_fifths));
}

static void
test_honest(const Market *markets)
{
	static Market market;
	Tally		  hour = {0};
	Tally		  day = {0};

	for (int i = 0; i < MARKETS; i++)
		count_market(&hour, &markets[i], 60);
	tell(&hour, "an hour");
	tap_ok(hour.late * 50 <= hour.players, "98 %% have shown 80 %% of what they can serve within 20 minutes");
	tap_ok(hour.overlong * 25 <= hour.players,
		   "96 %% never hold more than 1.25 times that, and one, for over ten minutes");
	for (uint64_t seed = 1; seed <= 20; seed++)
	{
		make_market(&market, seed, LIE_NONE);
		play(&market, 1440);
		count_market(&day, &market, 1440);
	}
	tell(&day, "a day");
	tap_ok(day.overlong * 20 <= day.players, "nor do 95 %% in a day");
	tap_ok(day.held * 100 >= day.could * 90 && day.held * 100 <= day.could * 110,
		   "what they hold neither drifts up nor down");
	tap_ok(day.held_of_fifths * 100 >= day.could_of_fifths * 60,
		   "who fails a fifth holds 60 %% of what it can serve");
}

static void
test_lie(Lie lie, const Market *markets)
{
	static Market market;
	int64_t		  credit = 0;
	int64_t		  credit_honest = 0;
	int64_t		  held = 0;
	int64_t		  held_honest = 0;

	for (int i = 0; i < MARKETS; i++)
	{
		make_market(&market, (uint64_t) i + 1, lie);
		play(&market, 60);
		credit += market.players[0].credit;
		held += market.players[0].held;
		credit_honest += markets[i].players[0].credit;
		held_honest += markets[i].players[0].held;
	}
	tap_ok(credit * 100 <= credit_honest * 101, "%s brings no credit: %lld of %lld", lies[lie],
		   (long long) credit, (long long) credit_honest);
	tap_ok(held * 100 <= held_honest * 101, "nor NPCs: %lld of %lld", (long long) held,
		   (long long) held_honest);
}

/* ---- single steps ---- */

static void
test_steps(void)
{
	Proof proof = {0};
	Proof before;

	proof_step(&proof, 0, 0, 0);
	tap_is_int(proof.npcs, 0, "who wants none has none");
	proof_step(&proof, 1, 0, 0);
	tap_is_int(proof.npcs, 1, "it begins with what is wanted");
	proof = (Proof) {0};
	proof_step(&proof, 100, 0, 0);
	tap_is_int(proof.npcs, 2, "or with two");
	for (int minute = 1; minute <= 10; minute++)
		proof_step(&proof, 100, 2, minute * MINUTE);
	tap_is_int(proof.npcs, 2, "where nothing is asked nothing is shown");
	before = proof;
	proof_count(&proof, -1, PROOF_ANSWERED);
	tap_ok(memcmp(&before, &proof, sizeof(Proof)) == 0, "questions from before do not count");
	for (int question = 0; question < 10; question++)
		proof_count(&proof, 11 * MINUTE, PROOF_ANSWERED);
	proof_step(&proof, 100, 1, 12 * MINUTE);
	tap_is_int(proof.npcs, 2, "nor does it grow before it has what it has shown");
	for (int question = 0; question < 10; question++)
		proof_count(&proof, 13 * MINUTE, PROOF_ANSWERED);
	proof_step(&proof, 100, 2, 14 * MINUTE);
	for (int question = 0; question < 10; question++)
		proof_count(&proof, 15 * MINUTE, PROOF_ANSWERED);
	proof_step(&proof, 100, 2, 16 * MINUTE);
	tap_is_int(proof.npcs, 4, "then it doubles");
	proof_step(&proof, 3, 4, 17 * MINUTE);
	tap_is_int(proof.npcs, 3, "within the demand");
	proof_step(&proof, INT32_MAX, INT32_MAX, INT64_MAX);
	tap_ok(proof.npcs >= 1, "whatever the numbers are");
}

int
main(void)
{
	Market *markets = calloc(MARKETS, sizeof(Market));

	for (int i = 0; i < MARKETS; i++)
	{
		make_market(&markets[i], (uint64_t) i + 1, LIE_NONE);
		play(&markets[i], 60);
	}
	test_steps();
	test_honest(markets);
	for (Lie lie = LIE_NONE + 1; lie < LIE_COUNT; lie++)
		test_lie(lie, markets);
	free(markets);
	return tap_done();
}
