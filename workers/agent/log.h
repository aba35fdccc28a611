/*
 * log.h
 *	  What the agent tells its user, on stderr.
 */
#ifndef NPCSIM_AGENT_LOG_H
#define NPCSIM_AGENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel
{
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
} LogLevel;

/*
 * One per kind of message that a peer can provoke at will: at most
 * LOG_BURST of them in LOG_WINDOW_MS, the rest are counted.
 */
#define LOG_BURST	  8
#define LOG_WINDOW_MS 10000

typedef struct LogThrottle
{
	int64_t	 window_started;
	unsigned printed;
	unsigned suppressed;
} LogThrottle;

#define LOG_EXCERPT_SIZE 164

/* Player, world and source, which every line names; what is longer is cut. */
#define LOG_SUBJECT_SIZE 400

extern void LogSetLevel(LogLevel level);
extern void LogSetSubject(const char *text);
extern bool LogLevelFromName(const char *name, LogLevel *level);
extern bool LogWanted(LogLevel level);

extern void Log(LogLevel level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
extern void LogThrottled(LogThrottle *throttle, LogLevel level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line of the MCP server's stderr; so it is marked. */
extern void LogServerLine(const char *text, size_t len);

/*
 * What a peer sent, fit for a log line: shortened, control characters
 * replaced.  Returns buf.
 */
extern const char *LogExcerpt(char buf[LOG_EXCERPT_SIZE], const char *text, size_t len);

/* Milliseconds that never step back. */
extern int64_t NowMs(void);

#endif /* NPCSIM_AGENT_LOG_H */
