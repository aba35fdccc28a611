/*
 * market_kernel.c
 *	  Answers for tests/pgtap/58_markets.sql what the market's kernel makes of players and NPCs: no test by itself.
 *
 * It reads steps of markets, a word and numbers a line, and writes what each player is entitled to and whom each NPC goes to:
 *
 *		step KEY NOW TENURE					in: microseconds of the world
 *		player ID PERSON DECLARED TOKENS_PER_NPC NPCS_MOST ASKED HALVES PROOF OWNER OFFERED MEASURED PRESENT GONE STATELESS
 *		npc ID HOLDER ASSIGNED DECIDED SINCE	in: HOLDER is a player's id, 0 for nobody
 *		end
 *		share KEY ID NPCS					out
 *		npc KEY ID HOLDER					out
 *
 * DECLARED is what all accounts of the person declare, OFFERED the player's own; PROOF below 0 is none.
 */
#include "market/market.h"
#include "market/moves.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAYERS_MOST 100
#define NPCS_MOST	 1000
#define PROOF_FIRST	 2 /* of who has shown nothing yet */

typedef struct Step
{
	long long key;
	int64_t	  now;
	int64_t	  tenure;
	Claimant  claimants[PLAYERS_MOST];
	Holder	  holders[PLAYERS_MOST];
	int64_t	  ids[PLAYERS_MOST];
	int64_t	  proofs[PLAYERS_MOST];
	bool	  present[PLAYERS_MOST];
	bool	  stateless[PLAYERS_MOST];
	int		  player_count;
	HeldNpc	  npcs[NPCS_MOST];
	int		  npc_count;
} Step;

static void
die(const char *what)
{
	fprintf(stderr, "market_kernel: %s\n", what);
	exit(1);
}

/* Reads so many numbers behind a line's word. */
static void
read_numbers(const char *line, int64_t *numbers, int count)
{
	const char *next = strchr(line, ' ');

	for (int i = 0; i < count; i++)
	{
		char *end;

		if (next == NULL)
			die(line);
		numbers[i] = strtoll(next, &end, 10);
		if (end == next)
			die(line);
		next = end;
	}
}

static void
add_player(Step *step, const char *line)
{
	int64_t	  n[14];
	int		  place = step->player_count++;
	Claimant *claimant = &step->claimants[place];

	if (place == PLAYERS_MOST)
		die("too many players");
	read_numbers(line, n, 14);
	step->ids[place] = n[0];
	step->proofs[place] = n[7];
	step->present[place] = n[11] != 0;
	step->stateless[place] = n[13] != 0;
	step->holders[place] = (Holder) {.gone = n[12] != 0, .priority = market_priority(n[9], n[10])};
	*claimant = (Claimant) {.id = n[0],
							.person = n[1],
							.weight = n[8] != 0 ? CLAIMANT_WEIGHT_OWNER : CLAIMANT_WEIGHT,
							.priority = market_priority(n[9], n[10])};
	if (n[12] == 0 && n[9] > 0)
		claimant->demand =
			market_demand(n[2], (int32_t) n[3], reliability((int32_t) n[5], (int32_t) n[6]), (int32_t) n[4]);
}

static int32_t
place_of(const Step *step, int64_t player)
{
	for (int32_t i = 0; i < step->player_count; i++)
		if (step->ids[i] == player)
			return i;
	return NO_PLAYER;
}

static void
add_npc(Step *step, const char *line)
{
	int64_t n[5];
	int32_t holder;

	if (step->npc_count == NPCS_MOST)
		die("too many NPCs");
	read_numbers(line, n, 5);
	holder = place_of(step, n[1]);
	step->npcs[step->npc_count++] = (HeldNpc) {.id = n[0],
											   .holder = holder,
											   .assigned = n[2] != 0,
											   .decided = n[3] != 0,
											   .stateless = holder != NO_PLAYER && step->stateless[holder],
											   .since = n[4]};
}

/* Who is away asks for no more than it holds. */
static void
enter_proofs(Step *step)
{
	for (int i = 0; i < step->player_count; i++)
	{
		Claimant *claimant = &step->claimants[i];
		int32_t	  held = 0;

		for (int n = 0; n < step->npc_count; n++)
			if (step->npcs[n].holder == i)
			{
				held++;
				claimant->assigned += step->npcs[n].assigned;
			}
		if (claimant->demand == 0)
			continue;
		claimant->proof = step->proofs[i] >= 0			   ? (int32_t) step->proofs[i]
						  : claimant->demand < PROOF_FIRST ? claimant->demand
														   : PROOF_FIRST;
		if (!step->present[i] && claimant->proof > held)
			claimant->proof = held;
	}
}

static void
end_step(Step *step)
{
	int32_t divided = 0;

	enter_proofs(step);
	/* What an operator keeps for the built-in mind is not divided. */
	for (int n = 0; n < step->npc_count; n++)
		divided += step->npcs[n].holder != NO_PLAYER || !step->npcs[n].assigned;
	market_divide(step->claimants, step->player_count, divided);
	for (int i = 0; i < step->player_count; i++)
	{
		step->holders[i].share = step->claimants[i].share;
		printf("share %lld %" PRId64 " %" PRId32 "\n", step->key, step->ids[i], step->claimants[i].share);
	}
	(void) market_moves(step->npcs, step->npc_count, step->holders, step->player_count, step->now,
						step->tenure);
	for (int n = 0; n < step->npc_count; n++)
		printf("npc %lld %" PRId64 " %" PRId64 "\n", step->key, step->npcs[n].id,
			   step->npcs[n].to == NO_PLAYER ? 0 : step->ids[step->npcs[n].to]);
}

int
main(void)
{
	static Step step;
	char		line[400];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		if (strncmp(line, "step ", 5) == 0)
		{
			int64_t n[3];

			read_numbers(line, n, 3);
			memset(&step, 0, sizeof(step));
			step.key = n[0];
			step.now = n[1];
			step.tenure = n[2];
		}
		else if (strncmp(line, "player ", 7) == 0)
			add_player(&step, line);
		else if (strncmp(line, "npc ", 4) == 0)
			add_npc(&step, line);
		else if (strncmp(line, "end", 3) == 0)
			end_step(&step);
		else
			die(line);
	}
	return 0;
}
