/*
 * mcp_results.c
 *	  Reads what MCP servers answer: revisions, lists of tools, decisions.
 *
 * Servers are strangers' programs, so no value is taken to have the expected
 * type (jansson's getters return NULL or 0 for another one, and accept NULL),
 * and searches end after a fixed number of elements.
 */
#include "mcp_results.h"

#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/loose_json.h"
#include "common/mcp_terms.h"
#include "common/text.h"
#include "mcp.h"

#define MAX_NAMED_REVISIONS 64 /* how many revisions of a server's list are read */
#define MAX_CONTENT_BLOCKS	16 /* how many blocks of a result are searched for a decision */


/* ---------------------------------------------------------------- revisions */

static bool
is_date(const char *text)
{
	if (strlen(text) != MCP_REVISION_LENGTH)
		return false;
	for (int i = 0; i < MCP_REVISION_LENGTH; i++)
	{
		bool dash = i == 4 || i == 7;

		if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

/* Revisions are dates, so comparing their texts compares their age. */
bool
mcp_is_stateless(const char *revision)
{
	return is_date(revision) && strcmp(revision, MCP_VERSION_STATELESS) >= 0;
}

/* Listing and calling tools, which is all that the gateway does, is the same in all of these revisions. */
bool
mcp_is_older(const char *revision)
{
	static const char *const older[] = {MCP_VERSION_OLDER, "2025-06-18", "2025-03-26", MCP_VERSION_OLDEST};

	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		if (strcmp(revision, older[i]) == 0)
			return true;
	return false;
}

/*
 * Returns the preference for a revision, the higher the better; 0 when it
 * cannot be used.  One that is newer than any known here is worth trying, since
 * the server has named it.
 */
static int
revision_rank(const char *revision)
{
	if (strcmp(revision, MCP_VERSION_STATELESS) == 0)
		return 3;
	if (mcp_is_stateless(revision))
		return 2;
	return mcp_is_older(revision) ? 1 : 0;
}

const char *
mcp_choose_revision(const json_t *named)
{
	const char *best = NULL;
	int			best_rank = 0;

	for (size_t i = 0; i < json_array_size(named) && i < MAX_NAMED_REVISIONS; i++)
	{
		const char *revision = json_string_value(json_array_get(named, i));
		int			rank = revision != NULL ? revision_rank(revision) : 0;

		if (rank > best_rank || (rank > 0 && rank == best_rank && strcmp(revision, best) > 0))
		{
			best = revision;
			best_rank = rank;
		}
	}
	return best;
}

bool
mcp_is_complete(const json_t *result)
{
	const json_t *type = json_object_get(result, "resultType");

	return json_is_object(result) &&
		   (type == NULL || (json_is_string(type) && strcmp(json_string_value(type), "complete") == 0));
}

const char *
mcp_discovered_revision(const json_t *result, const char *asked)
{
	const json_t *named = json_object_get(result, "supportedVersions");

	return json_is_array(named) ? mcp_choose_revision(named) : asked;
}


/* -------------------------------------------------------------------- tools */

McpToolSearch
mcp_find_tool(const json_t *result, const char *name, const json_t **found, const char **cursor)
{
	const json_t *tools = json_object_get(result, "tools");
	size_t		  i;
	json_t		 *tool;

	*cursor = json_string_value(json_object_get(result, "nextCursor"));
	if (!mcp_is_complete(result) || !json_is_array(tools))
		return MCP_TOOL_LIST_INVALID;
	json_array_foreach (tools, i, tool)
	{
		const char *tool_name = json_string_value(json_object_get(tool, "name"));

		if (tool_name != NULL && strcmp(tool_name, name) == 0)
		{
			*found = tool;
			return MCP_TOOL_FOUND;
		}
	}
	return *cursor != NULL && **cursor ? MCP_TOOL_MORE_PAGES : MCP_TOOL_ABSENT;
}


/* ---------------------------------------------------------------- decisions */

/* Returns the text of the i-th block of content, or NULL when it is of another type. */
static const json_t *
text_block(const json_t *result, size_t i)
{
	const json_t *block = json_array_get(json_object_get(result, "content"), i);
	const json_t *text = json_object_get(block, "text");

	return json_is_string(text) ? text : NULL;
}

/*
 * The object usually is the structured content.  But some frameworks wrap what
 * a tool returned there ({"result": ...}) and have the object itself as text,
 * and older ones have only text.
 */
json_t *
mcp_result_object(const json_t *result, bool (*wanted)(const json_t *value))
{
	json_t *structured = json_object_get(result, "structuredContent");

	if (wanted(structured))
		return json_incref(structured);
	for (size_t i = 0; i < MAX_CONTENT_BLOCKS; i++)
	{
		const json_t *text = text_block(result, i);
		const char	 *problem;
		json_t		 *value;

		if (text == NULL)
			continue;
		value = loose_json_find(json_string_value(text), json_string_length(text), wanted, false, &problem);
		if (value != NULL)
			return value;
	}
	return NULL;
}

/*
 * Returns the decision, made regular, in the structured content or in the first
 * text that holds one: a new reference, or NULL with *problem.
 */
static json_t *
find_decision(const json_t *result, const char **problem)
{
	const json_t *structured = json_object_get(result, "structuredContent");
	json_t		 *decision = answer_in_value(structured, problem);
	const char	 *flaw = NULL;

	for (size_t i = 0; decision == NULL && i < MAX_CONTENT_BLOCKS; i++)
	{
		const json_t *text = text_block(result, i);

		if (text == NULL)
			continue;
		decision = answer_in_text(json_string_value(text), json_string_length(text), problem);
		if (flaw == NULL)
			flaw = *problem;
	}
	if (decision == NULL && flaw != NULL)
		*problem = flaw;
	return decision;
}

/* Returns the text of the decision with these ids, to be freed, or NULL with *problem. */
static char *
print_decision(json_t *decision, int64_t request_id, int64_t npc_id, const char **problem)
{
	char *text = NULL;

	json_object_del(decision, "type");
	if (json_object_set_new(decision, "request_id", json_integer(request_id)) == 0 &&
		json_object_set_new(decision, "npc_id", json_integer(npc_id)) == 0)
		text = json_dumps(decision, JSON_PRINTED);
	*problem = text != NULL ? NULL : "out of memory";
	if (text != NULL && strlen(text) > ANSWER_MAX_BYTES)
	{
		*problem = ANSWER_TOO_LONG;
		free(text);
		text = NULL;
	}
	return text;
}

char *
mcp_decision_text(const json_t *result, int64_t request_id, int64_t npc_id, const char **problem)
{
	json_t *tokens = json_object_get(json_object_get(result, "_meta"), "tokens");
	json_t *decision;
	char   *text = NULL;

	if (!mcp_is_complete(result))
		*problem = "the result is not of a known type";
	else if (json_is_true(json_object_get(result, "isError")))
		*problem = "the tool failed";
	else if ((decision = find_decision(result, problem)) != NULL)
	{
		if (tokens != NULL && json_object_get(decision, "tokens") == NULL)
		{
			json_object_set(decision, "tokens", tokens);
			answer_regulate(decision);
		}
		text = print_decision(decision, request_id, npc_id, problem);
		json_decref(decision);
	}
	return text;
}

const char *
mcp_first_text(const json_t *result)
{
	for (size_t i = 0; i < MAX_CONTENT_BLOCKS; i++)
	{
		const json_t *text = text_block(result, i);

		if (text != NULL)
			return json_string_value(text);
	}
	return "it has no text";
}
