/*
 * test_log.c
 *	  Tests the log of gateway and agent: lines that peers can provoke do not fill it, and their texts do not garble it.
 */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"

static const LogStyle style = {"npcsim-gateway",
							   {"npcsim-gateway ERROR: ", "npcsim-gateway WARNING: ",
								"npcsim-gateway NOTICE: ", "npcsim-gateway INFO: ", "npcsim-gateway DEBUG: "},
							   -1};

static int log_file;

static void
begin(void)
{
	FILE *file = tmpfile();

	if (file == NULL || dup2(fileno(file), STDERR_FILENO) < 0)
		exit(2);
	log_file = fileno(file);
}

/* "2026-03-01T12:00:00Z " */
static bool
is_dated(const char *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ ";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
	{
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
			return false;
	}
	return true;
}

/* What was written since the last time: the number of lines, which are dated, and the last one without its time. */
static int
lines(const char **last)
{
	static char	 text[65536];
	static off_t read_to = 0;
	ssize_t		 length = pread(log_file, text, sizeof(text) - 1, read_to);
	int			 count = 0;

	*last = "";
	if (length < 0)
		exit(2);
	read_to += length;
	text[length] = '\0';
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
	{
		if (!is_dated(line))
			return -1;
		count++;
		*last = strchr(line, ' ') + 1;
	}
	return count;
}

/* Lines without a name: how many were held back stands before the next of their kind. */
static void
test_unnamed(void)
{
	LogThrottle throttle = {0};
	const char *last;

	log_set_level(LOG_INFO);
	for (int i = 1; i <= LOG_BURST + 3; i++)
		log_throttled(&throttle, 1000, LOG_INFO, "line %d", i);
	tap_is_int(lines(&last), LOG_BURST, "of lines without a name a few are written, too");
	log_tick(1000 + 2 * LOG_WINDOW_MS);
	tap_is_int(lines(&last), 0, "... nothing is told of them by itself");
	log_throttled(&throttle, 1000 + LOG_WINDOW_MS, LOG_INFO, "next");
	tap_is_int(lines(&last), 2, "... but before the next");
	tap_is_str(last, "npcsim-gateway INFO: next", "... which is written");
	log_throttled(&throttle, 1000 + 2 * LOG_WINDOW_MS, LOG_INFO, "one more");
	tap_is_int(lines(&last), 1, "... and nothing when none was held back");
}

static void
test_foreign(void)
{
	char		excerpt[LOG_EXCERPT_SIZE];
	char		text[2 * LOG_EXCERPT_SIZE];
	const char *last;
	LogLevel	level;

	log_set_subject("Ada");
	log_line(LOG_INFO, "x");
	lines(&last);
	tap_is_str(last, "[Ada] npcsim-gateway INFO: x", "a line names whom it is about");
	log_foreign_line("[mcp server] ", "a\033[1mb\tc", 8);
	lines(&last);
	tap_is_str(last, "[Ada] [mcp server] a?[1mb\tc", "others' lines are marked, and have no escapes");
	log_set_subject("");

	tap_is_str(log_excerpt(excerpt, "a\nb\tc", 5), "a?b?c", "an excerpt is one line");
	memset(text, 'x', sizeof(text));
	log_excerpt(excerpt, text, sizeof(text));
	tap_is_int((long long) strlen(excerpt), LOG_EXCERPT_SIZE - 1, "... of bounded length");
	tap_ok(strcmp(excerpt + LOG_EXCERPT_SIZE - 4, "...") == 0, "... that shows that it was cut");

	tap_ok(log_level_from_name("notice", &level) && level == LOG_NOTICE, "a level has a name");
	tap_ok(!log_level_from_name("NOTICE", &level) && !log_level_from_name("", &level),
		   "... in small letters");
}

int
main(void)
{
	static LogThrottle some = {.what = "some things"};
	static LogThrottle others = {.what = "others"};
	const char		  *last;

	begin();
	log_start(&style, LOG_INFO);
	log_line(LOG_INFO, "a\nb");
	tap_is_int(lines(&last), 1, "a message is a line");
	tap_is_str(last, "npcsim-gateway INFO: a b", "... whatever is in it");

	for (int i = 1; i <= 100; i++)
		log_throttled(&some, 1000 + i, LOG_WARNING, "thing %d", i);
	tap_is_int(lines(&last), LOG_BURST, "of many alike a few are written");
	tap_is_str(last, "npcsim-gateway WARNING: thing 8", "... the first");
	log_throttled(&others, 2000, LOG_ERROR, "other");
	tap_is_int(lines(&last), 1, "... others have a count of their own");
	log_tick(1001 + LOG_WINDOW_MS - 1);
	tap_is_int(lines(&last), 0, "nothing is told before the time is over");
	log_tick(1001 + LOG_WINDOW_MS);
	tap_is_int(lines(&last), 1, "... then how many there were");
	tap_is_str(last, "npcsim-gateway WARNING: some things: 92 more in 10 s", "... of what");
	log_tick(1001 + 10 * LOG_WINDOW_MS);
	tap_is_int(lines(&last), 0, "... once, and not of those of which all were written");

	for (int i = 1; i <= LOG_BURST + 1; i++)
		log_throttled(&some, 200000, LOG_WARNING, "thing %d", i);
	tap_is_int(lines(&last), LOG_BURST, "later it begins anew");
	log_throttled(&some, 200000 + LOG_WINDOW_MS, LOG_WARNING, "late");
	tap_is_int(lines(&last), 2, "the next window's first line comes with the count of the last");
	tap_is_str(last, "npcsim-gateway WARNING: late", "... and is written");

	log_set_level(LOG_ERROR);
	for (int i = 1; i <= 100; i++)
		log_throttled(&others, 300000, LOG_INFO, "thing %d", i);
	log_tick(400000);
	tap_is_int(lines(&last), 0, "what the level leaves out is not counted");
	test_unnamed();
	test_foreign();
	return tap_done();
}
