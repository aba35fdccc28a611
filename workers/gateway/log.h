/*
 * log.h
 *	  One line per event on stderr, with a level and the UTC time.
 */
#ifndef NPCSIM_GATEWAY_LOG_H
#define NPCSIM_GATEWAY_LOG_H

#include <stdint.h>

typedef enum LogLevel
{
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
} LogLevel;

extern void log_set_level(LogLevel level);

/* What a line begins with: date, time and zone, program and level. */
#define LOG_HEAD_SIZE 64
extern void log_head(char head[LOG_HEAD_SIZE], LogLevel level);

/*
 * One per kind of line that anybody can provoke: of those in LOG_WINDOW_MS from the first on, LOG_BURST are written,
 * and the others counted; log_tick tells how many.
 */
#define LOG_BURST	  8
#define LOG_WINDOW_MS 10000

typedef struct LogThrottle
{
	const char		   *what; /* lines of which they are, in the plural */
	LogLevel			level;
	int64_t				ends_at; /* 0 = no window is open */
	unsigned			lines;
	struct LogThrottle *next; /* among those with an open window */
} LogThrottle;

/* A line feed inside the message is written as a space; 1,000 bytes at most. */
extern void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "now_ms" is of a clock that never steps back.  A throttle stays where it is. */
extern void log_throttled(LogThrottle *throttle, int64_t now_ms, LogLevel level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Tells of the lines that were held back in windows that are over. */
extern void log_tick(int64_t now_ms);

#endif /* NPCSIM_GATEWAY_LOG_H */
