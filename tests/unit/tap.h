/*
 * tap.h
 *	  Prints results of plain C tests in the Test Anything Protocol.
 *
 * A test program calls the checks below from main() and the functions it
 * calls, in one translation unit, and ends with "return tap_done();".  A
 * check returns whether it passed, so that a test can stop where going on
 * would make no sense.
 */
#ifndef NPCSIM_TESTS_TAP_H
#define NPCSIM_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failures;

#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args), unused))

/* Prints one line per check; line breaks inside a name would break the protocol and become blanks. */
static inline bool TAP_PRINTF(2, 0) tap_report(bool passed, const char *fmt, va_list args)
{
	char name[512];

	vsnprintf(name, sizeof(name), fmt, args);
	for (char *c = name; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '#')
			*c = ' ';
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tap_count, name);
	if (!passed)
		tap_failures++;
	fflush(stdout);
	return passed;
}

static inline bool TAP_PRINTF(2, 3) tap_ok(bool passed, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_report(passed, fmt, args);
	va_end(args);
	return passed;
}

static inline bool TAP_PRINTF(3, 4) tap_is_int(long long got, long long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_report(got == want, fmt, args);
	va_end(args);
	if (got != want)
		printf("#   got:  %lld\n#   want: %lld\n", got, want);
	return got == want;
}

/* Checks that two strings are equal; NULL equals only NULL. */
static inline bool TAP_PRINTF(3, 4) tap_is_str(const char *got, const char *want, const char *fmt, ...)
{
	va_list args;
	bool	same = got && want ? strcmp(got, want) == 0 : got == want;

	va_start(args, fmt);
	tap_report(same, fmt, args);
	va_end(args);
	if (!same)
		printf("#   got:  %s\n#   want: %s\n", got ? got : "(null)", want ? want : "(null)");
	return same;
}

/* Prints the plan and returns the program's exit status. */
static inline int __attribute__((unused)) tap_done(void)
{
	printf("1..%d\n", tap_count);
	if (tap_failures > 0)
		printf("# %d of %d failed\n", tap_failures, tap_count);
	fflush(stdout);
	return tap_failures > 0 || tap_count == 0;
}

#endif /* NPCSIM_TESTS_TAP_H */
