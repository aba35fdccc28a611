/*
 * fallback.c
 *	  Whom a question goes to next.
 */
#include "market/fallback.h"

const char *const fallback_names[] = {
	[FALLBACK_CONTROLLER] = "controller",
	[FALLBACK_STATELESS] = "stateless",
	[FALLBACK_PLAYER_API] = "player_api",
	[FALLBACK_SERVER_API] = "server_api",
	[FALLBACK_BUILT_IN] = "built_in",
	[FALLBACK_DORMANT] = "dormant",
	[FALLBACK_COUNT] = NULL,
};
_Static_assert(sizeof(fallback_names) / sizeof(fallback_names[0]) == FALLBACK_COUNT + 1,
			   "every step has a name");

bool
fallback_at_players_cost(const FallbackTerms *terms)
{
	return terms->hybrid && terms->price <= terms->left_of_player;
}

/* Whether the operator's API source may be asked for money: the player's, or the world's. */
static bool
may_buy(const FallbackTerms *terms)
{
	if (!terms->commercial || !terms->server_backup || terms->price < 0)
		return false;
	return fallback_at_players_cost(terms) || terms->price <= terms->left;
}

static bool
may_take_step(const FallbackTerms *terms, FallbackStep step)
{
	bool available = (terms->available & FALLBACK_BIT(step)) != 0;

	switch (step)
	{
		case FALLBACK_CONTROLLER:
		case FALLBACK_STATELESS:
		case FALLBACK_PLAYER_API:
			return available;
		case FALLBACK_SERVER_API:
			return available && may_buy(terms);
		case FALLBACK_BUILT_IN:
			return terms->built_in;
		case FALLBACK_DORMANT:
		case FALLBACK_COUNT:
			break;
	}
	return true;
}

FallbackStep
fallback_next(const FallbackTerms *terms, unsigned tried)
{
	FallbackStep step = FALLBACK_CONTROLLER;

	/* After the last step that was tried. */
	for (; step < FALLBACK_DORMANT && tried >> step != 0; step++)
		;
	for (; step < FALLBACK_DORMANT; step++)
		if (may_take_step(terms, step))
			return step;
	return FALLBACK_DORMANT;
}
