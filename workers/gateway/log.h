/*
 * log.h
 *	  One line per event on stderr, with a level and the UTC time.
 */
#ifndef NPCSIM_GATEWAY_LOG_H
#define NPCSIM_GATEWAY_LOG_H

typedef enum LogLevel
{
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
} LogLevel;

extern void log_set_level(LogLevel level);

/* A line feed inside the message is written as a space; 1,000 bytes at most. */
extern void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* NPCSIM_GATEWAY_LOG_H */
