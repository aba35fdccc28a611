/*
 * log.c
 *	  What the agent tells its user, on stderr.
 *
 * One line per message, written with a single write(2), so that lines of
 * the agent and of the game client that spawned it do not mix.  Each begins
 * with the time in UTC and whose mind it is about, as the gateway's log and
 * the status file have them.  A line
 * never holds control characters that a peer sent.  The token is never
 * given to these functions.
 */
#include "log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024

/* How long a full stderr is waited for, once until it is read again. */
#define PATIENCE_MS 100

/* "2026-03-01T12:00:00Z [subject] " */
#define HEAD_SIZE (LOG_SUBJECT_SIZE + 32)

static LogLevel log_level = LOG_LEVEL_NOTICE;
static char		subject[LOG_SUBJECT_SIZE]; /* "" = not known yet */

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",	 [LOG_LEVEL_DEBUG] = "debug",
};

#define LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

void
LogSetLevel(LogLevel level)
{
	log_level = level;
}

void
LogSetSubject(const char *text)
{
	snprintf(subject, sizeof(subject), "%s", text);
}

/* What every line begins with; its length. */
static size_t
BeginLine(char line[HEAD_SIZE])
{
	time_t	  now = time(NULL);
	struct tm utc;
	size_t	  len = 0;

	if (gmtime_r(&now, &utc) != NULL)
		len = strftime(line, HEAD_SIZE, "%Y-%m-%dT%H:%M:%SZ ", &utc);
	line[len] = '\0';
	if (subject[0] != '\0')
		len += (size_t) snprintf(line + len, HEAD_SIZE - len, "[%s] ", subject);
	return len;
}

bool
LogLevelFromName(const char *name, LogLevel *level)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
	{
		if (strcmp(name, level_names[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

bool
LogWanted(LogLevel level)
{
	return level <= log_level;
}

int64_t
NowMs(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Whoever started us may have stopped reading: a full pipe must not stop the
 * agent.  A pipe that is writable takes PIPE_BUF bytes without waiting.  There
 * is nobody to tell if stderr is closed.
 */
static bool
TryWrite(const char *line, size_t len, int patience_ms)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t		  written;

	if (poll(&fd, 1, patience_ms) == 0)
		return false;
	written = write(STDERR_FILENO, line, len);
	(void) written;
	return true;
}

static void
WriteLine(const char *line, size_t len)
{
	static unsigned lost;
	char			note[HEAD_SIZE + 80];
	size_t			note_len;

	if (lost > 0)
	{
		note_len = BeginLine(note);
		note_len += (size_t) snprintf(note + note_len, sizeof(note) - note_len,
									  "npcsim-agent: %u lines before this one were not read\n", lost);
		if (!TryWrite(note, note_len, 0))
		{
			lost++;
			return;
		}
		lost = 0;
	}
	if (!TryWrite(line, len, PATIENCE_MS))
		lost = 1;
}

static void __attribute__((format(printf, 2, 0))) LogV(LogLevel level, const char *fmt, va_list args)
{
	char   line[HEAD_SIZE + LINE_SIZE];
	size_t len = BeginLine(line);

	len += (size_t) snprintf(line + len, sizeof(line) - len, "npcsim-agent: %s: ", level_names[level]);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	len = strlen(line);
	line[len++] = '\n';
	WriteLine(line, len);
}

void
Log(LogLevel level, const char *fmt, ...)
{
	va_list args;

	if (!LogWanted(level))
		return;
	va_start(args, fmt);
	LogV(level, fmt, args);
	va_end(args);
}

void
LogThrottled(LogThrottle *throttle, LogLevel level, const char *fmt, ...)
{
	int64_t now = NowMs();
	va_list args;

	if (!LogWanted(level))
		return;
	if (throttle->window_started == 0 || now - throttle->window_started >= LOG_WINDOW_MS)
	{
		if (throttle->suppressed > 0)
			Log(level, "%u more messages like the next one were not printed", throttle->suppressed);
		throttle->window_started = now;
		throttle->printed = 0;
		throttle->suppressed = 0;
	}
	if (throttle->printed >= LOG_BURST)
	{
		throttle->suppressed++;
		return;
	}
	throttle->printed++;
	va_start(args, fmt);
	LogV(level, fmt, args);
	va_end(args);
}

void
LogServerLine(const char *text, size_t len)
{
	static const char prefix[] = "[mcp server] ";
	char			  line[PIPE_BUF];
	size_t			  out = BeginLine(line);

	memcpy(line + out, prefix, sizeof(prefix) - 1);
	out += sizeof(prefix) - 1;
	for (size_t i = 0; i < len && out < sizeof(line) - 1; i++)
	{
		unsigned char c = (unsigned char) text[i];

		/* colours and other escape sequences lose their escape character */
		line[out++] = (c < 0x20 && c != '\t') || c == 0x7f ? '?' : (char) c;
	}
	line[out++] = '\n';
	WriteLine(line, out);
}

const char *
LogExcerpt(char buf[LOG_EXCERPT_SIZE], const char *text, size_t len)
{
	size_t room = LOG_EXCERPT_SIZE - 4;
	size_t n = len < room ? len : room;

	for (size_t i = 0; i < n; i++)
	{
		unsigned char c = (unsigned char) text[i];

		buf[i] = c < 0x20 || c == 0x7f ? '?' : (char) c;
	}
	if (n < len)
	{
		memcpy(buf + n, "...", 3);
		n += 3;
	}
	buf[n] = '\0';
	return buf;
}
