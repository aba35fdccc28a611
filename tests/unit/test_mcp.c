/*
 * test_mcp.c
 *	  Tests how the gateway's MCP client sets a session up: eras, revisions, the
 *	  list of tools.
 *
 * @link workers/gateway/mcp_schema.c workers/gateway/mcp.c workers/gateway/mcp_calls.c workers/gateway/dialects/reference_events.c workers/gateway/dialects/reference_results.c workers/gateway/dialects/dialects.c workers/gateway/dialects/npcsim.c workers/gateway/dialects/reference.c workers/gateway/dialects/reference_observation.c workers/gateway/mcp_results.c
 */
#include "mcp_wire.h"

static void
test_stateless_era(void)
{
	Wire	wire;
	json_t *arguments;
	json_t *meta;

	open_wire(&wire);
	meta = json_object_get(sent_params(&wire), "_meta");
	tap_is_str(sent_method(&wire), "server/discover", "the first message asks what the server speaks");
	tap_is_str(sent_revision(&wire), "2026-07-28", "... in the stateless revision");
	tap_is_str(json_string_value(
				   json_object_get(json_object_get(meta, "io.modelcontextprotocol/clientInfo"), "version")),
			   "0.1", "... says which client asks");
	tap_ok(json_is_object(json_object_get(meta, "io.modelcontextprotocol/clientCapabilities")),
		   "... and its capabilities");
	tap_ok(mcp_session_revision(wire.session) == NULL, "no revision is known yet");
	tap_ok(!decide(&wire, 7), "no decision can be asked for yet");
	tap_is_int(wire.sent_count, 1, "... and nothing is sent for it");

	answer(&wire, DISCOVERED);
	tap_is_str(sent_method(&wire), "tools/list", "a result: the tools are listed next");
	tap_is_str(sent_revision(&wire), "2026-07-28", "... with _meta");
	tap_is_int(wire.ready_count, 0, "not ready before the tool is found");
	answer(&wire, TOOLS);
	tap_is_int(wire.ready_count, 1, "ready once decide_action is found");
	tap_is_str(mcp_session_revision(wire.session), "2026-07-28", "the revision is told");

	tap_ok(decide(&wire, 7), "a decision is asked for");
	tap_is_str(sent_method(&wire), "tools/call", "... by a tool call");
	tap_is_str(sent_revision(&wire), "2026-07-28", "... with _meta");
	tap_is_str(json_string_value(json_object_get(sent_params(&wire), "name")), "decide_action",
			   "... of decide_action");
	arguments = json_object_get(sent_params(&wire), "arguments");
	tap_ok(json_object_get(arguments, "type") == NULL, "its arguments have no type");
	tap_is_int(json_integer_value(json_object_get(arguments, "request_id")), 7, "... but the request's id");
	tap_is_str(json_string_value(json_object_get(json_object_get(arguments, "observations"), "type")), "x",
			   "... and an inner member of that name");
	tap_is_int(mcp_session_in_flight(wire.session), 1, "one call is in flight");

	answer(&wire, "{\"resultType\":\"complete\",\"content\":[],\"_meta\":{\"tokens\":412},"
				  "\"structuredContent\":{\"type\":\"decision_response\",\"action\":\"move_to\","
				  "\"request_id\":99,"
				  "\"npc_id\":98,\"confidence\":0.8,\"parameters\":{\"x\":3,\"y\":4}}}");
	tap_is_int(wire.answered_id, 7, "the answer is reported for its request");
	tap_is_str(wire.answer,
			   "{\"action\":\"move_to\",\"request_id\":7,\"npc_id\":12,\"confidence\":0.8,"
			   "\"parameters\":{\"x\":3,\"y\":4},\"tokens\":412}",
			   "... with the ids of the request, tokens from _meta, and without type");
	tap_is_int(mcp_session_in_flight(wire.session), 0, "nothing is in flight any more");

	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}");
	tap_is_int(json_integer_value(json_object_get(json_object_get(wire.sent, "error"), "code")), -32601,
			   "the stateless era has no ping");
	close_wire(&wire);
}

static void
test_older_era(void)
{
	Wire wire;

	open_wire(&wire);
	refuse(&wire, -32601, "null");
	tap_is_str(sent_method(&wire), "initialize", "another error: initialize");
	tap_is_str(json_string_value(json_object_get(sent_params(&wire), "protocolVersion")), "2025-11-25",
			   "... in the newest of the older revisions");
	tap_ok(json_is_object(json_object_get(sent_params(&wire), "capabilities")), "... with capabilities");
	tap_ok(json_object_get(sent_params(&wire), "_meta") == NULL, "... and no _meta");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":\"p1\",\"method\":\"ping\"}");
	tap_ok(json_is_object(json_object_get(wire.sent, "result")), "a ping during the set-up is answered");
	tap_is_str(json_string_value(json_object_get(wire.sent, "id")), "p1", "... with its id");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"protocolVersion\":\"2025-06-18\"}}");
	tap_is_int(wire.sent_count, 5, "the answer is followed by initialized and tools/list");
	tap_is_str(sent_method(&wire), "tools/list", "... in this order");
	tap_ok(json_object_get(sent_params(&wire), "_meta") == NULL, "... without _meta");
	answer(&wire, TOOLS);
	tap_is_str(mcp_session_revision(wire.session), "2025-06-18", "an older revision is accepted");

	tap_ok(decide(&wire, 8), "a decision is asked for");
	tap_ok(json_object_get(sent_params(&wire), "_meta") == NULL, "... without _meta");
	answer(&wire, "{\"content\":[{\"type\":\"image\",\"data\":\"\"},"
				  "{\"type\":\"text\",\"text\":\"I think:\"},"
				  "{\"type\":\"text\",\"text\":\"{\\\"mood\\\":1}\"},"
				  "{\"type\":\"text\",\"text\":\"{\\\"action\\\":\\\"wait\\\",\\\"tokens\\\":5}\"}],"
				  "\"_meta\":{\"tokens\":6}}");
	tap_is_str(wire.answer, "{\"action\":\"wait\",\"tokens\":5,\"request_id\":8,\"npc_id\":12}",
			   "the first text that holds a decision is taken, its own tokens preferred");

	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":44,\"method\":\"sampling/createMessage\",\"params\":{}}");
	tap_is_int(json_integer_value(json_object_get(json_object_get(wire.sent, "error"), "code")), -32601,
			   "other requests of the server are refused");
	tap_is_int(sent_id(&wire), 44, "... with their id");
	close_wire(&wire);

	open_wire(&wire);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"what?\"}}");
	tap_is_str(sent_method(&wire), "initialize", "an error without an id counts for the discovery");
	answer(&wire, "{\"protocolVersion\":\"2024-10-07\"}");
	tap_is_int(wire.broken_count, 1, "a revision that is not spoken here is refused");
	tap_ok(strstr(wire.broken, "2024-11-05 to 2025-11-25") != NULL, "... naming those that are");
	close_wire(&wire);

	for (int i = 0; i < 2; i++)
	{
		const char *oldest[] = {"2024-11-05", "2025-03-26"};

		open_wire(&wire);
		refuse(&wire, -32601, "null");
		receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":{\"protocolVersion\":\"%s\"}}",
				sent_id(&wire), oldest[i]);
		answer(&wire, TOOLS);
		tap_is_str(mcp_session_revision(wire.session), oldest[i], "as old a revision as this is spoken");
		close_wire(&wire);
	}
}

static void
test_version_retry(void)
{
	Wire wire;

	open_wire(&wire);
	refuse(&wire, -32022,
		   "{\"supported\":[\"2025-11-25\",\"2026-09-09\",\"2027-02-01\",\"2026-12-31\"],"
		   "\"requested\":\"2026-07-28\"}");
	tap_is_str(sent_method(&wire), "server/discover",
			   "-32022 never leads to initialize while a stateless revision is named");
	tap_is_str(sent_revision(&wire), "2027-02-01", "... the newest of them is tried");
	answer(&wire, "{\"supportedVersions\":[\"2027-02-01\"]}");
	tap_is_str(sent_revision(&wire), "2027-02-01", "... and kept");
	answer(&wire, TOOLS);
	tap_is_int(wire.ready_count, 1, "... until ready");
	close_wire(&wire);

	open_wire(&wire);
	refuse(&wire, -32022, "{\"supported\":[\"2027-02-01\",\"2026-07-28\"]}");
	tap_is_str(sent_revision(&wire), "2026-07-28", "the revision known here is preferred");
	refuse(&wire, -32022, "{\"supported\":[\"2026-07-28\"]}");
	refuse(&wire, -32022, "{\"supported\":[\"2026-07-28\"]}");
	tap_is_int(wire.broken_count, 0, "a server may refuse a few times");
	refuse(&wire, -32022, "{\"supported\":[\"2026-07-28\"]}");
	tap_is_int(wire.broken_count, 1, "... but not for ever");
	close_wire(&wire);

	open_wire(&wire);
	refuse(&wire, -32022, "{\"supported\":[\"2025-06-18\"]}");
	tap_is_str(sent_method(&wire), "initialize",
			   "only an older revision is named: it is spoken as that one is");
	tap_is_str(json_string_value(json_object_get(sent_params(&wire), "protocolVersion")), "2025-06-18",
			   "... in that revision");
	close_wire(&wire);

	open_wire(&wire);
	refuse(&wire, -32022, "{\"supported\":[\"1999-01-01\",\"9\",7,\"yyyy-mm-dd\"]}");
	tap_is_int(wire.broken_count, 1, "no usable revision is named: broken");
	tap_ok(!decide(&wire, 1), "a broken session takes no decisions");
	answer(&wire, DISCOVERED);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
	pass_time(&wire, 100000);
	tap_is_int(wire.sent_count, 1, "... and sends nothing any more");
	tap_is_int(wire.broken_count, 1, "... and is reported once");
	close_wire(&wire);

	open_wire(&wire);
	refuse(&wire, -32022, "null");
	tap_is_str(sent_method(&wire), "initialize", "-32022 without a list says as little as any other error");
	close_wire(&wire);
}

static void
test_silence(void)
{
	Wire wire;

	open_wire(&wire);
	pass_time(&wire, 2999);
	tap_is_int(wire.sent_count, 1, "nothing happens within 3 s of silence");
	pass_time(&wire, 1);
	tap_is_str(sent_method(&wire), "initialize", "after 3 s of silence: initialize");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" DISCOVERED "}");
	tap_is_int(wire.sent_count, 2, "a late answer to the discovery does not disturb it");
	answer(&wire, "{\"protocolVersion\":\"2025-11-25\"}");
	answer(&wire, TOOLS);
	tap_is_str(mcp_session_revision(wire.session), "2025-11-25", "what initialize agreed on counts");
	close_wire(&wire);

	open_wire(&wire);
	pass_time(&wire, 3000);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" DISCOVERED "}");
	refuse(&wire, -32600, "null");
	tap_is_str(sent_method(&wire), "tools/list",
			   "initialize refused after a late discovery: stateless after all");
	tap_is_str(sent_revision(&wire), "2026-07-28", "... with _meta");
	close_wire(&wire);

	open_wire(&wire);
	pass_time(&wire, 3000);
	refuse(&wire, -32022, "{\"supported\":[\"2026-07-28\"]}");
	tap_is_str(sent_method(&wire), "server/discover", "initialize refused with -32022: discovered again");
	close_wire(&wire);

	open_wire(&wire);
	pass_time(&wire, 3000);
	pass_time(&wire, MCP_SETUP_TIMEOUT_MS);
	tap_is_int(wire.broken_count, 1, "no answer to initialize either: broken");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	pass_time(&wire, MCP_SETUP_TIMEOUT_MS);
	tap_is_int(wire.broken_count, 1, "no list of tools: broken");
	close_wire(&wire);
}

static void
test_tools(void)
{
	Wire wire;
	char cursor[MCP_MAX_CURSOR + 2];

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	answer(&wire, "{\"tools\":[{\"name\":\"a\"}],\"nextCursor\":\"p\\\"2\"}");
	tap_is_str(json_string_value(json_object_get(sent_params(&wire), "cursor")), "p\"2",
			   "the next page is asked for");
	tap_is_str(sent_revision(&wire), "2026-07-28", "... with _meta too");
	answer(&wire, TOOLS);
	tap_is_int(wire.ready_count, 1, "the tool is found on the second page");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	answer(&wire, NO_TOOLS);
	tap_is_str(wire.broken, "the server has no tool decide_action", "no such tool: broken, saying so");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	answer(&wire, "{\"tools\":[],\"nextCursor\":\"\"}");
	tap_is_int(wire.broken_count, 1, "an empty cursor is the end of the list");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	answer(&wire, "{\"resultType\":\"input_required\",\"tools\":[{\"name\":\"decide_action\"}]}");
	tap_is_int(wire.broken_count, 1, "a list of an unknown type is not believed");
	close_wire(&wire);

	open_wire(&wire);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":null,\"result\":" DISCOVERED "}");
	tap_is_str(sent_method(&wire), "tools/list", "an error that is null is none");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	for (int i = 0; i < 1000 && wire.broken_count == 0; i++)
		answer(&wire, "{\"tools\":[],\"nextCursor\":\"again\"}");
	tap_is_int(wire.broken_count, 1, "pages without end are given up");
	tap_is_int(wire.sent_count, 1 + MCP_MAX_TOOL_PAGES, "... after so many");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	memset(cursor, 'c', sizeof(cursor) - 1);
	cursor[sizeof(cursor) - 1] = '\0';
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[],\"nextCursor\":\"%s\"}}", cursor);
	tap_is_int(wire.broken_count, 1, "an oversized cursor is not sent back");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	answer(&wire, "{\"tools\":{}}");
	tap_is_int(wire.broken_count, 1, "a list that is none: broken");
	close_wire(&wire);

	open_wire(&wire);
	answer(&wire, DISCOVERED);
	refuse(&wire, -32601, "null");
	tap_is_str(wire.broken, "the server does not list its tools: no",
			   "a refused list: broken, with the server's words");
	close_wire(&wire);
}

static void
test_offers(void)
{
	Wire wire;

	open_wire(&wire);
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"method\":\"npcsim/offer\",\"params\":{\"max_concurrency\":0}}");
	tap_is_int(json_integer_value(json_object_get(wire.offer, "max_concurrency")), 0,
			   "an offer is told, before the session is ready, too");
	tap_ok(json_object_get(wire.offer, "max_concurrency") != NULL, "with what it offers");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"method\":\"npcsim/offer\",\"params\":[1]}");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"method\":\"npcsim/offer\"}");
	tap_ok(json_object_get(wire.offer, "max_concurrency") != NULL, "one that is no object is not");
	close_wire(&wire);
}

static void
test_changed_tools(void)
{
	static const char *const changed =
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}";
	Wire wire;
	int	 before;

	open_older(&wire);
	decide(&wire, 1);
	before = wire.sent_count;
	for (int i = 0; i < 100; i++)
		receive(&wire, "%s", changed);
	tap_is_int(wire.sent_count, before, "changed tools are not looked at at once");
	pass_time(&wire, MCP_RELIST_INTERVAL_MS);
	tap_is_int(wire.sent_count, before + 1, "... but once, a second later");
	tap_is_str(sent_method(&wire), "tools/list", "... by listing them");
	receive(&wire, "%s", changed);
	answer(&wire, TOOLS);
	tap_is_int(wire.ready_count, 1, "still there: nothing more is reported");
	tap_ok(decide(&wire, 2), "... and decisions go on");
	receive(&wire, "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":" WANDER "}");
	tap_is_int(wire.answered_id, 1, "... as do those in flight");
	pass_time(&wire, MCP_RELIST_INTERVAL_MS);
	tap_is_str(sent_method(&wire), "tools/list", "a change while listing is looked at afterwards");
	refuse(&wire, -32603, "null");
	tap_is_int(wire.broken_count, 0, "a list that is refused then changes nothing");
	receive(&wire, "%s", changed);
	pass_time(&wire, MCP_RELIST_INTERVAL_MS);
	answer(&wire, NO_TOOLS);
	tap_is_int(wire.broken_count, 1, "the tool is gone: broken");
	close_wire(&wire);
}

int
main(void)
{
	test_stateless_era();
	test_older_era();
	test_version_retry();
	test_silence();
	test_tools();
	test_offers();
	test_changed_tools();
	return tap_done();
}
