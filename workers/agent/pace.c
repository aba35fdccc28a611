/*
 * pace.c
 *	  How many questions an endpoint is asked at a time, and when.
 */
#include "pace.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What an average forgets with each new figure: one part in so many. */
#define USUAL_SHARE 4

void
pace_init(Pace *pace, int most)
{
	memset(pace, 0, sizeof(*pace));
	pace->most = pace->now = most;
}

void
pace_trouble(Pace *pace, int64_t now_ms, int64_t asked_at, int64_t retry_after_ms, uint32_t noise)
{
	bool	is_new = pace->troubled == 0 || asked_at > pace->troubled;
	int64_t wait = retry_after_ms;

	/* questions that were asked side by side and fail together are one failure */
	if (is_new)
	{
		int64_t own = backoff_next(&pace->backoff, noise);

		if (wait < own)
			wait = own;
		pace->troubled = now_ms;
	}
	pace->now = 1;
	if (wait > PACE_PAUSE_MOST_MS)
		wait = PACE_PAUSE_MOST_MS;
	if (now_ms + wait > pace->until)
		pace->until = now_ms + wait;
	pace->closed = pace->closed || pace->until - now_ms > PACE_PATIENCE_MS;
}

void
pace_success(Pace *pace, int64_t now_ms, int64_t asked_at)
{
	int64_t took = now_ms - asked_at;

	pace->usual_ms = pace->usual_ms == 0 ? took : pace->usual_ms + (took - pace->usual_ms) / USUAL_SHARE;
	/* an answer to what was asked before the trouble says nothing of what comes after it */
	if (pace->troubled != 0 && asked_at <= pace->troubled)
		return;
	pace->troubled = 0;
	pace->until = 0;
	backoff_reset(&pace->backoff);
	pace->now = 2 * pace->now < pace->most ? 2 * pace->now : pace->most;
}

bool
pace_may_ask(const Pace *pace, int64_t now_ms, int under_way)
{
	return now_ms >= pace->until && under_way < pace->now;
}

bool
pace_can_answer(const Pace *pace, int64_t now_ms, int64_t deadline)
{
	int64_t from = pace->until > now_ms ? pace->until : now_ms;

	return from + pace->usual_ms / 2 < deadline;
}

int
pace_offer(Pace *pace, int64_t now_ms)
{
	if (now_ms >= pace->until)
		pace->closed = false;
	return pace->closed ? 0 : pace->now;
}

/* Reads a date as HTTP has it, in any of its three forms; returns false if it is none. */
static bool
read_date(const char *value, time_t *at)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
										"%a %b %d %H:%M:%S %Y"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		struct tm	utc = {0};
		const char *end = strptime(value, forms[i], &utc);

		if (end == NULL || *end != '\0')
			continue;
		*at = timegm(&utc);
		return true;
	}
	return false;
}

int64_t
pace_retry_after(const char *value, time_t now)
{
	size_t digits = strspn(value, "0123456789");
	double seconds;
	time_t at;

	if (digits > 0 && digits <= 9 && (value[digits] == '\0' || value[digits] == '.') &&
		strspn(value + digits + (value[digits] == '.'), "0123456789") ==
			strlen(value + digits + (value[digits] == '.')))
	{
		seconds = strtod(value, NULL);
		return (int64_t) (seconds * 1000);
	}
	if (!read_date(value, &at))
		return -1;
	return at > now ? (int64_t) (at - now) * 1000 : 0;
}
