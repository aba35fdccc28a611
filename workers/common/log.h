/*
 * log.h
 *	  Writes log lines to stderr: one line per event, each with the time in UTC.
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

/* How the lines of a program look. */
typedef struct LogStyle
{
	const char *program;

	/* what stands between the time and the text, for each level: program and level */
	const char *heads[LOG_LEVEL_COUNT];

	/* how long a full stderr is waited for before a line is dropped; -1 = for ever */
	int patience_ms;
} LogStyle;

/* Sets style and level; to be called before the first line is written.  The style is not copied. */
extern void log_start(const LogStyle *style, LogLevel level);
extern void log_set_level(LogLevel level);
extern bool log_is_wanted(LogLevel level);

/* Returns false and leaves *level alone if no level has this name. */
extern bool log_level_from_name(const char *name, LogLevel *level);

/* Sets the text that stands in brackets behind the time of every line from now on; a longer one is cut. */
#define LOG_SUBJECT_SIZE 400
extern void log_set_subject(const char *subject);

/* Writes what a line begins with into "head": time, subject, program and level. */
#define LOG_HEAD_SIZE (LOG_SUBJECT_SIZE + 64)
extern void log_head(char head[LOG_HEAD_SIZE], LogLevel level);

/*
 * A throttle holds back lines of one kind that a peer can provoke.  The first line opens a window of LOG_WINDOW_MS, in which
 * LOG_BURST lines are written and all others are counted.  When the window is over log_tick() tells the count of a throttle
 * that has a name; the count of one without a name is told before the next line of its kind.
 */
#define LOG_BURST	  8
#define LOG_WINDOW_MS 10000

typedef struct LogThrottle
{
	const char		   *what; /* the throttle's name: what the lines are about, in the plural; NULL = none */
	LogLevel			level;
	int64_t				ends_at; /* 0 = no window is open */
	unsigned			lines;
	struct LogThrottle *next; /* in the list of throttles with a name and an open window */
} LogThrottle;

/* Writes a line if its level is wanted.  Control characters of the message become spaces; beyond 1,000 bytes it is cut. */
extern void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Writes a line unless the throttle holds it back.  "now_ms" comes from a clock that never steps back.  A throttle with a name
 * is kept in a list while its window is open, so its memory must outlive the window.
 */
extern void log_throttled(LogThrottle *throttle, int64_t now_ms, LogLevel level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Closes the windows of throttles with a name that are over, and writes how many lines were held back in each. */
extern void log_tick(int64_t now_ms);

/* Writes a line that another program wrote, behind a mark that says so.  Control characters but tabs become "?". */
extern void log_foreign_line(const char *mark, const char *text, size_t length);

/* Copies the beginning of what a peer sent into "buffer", with "?" for control characters, and returns the buffer. */
#define LOG_EXCERPT_SIZE 164
extern const char *log_excerpt(char buffer[LOG_EXCERPT_SIZE], const char *text, size_t length);

#endif /* NPCSIM_COMMON_LOG_H */
