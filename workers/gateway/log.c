/*
 * log.c
 *	  One line per event on stderr, with a level and the UTC time.
 *
 * A line is written by one write(), so that lines of several processes that
 * share a terminal or a file do not mix.  Tokens never come here: callers log
 * names and numbers, not frames.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static LogLevel		threshold = LOG_INFO;
static LogThrottle *throttles = NULL; /* with an open window */

void
log_set_level(LogLevel level)
{
	threshold = level;
}

static const char *
level_name(LogLevel level)
{
	switch (level)
	{
		case LOG_ERROR:
			return "ERROR";
		case LOG_WARNING:
			return "WARNING";
		case LOG_INFO:
			return "INFO";
		case LOG_DEBUG:
			return "DEBUG";
	}
	return "LOG";
}

void
log_head(char head[LOG_HEAD_SIZE], LogLevel level)
{
	char	  stamp[32];
	time_t	  now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
	snprintf(head, LOG_HEAD_SIZE, "%s npcsim-gateway %s: ", stamp, level_name(level));
}

static void __attribute__((format(printf, 2, 0)))
write_line(LogLevel level, const char *format, va_list arguments)
{
	char message[1001];
	char head[LOG_HEAD_SIZE];
	char line[LOG_HEAD_SIZE + sizeof(message) + 1];
	int	 length;

	vsnprintf(message, sizeof(message), format, arguments);

	for (char *c = message; *c; c++)
	{
		if ((unsigned char) *c < 0x20)
			*c = ' ';
	}

	log_head(head, level);
	length = snprintf(line, sizeof(line), "%s%s\n", head, message);
	if (length >= (int) sizeof(line))
		length = sizeof(line) - 1;

	/* nothing sensible can be done when stderr is gone */
	if (write(STDERR_FILENO, line, (size_t) length) < 0)
		return;
}

void
log_line(LogLevel level, const char *format, ...)
{
	va_list arguments;

	if (level > threshold)
		return;
	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}

void
log_throttled(LogThrottle *throttle, int64_t now_ms, LogLevel level, const char *format, ...)
{
	va_list arguments;

	if (level > threshold)
		return;
	log_tick(now_ms);
	if (throttle->ends_at == 0)
	{
		throttle->ends_at = now_ms + LOG_WINDOW_MS;
		throttle->lines = 0;
		throttle->next = throttles;
		throttles = throttle;
	}
	throttle->level = level;
	if (++throttle->lines > LOG_BURST)
		return;
	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}

void
log_tick(int64_t now_ms)
{
	LogThrottle **place = &throttles;

	while (*place)
	{
		LogThrottle *throttle = *place;

		if (now_ms < throttle->ends_at)
		{
			place = &throttle->next;
			continue;
		}
		*place = throttle->next;
		throttle->ends_at = 0;
		if (throttle->lines > LOG_BURST)
			log_line(throttle->level, "%s: %u more in %d s", throttle->what, throttle->lines - LOG_BURST,
					 LOG_WINDOW_MS / 1000);
	}
}
