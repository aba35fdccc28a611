/*
 * test_mcp_calls.c
 *	  Tests decisions that are asked for over MCP: answers, failures,
 *	  cancellation, bounds, and frames that are none of these.
 *
 * @link workers/gateway/mcp_schema.c workers/gateway/mcp.c workers/gateway/mcp_calls.c workers/gateway/dialects/reference_events.c workers/gateway/dialects/reference_results.c workers/gateway/dialects/dialects.c workers/gateway/dialects/npcsim.c workers/gateway/dialects/reference.c workers/gateway/dialects/reference_observation.c workers/gateway/mcp_results.c
 */
#include "mcp_wire.h"

#include "mcp_calls.h"
#include "common/mcp_scan.h"

#define FAIL_HEAD "{\"jsonrpc\":\"2.0\",\"id\":"

/*
 * One answer that is no decision, given as what comes before and after the id:
 * failed, with a reason that has these words.
 */
static void
check_failure(const char *name, const char *head, const char *tail, const char *words)
{
	Wire wire;

	open_stateless(&wire);
	decide(&wire, 7);
	receive(&wire, "%s%lld%s", head, sent_id(&wire), tail);
	if (tap_is_int(wire.failed_count, 1, "%s: failed", name))
	{
		tap_is_int(wire.failed_id, 7, "... the request it belongs to");
		tap_ok(strstr(wire.failure, words) != NULL, "... saying \"%s\"", wire.failure);
	}
	tap_is_int(wire.answered_count + wire.broken_count, 0, "... and nothing else");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... nothing stays in flight");
	close_wire(&wire);
}

static void
test_failures(void)
{
	check_failure("a JSON-RPC error", FAIL_HEAD,
				  ",\"error\":{\"code\":-32603,\"message\":\"out of\\nluck\"}}", "-32603 out of luck");
	check_failure("a result with isError", FAIL_HEAD,
				  ",\"result\":{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"no model\"}],"
				  "\"structuredContent\":{\"action\":\"wait\"}}}",
				  "no model");
	check_failure("an unknown type of result", FAIL_HEAD,
				  ",\"result\":{\"resultType\":\"input_required\",\"inputRequests\":{},"
				  "\"structuredContent\":{\"action\":\"wait\"}}}",
				  "known type");
	check_failure("a type that is no string", FAIL_HEAD, ",\"result\":{\"resultType\":7}}", "known type");
	check_failure("a result that is no object", FAIL_HEAD, ",\"result\":[]}", "known type");
	check_failure("text that is not JSON", FAIL_HEAD,
				  ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"action\\\":\"}]}}",
				  "JSON breaks off");
	check_failure("content of the wrong kind", FAIL_HEAD,
				  ",\"result\":{\"content\":{},\"structuredContent\":[\"wait\"]}}", "no decision");
	check_failure("an action that is no string", FAIL_HEAD,
				  ",\"result\":{\"structuredContent\":{\"action\":1}}}", "no decision");
	check_failure(
		"a member that is there twice", FAIL_HEAD,
		",\"result\":{\"structuredContent\":{\"action\":\"wait\",\"action\":\"wander\"},\"n\":NaN}}",
		"member twice");
	check_failure("a number beyond 64 bits and a frame that is cut off", FAIL_HEAD,
				  ",\"result\":{\"structuredContent\":{\"tokens\":99999999999999999999,", "JSON breaks off");
}

static void
test_wrapped_result(void)
{
	Wire wire;

	open_stateless(&wire);
	decide(&wire, 7);
	answer(&wire, "{\"structuredContent\":{\"result\":\"{}\"},"
				  "\"content\":[{\"type\":\"text\",\"text\":\"{\\\"action\\\":\\\"wander\\\"}\"}]}");
	tap_is_str(wire.answer, "{\"action\":\"wander\",\"request_id\":7,\"npc_id\":12}",
			   "a decision in the text beside a wrapped result is found");
	close_wire(&wire);
}

static void
test_cancel(void)
{
	Wire	  wire;
	long long id;
	int		  before;

	open_stateless(&wire);
	decide(&wire, 7);
	id = sent_id(&wire);
	mcp_session_cancel(wire.session, 7, "time-out \"20 s\"");
	tap_is_str(sent_method(&wire), "notifications/cancelled", "a cancelled call is told to the server");
	tap_is_int(json_integer_value(json_object_get(sent_params(&wire), "requestId")), id, "... by its id");
	tap_is_str(json_string_value(json_object_get(sent_params(&wire), "reason")), "time-out \"20 s\"",
			   "... with the reason");
	tap_ok(json_object_get(wire.sent, "id") == NULL, "... as a notification");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "nobody waits for it any longer");
	before = wire.sent_count;
	mcp_session_cancel(wire.session, 7, "again");
	mcp_session_cancel(wire.session, 4711, "unknown");
	tap_is_int(wire.sent_count, before, "nothing in flight, nothing to cancel");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" WANDER "}", id);
	tap_is_int(wire.answered_id, 7, "a late answer is reported");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" WANDER "}", id);
	tap_is_int(wire.answered_count, 1, "... once");

	decide(&wire, 8);
	id = sent_id(&wire);
	mcp_session_cancel(wire.session, 8, "time-out");
	tap_ok(decide(&wire, 8), "a cancelled request may be asked again");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":-1,\"message\":\"cancelled\"}}", id);
	tap_is_int(wire.failed_count, 0, "a cancelled call does not fail");
	tap_is_int(mcp_session_in_flight(wire.session), 1, "... nor does the one asked again");
	close_wire(&wire);
}

static void
test_bounds(void)
{
	Wire	  wire;
	long long first_id;
	char	 *huge = malloc(MCP_MAX_MESSAGE + 2);

	open_stateless(&wire);
	tap_ok(decide(&wire, 1), "the first call is taken");
	first_id = sent_id(&wire);
	tap_ok(!decide(&wire, 1), "the same request is not asked twice");
	for (int64_t i = 2; i <= MCP_MAX_IN_FLIGHT; i++)
		decide(&wire, i);
	tap_is_int(mcp_session_in_flight(wire.session), MCP_MAX_IN_FLIGHT,
			   "as many calls as allowed are in flight");
	tap_ok(!decide(&wire, 1000), "one more is not taken");
	for (int64_t i = 1; i <= MCP_MAX_IN_FLIGHT; i++)
		mcp_session_cancel(wire.session, i, "x");
	for (int64_t i = 1; i <= MCP_MAX_IN_FLIGHT; i++)
		decide(&wire, 100 + i);
	tap_is_int(mcp_session_in_flight(wire.session), MCP_MAX_IN_FLIGHT,
			   "remembered calls take no room from new ones");
	mcp_session_cancel(wire.session, 101, "x");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" WANDER "}", first_id);
	tap_is_int(wire.answered_count, 0, "of too many cancelled calls the oldest is forgotten");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" WANDER "}", first_id + 1);
	tap_is_int(wire.answered_id, 2, "... the next one is not");

	wire.ask_when_answered = 500;
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":" WANDER "}",
			first_id + 2 * MCP_MAX_IN_FLIGHT - 1);
	tap_is_int(wire.answered_id, 100 + MCP_MAX_IN_FLIGHT, "an answer is reported");
	tap_is_int(mcp_session_in_flight(wire.session), MCP_MAX_IN_FLIGHT - 1,
			   "... and the next request made from there is taken");
	close_wire(&wire);

	open_stateless(&wire);
	memset(huge, ' ', MCP_MAX_MESSAGE + 1);
	memcpy(huge, "{\"a\":1}", 7);
	tap_ok(!mcp_session_decide(wire.session, 1, 1, huge, MCP_MAX_MESSAGE, wire.now),
		   "an oversized request is not taken");
	tap_ok(!mcp_session_decide(wire.session, 1, 1, "[1]", 3, wire.now), "nor is what is no object");
	tap_ok(!mcp_session_decide(wire.session, 1, 1, "{\"a\":1", 6, wire.now), "nor is half of one");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "... none of them is in flight");
	mcp_session_receive(wire.session, huge, MCP_MAX_MESSAGE + 1, wire.now);
	tap_is_int(wire.broken_count, 1, "an oversized message breaks the session");
	close_wire(&wire);
	free(huge);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":1,\"message\":\"%s\"}}",
			"Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€Ä€");
	tap_ok(strlen(wire.broken) <= MCP_MAX_REASON && strlen(wire.broken) > MCP_MAX_REASON - 4,
		   "a reason fits into a close frame");
	json_decref(wire.sent);
	wire.sent = json_string(wire.broken);
	tap_ok(wire.sent != NULL, "... and is not cut within a character");
	close_wire(&wire);
}

static void
test_garbage(void)
{
	static const char *const frames[] = {
		"",
		"   ",
		"Server listening on stdio",
		"null",
		"7",
		"[]",
		"[{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{}}]",
		"{",
		"}",
		"{}",
		"{\"level\":\"info\",\"msg\":\"ready\",\"id\":4}",
		"{\"jsonrpc\":\"2.0\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":4}",
		"{\"jsonrpc\":\"1.0\",\"id\":4,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":\"4\",\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":4.0,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":-4,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"a\":\"\\ud800\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"error\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700}}",
		"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"params\":\"",
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
		"message\",\"params\":{\"data\":\"hello\"}}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
		"progress\",\"params\":{\"progressToken\":3}}",
	};
	Wire wire;
	int	 before;

	open_older(&wire);
	decide(&wire, 7);
	before = wire.sent_count;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		receive(&wire, "%s", frames[i]);
	tap_is_int(wire.answered_count + wire.failed_count + wire.broken_count, 0,
			   "what is no answer is dropped");
	tap_is_int(wire.sent_count, before, "... and not replied to");
	answer(&wire, WANDER);
	tap_is_int(wire.answered_id, 7, "... the real answer still counts");
	close_wire(&wire);
}

static void
test_truncations(void)
{
	static const char *const whole =
		"{\"result\":{\"structuredContent\":{\"action\":\"wait\",\"s\":\"a\\\"}]\"},"
		"\"content\":[]},\"jsonrpc\":\"2.0\",\"id\":3}";
	Wire   wire;
	size_t len = strlen(whole);
	bool   steady = true;

	open_stateless(&wire);
	for (size_t cut = 0; cut < len; cut++)
	{
		char *copy = malloc(cut ? cut : 1);

		/* in a buffer of exactly that size, for the sanitizer to watch */
		memcpy(copy, whole, cut);
		decide(&wire, 7);
		mcp_session_receive(wire.session, copy, cut, wire.now);
		free(copy);
		steady = steady && wire.answered_count == 0 && wire.broken_count == 0;
	}
	tap_ok(steady, "no beginning of an answer is taken for one");
	close_wire(&wire);
}

static void
test_scan(void)
{
	static const struct
	{
		const char *text;
		const char *want;
	} cases[] = {
		{"{}", "{}"},
		{" { \"type\" : 1 } ", "{}"},
		{"{\"type\":1,\"b\":2}", "{\"b\":2}"},
		{"{\"a\":[1,{\"type\":2}],\"type\":\"x,}\"}", "{\"a\":[1,{\"type\":2}]}"},
		{"{\"a\":\"\\\"\",\"type\":{\"k\":[]},\"b\":true}", "{\"a\":\"\\\"\",\"b\":true}"},
		{"{\"a\":1,}", NULL},
		{"{\"a\":}", NULL},
		{"{\"a\" 1}", NULL},
		{"{\"a\":1}x", NULL},
		{"{\"a\":[1}", NULL},
		{"{\"a\":\"", NULL},
		{"{\"a\":\"\\", NULL},
		{"\"a\"", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *got = mcp_scan_without_member(cases[i].text, strlen(cases[i].text), "type");

		tap_is_str(got, cases[i].want, "without type: %s", cases[i].text);
		free(got);
	}
}

/* What a server whose tool has this schema is asked, of the request of mcp_wire.h. */
static void
check_arguments(const char *schema, const char *want, const char *name)
{
	Wire  wire;
	char *got;

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	receive(&wire,
			"{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":{\"tools\":[{\"name\":\"decide_action\","
			"\"inputSchema\":%s}]}}",
			sent_id(&wire), schema);
	tap_ok(decide(&wire, 7), "%s: asked", name);
	got =
		json_dumps(json_object_get(sent_params(&wire), "arguments"), JSON_COMPACT | JSON_REAL_PRECISION(15));
	tap_is_str(got, want, "... with what it may be told");
	free(got);
	close_wire(&wire);
}

#define ALL "{\"request_id\":7,\"npc_id\":12,\"observations\":{\"type\":\"x\",\"needs\":{\"hunger\":65.5}}}"

static void
test_schemas(void)
{
	check_arguments("{\"type\":\"object\"}", ALL, "a schema that says nothing");
	check_arguments("{\"properties\":{\"npc_id\":{}}}", ALL, "one that does not forbid");
	check_arguments("{\"properties\":{\"npc_id\":{}},\"additionalProperties\":{\"type\":\"object\"}}", ALL,
					"one that lets others be objects");
	check_arguments("{\"properties\":{\"npc_id\":{},\"observations\":{}},\"additionalProperties\":false}",
					"{\"npc_id\":12,\"observations\":{\"type\":\"x\",\"needs\":{\"hunger\":65.5}}}",
					"one that forbids what it does not declare");
	check_arguments("{\"properties\":{\"npc_id\":{}},\"unevaluatedProperties\":false}", "{\"npc_id\":12}",
					"... by the other word");
	check_arguments("{\"additionalProperties\":false}", "{}", "one that takes nothing");
	check_arguments(
		"{\"properties\":{\"observations\":{\"$ref\":\"#/$defs/O\"}},\"$defs\":{\"O\":{\"properties\":"
		"{\"needs\":{}},\"additionalProperties\":false}}}",
		"{\"request_id\":7,\"npc_id\":12,\"observations\":{\"needs\":{\"hunger\":65.5}}}",
		"one that forbids further in, by reference");
	check_arguments(
		"{\"properties\":{\"observations\":{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"type\":{}},"
		"\"additionalProperties\":false}]}},\"additionalProperties\":false}",
		"{\"observations\":{\"type\":\"x\"}}", "one of several");
	check_arguments("{\"patternProperties\":{\"_id$\":{}},\"additionalProperties\":false}",
					"{\"request_id\":7,\"npc_id\":12}", "names by their pattern");
	check_arguments("{\"$ref\":\"#\",\"additionalProperties\":false}", "{}", "one that refers to itself");
	check_arguments(
		"{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}],\"properties\":{\"a\":{\"$ref\":\"#\"},\"b\":{\"$"
		"ref\":"
		"\"#\"},\"c\":{\"$ref\":\"#\"},\"npc_id\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
		"{\"npc_id\":12}", "... over and over");
}

int
main(void)
{
	test_schemas();
	test_failures();
	test_wrapped_result();
	test_cancel();
	test_bounds();
	test_garbage();
	test_truncations();
	test_scan();
	return tap_done();
}
