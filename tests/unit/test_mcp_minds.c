/*
 * test_mcp_minds.c
 *	  Tests how the minds of the reference game's mind server are bound, asked
 *	  and kept.
 *
 * @link workers/gateway/mcp_schema.c workers/gateway/mcp.c workers/gateway/mcp_calls.c workers/gateway/dialects/reference_events.c workers/gateway/dialects/reference_results.c workers/gateway/dialects/dialects.c workers/gateway/dialects/npcsim.c workers/gateway/dialects/reference.c workers/gateway/dialects/reference_observation.c workers/gateway/mcp_results.c
 */
#include "mcp_wire.h"

#include "dialects/reference.h"
#include "mcp_scene.h"

#define MIND_TOOLS \
	"{\"tools\":[{\"name\":\"create_mind\"},{\"name\":\"decide_action\",\"inputSchema\":{\"properties\":" \
	"{\"mind_id\":{\"type\":\"string\"},\"observation\":{},\"events\":{}},\"required\":[\"mind_id\"]}}]}"
#define TEXT(json) "{\"content\":[{\"type\":\"text\",\"text\":\"" json "\"}]}"
#define RELINKED   TEXT("{\\\"status\\\":\\\"relinked\\\",\\\"mind_id\\\":\\\"m\\\"}")
#define NOT_FOUND  TEXT("{\\\"status\\\":\\\"not_found\\\",\\\"mind_id\\\":\\\"m\\\"}")
#define CREATED	   TEXT("{\\\"status\\\":\\\"created\\\",\\\"mind_id\\\":\\\"m\\\"}")
#define SAVED	   TEXT("{\\\"status\\\":\\\"success\\\",\\\"consolidated_count\\\":0}")
#define DECIDED \
	TEXT("{\\\"status\\\":\\\"success\\\",\\\"action\\\":{\\\"action\\\":\\\"wander\\\",\\\"parameters\\\":" \
		 "{}}}")
#define NO_MIND \
	TEXT("{\\\"status\\\":\\\"error\\\",\\\"error_message\\\":\\\"Mind npcsim-1-12 not found\\\"}")

static bool
ask(Wire *wire, int64_t request_id, int64_t npc_id)
{
	char text[4096];

	snprintf(text, sizeof(text),
			 "{\"type\":\"decision_request\",\"request_id\":%lld,\"npc_id\":%lld,\"world_id\":1,"
			 "\"observations\":%s}",
			 (long long) request_id, (long long) npc_id, scene);
	return mcp_session_decide(wire->session, request_id, npc_id, text, strlen(text), wire->now);
}

static const char *
sent_tool(const Wire *wire)
{
	return json_string_value(json_object_get(sent_params(wire), "name"));
}

static json_t *
sent_arguments(const Wire *wire)
{
	return json_object_get(sent_params(wire), "arguments");
}

/* ... with its traits given to it anew. */
static void
answer_relinked(Wire *wire)
{
	answer(wire, RELINKED);
	answer(wire, SAVED);
	answer(wire, CREATED);
}

static void
open_minds(Wire *wire)
{
	open_wire(wire);
	refuse(wire, -32601, "null");
	answer(wire, "{\"protocolVersion\":\"2025-06-18\"}");
	answer(wire, MIND_TOOLS);
}

/* ... in which NPC 12's mind is bound and at rest. */
static void
open_bound(Wire *wire)
{
	open_minds(wire);
	ask(wire, 1, 12);
	answer_relinked(wire);
	answer(wire, DECIDED);
}

static void
test_binding(void)
{
	Wire wire;

	open_minds(&wire);
	tap_is_int(wire.ready_count, 1, "a server whose decide_action takes a mind_id is ready");
	tap_ok(ask(&wire, 7, 12), "a decision is asked for");
	tap_is_str(sent_tool(&wire), "relink_mind", "first the mind is relinked");
	is_json(json_incref(sent_arguments(&wire)), "{\"mind_id\":\"npcsim-1-12\",\"entity_id\":\"12\"}",
			"... by an id made of world and NPC");
	tap_is_int(mcp_session_in_flight(wire.session), 1, "... the request is in flight");
	answer(&wire, NOT_FOUND);
	tap_is_str(sent_tool(&wire), "create_mind", "one that is not found is created");
	is_json(json_incref(sent_arguments(&wire)),
			"{\"mind_id\":\"npcsim-1-12\",\"entity_id\":\"12\",\"config\":{\"traits\":[\"curious\"],"
			"\"initial_long_term_memories\":[]}}",
			"... with the NPC's traits");
	answer(&wire, CREATED);
	tap_is_str(sent_tool(&wire), "decide_action", "then it is asked");
	tap_is_int((long long) json_object_size(sent_arguments(&wire)), 3, "... with three arguments");
	tap_is_str(json_string_value(json_object_get(sent_arguments(&wire), "mind_id")), "npcsim-1-12",
			   "... its id");
	tap_ok(json_is_object(json_object_get(sent_arguments(&wire), "observation")), "... the observation");
	tap_ok(json_is_array(json_object_get(sent_arguments(&wire), "events")), "... and events");
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 7, "the answer is reported for its request");
	tap_is_str(
		wire.answer,
		"{\"request_id\":7,\"npc_id\":12,\"action\":\"wander\",\"next_decision_in_s\":10,\"parameters\":{}}",
		"... as a decision, with when to ask again");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... and nothing is in flight");
	ask(&wire, 8, 12);
	tap_is_str(sent_tool(&wire), "decide_action", "the next time it is asked at once");
	answer(&wire, DECIDED);
	ask(&wire, 9, 13);
	tap_is_str(sent_tool(&wire), "relink_mind", "another NPC has a mind of its own");
	answer_relinked(&wire);
	tap_is_str(sent_tool(&wire), "decide_action", "... which is asked when it was relinked");
	answer(
		&wire,
		"{\"structuredContent\":{\"result\":{}},\"content\":[{\"type\":\"text\",\"text\":"
		"\"{\\\"status\\\":\\\"error\\\",\\\"action\\\":null,\\\"error_message\\\":\\\"no model\\\"}\"}]}");
	tap_is_int(wire.failed_id, 9, "an error inside a normal result is a failure");
	tap_ok(strstr(wire.failure, "no model") != NULL, "... with its words: %s", wire.failure);
	close_wire(&wire);

	open_minds(&wire);
	ask(&wire, 7, 12);
	refuse(&wire, -32602, "null");
	tap_is_int(wire.failed_id, 7, "a mind that cannot be relinked fails the request");
	tap_is_str(sent_tool(&wire), "relink_mind", "... and is not created instead");
	ask(&wire, 8, 12);
	tap_is_str(sent_tool(&wire), "relink_mind", "... the next request tries again");
	answer(&wire, NOT_FOUND);
	answer(&wire, TEXT("{\\\"status\\\":\\\"error\\\",\\\"message\\\":\\\"disk full\\\"}"));
	tap_is_int(wire.failed_id, 8, "a mind that cannot be created too");
	tap_ok(strstr(wire.failure, "create_mind: disk full") != NULL, "... saying why: %s", wire.failure);
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... and nothing is in flight");
	close_wire(&wire);
}

/* A server that was started afresh has the memories of its minds, not their traits. */
static void
test_traits(void)
{
	Wire wire;
	int	 before;

	open_minds(&wire);
	ask(&wire, 7, 12);
	answer(&wire, RELINKED);
	tap_is_str(sent_tool(&wire), "consolidate_memories",
			   "a mind that was relinked first keeps what it has seen");
	answer(&wire, SAVED);
	tap_is_str(sent_tool(&wire), "create_mind", "... and is created on its memories");
	is_json(json_incref(sent_arguments(&wire)),
			"{\"mind_id\":\"npcsim-1-12\",\"entity_id\":\"12\",\"config\":{\"traits\":[\"curious\"],"
			"\"initial_long_term_memories\":[]}}",
			"... with the NPC's traits, and nothing to remember besides");
	answer(&wire, CREATED);
	tap_is_str(sent_tool(&wire), "decide_action", "... then it is asked");
	answer(&wire, DECIDED);
	before = wire.sent_count;
	ask(&wire, 8, 12);
	tap_is_int(wire.sent_count, before + 1, "once it is bound that is not done again");
	close_wire(&wire);

	open_minds(&wire);
	ask(&wire, 7, 12);
	answer(&wire, RELINKED);
	answer(&wire, "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"Unknown tool: x\"}]}");
	tap_is_str(sent_tool(&wire), "create_mind", "a server that consolidates nothing is not waited for");
	refuse(&wire, -32602, "null");
	tap_is_str(sent_tool(&wire), "decide_action", "one that creates no mind twice has it all the same");
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 7, "... and decides");
	ask(&wire, 8, 13);
	answer(&wire, RELINKED);
	tap_is_str(sent_tool(&wire), "create_mind", "... and is not asked to consolidate again");
	close_wire(&wire);
}

static void
test_forms(void)
{
	static const struct
	{
		const char *tools;
		bool		per_mind;
	} cases[] = {
		{MIND_TOOLS, true},
		{"{\"tools\":[{\"name\":\"decide_action\",\"inputSchema\":{\"required\":[\"mind_id\"]}}]}", true},
		{"{\"tools\":[{\"name\":\"decide_action\"},{\"name\":\"relink_mind\"}]}", true},
		{"{\"tools\":[{\"name\":\"decide_action\"}]}", false},
		{"{\"tools\":[{\"name\":\"relink_mind\"},{\"name\":\"decide_action\",\"inputSchema\":{\"properties\":"
		 "{\"observations\":{}}}}]}",
		 false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Wire wire;

		open_wire(&wire);
		answer(&wire, DISCOVERED);
		answer(&wire, cases[i].tools);
		ask(&wire, 7, 12);
		tap_is_str(sent_tool(&wire), cases[i].per_mind ? "relink_mind" : "decide_action", "with the tools %s",
				   cases[i].tools);
		tap_is_str(sent_revision(&wire), "2026-07-28", "... in the server's own era");
		close_wire(&wire);
	}
}

static void
test_lost_mind(void)
{
	Wire wire;

	open_bound(&wire);
	ask(&wire, 7, 12);
	answer(&wire, NO_MIND);
	tap_is_str(sent_tool(&wire), "relink_mind", "a mind that the server has lost is relinked");
	tap_is_int(wire.failed_count, 0, "... without failing the request");
	answer_relinked(&wire);
	tap_is_str(sent_tool(&wire), "decide_action", "... and asked again");
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 7, "... with success");
	ask(&wire, 8, 12);
	answer(&wire, NO_MIND);
	answer_relinked(&wire);
	answer(&wire, NO_MIND);
	tap_is_int(wire.failed_id, 8, "lost twice the request fails");
	tap_is_str(sent_tool(&wire), "decide_action", "... it is not tried for ever");
	ask(&wire, 9, 12);
	tap_is_str(sent_tool(&wire), "relink_mind", "... and the next request relinks");
	close_wire(&wire);
}

static void
test_one_call_at_a_time(void)
{
	Wire	  wire;
	long long first;
	int		  before;

	open_bound(&wire);
	ask(&wire, 7, 12);
	first = sent_id(&wire);
	before = wire.sent_count;
	mcp_session_cancel(wire.session, 7, "timeout");
	tap_is_int(wire.sent_count, before, "a mind is left to think to the end");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... but nobody waits");
	tap_ok(ask(&wire, 8, 12), "the next request is taken");
	tap_is_int(wire.sent_count, before, "... and waits: one call per mind at a time");
	ask(&wire, 9, 13);
	tap_is_int(wire.sent_count, before + 1, "... another mind need not wait");
	tap_ok(!ask(&wire, 8, 12), "the same request is not taken twice");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" DECIDED "}", first);
	tap_is_int(wire.answered_id, 7, "the late answer is reported");
	tap_is_str(sent_tool(&wire), "decide_action", "... and what waited is asked");
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 8, "... and answered");

	ask(&wire, 10, 12);
	first = sent_id(&wire);
	mcp_session_cancel(wire.session, 10, "timeout");
	ask(&wire, 11, 12);
	ask(&wire, 12, 12);
	tap_is_int(wire.failed_id, 11, "of two that wait the older fails");
	mcp_session_cancel(wire.session, 12, "timeout");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":-1,\"message\":\"no\"}}", first);
	tap_is_int(wire.failed_id, 11, "a cancelled request does not fail");
	tap_is_int(mcp_session_in_flight(wire.session), 1, "... and one cancelled while it waited is not asked");
	close_wire(&wire);

	open_bound(&wire);
	ask(&wire, 7, 12);
	pass_time(&wire, 2 * REFERENCE_PATIENCE_MS);
	tap_is_str(sent_tool(&wire), "decide_action", "a call that is waited for is not given up");
	mcp_session_cancel(wire.session, 7, "timeout");
	first = sent_id(&wire);
	ask(&wire, 8, 12);
	pass_time(&wire, 1);
	tap_is_str(sent_tool(&wire), "relink_mind", "an unanswered one that nobody waits for is");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" DECIDED "}", first);
	tap_is_int(wire.answered_count, 1, "... what comes of it then is dropped");
	answer_relinked(&wire);
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 8, "... and the mind is of use again");
	close_wire(&wire);

	open_minds(&wire);
	ask(&wire, 7, 12);
	mcp_session_cancel(wire.session, 7, "timeout");
	answer_relinked(&wire);
	tap_is_str(sent_tool(&wire), "create_mind", "what was cancelled during the binding is not asked");
	ask(&wire, 8, 12);
	tap_is_str(sent_tool(&wire), "decide_action", "... but the mind is bound");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":{\"a\":\"", sent_id(&wire));
	tap_is_int(wire.failed_id, 8, "an answer that breaks off is a failure");
	ask(&wire, 9, 12);
	wire.ask_when_answered = 10;
	answer(&wire, DECIDED);
	tap_is_int(wire.answered_id, 9, "an answer may be followed by the next request at once");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... which without observations is not taken");
	close_wire(&wire);
}

/* Asks NPC 20's mind at a moment of the world. */
static void
ask_at(Wire *wire, int64_t request_id, double clock)
{
	char text[300];

	snprintf(text, sizeof(text),
			 "{\"world_id\":1,\"observations\":{\"self\":{\"clock\":%.1f},\"position\":{\"x\":1,\"y\":1},"
			 "\"status\":{\"state\":\"idle\"}}}",
			 clock);
	mcp_session_decide(wire->session, request_id, 20, text, strlen(text), wire->now);
}

static void
test_housekeeping(void)
{
	Wire wire;

	open_bound(&wire);
	pass_time(&wire, 10 * REFERENCE_RELEASE_MS);
	tap_is_str(sent_tool(&wire), "decide_action", "a mind is kept while no time passes in the world");
	close_wire(&wire);

	open_minds(&wire);
	ask_at(&wire, 1, 1000);
	answer(&wire, RELINKED);
	answer(&wire, DECIDED);
	pass_time(&wire, REFERENCE_RELEASE_MS);
	ask(&wire, 2, 12);
	answer_relinked(&wire);
	answer(&wire, DECIDED);
	pass_time(&wire, 1);
	tap_is_str(sent_tool(&wire), "consolidate_memories",
			   "one that is not asked while the world goes on first keeps what it has seen");
	is_json(json_incref(sent_arguments(&wire)), "{\"mind_id\":\"npcsim-1-20\"}", "... by its id");
	pass_time(&wire, 1);
	tap_is_str(sent_tool(&wire), "consolidate_memories", "... one call at a time");
	answer(&wire, TEXT("{\\\"status\\\":\\\"success\\\",\\\"consolidated_count\\\":3}"));
	pass_time(&wire, 1);
	tap_is_str(sent_tool(&wire), "cleanup_mind", "... and is then released, not deleted");
	answer(&wire, TEXT("{\\\"status\\\":\\\"released\\\"}"));
	pass_time(&wire, REFERENCE_CONSOLIDATE_MS);
	tap_is_str(sent_tool(&wire), "cleanup_mind", "... once");
	ask_at(&wire, 3, 6000);
	tap_is_str(sent_tool(&wire), "relink_mind", "... asked again it is relinked");
	close_wire(&wire);
}

static void
test_days(void)
{
	Wire wire;

	open_minds(&wire);
	ask_at(&wire, 1, 1079);
	answer(&wire, RELINKED);
	answer(&wire, DECIDED);
	pass_time(&wire, REFERENCE_CONSOLIDATE_MS);
	tap_is_str(sent_tool(&wire), "decide_action", "memories are not consolidated before midnight");
	ask_at(&wire, 2, 1080);
	answer(&wire, DECIDED);
	pass_time(&wire, 1);
	tap_is_str(sent_tool(&wire), "consolidate_memories",
			   "... but then, 18 hours after the world's beginning");
	ask_at(&wire, 3, 1083);
	tap_is_str(sent_tool(&wire), "consolidate_memories", "... and the mind is not asked meanwhile");
	answer(&wire, TEXT("{\\\"status\\\":\\\"success\\\",\\\"consolidated_count\\\":3}"));
	tap_is_str(sent_tool(&wire), "decide_action", "... but afterwards");
	answer(&wire, DECIDED);
	ask_at(&wire, 4, 1080 + 1440);
	answer(&wire, DECIDED);
	pass_time(&wire, REFERENCE_CONSOLIDATE_MS - 2);
	tap_is_str(sent_tool(&wire), "decide_action", "however fast the days pass, not more than once a minute");
	pass_time(&wire, 2);
	tap_is_str(sent_tool(&wire), "consolidate_memories", "... of real time");
	refuse(&wire, -32601, "null");
	ask_at(&wire, 5, 1080 + 2880);
	answer(&wire, DECIDED);
	pass_time(&wire, REFERENCE_CONSOLIDATE_MS);
	tap_is_str(sent_tool(&wire), "consolidate_memories", "a failure is tried again the next day");
	answer(&wire, "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"Unknown tool: x\"}]}");
	ask_at(&wire, 6, 1080 + 4320);
	answer(&wire, DECIDED);
	pass_time(&wire, REFERENCE_CONSOLIDATE_MS);
	tap_is_str(sent_tool(&wire), "decide_action",
			   "... and a server without that tool is not troubled with it");
	close_wire(&wire);
}

static void
test_bounds(void)
{
	Wire wire;
	bool all = true;

	open_minds(&wire);
	tap_ok(!mcp_session_decide(wire.session, 1, 1, "{}", 2, wire.now),
		   "a request without observations is not taken");
	tap_ok(!mcp_session_decide(wire.session, 1, 1, "{\"a\"", 4, wire.now), "nor is what is no JSON");
	for (int64_t i = 1; i <= MCP_MAX_IN_FLIGHT; i++)
		all = ask(&wire, i, i) && all;
	tap_ok(all, "as many requests as allowed are taken");
	tap_ok(!ask(&wire, 1000, 1000), "one more is not");
	tap_is_int(mcp_session_in_flight(wire.session), MCP_MAX_IN_FLIGHT, "... and not counted");
	close_wire(&wire);

	open_minds(&wire);
	all = true;
	for (int64_t i = 1; i <= 2 * REFERENCE_MAX_MINDS; i++)
	{
		all = ask(&wire, i, i) && all;
		answer_relinked(&wire);
		answer(&wire, DECIDED);
		wire.now++;
	}
	tap_ok(all, "there may be any number of NPCs in time");
	ask(&wire, 10000, 1);
	tap_is_str(sent_tool(&wire), "relink_mind", "... of which those asked longest ago are forgotten");
	answer_relinked(&wire);
	answer(&wire, DECIDED);
	ask(&wire, 10001, 2 * REFERENCE_MAX_MINDS);
	tap_is_str(sent_tool(&wire), "decide_action", "... and the others are not");
	close_wire(&wire);
}

int
main(void)
{
	test_binding();
	test_traits();
	test_forms();
	test_lost_mind();
	test_one_call_at_a_time();
	test_housekeeping();
	test_days();
	test_bounds();
	return tap_done();
}
