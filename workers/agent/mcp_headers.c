/*
 * mcp_headers.c
 *	  Makes the headers in which Streamable HTTP repeats parts of a message.
 *
 * From revision 2026-07-28 on, a POST carries its method, the name of what it
 * is about, and those arguments of a tool whose schema has "x-mcp-header", as
 * headers too.  A server compares them with the body and refuses the request
 * if they differ, so what goes into them is made here from the body alone.
 */
#include "mcp_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base64.h"
#include "common/jsonrpc.h"
#include "common/log.h"
#include "common/memory.h"


#define MARK_BEGIN "=?base64?"
#define MARK_END   "?="

/* The limits of what a server's tools can make the agent keep and send. */
#define TOOLS_MAX		 512
#define HEADERS_PER_TOOL 64
#define SCHEMA_DEPTH	 64
#define VALUE_MAX		 4096

#define SAFE_INTEGER 9007199254740991LL

/* ---------- values ---------- */

static bool
is_plain_value(const char *value, size_t len)
{
	size_t begin = sizeof(MARK_BEGIN) - 1;
	size_t end = sizeof(MARK_END) - 1;

	if (len == 0 || strchr(" \t", value[0]) != NULL || strchr(" \t", value[len - 1]) != NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value[i] != '\t' && (value[i] < 0x20 || value[i] >= 0x7f))
			return false;
	return !(len >= begin + end && memcmp(value, MARK_BEGIN, begin) == 0 &&
			 memcmp(value + len - end, MARK_END, end) == 0);
}

char *
mcp_encode_value(const char *value, size_t len)
{
	char *text = mem_alloc(sizeof(MARK_BEGIN) + sizeof(MARK_END) + BASE64_SIZE(len));
	char *end;

	if (is_plain_value(value, len))
	{
		memcpy(text, value, len);
		text[len] = '\0';
		return text;
	}
	end = base64_write(stpcpy(text, MARK_BEGIN), (const unsigned char *) value, len);
	strcpy(end, MARK_END);
	return text;
}

/* ---------- making headers ---------- */

static bool
give_header(const char *prefix, const char *name, const char *value, size_t len, McpHeaderSink sink,
			void *arg)
{
	char *encoded = mcp_encode_value(value, len);
	char *header = NULL;
	bool  good = asprintf(&header, "%s%s: %s", prefix, name, encoded) >= 0;

	if (good)
	{
		good = sink(arg, header);
		free(header);
	}
	free(encoded);
	return good;
}

/* Returns the name of the member of params that goes into Mcp-Name, or NULL. */
static const char *
name_source(const char *method)
{
	if (strcmp(method, "tools/call") == 0 || strcmp(method, "prompts/get") == 0)
		return "name";
	if (strcmp(method, "resources/read") == 0)
		return "uri";
	return NULL;
}

static const json_t *
at_path(const json_t *node, const json_t *declaration)
{
	for (size_t i = 1; i < json_array_size(declaration) && node != NULL; i++)
		node = json_object_get(node, json_string_value(json_array_get(declaration, i)));
	return node;
}

/* Gives the header of one argument.  An argument that is absent, no scalar a header can hold, or too long has no header. */
static bool
give_parameter(const json_t *declaration, const json_t *arguments, McpHeaderSink sink, void *arg)
{
	const char	 *name = json_string_value(json_array_get(declaration, 0));
	const json_t *value = at_path(arguments, declaration);
	char		  number[32];
	const char	 *text = number;
	size_t		  len;

	if (json_is_string(value))
	{
		text = json_string_value(value);
		len = json_string_length(value);
	}
	else if (json_is_boolean(value))
	{
		text = json_is_true(value) ? "true" : "false";
		len = strlen(text);
	}
	else if (json_is_integer(value) && llabs(json_integer_value(value)) <= SAFE_INTEGER)
		len = (size_t) snprintf(number, sizeof(number), "%lld", (long long) json_integer_value(value));
	else
		return true;
	if (len > VALUE_MAX)
		return true;
	return give_header("Mcp-Param-", name, text, len, sink, arg);
}

bool
mcp_mirror_headers(const RpcMessage *message, const McpToolHeaders *tools, McpHeaderSink sink, void *arg)
{
	const json_t *params = json_object_get(message->root, "params");
	const char	 *source = name_source(message->method);
	const json_t *name = source != NULL ? json_object_get(params, source) : NULL;
	const json_t *declarations;
	const json_t *declaration;
	size_t		  i;

	if (!give_header("", "Mcp-Method", message->method, strlen(message->method), sink, arg))
		return false;
	if (!json_is_string(name))
		return true;
	if (!give_header("", "Mcp-Name", json_string_value(name), json_string_length(name), sink, arg))
		return false;
	if (tools == NULL || strcmp(message->method, "tools/call") != 0)
		return true;
	declarations = json_object_get(tools, json_string_value(name));
	json_array_foreach ((json_t *) declarations, i, declaration)
	{
		if (!give_parameter(declaration, json_object_get(params, "arguments"), sink, arg))
			return false;
	}
	return true;
}

/* ---------- learning which arguments have headers ---------- */

typedef struct Scan
{
	json_t	   *declarations;
	json_t	   *path;  /* array of names that lead from the arguments to the schema that is looked at */
	const char *fault; /* which rule the tool breaks, or NULL */
} Scan;

static bool
is_token(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			  strchr("!#$%&'*+-.^_`|~", *c) != NULL))
			return false;
	return *text != '\0';
}

static bool
is_mirrorable(const json_t *type)
{
	const char *name = json_string_value(type);

	return name != NULL &&
		   (strcmp(name, "string") == 0 || strcmp(name, "integer") == 0 || strcmp(name, "boolean") == 0);
}

static bool
is_taken(const json_t *declarations, const char *name)
{
	const json_t *declaration;
	size_t		  i;

	json_array_foreach ((json_t *) declarations, i, declaration)
	{
		if (strcasecmp(json_string_value(json_array_get(declaration, 0)), name) == 0)
			return true;
	}
	return false;
}

static void
declare(Scan *scan, const json_t *schema, const json_t *wish, bool reachable)
{
	const char *name = json_string_value(wish);
	json_t	   *declaration;

	if (!reachable || json_array_size(scan->path) == 0)
		scan->fault = "x-mcp-header stands where no argument can be found by its name";
	else if (name == NULL || json_string_length(wish) != strlen(name) || !is_token(name))
		scan->fault = "x-mcp-header is no header's name";
	else if (!is_mirrorable(json_object_get(schema, "type")))
		scan->fault = "x-mcp-header stands at an argument that is no string, integer or boolean";
	else if (is_taken(scan->declarations, name))
		scan->fault = "two arguments want the same header";
	else if (json_array_size(scan->declarations) >= HEADERS_PER_TOOL)
		scan->fault = "too many arguments want headers";
	if (scan->fault != NULL)
		return;
	declaration = json_array();
	json_array_append(declaration, (json_t *) wish);
	json_array_extend(declaration, scan->path);
	json_array_append_new(scan->declarations, declaration);
}

/*
 * Looks through a schema for "x-mcp-header".  Only what is reached through
 * "properties" alone may have it; anywhere else it is a fault, so the whole
 * schema is looked at.
 */
static void
scan_schema(Scan *scan, const json_t *node, bool reachable, int depth)
{
	const char	 *key;
	const json_t *child;
	const json_t *wish;
	size_t		  i;

	if (scan->fault != NULL)
		return;
	if (depth > SCHEMA_DEPTH)
	{
		scan->fault = "its schema is too deep";
		return;
	}
	if (json_is_array(node))
	{
		json_array_foreach ((json_t *) node, i, child)
			scan_schema(scan, child, false, depth + 1);
		return;
	}
	wish = json_object_get(node, "x-mcp-header");
	if (wish != NULL)
		declare(scan, node, wish, reachable);
	json_object_foreach ((json_t *) node, key, child)
	{
		const char	 *name;
		const json_t *property;

		/* these hold values, not schemas */
		if (strcmp(key, "const") == 0 || strcmp(key, "enum") == 0 || strcmp(key, "default") == 0 ||
			strcmp(key, "examples") == 0)
			continue;
		if (strcmp(key, "properties") != 0)
		{
			scan_schema(scan, child, false, depth + 1);
			continue;
		}
		json_object_foreach ((json_t *) child, name, property)
		{
			json_array_append_new(scan->path, json_string(name));
			scan_schema(scan, property, reachable, depth + 1);
			json_array_remove(scan->path, json_array_size(scan->path) - 1);
		}
	}
}

/* Learns from one tool; returns false, and has logged why, if it breaks the rules. */
static bool
learn_tool(const json_t *tool, McpToolHeaders *headers)
{
	const char *name = json_string_value(json_object_get(tool, "name"));
	Scan		scan = {json_array(), json_array(), NULL};
	char		excerpt[LOG_EXCERPT_SIZE];

	if (name != NULL)
		scan_schema(&scan, json_object_get(tool, "inputSchema"), true, 0);
	if (scan.fault != NULL)
		log_line(LOG_WARNING, "the tool \"%s\" is left out: %s", log_excerpt(excerpt, name, strlen(name)),
				 scan.fault);
	else if (name != NULL)
	{
		json_object_del(headers, name);
		if (json_array_size(scan.declarations) > 0 && json_object_size(headers) < TOOLS_MAX)
			json_object_set(headers, name, scan.declarations);
	}
	json_decref(scan.declarations);
	json_decref(scan.path);
	return scan.fault == NULL;
}

bool
mcp_learn_tools(json_t *answer, McpToolHeaders *tools)
{
	json_t *list = json_object_get(json_object_get(answer, "result"), "tools");
	bool	removed = false;

	for (size_t i = 0; i < json_array_size(list);)
	{
		if (learn_tool(json_array_get(list, i), tools))
			i++;
		else
		{
			json_array_remove(list, i);
			removed = true;
		}
	}
	return removed;
}
