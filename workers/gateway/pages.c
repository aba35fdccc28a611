/*
 * pages.c
 *	  The gateway's own pages: /healthz, /version, /metrics and /worlds.
 */
#include "pages.h"

#include "common/clock.h"
#include "common/text.h"
#include "common/version.h"
#include "listing.h"
#include "metrics.h"
#include "session.h"
#include "world.h"

/* Returns 200 while all that should be working is, else 503 with a line for each thing that is not. */
static int
answer_health(Text *body)
{
	int64_t now = now_ms();

	session_add_trouble(body, now);
	if (!worlds_are_reachable())
		text_add_string(body, "the database is not reachable\n");
	if (worlds_are_registered())
		worlds_add_stale(body, now);
	if (body->length > 0)
		return 503;
	text_add_string(body, "ok\n");
	return 200;
}

static int
answer_version(Text *body)
{
	text_add_string(body, "{\"name\":\"npcsim-gateway\",\"version\":\"" NPCSIM_VERSION
						  "\",\"protocols\":[\"npcsim.v1\",\"mcp\"]}\n");
	return 200;
}

static int
answer_worlds(Text *body)
{
	if (listing_want(now_ms()) != LISTING_READY)
	{
		text_add_string(body, "the database is not reachable\n");
		return 503;
	}
	text_add_format(body, "%s\n", listing_text());
	return 200;
}

static int
answer_metrics(Text *body)
{
	metrics_add(body);
	return 200;
}

const HttpPage pages[] = {
	{"/healthz", "text/plain; charset=utf-8", answer_health},
	{"/version", "application/json", answer_version},
	{HTTP_WORLDS, "application/json", answer_worlds},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", answer_metrics},
	{NULL},
};
