/*
 * test_moves.c
 *	  Which NPCs change hands.
 */
#include "market/moves.h"
#include "sim/random.h"
#include "tap.h"

#define MINUTE		  (60 * SIM_SECOND)
#define TENURE		  (10 * MINUTE)
#define NOW			  (100 * MINUTE)
#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* "1>2 4>-": which NPC goes to which player. */
static const char *
moves(HeldNpc *npcs, int count, Holder *holders, int holder_count)
{
	static char text[512];
	size_t		length = 0;
	int			moved = market_moves(npcs, count, holders, holder_count, NOW, TENURE);

	text[0] = '\0';
	for (int i = 0; i < count; i++)
	{
		if (npcs[i].to == npcs[i].holder)
			continue;
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%lld>", length > 0 ? " " : "",
									(long long) npcs[i].id);
		length += npcs[i].to == NO_PLAYER
					  ? (size_t) snprintf(text + length, sizeof(text) - length, "-")
					  : (size_t) snprintf(text + length, sizeof(text) - length, "%d", npcs[i].to);
		moved--;
	}
	if (moved != 0)
		snprintf(text, sizeof(text), "moves are miscounted");
	return text;
}

#define MOVES(npcs, holders) moves(npcs, LENGTH(npcs), holders, LENGTH(holders))

static void
test_order(void)
{
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = NO_PLAYER},
								   {.id = 2, .holder = NO_PLAYER},
								   {.id = 3, .holder = NO_PLAYER}}),
					 ((Holder[]) {{.share = 1}, {.share = 2}})),
			   "1>1 2>0 3>1", "who lacks most gets first");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = NO_PLAYER}}),
					 ((Holder[]) {{.share = 1},
								  {.share = 1, .priority = true},
								  {.share = 1, .priority = true}})),
			   "1>1", "of two who lack as many who has priority, and the first of these");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = NO_PLAYER}}),
					 ((Holder[]) {{.share = 2}, {.share = 1, .priority = true}})),
			   "1>0", "which is not before who lacks more");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0}, {.id = 2, .holder = 0}}),
					 ((Holder[]) {{.share = 2}, {.share = 0}})),
			   "", "nothing moves when all have their share");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .decided = true, .since = 5},
								   {.id = 2, .holder = 0, .decided = true, .since = 9},
								   {.id = 3, .holder = 0, .decided = true, .since = 7}}),
					 ((Holder[]) {{.share = 2}, {.share = 1}})),
			   "2>1", "the shortest acquaintance is given up");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .decided = true, .since = 5, .stateless = true},
								   {.id = 2, .holder = 0, .decided = true, .since = 9}}),
					 ((Holder[]) {{.share = 1}, {.share = 1}})),
			   "1>1", "but before it that of a mind without memory");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .decided = true, .since = 5, .stateless = true},
								   {.id = 2, .holder = 0, .since = 1}}),
					 ((Holder[]) {{.share = 1}, {.share = 1}})),
			   "2>1", "and before that one which was never decided for");
	tap_is_str(
		MOVES(((HeldNpc[]) {{.id = 1, .holder = 0}, {.id = 2, .holder = NO_PLAYER}}),
			  ((Holder[]) {{.share = 0}, {.share = 1}})),
		"1>- 2>1",
		"who has too many gives up even what nobody takes, and those without a player are taken first");
}

static void
test_kept(void)
{
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .since = NOW - TENURE + 1},
								   {.id = 2, .holder = 0, .decided = true, .since = NOW - TENURE}}),
					 ((Holder[]) {{.share = 0}, {.share = 2}})),
			   "2>1", "who has just come stays");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .since = NOW - 1}}),
					 ((Holder[]) {{.share = 1, .gone = true}, {.share = 1}})),
			   "1>1", "unless its player is gone");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .assigned = true}, {.id = 2, .holder = 0}}),
					 ((Holder[]) {{.share = 1}, {.share = 1}})),
			   "2>1", "what was assigned by hand stays, and counts");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = 0, .assigned = true}}),
					 ((Holder[]) {{.share = 0, .gone = true}, {.share = 1}})),
			   "", "whoever is gone");
	tap_is_str(MOVES(((HeldNpc[]) {{.id = 1, .holder = NO_PLAYER, .assigned = true}}),
					 ((Holder[]) {{.share = 1}})),
			   "", "also what was assigned to nobody");
	tap_is_int(market_moves(NULL, 0, NULL, 0, NOW, TENURE), 0, "an empty world is in order");
}

/* Random markets: shares are reached where tenure and hands allow, a second time nothing moves, and no NPC moves without need. */
static void
test_random(void)
{
	int failed = 0;

	for (uint64_t seed = 1; seed <= 20000; seed++)
	{
		HeldNpc	 npcs[40];
		Holder	 holders[6] = {0};
		uint64_t draw = 0;
		int		 count = (int) sim_random_below(seed, 0, draw++, 41);
		int		 players = 1 + (int) sim_random_below(seed, 0, draw++, 6);
		int32_t	 left = count;
		int		 surplus = 0;
		int		 free_before = 0;
		int32_t	 lacking = 0;
		int		 moved;

		for (int i = 0; i < count; i++)
		{
			npcs[i] =
				(HeldNpc) {.id = i + 1,
						   .holder = (int32_t) sim_random_below(seed, 0, draw++, (uint32_t) players + 1) - 1,
						   .since = NOW - (int64_t) sim_random_below(seed, 0, draw++, 40) * MINUTE,
						   .decided = sim_random_below(seed, 0, draw++, 2) == 0};
			free_before += npcs[i].holder == NO_PLAYER;
			if (npcs[i].holder != NO_PLAYER)
				holders[npcs[i].holder].held++;
		}
		for (int i = 0; i < players; i++)
		{
			holders[i].share = (int32_t) sim_random_below(seed, 0, draw++, (uint32_t) left + 1);
			left -= holders[i].share;
			if (holders[i].held > holders[i].share)
				surplus += holders[i].held - holders[i].share;
			else
				lacking += holders[i].share - holders[i].held;
		}
		moved = market_moves(npcs, count, holders, players, NOW, TENURE);
		failed += moved > surplus + (lacking < free_before ? lacking : free_before);
		for (int i = 0; i < players; i++)
			for (int n = 0; n < count; n++)
			{
				failed += holders[i].held > holders[i].share && npcs[n].holder == i && npcs[n].to == i &&
						  NOW - npcs[n].since >= TENURE;
				failed += holders[i].held < holders[i].share && npcs[n].to == NO_PLAYER;
			}
		for (int n = 0; n < count; n++)
		{
			failed += npcs[n].id != n + 1;
			if (npcs[n].to != npcs[n].holder)
				npcs[n] = (HeldNpc) {.id = npcs[n].id, .holder = npcs[n].to, .since = NOW};
		}
		failed += market_moves(npcs, count, holders, players, NOW, TENURE) != 0;
	}
	tap_is_int(failed, 0, "20,000 random markets are brought in order with as few moves as can be");
}

int
main(void)
{
	test_order();
	test_kept();
	test_random();
	return tap_done();
}
