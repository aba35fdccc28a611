/*
 * test_fallback.c
 *	  Whom a question goes to next.
 */
#include "market/fallback.h"
#include "tap.h"

#define ALL_AVAILABLE \
	(FALLBACK_BIT(FALLBACK_CONTROLLER) | FALLBACK_BIT(FALLBACK_STATELESS) | \
	 FALLBACK_BIT(FALLBACK_PLAYER_API) | FALLBACK_BIT(FALLBACK_SERVER_API))

static const FallbackTerms everything = {.commercial = true,
										 .server_backup = true,
										 .built_in = true,
										 .price = 100,
										 .left = 1000,
										 .available = ALL_AVAILABLE};

/* The steps that a question takes, in vain, as text. */
static const char *
chain(FallbackTerms terms)
{
	static char text[128];
	unsigned	tried = 0;
	size_t		length = 0;

	for (int i = 0; i <= FALLBACK_COUNT; i++)
	{
		FallbackStep step = fallback_next(&terms, tried);

		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "",
									fallback_names[step]);
		if (step == FALLBACK_DORMANT)
			break;
		tried |= FALLBACK_BIT(step);
	}
	return text;
}

/* The chain when the terms differ by one thing. */
#define CHAIN(change, want, name) \
	do \
	{ \
		FallbackTerms terms = everything; \
\
		terms.change; \
		tap_is_str(chain(terms), want, name); \
	} while (0)

int
main(void)
{
	CHAIN(built_in = true, "controller stateless player_api server_api built_in dormant",
		  "all steps in their order");
	CHAIN(available = 0, "built_in dormant", "who is not there is not asked");
	CHAIN(built_in = false, "controller stateless player_api server_api dormant",
		  "where the built-in mind may not");
	CHAIN(commercial = false, "controller stateless player_api built_in dormant",
		  "nothing is bought where it may not be");
	CHAIN(server_backup = false, "controller stateless player_api built_in dormant",
		  "nor of the operator where it may not");
	CHAIN(left = 99, "controller stateless player_api built_in dormant", "nor what the world cannot pay");
	CHAIN(left = 100, "controller stateless player_api server_api built_in dormant", "to the last");
	CHAIN(price = -1, "controller stateless player_api built_in dormant", "nor what has no price");
	CHAIN(left_of_player = 1000, "controller stateless player_api server_api built_in dormant",
		  "a player pays nothing");
	tap_ok(!fallback_at_players_cost(&everything), "unless it said so");
	CHAIN(left = 0; terms.hybrid = true; terms.left_of_player = 100,
										 "controller stateless player_api server_api built_in dormant",
										 "for a hybrid source its player pays");
	CHAIN(left = 0; terms.hybrid = true;
		  terms.left_of_player = 99, "controller stateless player_api built_in dormant", "while it can");
	tap_is_int(fallback_next(&everything, FALLBACK_BIT(FALLBACK_PLAYER_API)), FALLBACK_SERVER_API,
			   "nobody is asked who comes before one that failed");
	tap_is_int(fallback_next(&everything, ~0U), FALLBACK_DORMANT, "in the end there is nobody");
	return tap_done();
}
