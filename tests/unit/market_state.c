/*
 * market_state.c
 *	  What a market that is played is made of: chance, events in their order, and what is known of players.
 */
#include "market_play.h"

#include <stdlib.h>

const char *const lies[LIE_COUNT] = {
	[LIE_NONE] = "nothing",
	[LIE_DECLARES_TEN_TIMES] = "ten times its tokens",
	[LIE_DECLARES_HALF] = "half of its tokens",
	[LIE_SLOTS] = "ten times its slots",
	[LIE_FAILS_AT_ONCE] = "failing at once what it cannot do",
	[LIE_STATELESS] = "that it remembers nothing",
	[LIE_OTHER_NAMES] = "sources by other names",
	[LIE_REFUSES_DULL] = "refusing dull requests",
	[LIE_FAILS_A_FIFTH] = "failing a fifth on purpose",
	[LIE_FAILS_WHEN_IDLE] = "failing a fifth while it is not overloaded",
	[LIE_FAILS_HALF_AT_FIRST] = "failing half in the first quarter of an hour",
	[LIE_EVERY_SECOND] = "answering every second question",
	[LIE_COMES_AND_GOES] = "coming and going",
	[LIE_PAUSES] = "pausing",
	[LIE_CUTS_OFF] = "closing its socket instead of missing a question",
};

/* ---- chance ---- */

uint32_t
market_draw(const Market *market, int64_t entity, uint64_t counter, uint32_t bound)
{
	return sim_random_below(market->seed, entity, counter, bound);
}

uint32_t
question_draw(const Market *market, int32_t npc, int which, uint32_t bound)
{
	return sim_random_below(market->seed + (market->chance << 32), 1000 + npc,
							((uint64_t) market->npcs[npc].number << 4) + (uint64_t) which, bound);
}

/* ---- events ---- */

void
market_push(Market *market, int64_t at, EventKind kind, int32_t who, uint32_t number, int outcome)
{
	int i = market->event_count++;

	if (market->event_count > EVENTS_MOST)
		abort();
	for (; i > 0 && market->events[(i - 1) / 2].at > at; i = (i - 1) / 2)
		market->events[i] = market->events[(i - 1) / 2];
	market->events[i] = (Event) {.at = at, .kind = kind, .who = who, .number = number, .outcome = outcome};
}

Event
market_pop(Market *market)
{
	Event first = market->events[0];
	Event last = market->events[--market->event_count];
	int	  i = 0;

	for (int child; (child = 2 * i + 1) < market->event_count; i = child)
	{
		child += child + 1 < market->event_count && market->events[child + 1].at < market->events[child].at;
		if (market->events[child].at >= last.at)
			break;
		market->events[i] = market->events[child];
	}
	market->events[i] = last;
	return first;
}

/* ---- what players are ---- */

int64_t
capacity(const Market *market, const Player *player)
{
	return player->workers * market->interval * 1000 / player->service;
}

int64_t
worth(const Market *market, const Player *player)
{
	return capacity(market, player) * (1000 - player->fails) / 1000 * player->accepted / 1000;
}

int32_t
demand_of(const Player *player)
{
	return market_demand(player->declared, TOKENS_PER_NPC, reliability(player->asked, player->halves),
						 INT32_MAX);
}

int64_t
target(const Market *market, const Player *player)
{
	int64_t most = min_int64(capacity(market, player), (int64_t) demand_of(player) * 1000);

	return most * (1000 - player->fails) / 1000 * player->accepted / 1000000;
}

void
count_outcome(Player *player, const Npc *npc, int64_t now, ProofOutcome outcome)
{
	if (player->asked == RELIABILITY_WINDOW)
		player->halves -= player->window[player->window_at];
	else
		player->asked++;
	player->window[player->window_at] = (uint8_t) outcome;
	player->window_at = (player->window_at + 1) % RELIABILITY_WINDOW;
	player->halves += (int32_t) outcome;
	if (!npc->pooled)
		proof_count(&player->proof, npc->opened, now, outcome);
}
