/*
 * log.h
 *	  What a program tells on stderr: one line per event, each with the time in UTC.
 */
#ifndef NPCSIM_COMMON_LOG_H
#define NPCSIM_COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel
{
	LOG_ERROR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG
} LogLevel;

#define LOG_LEVEL_COUNT (LOG_DEBUG + 1)

/* How a program's lines look. */
typedef struct LogStyle
{
	const char *program;

	/* what stands behind the time, by level: program and level, up to the text */
	const char *heads[LOG_LEVEL_COUNT];

	/* how long a full stderr is waited for, once until it is read again; -1 = for ever */
	int patience_ms;
} LogStyle;

/* Before the first line. */
extern void log_start(const LogStyle *style, LogLevel level);
extern void log_set_level(LogLevel level);
extern bool log_is_wanted(LogLevel level);
extern bool log_level_from_name(const char *name, LogLevel *level);

/* Whom every line is about, in brackets behind the time; what is longer is cut. */
#define LOG_SUBJECT_SIZE 400
extern void log_set_subject(const char *subject);

/* What a line begins with: time, subject, program and level. */
#define LOG_HEAD_SIZE (LOG_SUBJECT_SIZE + 64)
extern void log_head(char head[LOG_HEAD_SIZE], LogLevel level);

/*
 * One per kind of line that anybody can provoke: of those in LOG_WINDOW_MS from the first on LOG_BURST are written, and the
 * others counted.  How many there were is told by log_tick when the window is over, or, of lines without a name, before the
 * next of their kind.
 */
#define LOG_BURST	  8
#define LOG_WINDOW_MS 10000

typedef struct LogThrottle
{
	const char		   *what; /* lines of which they are, in the plural; NULL = they have no name */
	LogLevel			level;
	int64_t				ends_at; /* 0 = no window is open */
	unsigned			lines;
	struct LogThrottle *next; /* among those with a name and an open window */
} LogThrottle;

/* A line feed inside the message is written as a space; 1,000 bytes at most. */
extern void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "now_ms" is of a clock that never steps back.  A throttle with a name stays where it is. */
extern void log_throttled(LogThrottle *throttle, int64_t now_ms, LogLevel level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Tells of the lines that were held back in windows that are over. */
extern void log_tick(int64_t now_ms);

/* A line that somebody else wrote, marked as theirs. */
extern void log_foreign_line(const char *mark, const char *text, size_t length);

/* What a peer sent, fit for a line: shortened, control characters replaced.  Returns buffer. */
#define LOG_EXCERPT_SIZE 164
extern const char *log_excerpt(char buffer[LOG_EXCERPT_SIZE], const char *text, size_t length);

#endif /* NPCSIM_COMMON_LOG_H */
