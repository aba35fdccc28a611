/*
 * test_agent_messages.c
 *	  Tests what npcsim-agent recognises in JSON-RPC messages, and repeats in headers.
 *
 * @link workers/agent/mcp_headers.c
 */
#include "common/jsonrpc.h"
#include "common/log.h"
#include "workers/agent/mcp_headers.h"

#include <stdlib.h>

#include "tap.h"

static RpcKind
Kind(const char *text)
{
	RpcMessage message;
	RpcKind	   kind;

	rpc_parse(&message, text, strlen(text));
	kind = message.kind;
	rpc_free(&message);
	return kind;
}

static void
TestKinds(void)
{
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}"), RPC_REQUEST, "a request");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}"), RPC_NOTIFICATION, "a notification");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}"), RPC_RESULT, "a result");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1}}"), RPC_ERROR,
			   "an error of nobody's request");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\\u0000\"}"), RPC_RESULT,
			   "a zero character within");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":123456789012345678901234567890}"), RPC_RESULT,
			   "an integer beyond 64 bits");
	tap_is_int(Kind("{\"id\":1,\"result\":{}}"), RPC_INVALID, "without jsonrpc it is none");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"id\":1}"), RPC_INVALID, "an id alone is none");
	tap_is_int(Kind("[{\"jsonrpc\":\"2.0\",\"method\":\"a\"}]"), RPC_INVALID, "a batch is none");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\""), RPC_INVALID, "half a message is none");
	tap_is_int(Kind("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}"), RPC_INVALID, "what is not UTF-8 is none");
	tap_is_int(Kind("42"), RPC_INVALID, "a number is none");
	tap_is_int(Kind(""), RPC_INVALID, "nothing is none");
}

static void
TestMaking(void)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32022,\"message\":"
							   "\"m\",\"data\":{\"x\":0.8}}}";
	RpcMessage		  message;
	json_t			 *id = json_string("a\"b");
	char			 *made;

	made = rpc_make_error(id, -32000, "bad \n %s", "\xc3");
	tap_is_str(made,
			   "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"error\":{\"code\":-32000,\"message\":\"bad ? ?\"}}",
			   "an error is well-formed whatever it quotes");
	free(made);
	rpc_parse(&message, text, strlen(text));
	made = rpc_with_id(&message, id);
	tap_is_str(made,
			   "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"error\":{\"code\":-32022,\"message\":\"m\",\"data\":"
			   "{\"x\":0.8}}}",
			   "a message gets another id and keeps all else");
	free(made);
	rpc_free(&message);
	json_decref(id);

	made = rpc_make_discover("p", "npcsim-agent");
	rpc_parse(&message, made, strlen(made));
	tap_is_int(message.kind, RPC_REQUEST, "the question for the revision is a request");
	tap_is_str(rpc_modern_version(&message), "2026-07-28", "of the newest revision");
	tap_ok(rpc_id_is(message.id, "p"), "with the id asked for");
	rpc_free(&message);
	free(made);
}

static void
CheckValue(const char *value, const char *want)
{
	char *encoded = mcp_encode_value(value, strlen(value));

	tap_is_str(encoded, want, "\"%s\" as a header's value", value);
	free(encoded);
}

/* the examples of the specification, and the borders */
static void
TestValues(void)
{
	CheckValue("us-west1", "us-west1");
	CheckValue("a b\tc", "a b\tc");
	CheckValue("Hello, \xe4\xb8\x96\xe7\x95\x8c", "=?base64?SGVsbG8sIOS4lueVjA==?=");
	CheckValue(" padded ", "=?base64?IHBhZGRlZCA=?=");
	CheckValue("line1\nline2", "=?base64?bGluZTEKbGluZTI=?=");
	CheckValue("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
	CheckValue("=?base64?literal", "=?base64?literal");
	CheckValue("", "=?base64?"
				   "?=");
	CheckValue("\x7f", "=?base64?fw==?=");
}

static char headers[2048];

static bool
SeeHeader(void *arg, const char *header)
{
	strcat(headers, header);
	strcat(headers, "|");
	return true;
}

static const char *
Mirror(const char *text, const McpToolHeaders *tools)
{
	RpcMessage message;

	headers[0] = '\0';
	rpc_parse(&message, text, strlen(text));
	mcp_mirror_headers(&message, tools, SeeHeader, NULL);
	rpc_free(&message);
	return headers;
}

/* Learns from a list of tools; the names of those that stay. */
static const char *
Learn(const char *list, McpToolHeaders *tools)
{
	static char names[512];
	json_t	   *answer = json_pack("{s:{s:o}}", "result", "tools", json_loads(list, 0, NULL));
	json_t	   *tool;
	size_t		i;

	names[0] = '\0';
	mcp_learn_tools(answer, tools);
	json_array_foreach (json_object_get(json_object_get(answer, "result"), "tools"), i, tool)
		strcat(strcat(names, json_string_value(json_object_get(tool, "name"))), " ");
	json_decref(answer);
	return names;
}

#define PROPERTY(type, header) "{\"type\":\"" type "\",\"x-mcp-header\":\"" header "\"}"
#define TOOL(name, schema)	   "{\"name\":\"" name "\",\"inputSchema\":" schema "}"
#define PROPERTIES(list)	   "{\"type\":\"object\",\"properties\":{" list "}}"

static void
TestMirroring(void)
{
	McpToolHeaders *tools = json_object();

	tap_is_str(Mirror("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", tools),
			   "Mcp-Method: tools/list|", "a method is mirrored");
	tap_is_str(Mirror("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/"
					  "read\",\"params\":{\"uri\":\"file:///\xc3\xa4\"}}",
					  tools),
			   "Mcp-Method: resources/read|Mcp-Name: =?base64?ZmlsZTovLy/DpA==?=|", "and what it is about");

	tap_is_str(
		Learn(
			"[" TOOL(
				"good",
				PROPERTIES(
					"\"s\":" PROPERTY("string", "S") ",\"i\":" PROPERTY("integer", "I") ",\"o\":" PROPERTIES(
						"\"b\":" PROPERTY("boolean", "B")))) "," TOOL("plain",
																	  PROPERTIES(
																		  "\"s\":{\"type\":\"string\"}")) "]",
			tools),
		"good plain ", "tools that keep the rules stay");
	tap_is_str(Mirror("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"good\","
					  "\"arguments\":{\"s\":\"x\\ny\",\"i\":-7,\"o\":{\"b\":true}}}}",
					  tools),
			   "Mcp-Method: tools/call|Mcp-Name: good|Mcp-Param-S: =?base64?eAp5?=|Mcp-Param-I: "
			   "-7|Mcp-Param-B: true|",
			   "arguments of all kinds are mirrored, at any depth");
	tap_is_str(Mirror("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"good\","
					  "\"arguments\":{\"s\":null,\"i\":9007199254740992,\"o\":3}}}",
					  tools),
			   "Mcp-Method: tools/call|Mcp-Name: good|", "what is null, unsafe or not there is left out");
	tap_is_str(
		Mirror("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"plain\","
			   "\"arguments\":{\"s\":\"x\"}}}",
			   tools),
		"Mcp-Method: tools/call|Mcp-Name: plain|", "an argument without the mark is not mirrored");

	log_set_level(LOG_ERROR);
	tap_is_str(
		Learn(
			"[" TOOL("empty", PROPERTIES("\"s\":" PROPERTY("string", ""))) "," TOOL("smuggler", PROPERTIES("\"s\":" PROPERTY("string", "A: b\\r\\nC"))) "," TOOL(
				"number",
				PROPERTIES("\"s\":" PROPERTY(
					"number",
					"N"))) "," TOOL("twice",
									PROPERTIES("\"s\":" PROPERTY("string", "N") ",\"t\":" PROPERTY(
										"string",
										"n"))) "," TOOL("items",
														PROPERTIES(
															"\"s\":{\"type\":\"array\",\"items\":" PROPERTY(
																"string",
																"N") "}")) "," TOOL("either",
																					"{\"anyOf\":[" PROPERTIES("\"s\":" PROPERTY(
																						"string",
																						"N")) "]}") "," TOOL("root",
																											 PROPERTY(
																												 "string",
																												 "N")) "," TOOL("fine",
																																PROPERTIES(
																																	"\"s\":{\"type\":\"string\",\"default\":{\"x-mcp-header\":1}}")) "]",
			tools),
		"fine ", "tools that break the rules are left out");
	tap_is_str(Learn("[" TOOL("good", PROPERTIES("\"s\":{\"type\":\"string\"}")) "]", tools), "good ",
			   "a tool may change its mind");
	tap_is_int((long long) json_object_size(tools), 0, "and is then forgotten");
	json_decref(tools);
}

int
main(void)
{
	TestKinds();
	TestMaking();
	TestValues();
	TestMirroring();
	return tap_done();
}
