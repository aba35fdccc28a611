/*
 * listing.c
 *	  Lists the worlds that may be watched, for GET /worlds.
 *
 * At most one query is under way, and its result or failure answers all
 * requests for a second.
 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "calls.h"
#include "world.h"

#define FRESH_MS 1000

static struct
{
	void (*answered)(void);
	char   *text; /* NULL = nothing was asked yet, or the last query failed */
	int64_t fresh_until;
	bool	asking;
} listing;

void
listing_start(void (*answered)(void))
{
	memset(&listing, 0, sizeof(listing));
	listing.answered = answered;
}

static void
answered(void *argument, const DbReply *reply)
{
	const char *json = reply_text(reply);

	(void) argument;
	listing.asking = false;
	listing.fresh_until = now_ms() + FRESH_MS;
	free(listing.text);
	listing.text = json != NULL ? mem_copy_string(json) : NULL;
	if (json == NULL && !reply->lost)
	{
		static LogThrottle throttle = {.what = "lists of worlds that failed"};

		log_throttled(&throttle, now_ms(), LOG_WARNING, "worlds_to_watch: %s",
					  reply->result != NULL ? "gave NULL" : reply->message);
	}
	listing.answered();
}

ListingState
listing_want(int64_t now)
{
	/* while the database is out of reach nobody waits, since even an answer that is on its way may take long */
	if (!worlds_are_reachable())
		return LISTING_ABSENT;
	if (listing.asking)
		return LISTING_COMING;
	if (now < listing.fresh_until)
		return listing.text != NULL ? LISTING_READY : LISTING_ABSENT;
	listing.asking = true;
	call_worlds_to_watch(answered, NULL);
	return LISTING_COMING;
}

const char *
listing_text(void)
{
	return listing.text;
}

void
listing_stop(void)
{
	free(listing.text);
	listing.text = NULL;
}
