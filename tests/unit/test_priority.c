/*
 * test_priority.c
 *	  In which order questions are handed out.
 */
#include "market/priority.h"
#include "tap.h"

#define PRIORITY(class_, waiting_, ...) \
	question_priority(&(Question) {.class = (class_), .waiting = (waiting_), __VA_ARGS__})

int
main(void)
{
	tap_is_int(question_viewers(0, false), 0, "nobody looks");
	tap_is_int(question_viewers(9, false), 4, "four players count");
	tap_is_int(question_viewers(9, true), 5, "and all spectators as one more");

	tap_is_int(PRIORITY(QUESTION_REST, 10 * SIM_SECOND), 1000, "10 s of waiting are a unit");
	tap_is_int(PRIORITY(QUESTION_REST, 10 * SIM_SECOND, .players = 2), 3000, "times one and the viewers");
	tap_is_int(PRIORITY(QUESTION_REST, 10 * SIM_SECOND, .players = 2, .spectated = true), 4000,
			   "spectators are one");
	tap_is_int(PRIORITY(QUESTION_REST, 10 * SIM_SECOND, .players = 2, .in_interaction = true), 6000,
			   "times two inside an interaction");
	tap_is_int(PRIORITY(QUESTION_REST, -5), 0, "what was opened in the future waits for nothing");
	tap_is_int(PRIORITY(QUESTION_REST, INT64_MIN, .players = INT32_MAX), 0, "however far");
	tap_ok(PRIORITY(QUESTION_MESSAGE, 0) > PRIORITY(QUESTION_REST, PRIORITY_OVERDUE - 1, .players = 4,
													.spectated = true, .in_interaction = true),
		   "a message comes before whatever is no message");
	tap_ok(PRIORITY(QUESTION_BID, 0) > PRIORITY(QUESTION_MESSAGE, PRIORITY_OVERDUE - 1, .players = 4,
												.spectated = true, .in_interaction = true),
		   "and a bid before a message");
	tap_ok(PRIORITY(QUESTION_REST, PRIORITY_OVERDUE) > PRIORITY(QUESTION_BID, PRIORITY_OVERDUE - 1,
																.players = 4, .spectated = true,
																.in_interaction = true),
		   "but nothing before what has waited a minute");
	tap_ok(PRIORITY(QUESTION_REST, PRIORITY_OVERDUE + 1000) >
			   PRIORITY(QUESTION_BID, PRIORITY_OVERDUE, .players = 4),
		   "and of that the oldest comes first");
	tap_ok(PRIORITY(QUESTION_BID, INT64_MAX) > 0, "for ever");
	return tap_done();
}
