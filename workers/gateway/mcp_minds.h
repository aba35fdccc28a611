/*
 * mcp_minds.h
 *	  The minds of an MCP server that keeps one per NPC (the reference game's):
 *	  binding them, asking them, one call per mind at a time.
 *
 * An McpMinds belongs to an MCP session, which makes its calls and hands in
 * their answers.  The rules of mcp.h hold here too: a request that was taken
 * is answered or failed at most once, a cancelled one may still be answered,
 * and the callbacks "answered" and "failed" may ask for the next decision.
 */
#ifndef NPCSIM_GATEWAY_MCP_MINDS_H
#define NPCSIM_GATEWAY_MCP_MINDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bounds */
#define MCP_MAX_MINDS 1024 /* remembered; the one asked longest ago makes room */

/* How long a call nobody waits for keeps its mind from the next one. */
#define MCP_MIND_PATIENCE_MS 120000

/* Memories are consolidated at the change of the game's day, but not more often than this. */
#define MCP_CONSOLIDATE_MS 60000

/* A mind is released when it was not asked for so long, while others were. */
#define MCP_RELEASE_MS 600000
#define MCP_RELEASE_S  600 /* of the world */

typedef struct McpMinds McpMinds;

typedef struct McpMindPorts
{
	/* calls a tool (the reference to the arguments is taken); the call's id, 0 = it could not be made */
	int64_t (*call)(void *owner, const char *tool, json_t *arguments);

	/* nobody waits for this call any longer */
	void (*abandon)(void *owner, int64_t call_id);

	/* as in mcp.h */
	void (*answered)(void *owner, int64_t request_id, const char *json, size_t len);
	void (*failed)(void *owner, int64_t request_id, const char *reason);
} McpMindPorts;

/* NULL when memory is short. */
extern McpMinds *mcp_minds_create(const McpMindPorts *ports, void *owner);
extern void		 mcp_minds_free(McpMinds *minds);

/*
 * Asks the NPC's mind.  False, with nothing sent and nothing to be reported:
 * too many requests, already asked, or a request that cannot be told.
 */
extern bool mcp_minds_decide(McpMinds *minds, int64_t request_id, int64_t npc_id, const char *text,
							 size_t len, int64_t now_ms);

/* False when no such request is waited for. */
extern bool mcp_minds_cancel(McpMinds *minds, int64_t request_id);

/* The answer to a call: a result, or the message of an error.  False when the call is none of these. */
extern bool mcp_minds_answered(McpMinds *minds, int64_t call_id, const json_t *result, const char *error,
							   int64_t now_ms);

extern void mcp_minds_tick(McpMinds *minds, int64_t now_ms);

/* How many requests wait for an answer, cancelled ones not counted. */
extern int mcp_minds_in_flight(const McpMinds *minds);

#endif /* NPCSIM_GATEWAY_MCP_MINDS_H */
