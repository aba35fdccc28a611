/*
 * test_mcp_translation.c
 *	  Tests the translation of observations and events for the reference game's
 *	  minds, and of their answers.
 *
 * @link workers/gateway/mcp_schema.c workers/gateway/dialects/reference_events.c workers/gateway/dialects/reference_results.c workers/gateway/dialects/reference_observation.c workers/gateway/mcp_results.c
 */
#include <string.h>

#include "dialects/reference_events.h"
#include "dialects/reference_results.h"
#include "dialects/reference_observation.h"
#include "mcp_scene.h"

/* ---- observations ---- */

static void
test_observation(void)
{
	json_t *observations = parse(scene);
	json_t *got = reference_observation(observations, 12);
	json_t *idle;

	is_json(
		json_incref(json_object_get(got, "status")),
		"{\"position\":[15,23],\"movement_locked\":true,\"current_interaction\":{\"name\":\"conversation\","
		"\"description\":\"Talk\",\"needs_filled\":[],\"needs_drained\":[\"energy\"],"
		"\"need_rates\":{\"energy\":-0.5},\"act_in_interaction_parameters\":{\"message\":{\"type\":"
		"\"string\","
		"\"description\":\"What to say\"}}},\"activity_state\":{\"state_name\":\"interacting\"}}",
		"the status is told, with what the interaction takes");
	tap_is_str(json_string_value(json_object_get(got, "entity_id")), "12", "the NPC's id is a string");
	tap_ok(json_is_integer(json_object_get(got, "current_simulation_time")), "the time is an integer");
	tap_is_int(json_integer_value(json_object_get(got, "current_simulation_time")), 5231,
			   "... of whole game minutes, rounded down");
	is_json(json_incref(json_object_get(got, "needs")),
			"{\"needs\":{\"hunger\":65.5,\"fun\":20},\"max_value\":100}",
			"the needs are told with their maximum");
	is_json(
		json_incref(json_object_get(got, "vision")),
		"{\"visible_entities\":[{\"entity_id\":\"789\",\"display_name\":\"apple\",\"position\":[16,25],"
		"\"interactions\":{\"consume\":{\"name\":\"consume\",\"description\":\"Eat\",\"needs_filled\":["
		"\"hunger\"],"
		"\"needs_drained\":[],\"need_rates\":{\"hunger\":5},\"act_in_interaction_parameters\":{}}},"
		"\"current_interaction\":{\"interaction_id\":\"\",\"interaction_name\":\"consume\",\"participant_"
		"ids\":[],\"participant_names\":[],"
		"\"participant_count\":1,\"min_participants\":1,\"max_participants\":1,\"duration_minutes\":0.0,"
		"\"is_joinable\":false,\"joinable_reason\":\"at_capacity\"}},"
		"{\"entity_id\":\"456\",\"display_name\":\"Bo\",\"position\":[18,20],\"interactions\":{},"
		"\"current_interaction\":{}},"
		"{\"entity_id\":\"457\",\"display_name\":\"Cy\",\"position\":[1,2],\"interactions\":{},"
		"\"current_interaction\":{\"interaction_id\":\"9\",\"interaction_name\":\"conversation\","
		"\"participant_ids\":[\"457\",\"458\"],\"participant_names\":[\"Cy\",\"\"],\"participant_count\":2,"
		"\"min_participants\":2,\"max_participants\":10,\"duration_minutes\":2.0,"
		"\"is_joinable\":true,\"joinable_reason\":\"\"}},"
		"{\"entity_id\":\"460\",\"display_name\":\"Di\",\"position\":[2,2],\"interactions\":{},"
		"\"current_interaction\":{\"interaction_id\":\"\",\"interaction_name\":\"interaction\",\"participant_"
		"ids\":[],\"participant_names\":[],\"participant_count\":1,\"min_participants\":1,"
		"\"max_participants\":1,\"duration_minutes\":0.0,\"is_joinable\":false,\"joinable_reason\":"
		"\"requesting\"}}]}",
		"what is in sight is told, and what has no id or place is left out");
	tap_is_int((long long) json_object_size(got), 5, "nothing else is told");
	json_decref(got);

	json_object_set_new(json_object_get(observations, "status"), "current_interaction", json_null());
	idle = reference_observation(observations, 12);
	is_json(json_incref(json_object_get(json_object_get(idle, "status"), "current_interaction")), "{}",
			"no interaction is {} and not null");
	json_decref(idle);
	is_json(reference_traits(observations), "[\"curious\"]", "traits are strings");
	json_decref(observations);
}

static void
test_requesting(void)
{
	json_t *observations = parse(
		"{\"position\":{\"x\":1,\"y\":2},\"status\":{\"state\":\"requesting\",\"movement_locked\":false,"
		"\"current_interaction\":null}}");
	json_t *got = reference_observation(observations, 12);

	is_json(json_incref(json_object_get(got, "status")),
			"{\"position\":[1,2],\"movement_locked\":true,\"current_interaction\":{},"
			"\"activity_state\":{\"state_name\":\"requesting\"}}",
			"who waits for an answer to its bid is told so, and that it goes nowhere");
	json_decref(got);
	json_decref(observations);
}

static void
test_bad_observations(void)
{
	static const char *const bad[] = {
		"null",
		"[]",
		"{}",
		"{\"position\":{\"x\":1,\"y\":2}}",
		"{\"position\":{\"x\":1,\"y\":2},\"status\":null}",
		"{\"position\":{\"x\":\"1\",\"y\":2},\"status\":{\"state\":\"idle\"}}",
		"{\"position\":{\"x\":1},\"status\":{\"state\":\"idle\"}}",
		"{\"position\":{\"x\":1,\"y\":2},\"status\":{\"state\":7}}",
	};
	static const char *const odd =
		"{\"position\":[1e300,-1e300],\"status\":{\"state\":\"idle\",\"movement_locked\":\"yes\","
		"\"current_interaction\":[]},\"self\":{\"clock\":1e300,\"traits\":{}},\"needs\":[1],"
		"\"vision\":{\"a\":1},\"events\":{\"type\":\"error\"}}";
	json_t		 *observations;
	ReferenceTold told = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		observations = json_loads(bad[i], JSON_DECODE_ANY, NULL);
		tap_ok(reference_observation(observations, 1) == NULL, "no observation is made of %s", bad[i]);
		json_decref(observations);
	}
	observations = parse(odd);
	is_json(reference_observation(observations, 1),
			"{\"entity_id\":\"1\",\"current_simulation_time\":9007199254740992,\"status\":{\"position\":"
			"[9007199254740992,-9007199254740992],\"movement_locked\":false,\"current_interaction\":{},"
			"\"activity_state\":{\"state_name\":\"idle\"}},\"needs\":{\"needs\":{},\"max_value\":100},"
			"\"vision\":{\"visible_entities\":[]}}",
			"what is of another kind counts as absent, and numbers are kept within bounds");
	is_json(reference_events(observations, 1, &told, 0), "[]", "... events too");
	json_decref(observations);
}

/* ---- events ---- */

/* What becomes of the events, given as the members of an array, at 100.5 s of the world. */
static json_t *
told_events(ReferenceTold *told, const char *events, const char *conversation, double clock, int64_t now_ms)
{
	char	text[4096];
	json_t *observations;
	json_t *result;

	snprintf(text, sizeof(text),
			 "{\"self\":{\"clock\":%.1f},\"position\":{\"x\":5,\"y\":6},\"events\":[%s],\"conversation\":%s}",
			 clock, events, conversation);
	observations = parse(text);
	result = reference_events(observations, 12, told, now_ms);
	json_decref(observations);
	return result;
}

static void
check_event(const char *ours, const char *theirs, const char *name)
{
	ReferenceTold told = {0};

	is_json(told_events(&told, ours, "null", 100.5, 0), theirs, name);
}

static void
test_events(void)
{
	check_event(
		"{\"at\":90.9,\"type\":\"movement_completed\",\"status\":\"arrived\","
		"\"intended_destination\":[3,4],\"actual_destination\":[3,5]}",
		"[{\"timestamp\":90,\"event_type\":\"MOVEMENT_COMPLETED\",\"payload\":{\"status\":\"ARRIVED\","
		"\"intended_destination\":[3,4],\"actual_destination\":[3,5]}}]",
		"an arrival, with both destinations");
	check_event("{\"at\":90,\"type\":\"movement_completed\",\"status\":\"stopped_short\","
				"\"intended_destination\":[3,4],\"actual_destination\":[3,5]}",
				"[{\"timestamp\":90,\"event_type\":\"MOVEMENT_COMPLETED\",\"payload\":{\"status\":"
				"\"STOPPED_SHORT\",\"intended_destination\":[3,4],\"actual_destination\":[3,5]}}]",
				"a walk that was stopped");
	check_event(
		"{\"at\":90,\"type\":\"movement_completed\",\"status\":\"blocked\","
		"\"intended_destination\":[3,4],\"actual_destination\":null}",
		"[{\"timestamp\":90,\"event_type\":\"MOVEMENT_COMPLETED\",\"payload\":{\"status\":\"BLOCKED\","
		"\"intended_destination\":[3,4],\"actual_destination\":[5,6]}}]",
		"a walk that did not begin ends where the NPC is");
	check_event("{\"at\":90,\"type\":\"movement_completed\",\"status\":\"teleported\"}", "[]",
				"a status that the server does not know is not told");
	check_event(
		"{\"at\":90,\"type\":\"interaction_started\",\"interaction\":\"sit\",\"interaction_id\":801,"
		"\"target_id\":5},{\"at\":91,\"type\":\"interaction_finished\",\"interaction\":\"sit\","
		"\"interaction_id\":801},{\"at\":92,\"type\":\"interaction_cancelled\",\"interaction\":\"sit\","
		"\"interaction_id\":801}",
		"[{\"timestamp\":90,\"event_type\":\"INTERACTION_STARTED\",\"payload\":{\"interaction_name\":"
		"\"sit\",\"interaction_id\":\"801\"}},{\"timestamp\":91,\"event_type\":\"INTERACTION_FINISHED\","
		"\"payload\":{\"interaction_name\":\"sit\",\"interaction_id\":\"801\"}},{\"timestamp\":92,"
		"\"event_type\":\"INTERACTION_CANCELED\",\"payload\":{\"interaction_name\":\"sit\","
		"\"interaction_id\":\"801\"}}]",
		"an interaction's beginning and ends, with its id as a string and American spelling");
	check_event(
		"{\"at\":90,\"type\":\"interaction_bid_pending\",\"interaction\":\"conversation\",\"bid_id\":7,"
		"\"target_id\":456},{\"at\":91,\"type\":\"interaction_bid_rejected\",\"interaction\":\"consume\","
		"\"reason\":\"item is occupied\"}",
		"[{\"timestamp\":90,\"event_type\":\"INTERACTION_BID_PENDING\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"bid_id\":\"7\",\"bidder_id\":\"12\",\"provider_id\":\"456\"}},"
		"{\"timestamp\":91,\"event_type\":\"INTERACTION_BID_REJECTED\",\"payload\":{\"interaction_name\":"
		"\"consume\",\"reason\":\"item is occupied\"}}]",
		"bids of its own");
	check_event(
		"{\"at\":90,\"type\":\"error\",\"message\":\"no\"},"
		"{\"at\":91,\"type\":\"plan_failed\",\"reason\":\"there is no way\"},"
		"{\"at\":92,\"type\":\"decided_for_you\",\"action\":\"wander\"}",
		"[{\"timestamp\":90,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"no\"}},"
		"{\"timestamp\":91,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"what you had begun could "
		"not be carried on: there is no way\"}},"
		"{\"timestamp\":92,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"no decision of yours came "
		"in time, so you did without thinking: wander\"}}]",
		"what went on without the mind is an ERROR");
	check_event(
		"{\"at\":90,\"type\":\"decision_failed\",\"reason\":\"HTTP 500\",\"times\":3,\"since\":12.5},"
		"{\"at\":91,\"type\":\"decision_timed_out\"},"
		"{\"at\":92,\"type\":\"decided_for_you\",\"action\":\"wander\",\"times\":13,\"since\":20},"
		"{\"at\":93,\"type\":\"decided_for_you\",\"times\":\"many\"}",
		"[{\"timestamp\":90,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"when you were last asked "
		"what "
		"to do, deciding failed: HTTP 500\"}},"
		"{\"timestamp\":91,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"when you were last asked what "
		"to do, you did not decide in time\"}},"
		"{\"timestamp\":92,\"event_type\":\"ERROR\",\"payload\":{\"message\":\"no decision of yours came "
		"in time, so you did without thinking, 13 times: wander\"}}]",
		"what failed is one, too, and what happened often is told once");
	check_event(
		"null,7,[],{},{\"type\":7},{\"type\":\"news\"},{\"type\":\"error\"},"
		"{\"type\":\"interaction_started\",\"interaction\":\"sit\"},"
		"{\"type\":\"interaction_bid_received\",\"interaction\":\"c\",\"bid_id\":\"x\",\"bidder_id\":1},"
		"{\"type\":\"interaction_bid_received\",\"interaction\":\"c\",\"bid_id\":1},"
		"{\"type\":\"interaction_bid_cancelled\",\"bid_id\":1},"
		"{\"type\":\"interaction_observation\",\"interaction\":\"c\",\"interaction_id\":1,\"kind\":"
		"\"message\",\"npc_id\":3},"
		"{\"type\":\"interaction_observation\",\"interaction\":\"c\",\"interaction_id\":1},"
		"{\"type\":\"interaction_observation\",\"interaction_id\":1,\"kind\":\"started\",\"npc_id\":3}",
		"[]", "events that lack what the server insists on are not told");
}

static void
test_bids(void)
{
	static const char *const received =
		"{\"at\":99.9,\"type\":\"interaction_bid_received\",\"bid_id\":7,\"bidder_id\":456,"
		"\"bidder_name\":\"Bo\",\"interaction\":\"conversation\"}";
	static const char *const told_received =
		"[{\"timestamp\":99,\"event_type\":\"INTERACTION_BID_RECEIVED\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"bid_id\":\"7\",\"bidder_id\":\"456\",\"bidder_name\":\"Bo\"}}]";
	ReferenceTold told = {0};
	json_t		 *events;

	is_json(told_events(&told, received, "null", 100.5, 0), told_received, "an invitation is told");
	is_json(told_events(&told, received, "null", 103.5, 3000), told_received,
			"... and again, until a question that told it is answered");
	tap_is_int(reference_told_open_bids(&told), 1, "... it is one invitation");
	is_json(
		told_events(&told,
					"{\"at\":110.2,\"type\":\"interaction_bid_cancelled\",\"bid_id\":7,"
					"\"interaction\":\"conversation\",\"reason\":\"timed out\"}",
					"null", 111, 10000),
		"[{\"timestamp\":110,\"event_type\":\"INTERACTION_BID_CANCELED\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"bid_id\":\"7\",\"reason\":\"timed out\"}}]",
		"its end is told with its id");
	tap_is_int(reference_told_open_bids(&told), 0, "... and then it is not open");
	is_json(told_events(&told, received, "null", 112, 11000), "[]", "... nor told any more");

	memset(&told, 0, sizeof(told));
	json_decref(told_events(&told, received, "null", 100.5, 0));
	is_json(told_events(&told, "", "null", 200, 60000), "[]", "an old invitation is not taken back too soon");
	is_json(told_events(&told, "", "null", 150, 70000), "[]", "... nor while the world stands");
	is_json(
		told_events(&told, received, "null", 200, 60001),
		"[{\"timestamp\":99,\"event_type\":\"INTERACTION_BID_RECEIVED\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"bid_id\":\"7\",\"bidder_id\":\"456\",\"bidder_name\":\"Bo\"}},"
		"{\"timestamp\":200,\"event_type\":\"INTERACTION_BID_CANCELED\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"bid_id\":\"7\",\"reason\":\"the invitation is no longer open\"}}]",
		"one whose end was lost is taken back when no window lasts that long");
	is_json(told_events(&told, received, "null", 201, 60002), "[]", "... and not told again");

	memset(&told, 0, sizeof(told));
	json_decref(told_events(&told, received, "null", 100.5, 0));
	reference_told_bid_answered(&told, 8);
	tap_is_int(reference_told_open_bids(&told), 1, "an answer to another invitation leaves it open");
	reference_told_bid_answered(&told, 7);
	tap_is_int(reference_told_open_bids(&told), 0, "an answered invitation is not open");
	is_json(told_events(&told, received, "null", 104, 0), told_received,
			"... but is told again when the answer did not reach the world");
	reference_told_bid_answered(&told, 456);
	tap_is_int(reference_told_open_bids(&told), 0, "all of a bidder may be answered at once");

	memset(&told, 0, sizeof(told));
	for (int i = 1; i <= 3 * REFERENCE_TOLD_BIDS; i++)
	{
		char text[200];

		snprintf(text, sizeof(text),
				 "{\"at\":1,\"type\":\"interaction_bid_received\",\"bid_id\":%d,\"bidder_id\":1,"
				 "\"interaction\":\"c\"}",
				 i);
		json_decref(told_events(&told, text, "null", 1, 0));
	}
	tap_is_int(reference_told_open_bids(&told), REFERENCE_TOLD_BIDS,
			   "no more invitations are remembered than fit");
	events = told_events(&told, "", "null", 1000, 1000000);
	tap_is_int((long long) json_array_size(events), REFERENCE_TOLD_BIDS,
			   "... and those are taken back in time");
	json_decref(events);
	reference_told_bids_answered(&told);
	tap_is_int(reference_told_open_bids(&told), 0, "... so that none stays");
}

/* The i-th message's own time stamp in a list of events. */
static long long
message_key(const json_t *events, size_t i)
{
	const json_t *payload = json_object_get(json_array_get(events, i), "payload");
	const json_t *message = json_array_get(json_object_get(payload, "conversation_history"), 0);

	return json_integer_value(json_object_get(message, "timestamp"));
}

static long long
stamp(const json_t *events, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(events, i), "timestamp"));
}

#define SAID(at, who, what) \
	"{\"at\":" at ",\"type\":\"interaction_observation\",\"interaction\":\"conversation\"," \
	"\"interaction_id\":801,\"kind\":\"message\",\"npc_id\":" who ",\"name\":\"N\",\"message\":\"" what \
	"\"}"

static void
test_conversations(void)
{
	ReferenceTold told = {0};
	json_t		 *first;
	json_t		 *again;
	json_t		 *other;

	is_json(told_events(&told, SAID("90.5", "456", "Hi"), "null", 100.5, 0),
			"[{\"timestamp\":90,\"event_type\":\"INTERACTION_OBSERVATION\",\"payload\":{\"interaction_name\":"
			"\"conversation\",\"interaction_id\":\"801\",\"participants\":[\"12\",\"456\"],"
			"\"conversation_history\":[{\"speaker_id\":\"456\",\"speaker_name\":\"N\",\"message\":\"Hi\","
			"\"timestamp\":90500456}]}}]",
			"a message is an observation of the conversation");
	is_json(told_events(&told,
						"{\"at\":91,\"type\":\"interaction_observation\",\"interaction\":\"conversation\","
						"\"interaction_id\":801,\"kind\":\"started\",\"npc_id\":456,\"name\":\"Bo\"},"
						"{\"at\":92,\"type\":\"interaction_observation\",\"interaction\":\"conversation\","
						"\"interaction_id\":801,\"kind\":\"left\",\"npc_id\":7,\"name\":\"Cy\"}",
						"{\"interaction_id\":801,\"participants\":[{\"id\":12},{\"id\":456}]}", 100.5, 0),
			"[{\"timestamp\":91,\"event_type\":\"INTERACTION_OBSERVATION\",\"payload\":{\"interaction_name\":"
			"\"conversation\",\"interaction_id\":\"801\",\"initiator_id\":\"456\",\"participants\":[\"12\","
			"\"456\"],"
			"\"conversation_history\":[]}},{\"timestamp\":92,\"event_type\":\"INTERACTION_OBSERVATION\","
			"\"payload\":{\"interaction_name\":\"conversation\",\"interaction_id\":\"801\",\"participants\":"
			"[\"12\",\"456\"],\"conversation_history\":[{\"speaker_id\":\"7\",\"speaker_name\":\"Cy\","
			"\"message\":\"Cy left the conversation\",\"timestamp\":92005007,\"is_system\":true}]}}]",
			"its beginning and who leaves are told, with who is there");

	memset(&told, 0, sizeof(told));
	first = told_events(&told,
						SAID("90.5", "2", "a") "," SAID("90.5", "3", "b") "," SAID("90.5", "10003",
																				   "c") "," SAID("91.5", "2",
																								 "d"),
						"null", 100.5, 0);
	again = told_events(&told,
						SAID("90.5", "2", "a") "," SAID("90.5", "3",
														"b") "," SAID("90.5", "10003",
																	  "c") "," SAID("91.5", "2",
																					"d") "," SAID("91.6", "3",
																								  "e"),
						"null", 100.5, 0);
	for (size_t i = 0; i < 3; i++)
	{
		tap_ok(message_key(first, i) < message_key(first, i + 1), "message %zu has a time stamp of its own",
			   i);
		tap_is_int(stamp(first, i + 1), stamp(first, i) + 1, "... its event too, in game minutes");
	}
	tap_is_int(stamp(first, 0), 90, "... the first one's is that of its moment");
	for (size_t i = 0; i < 4; i++)
	{
		tap_is_int(message_key(again, i), message_key(first, i), "told again it has the same");
		tap_is_int(stamp(again, i), stamp(first, i), "... and its event");
	}
	tap_is_int(stamp(again, 4), 94, "the next one is later than all");
	json_decref(again);

	memset(&told, 0, sizeof(told));
	other = told_events(&told, SAID("91.5", "2", "d"), "null", 100.5, 0);
	tap_is_int(message_key(other, 0), message_key(first, 3),
			   "another gateway gives a message the same time stamp");
	json_decref(other);
	json_decref(first);

	memset(&told, 0, sizeof(told));
	is_json(told_events(&told, SAID("92", "456", "Well"),
						"{\"interaction_id\":801,\"interaction\":\"conversation\",\"participants\":[12,456],"
						"\"messages\":[{\"at\":91,\"npc_id\":12,\"name\":\"Ada\",\"message\":\"Hello\"},"
						"{\"at\":92,\"npc_id\":456,\"name\":\"Bo\",\"message\":\"Well\"},{\"at\":93},null]}",
						100.5, 0),
			"[{\"timestamp\":92,\"event_type\":\"INTERACTION_OBSERVATION\",\"payload\":{\"interaction_name\":"
			"\"conversation\",\"interaction_id\":\"801\",\"participants\":[\"12\",\"456\"],"
			"\"conversation_history\":[{\"speaker_id\":\"12\",\"speaker_name\":\"Ada\",\"message\":\"Hello\","
			"\"timestamp\":91000012},{\"speaker_id\":\"456\",\"speaker_name\":\"Bo\",\"message\":\"Well\","
			"\"timestamp\":92000456}]}}]",
			"what was said before is told in order, its own words too, and each message once");
	is_json(
		told_events(&told, "",
					"{\"interaction_id\":801,\"messages\":[{\"at\":91,\"npc_id\":12,\"message\":\"Hello\"}]}",
					101, 0),
		"[]", "... and not again");
	is_json(
		told_events(&told,
					"{\"at\":92,\"type\":\"interaction_observation\",\"interaction\":\"conversation\","
					"\"interaction_id\":801,\"kind\":\"joined\",\"npc_id\":7,\"name\":\"Cy\"}," SAID(
						"92", "7", "Me too") "," SAID("92", "3", "Welcome"),
					"{\"interaction_id\":801,\"interaction\":\"conversation\",\"participants\":[12,7],"
					"\"messages\":[{\"at\":92,\"npc_id\":7,\"name\":\"N\",\"message\":\"Me too\"},"
					"{\"at\":92,\"npc_id\":3,\"name\":\"N\",\"message\":\"Welcome\"}]}",
					102, 0),
		"[{\"timestamp\":94,\"event_type\":\"INTERACTION_OBSERVATION\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"interaction_id\":\"801\",\"participants\":[\"12\",\"7\"],"
		"\"conversation_history\":[{\"speaker_id\":\"7\",\"speaker_name\":\"N\",\"message\":\"Me too\","
		"\"timestamp\":92000457},{\"speaker_id\":\"3\",\"speaker_name\":\"N\",\"message\":\"Welcome\","
		"\"timestamp\":92000458}]}},"
		"{\"timestamp\":95,\"event_type\":\"INTERACTION_OBSERVATION\",\"payload\":{\"interaction_name\":"
		"\"conversation\",\"interaction_id\":\"801\",\"participants\":[\"12\",\"7\"],"
		"\"conversation_history\":[{\"speaker_id\":\"7\",\"speaker_name\":\"Cy\",\"message\":\"Cy joined "
		"the conversation\",\"timestamp\":92005007,\"is_system\":true}]}}]",
		"who joins and speaks at once is told once of each, and what is spoken at one moment in its order");
	reference_told_forget(&told);
	first =
		told_events(&told, "",
					"{\"interaction_id\":801,\"messages\":[{\"at\":91,\"npc_id\":12,\"message\":\"Hello\"}]}",
					102, 0);
	tap_is_int((long long) json_array_size(first), 1, "a server that has forgotten is told again");
	json_decref(first);
}

static void
test_event_bounds(void)
{
	ReferenceTold told = {0};
	json_t		 *list = json_array();
	json_t		 *observations = parse("{\"self\":{\"clock\":-1e300}}");
	json_t		 *events;

	for (int i = 0; i < 1000; i++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "at", i, "type", "error", "message", "m"));
	json_object_set_new(observations, "events", list);
	events = reference_events(observations, 1, &told, 0);
	tap_is_int((long long) json_array_size(events), REFERENCE_MAX_EVENTS,
			   "of too many events the newest are told");
	tap_is_int(stamp(events, REFERENCE_MAX_EVENTS - 1), 999, "... up to the last");
	json_decref(events);
	json_decref(observations);
}

/* ---- answers ---- */

static void
check_decision(const char *action, const char *want, const char *name)
{
	char	text[1000];
	char	problem[REFERENCE_PROBLEM_SIZE] = "";
	json_t *result;
	json_t *decision;

	snprintf(text, sizeof(text),
			 "{\"structuredContent\":{\"status\":\"success\",\"request_id\":\"ab12\",\"protocol_version\":1,"
			 "\"error_message\":null,\"action\":%s}}",
			 action);
	result = parse(text);
	reference_decision(result, 7, 12, &decision, problem);
	json_object_del(decision, "request_id");
	json_object_del(decision, "npc_id");
	json_object_del(decision, "next_decision_in_s");
	is_json(decision, want, name);
	json_decref(result);
}

static void
test_actions(void)
{
	check_decision("{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}",
				   "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}", "move_to");
	check_decision("{\"action\":\"move_to\",\"parameters\":{\"destination\":\"(3, 4)\"}}",
				   "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}", "... as text");
	check_decision("{\"action\":\"move_to\",\"parameters\":{\"destination\":[\"3\",4.0]}}",
				   "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}",
				   "... of text and reals");
	check_decision("{\"action\":\"move_to\",\"parameters\":{\"destination\":{\"x\":3,\"y\":4}}}",
				   "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}", "... as an object");
	check_decision("{\"action\":\"move_to\",\"parameters\":{\"destination\":[3.5,4]}}",
				   "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3.5,4]}}",
				   "... what is no cell is left to the world to refuse");
	check_decision("{\"action\":\"interact_with\",\"parameters\":{\"entity_id\":\"789\",\"interaction_name\":"
				   "\"consume\"}}",
				   "{\"action\":\"interact_with\",\"parameters\":{\"entity_id\":789,\"interaction_name\":"
				   "\"consume\"}}",
				   "interact_with");
	check_decision("{\"action\":\"interact_with\",\"parameters\":{\"entity_id\":\"bed\"}}",
				   "{\"action\":\"interact_with\",\"parameters\":{\"entity_id\":\"bed\"}}",
				   "... an id that is none");
	check_decision("{\"action\":\"act_in_interaction\",\"parameters\":{\"message\":\"Hi\"}}",
				   "{\"action\":\"act_in_interaction\",\"parameters\":{\"message\":\"Hi\"}}",
				   "act_in_interaction");
	check_decision(
		"{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"bid_id\":\"8\",\"accept\":false,"
		"\"reason\":\"busy\"}}",
		"{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"bid_id\":8,\"accept\":false,"
		"\"reason\":\"busy\"}}",
		"respond_to_interaction_bid");
	check_decision(
		"{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"bid_id\":\"8\",\"accept\":\"True\","
		"\"reason\":null}}",
		"{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"bid_id\":8,\"accept\":true,\"reason\":"
		"null}}",
		"... as text, without a reason");
	check_decision("{\"action\":\"batch_reject_interaction_bids\",\"parameters\":{\"ids\":[\"8\",\"456\"],"
				   "\"reason\":\"no\"}}",
				   "{\"action\":\"batch_reject_interaction_bids\",\"parameters\":{\"ids\":[8,456],"
				   "\"reason\":\"no\"}}",
				   "batch_reject_interaction_bids");
	check_decision(
		"{\"action\":\"batch_reject_interaction_bids\",\"parameters\":{\"ids\":\"*\",\"reason\":\"no\"}}",
		"{\"action\":\"batch_reject_interaction_bids\",\"parameters\":{\"ids\":\"*\","
		"\"reason\":\"no\"}}",
		"... all");
	check_decision("{\"action\":\"wander\",\"parameters\":{\"reason\":\"x\"},\"selected_option_id\":\"o\","
				   "\"selection_rationale\":\"bored\"}",
				   "{\"action\":\"wander\",\"parameters\":{\"reason\":\"x\"},\"reason\":\"bored\"}",
				   "wander, and why");
	check_decision("{\"action\":\"wait\",\"parameters\":null}", "{\"action\":\"wait\"}", "wait");
	check_decision("{\"action\":\"continue\"}", "{\"action\":\"continue\"}", "continue");
	check_decision("{\"action\":\"cancel_interaction\",\"parameters\":[1]}",
				   "{\"action\":\"cancel_interaction\",\"parameters\":[1]}", "cancel_interaction");
	check_decision("{\"action\":\"move_direction\",\"parameters\":{\"direction\":\"north\"}}",
				   "{\"action\":\"move_direction\",\"parameters\":{\"direction\":\"north\"}}",
				   "move_direction");
}

/* The tokens that are counted for an answer with this telemetry; -1 = unknown. */
static long long
tokens_with(const char *telemetry)
{
	char		  text[500];
	char		  problem[REFERENCE_PROBLEM_SIZE];
	json_t		 *result;
	json_t		 *decision;
	const json_t *tokens;
	long long	  count;

	snprintf(text, sizeof(text),
			 "{\"structuredContent\":{\"status\":\"success\",\"action\":{\"action\":\"wait\"}%s}}",
			 telemetry);
	result = parse(text);
	reference_decision(result, 7, 12, &decision, problem);
	tokens = json_object_get(decision, "tokens");
	count = tokens != NULL ? json_integer_value(tokens) : -1;
	json_decref(decision);
	json_decref(result);
	return count;
}

static void
test_tokens(void)
{
	tap_is_int(tokens_with(",\"telemetry\":{\"provenance\":\"metered\",\"total_tokens\":412}"), 412,
			   "tokens are counted");
	tap_is_int(tokens_with(",\"telemetry\":{\"provenance\":\"metered\",\"total_tokens\":0}"), 0,
			   "... also none");
	tap_is_int(tokens_with(""), -1, "without telemetry they are unknown");
	tap_is_int(tokens_with(",\"telemetry\":null"), -1, "... and with none");
	tap_is_int(tokens_with(",\"telemetry\":{\"provenance\":\"unreported\",\"total_tokens\":0}"), -1,
			   "... and when nobody counted");
	tap_is_int(tokens_with(",\"telemetry\":{\"total_tokens\":-1}"), -1, "... and when it makes no sense");
	tap_is_int(tokens_with(",\"telemetry\":{\"total_tokens\":\"9\"}"), -1, "... and as text");
}

static void
check_verdict(const char *text, ReferenceVerdict want, const char *words)
{
	char	problem[REFERENCE_PROBLEM_SIZE] = "";
	json_t *result = json_loads(text, JSON_DECODE_ANY, NULL);
	json_t *decision = NULL;

	tap_is_int(reference_decision(result, 7, 12, &decision, problem), want, "the verdict on %s", text);
	tap_ok(strstr(problem, words) != NULL && decision == NULL, "... is \"%s\"", problem);
	json_decref(result);
}

static void
test_failures(void)
{
	check_verdict("null", REFERENCE_FAILED, "no text");
	check_verdict("{}", REFERENCE_FAILED, "no action");
	check_verdict("{\"structuredContent\":{\"status\":\"success\",\"action\":null}}", REFERENCE_FAILED,
				  "no action");
	check_verdict("{\"structuredContent\":{\"status\":\"success\",\"action\":{\"action\":7}}}",
				  REFERENCE_FAILED, "no action");
	check_verdict("{\"structuredContent\":{\"status\":\"error\",\"action\":{\"action\":\"wait\"},"
				  "\"error_message\":\"Unexpected server error\"}}",
				  REFERENCE_FAILED, "Unexpected server error");
	check_verdict("{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"out of luck\"}]}",
				  REFERENCE_FAILED, "out of luck");
	check_verdict("{\"resultType\":\"task\",\"structuredContent\":{\"status\":\"success\","
				  "\"action\":{\"action\":\"wait\"}}}",
				  REFERENCE_FAILED, "no text");
	check_verdict("{\"structuredContent\":{\"status\":\"error\",\"error_message\":\"Mind m not found\"}}",
				  REFERENCE_UNKNOWN, "Mind m not found");
	check_verdict("{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"Unknown mind: m\"}]}",
				  REFERENCE_UNKNOWN, "Unknown mind");
}

int
main(void)
{
	test_observation();
	test_requesting();
	test_bad_observations();
	test_events();
	test_bids();
	test_conversations();
	test_event_bounds();
	test_actions();
	test_tokens();
	test_failures();
	return tap_done();
}
