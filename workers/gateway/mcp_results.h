/*
 * mcp_results.h
 *	  Reads what MCP servers answer: revisions, lists of tools, decisions.
 *
 * The functions depend on nothing but their arguments.  Any json_t may be NULL
 * or of another type than expected.
 */
#ifndef NPCSIM_GATEWAY_MCP_RESULTS_H
#define NPCSIM_GATEWAY_MCP_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MCP_REVISION_LENGTH 10 /* "2026-07-28" */

/* Returns true if this is a revision of the stateless era, whether it is known here or newer. */
extern bool mcp_is_stateless(const char *revision);

/* Returns true if this is one of the revisions with "initialize" that are known here. */
extern bool mcp_is_older(const char *revision);

/*
 * Returns the best of the revisions that a server names (an array of strings),
 * or NULL when none can be used.  The text belongs to the array.
 */
extern const char *mcp_choose_revision(const json_t *named);

/* Returns true if the result is an object that does not say that it is incomplete. */
extern bool mcp_is_complete(const json_t *result);

/*
 * Returns the revision to speak after a complete result of server/discover, or
 * NULL when it names only unknown ones.  A server that lists none speaks the
 * one it was asked in.  The text belongs to one of the arguments.
 */
extern const char *mcp_discovered_revision(const json_t *result, const char *asked);

typedef enum McpToolSearch
{
	MCP_TOOL_FOUND,
	MCP_TOOL_MORE_PAGES, /* it is not on this page, and *cursor leads to the next */
	MCP_TOOL_ABSENT,
	MCP_TOOL_LIST_INVALID
} McpToolSearch;

/* Looks for a tool in a page of tools/list.  *tool (when found) and *cursor belong to the result. */
extern McpToolSearch mcp_find_tool(const json_t *result, const char *name, const json_t **tool,
								   const char **cursor);

/* Returns the object in a tool's result that "wanted" accepts: a new reference, or NULL. */
extern json_t *mcp_result_object(const json_t *result, bool (*wanted)(const json_t *value));

/*
 * Returns the decision in the result of tools/call, as the text of an object
 * with these ids, to be freed.  When there is none it returns NULL and in
 * *problem a constant, to be put in front of the tool's own words.
 */
extern char *mcp_decision_text(const json_t *result, int64_t request_id, int64_t npc_id,
							   const char **problem);

/* Returns the first text of a tool's result, which tells what went wrong if the tool failed; it is never NULL. */
extern const char *mcp_first_text(const json_t *result);

#endif /* NPCSIM_GATEWAY_MCP_RESULTS_H */
