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

static LogLevel threshold = LOG_INFO;

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
log_line(LogLevel level, const char *format, ...)
{
	char	  message[1001];
	char	  line[1100];
	char	  stamp[32];
	time_t	  now = time(NULL);
	struct tm utc;
	va_list	  arguments;
	int		  length;

	if (level > threshold)
		return;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);

	for (char *c = message; *c; c++)
	{
		if ((unsigned char) *c < 0x20)
			*c = ' ';
	}

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
	length = snprintf(line, sizeof(line), "%s npcsim-gateway %s: %s\n", stamp, level_name(level), message);
	if (length >= (int) sizeof(line))
		length = sizeof(line) - 1;

	/* nothing sensible can be done when stderr is gone */
	if (write(STDERR_FILENO, line, (size_t) length) < 0)
		return;
}
