/*
 * mcp_results.h
 *	  Reads what MCP servers answer: revisions, lists of tools, decisions.
 *
 * Functions of their arguments alone.  Any argument that is a json_t may be
 * NULL or of another kind than expected.
 */
#ifndef NPCSIM_GATEWAY_MCP_RESULTS_H
#define NPCSIM_GATEWAY_MCP_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MCP_REVISION_LENGTH 10 /* "2026-07-28" */

/* Is this a revision of the stateless era, known here or newer? */
extern bool mcp_is_stateless(const char *revision);

/* Is this one of the revisions that are spoken after "initialize"? */
extern bool mcp_is_older(const char *revision);

/*
 * Chooses among the revisions that a server names (an array of strings).
 * NULL when none can be used.  The result belongs to the array.
 */
extern const char *mcp_choose_revision(const json_t *named);

/* A result is usable unless it says that it is something else than complete. */
extern bool mcp_is_complete(const json_t *result);

/*
 * The revision to speak after a complete result of server/discover, or NULL
 * when it names only unknown ones.  A server that lists none speaks the one
 * it was asked in.  The result belongs to one of the arguments.
 */
extern const char *mcp_discovered_revision(const json_t *result, const char *asked);

typedef enum McpToolSearch
{
	MCP_TOOL_FOUND,
	MCP_TOOL_MORE_PAGES, /* not on this page: *cursor leads to the next */
	MCP_TOOL_ABSENT,
	MCP_TOOL_LIST_INVALID
} McpToolSearch;

/* Looks for a tool in a page of tools/list.  *tool (when found) and *cursor belong to the result. */
extern McpToolSearch mcp_find_tool(const json_t *result, const char *name, const json_t **tool,
								   const char **cursor);

/*
 * The object that a tool returned, of which "wanted" says that it is the one:
 * a new reference, or NULL.
 */
extern json_t *mcp_result_object(const json_t *result, bool (*wanted)(const json_t *value));

/*
 * The decision in the result of tools/call: the text of an object with the
 * ids given, to be freed.  NULL with *problem (a constant) when there is none:
 * what is wrong with it stands in front of the tool's own words.
 */
extern char *mcp_decision_text(const json_t *result, int64_t request_id, int64_t npc_id,
							   const char **problem);

/* The first text of a tool's result, which tells what went wrong; never NULL. */
extern const char *mcp_first_text(const json_t *result);

#endif /* NPCSIM_GATEWAY_MCP_RESULTS_H */
