/*
 * test_proof.c
 *	  How many NPCs a player is found able to serve: single cases.  Random markets are in test_sim_market.c.
 */
#include "market/proof.h"
#include "tap.h"

#define MINUTE (60 * SIM_SECOND)
#define HOUR   (60 * MINUTE)
#define GRAIN  (10 * SIM_SECOND)

/* A player each of whose NPCs asks once a minute. */
typedef struct Player
{
	Proof	proof;
	int32_t capacity; /* questions a minute that it answers at most */
	int32_t nth;	  /* of which it answers every so many-th */
	int32_t demand;
	int32_t npcs_most;	 /* how many there are for it */
	int32_t fails_after; /* seconds after which it tells that it fails; answers come at once */
	int64_t now;
	int64_t questions;
	int64_t answers; /* thousandths of what may be answered now */
	int32_t most;	 /* the largest proof so far */
} Player;

static int32_t
held(const Player *player)
{
	return player->proof.npcs < player->npcs_most ? player->proof.npcs : player->npcs_most;
}

/* Lets a player serve what it holds for so long, a step every 10 s. */
static void
serve(Player *player, int64_t span)
{
	for (int64_t until = player->now + span; player->now < until; player->now += GRAIN)
	{
		player->answers += player->capacity * 1000 / 6;
		for (int32_t npc = 0; npc < held(player); npc++)
		{
			bool answered = player->answers >= 1000;

			if (npc % 6 != player->now / GRAIN % 6)
				continue;
			player->answers -= answered ? 1000 : 0;
			answered = answered && player->questions++ % player->nth == 0;
			proof_count(&player->proof, player->now,
						player->now + (answered ? 0 : player->fails_after * SIM_SECOND),
						answered ? PROOF_ANSWERED : PROOF_MISSED);
		}
		/* Nothing is saved for later. */
		player->answers = player->answers < 1000 ? player->answers : 999;
		proof_step(&player->proof, player->demand, held(player), player->now + GRAIN);
		player->most = player->proof.npcs > player->most ? player->proof.npcs : player->most;
	}
}

static Player
player_of(int32_t capacity, int32_t demand)
{
	Player player = {.capacity = capacity, .nth = 1, .demand = demand, .npcs_most = INT32_MAX, .now = HOUR};

	proof_step(&player.proof, demand, 0, player.now);
	return player;
}

static void
test_steps(void)
{
	Proof  proof = {0};
	Proof  before;
	Player player = player_of(100, 40);

	proof_step(&proof, 0, 0, 0);
	tap_is_int(proof.npcs, 0, "who wants none has none");
	proof_step(&proof, 1, 0, 0);
	tap_is_int(proof.npcs, 1, "it begins with what is wanted");
	proof = (Proof) {0};
	proof_step(&proof, 100, 0, HOUR);
	tap_is_int(proof.npcs, 2, "or with two");
	for (int minute = 1; minute <= 10; minute++)
		proof_step(&proof, 100, 2, HOUR + minute * MINUTE);
	tap_is_int(proof.npcs, 2, "where nothing is asked nothing is shown");
	before = proof;
	proof_count(&proof, HOUR - 1, HOUR - 1, PROOF_ANSWERED);
	tap_ok(memcmp(&before, &proof, sizeof(Proof)) == 0, "questions from before do not count");
	serve(&player, 20 * MINUTE);
	tap_is_int(player.proof.npcs, 40, "who answers everything has what it wants within 20 minutes");
	player = player_of(100, 40);
	player.npcs_most = 1;
	serve(&player, 20 * MINUTE);
	tap_is_int(player.proof.npcs, 2, "but it does not grow before it holds what it has shown");
	player = player_of(20, 80);
	serve(&player, HOUR);
	tap_ok(player.proof.npcs >= 16 && player.proof.npcs <= 25, "who answers 20 a minute has about 20: %d",
		   player.proof.npcs);
}

/* Time-outs come a minute later than answers: nothing is said of a size before they are there. */
static void
test_slow_failures(void)
{
	Player fast = player_of(8, 80);
	Player slow = player_of(8, 80);

	slow.fails_after = 60;
	serve(&fast, HOUR);
	serve(&slow, HOUR);
	tap_is_int(slow.most, fast.most, "who fails slowly is given no more than who fails at once");
	tap_ok(slow.most <= 20, "not much more than twice what it can serve: %d", slow.most);
}

/* Who answers every second question from the first on is never more overloaded than it was. */
static void
test_every_second(void)
{
	Player player = player_of(100, 40);

	player.nth = 2;
	serve(&player, HOUR);
	tap_ok(player.proof.npcs >= 18 && player.proof.npcs <= 22,
		   "who answers every second question has half of its demand: %d", player.proof.npcs);
	player.most = 0;
	serve(&player, 5 * HOUR);
	tap_ok(player.most <= 40 && player.proof.npcs <= 22, "later, too: %d", player.most);
}

static void
test_demand(void)
{
	Player player = player_of(100, 40);

	serve(&player, HOUR);
	player.demand = 5;
	player.npcs_most = 5;
	serve(&player, 5 * MINUTE);
	tap_is_int(player.proof.npcs, 40, "a demand that sinks takes nothing from what was shown");
	player.demand = player.npcs_most = 100;
	serve(&player, HOUR);
	tap_ok(player.proof.npcs >= 75, "one that rises lets it show more: %d", player.proof.npcs);
}

/* Where NPCs are scarce there is nothing to be judged. */
static void
test_scarcity(void)
{
	Player player = player_of(100, 80);

	player.npcs_most = 10;
	serve(&player, 6 * HOUR);
	tap_ok(player.proof.npcs >= 10, "who serves all that there are keeps them: %d", player.proof.npcs);
	player.npcs_most = INT32_MAX;
	serve(&player, HOUR);
	tap_ok(player.proof.npcs >= 64, "and grows when there are more: %d", player.proof.npcs);
}

static bool
is_same(const Proof *a, const Proof *b, int64_t later)
{
	return a->phase == b->phase && a->npcs == b->npcs && a->capacity == b->capacity &&
		   a->eighths == b->eighths && a->pause == b->pause && a->since + later == b->since &&
		   a->next_trial + later == b->next_trial;
}

static void
test_away(void)
{
	Player player = player_of(20, 80);
	Proof  before;

	for (int hours = 0; player.proof.phase != PROOF_TRYING && hours < 1000; hours++)
		serve(&player, MINUTE);
	tap_is_int(player.proof.phase, PROOF_TRYING, "while a larger size is tried");
	before = player.proof;
	player.now += 7 * HOUR;
	proof_step(&player.proof, player.demand, held(&player), player.now);
	tap_ok(is_same(&before, &player.proof, 7 * HOUR), "nothing changes while the player is away");
	before = player.proof;
	player.now -= 3 * HOUR;
	proof_step(&player.proof, player.demand, held(&player), player.now);
	tap_ok(is_same(&before, &player.proof, -3 * HOUR), "nor by a clock that goes back");
	for (int i = 0; i < 60; i++)
	{
		player.now += 2 * MINUTE;
		serve(&player, MINUTE);
	}
	tap_ok(player.proof.npcs <= 25, "nobody passes a trial by pausing it: %d", player.proof.npcs);
}

static void
test_numbers(void)
{
	static const int64_t numbers[] = {INT64_MIN, -1, 0, 1, INT32_MAX, INT64_MAX};
	Player				 player = player_of(20, 80);
	bool				 sane = true;

	for (int demand = 0; demand < 5; demand++)
		for (int has = 0; has < 5; has++)
			for (int now = 0; now < 6; now++)
			{
				proof_count(&player.proof, numbers[now], numbers[5 - now], PROOF_ANSWERED);
				proof_step(&player.proof, (int32_t) numbers[demand], (int32_t) numbers[has], numbers[now]);
				sane = sane && player.proof.npcs >= 0 && player.proof.capacity >= 0 &&
					   player.proof.present.asked >= 0;
			}
	tap_ok(sane, "whatever the numbers are");
	player.proof = (Proof) {.npcs = INT32_MIN, .capacity = INT32_MIN, .usual = {INT32_MIN, INT32_MIN}};
	proof_step(&player.proof, 10, 10, HOUR);
	tap_ok(player.proof.npcs >= 0, "nor do broken ones break anything");
}

int
main(void)
{
	test_steps();
	test_slow_failures();
	test_every_second();
	test_demand();
	test_scarcity();
	test_away();
	test_numbers();
	return tap_done();
}
