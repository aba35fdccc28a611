/*
 * log.c
 *	  Writes log lines to stderr: one line per event, each with the time in UTC.
 *
 * A line is written by one write(), so that lines of several processes that share a terminal or a file do not mix.  It never
 * holds control characters that a peer sent.  It never holds a token, since callers log names and numbers but no frames.
 */
#include "log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_SIZE 1001
#define STAMP_SIZE	 32

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

_Static_assert(sizeof(level_names) / sizeof(level_names[0]) == LOG_LEVEL_COUNT, "each level has a name");

static const LogStyle unnamed = {"npcsim", {"error: ", "warning: ", "notice: ", "info: ", "debug: "}, -1};

static const LogStyle *style = &unnamed;
static LogLevel		   threshold = LOG_INFO;
static char			   subject[LOG_SUBJECT_SIZE]; /* "" = there is none */
static LogThrottle	  *throttles = NULL;		  /* those with a name and an open window */
static unsigned		   lost;					  /* lines dropped since stderr became full */

void
log_start(const LogStyle *the_style, LogLevel level)
{
	style = the_style;
	threshold = level;
}

void
log_set_level(LogLevel level)
{
	threshold = level;
}

bool
log_is_wanted(LogLevel level)
{
	return level <= threshold;
}

bool
log_level_from_name(const char *name, LogLevel *level)
{
	for (int i = 0; i < LOG_LEVEL_COUNT; i++)
	{
		if (strcmp(name, level_names[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

void
log_set_subject(const char *text)
{
	snprintf(subject, sizeof(subject), "%s", text);
}

/* Writes time and subject into "head", and "text" behind them. */
static void
begin_line(char head[LOG_HEAD_SIZE], const char *text)
{
	char	  stamp[STAMP_SIZE] = "";
	time_t	  now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) != NULL)
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ ", &utc);
	snprintf(head, LOG_HEAD_SIZE, "%s%s%s%s%s", stamp, subject[0] != '\0' ? "[" : "", subject,
			 subject[0] != '\0' ? "] " : "", text);
}

void
log_head(char head[LOG_HEAD_SIZE], LogLevel level)
{
	begin_line(head, style->heads[level]);
}

/*
 * Writes a line, or returns false if stderr stayed full for patience_ms (-1: waits for ever).  Whoever started the program may
 * have stopped reading its stderr, which must not stop the program.  A pipe that is writable takes PIPE_BUF bytes without
 * waiting.  An error of write() is ignored because there is nowhere to report it.
 */
static bool
try_write(const char *line, size_t length, int patience_ms)
{
	struct pollfd descriptor = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t		  written;

	if (patience_ms >= 0 && poll(&descriptor, 1, patience_ms) == 0)
		return false;
	written = write(STDERR_FILENO, line, length);
	(void) written;
	return true;
}

/*
 * Writes a line, and before it how many were dropped.  Once a line was dropped, stderr is not waited for until it takes that
 * note.
 */
static void
write_whole(const char *line, size_t length)
{
	char note[LOG_HEAD_SIZE + 80];

	if (lost > 0)
	{
		begin_line(note, style->program);
		snprintf(note + strlen(note), sizeof(note) - strlen(note),
				 ": %u lines before this one were not read\n", lost);
		if (!try_write(note, strlen(note), 0))
		{
			lost++;
			return;
		}
		lost = 0;
	}
	if (!try_write(line, length, style->patience_ms))
		lost = 1;
}

static void __attribute__((format(printf, 2, 0)))
write_line(LogLevel level, const char *format, va_list arguments)
{
	char message[MESSAGE_SIZE];
	char head[LOG_HEAD_SIZE];
	char line[LOG_HEAD_SIZE + MESSAGE_SIZE + 1];

	vsnprintf(message, sizeof(message), format, arguments);
	for (char *c = message; *c != '\0'; c++)
	{
		if ((unsigned char) *c < 0x20)
			*c = ' ';
	}
	log_head(head, level);
	write_whole(line, (size_t) snprintf(line, sizeof(line), "%s%s\n", head, message));
}

void
log_line(LogLevel level, const char *format, ...)
{
	va_list arguments;

	if (!log_is_wanted(level))
		return;
	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}

/* Begins a window, and tells how many lines a throttle without a name held back in the one before. */
static void
open_window(LogThrottle *throttle, int64_t now_ms)
{
	if (throttle->what == NULL && throttle->lines > LOG_BURST)
		log_line(throttle->level, "%u more messages like the next one were not printed",
				 throttle->lines - LOG_BURST);
	throttle->ends_at = now_ms + LOG_WINDOW_MS;
	throttle->lines = 0;
	if (throttle->what == NULL)
		return;
	throttle->next = throttles;
	throttles = throttle;
}

void
log_throttled(LogThrottle *throttle, int64_t now_ms, LogLevel level, const char *format, ...)
{
	va_list arguments;

	if (!log_is_wanted(level))
		return;
	log_tick(now_ms);
	throttle->level = level;
	if (throttle->ends_at == 0 || now_ms >= throttle->ends_at)
		open_window(throttle, now_ms);
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

	while (*place != NULL)
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

/* Copies bytes with "?" for control characters but those in "kept", so that escape sequences cannot reach a terminal. */
static void
copy_printable(char *to, const char *from, size_t length, const char *kept)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) from[i];

		to[i] = (c < 0x20 || c == 0x7f) && (c == '\0' || strchr(kept, c) == NULL) ? '?' : (char) c;
	}
}

void
log_foreign_line(const char *mark, const char *text, size_t length)
{
	char   line[PIPE_BUF];
	size_t begun;
	size_t room;

	begin_line(line, mark);
	begun = strlen(line);
	room = sizeof(line) - 1 - begun;
	if (length > room)
		length = room;
	copy_printable(line + begun, text, length, "\t");
	line[begun + length] = '\n';
	write_whole(line, begun + length + 1);
}

const char *
log_excerpt(char buffer[LOG_EXCERPT_SIZE], const char *text, size_t length)
{
	size_t room = LOG_EXCERPT_SIZE - 4;
	size_t kept = length < room ? length : room;

	copy_printable(buffer, text, kept, "");
	strcpy(buffer + kept, kept < length ? "..." : "");
	return buffer;
}
