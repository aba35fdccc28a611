/*
 * test_mind_events.c
 *	  Tests that the events for minds have the names in the manual.
 */
#include <stdio.h>
#include <string.h>

#include "sim/mind_events.h"
#include "tap.h"

static void
test_names_are_read_as_they_are_written(void)
{
	for (int i = 0; i < MIND_EVENT_COUNT; i++)
	{
		const char *name = mind_event_name((MindEvent) i);
		MindEvent	read;

		tap_ok(mind_event_by_name(name, strlen(name), &read) && read == (MindEvent) i, "%s", name);
		tap_ok(!mind_event_by_name(name, strlen(name) - 1, &read), "not all of %s", name);
	}
}

static void
test_other_names_are_none(void)
{
	MindEvent read;

	tap_ok(!mind_event_by_name("", 0, &read), "no name");
	tap_ok(!mind_event_by_name("ERROR", 5, &read), "in capitals");
	tap_ok(mind_event_by_name("errors", 5, &read) && read == MIND_ERROR, "as long as it is said to be");
}

/* Rows of the table of events in docs/minds.md. */
static void
test_the_manual_tells_them(void)
{
	FILE *manual = fopen("docs/minds.md", "r");
	char  line[4096];
	bool  in_table = false;
	int	  rows = 0;

	tap_ok(manual != NULL, "docs/minds.md is there");
	while (manual != NULL && fgets(line, sizeof(line), manual) != NULL)
	{
		char	  name[64];
		MindEvent read;

		if (strncmp(line, "## ", 3) == 0)
			in_table = strcmp(line, "## Events\n") == 0;
		if (!in_table || sscanf(line, "| `%63[a-z_]` |", name) != 1)
			continue;
		rows++;
		tap_ok(mind_event_by_name(name, strlen(name), &read), "%s is told", name);
	}
	tap_ok(rows == MIND_EVENT_COUNT, "%d events in the manual", rows);
	if (manual != NULL)
		fclose(manual);
}

int
main(void)
{
	test_names_are_read_as_they_are_written();
	test_other_names_are_none();
	test_the_manual_tells_them();
	return tap_done();
}
