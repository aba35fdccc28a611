/*
 * test_gateway_log.c
 *	  The gateway's log: lines that anybody can provoke do not fill it.
 *
 * @link workers/gateway/log.c
 */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "log.h"

static int log_file;

static void
begin(void)
{
	FILE *file = tmpfile();

	if (!file || dup2(fileno(file), STDERR_FILENO) < 0)
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
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
	{
		if (!is_dated(line))
			return -1;
		count++;
		*last = strchr(line, ' ') + 1;
	}
	return count;
}

int
main(void)
{
	static LogThrottle some = {.what = "some things"};
	static LogThrottle others = {.what = "others"};
	const char		  *last;

	begin();
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
	return tap_done();
}
