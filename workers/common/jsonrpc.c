/*
 * jsonrpc.c
 *	  Tells what a JSON-RPC message is, and writes those that gateway and agent send.
 */
#include "jsonrpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp_scan.h"
#include "mcp_terms.h"
#include "memory.h"
#include "text.h"
#include "version.h"

/* Parses a text.  One with an integer beyond 64 bits, which jansson refuses and JavaScript takes, is read with reals only. */
static json_t *
load(const char *text, size_t len)
{
	json_error_t error;
	json_t		*root = json_loadb(text, len, JSON_ALLOW_NUL, &error);

	if (root == NULL && json_error_code(&error) == json_error_numeric_overflow)
		root = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	return root;
}

static RpcKind
classify(const RpcMessage *message)
{
	const json_t *root = message->root;
	bool has_id = message->id != NULL && (json_is_string(message->id) || json_is_number(message->id));

	if (!json_is_object(root) || json_object_get(root, "jsonrpc") == NULL)
		return RPC_INVALID;
	if (message->method != NULL)
		return has_id ? RPC_REQUEST : RPC_NOTIFICATION;
	if (has_id && json_object_get(root, "result") != NULL)
		return RPC_RESULT;
	if (json_is_object(json_object_get(root, "error")))
		return RPC_ERROR;
	return RPC_INVALID;
}

void
rpc_parse(RpcMessage *message, const char *text, size_t len)
{
	memset(message, 0, sizeof(*message));
	message->root = load(text, len);
	if (message->root == NULL)
		return;
	message->id = json_object_get(message->root, "id");
	message->method = json_string_value(json_object_get(message->root, "method"));
	message->kind = classify(message);
}

void
rpc_free(RpcMessage *message)
{
	json_decref(message->root);
	memset(message, 0, sizeof(*message));
}

int64_t
rpc_seems_to_answer(const char *text, size_t len)
{
	return mcp_scan_response_id(text, len);
}

char *
rpc_make_utf8(const char *text, size_t len)
{
	char *copy = mem_resize(NULL, len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len;)
	{
		size_t length = text_character_length(copy + i, len - i);

		if (length == 0)
			copy[i] = '?';
		i += length > 0 ? length : 1;
	}
	return copy;
}

bool
rpc_id_is(const json_t *id, const char *text)
{
	return json_is_string(id) && strcmp(json_string_value(id), text) == 0;
}

const char *
rpc_modern_version(const RpcMessage *message)
{
	json_t *meta = json_object_get(json_object_get(message->root, "params"), "_meta");

	return json_string_value(json_object_get(meta, MCP_META_VERSION));
}

/* Returns the message as text, to be freed, and gives up the caller's reference to it. */
static char *
print(json_t *root)
{
	char *text = root != NULL ? json_dumps(root, JSON_PRINTED) : NULL;

	if (text == NULL)
		mem_is_short();
	json_decref(root);
	return text;
}

char *
rpc_make_error(const json_t *id, int code, const char *fmt, ...)
{
	char	text[512];
	va_list args;
	json_t *root;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	/* a text that came from a peer may hold anything, and may have been cut within a character */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char) *c < 0x20 || (unsigned char) *c >= 0x7f)
			*c = '?';

	root = json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id != NULL ? id : json_null(),
					 "error", "code", code, "message", text);
	return print(root);
}

char *
rpc_make_offer(json_t *offer)
{
	return print(json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", RPC_OFFER, "params", offer));
}

char *
rpc_with_id(const RpcMessage *message, const json_t *id)
{
	json_t *copy = json_copy(message->root);

	if (json_object_set(copy, "id", (json_t *) id) != 0)
		mem_is_short();
	return print(copy);
}

char *
rpc_make_discover(const char *id, const char *client)
{
	json_t *root =
		json_pack("{s:s, s:s, s:s, s:{s:{s:s, s:{s:s, s:s}, s:{}}}}", "jsonrpc", "2.0", "id", id, "method",
				  "server/discover", "params", "_meta", MCP_META_VERSION, MCP_VERSION_STATELESS,
				  MCP_META_CLIENT, "name", client, "version", NPCSIM_VERSION, MCP_META_CAPABILITIES);

	return print(root);
}

char *
rpc_make_initialize(const char *id, const char *client)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:{s:s, s:{}, s:{s:s, s:s}}}", "jsonrpc", "2.0", "id", id,
							 "method", "initialize", "params", "protocolVersion", MCP_VERSION_OLDER,
							 "capabilities", "clientInfo", "name", client, "version", NPCSIM_VERSION);

	return print(root);
}
