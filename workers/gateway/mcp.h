/*
 * mcp.h
 *	  The client's half of one MCP connection, without the transport.
 *
 * A player's machine connects to the gateway and then serves MCP over that
 * connection: the gateway is the MCP client.  An McpSession finds out which
 * era of MCP the server speaks (the stateless revision 2026-07-28, or the
 * older ones that begin with "initialize"), makes sure that it has the tool
 * decide_action, and turns decision requests into tool calls and their
 * results into decision responses, in the dialect that the server speaks
 * (dialects/dialect.h).
 *
 * The owner hands in every frame that arrives (mcp_session_receive), calls
 * mcp_session_tick often enough for time-outs to be noticed (a few times a
 * second), and sends what send_text gives it.  Times are milliseconds of any
 * clock that does not go back.
 *
 * Rules for the owner:
 * - Callbacks are made from inside the functions below, never from another
 *   thread, and may call mcp_session_decide and mcp_session_cancel, but not
 *   mcp_session_free, mcp_session_receive or mcp_session_tick.
 * - Texts given to callbacks are NUL-terminated as well as counted and are
 *   valid only during the call.
 * - Nothing is sent or reported once broken() has been called, exactly once:
 *   close the connection and free the session.  Requests in flight are not
 *   reported one by one; the owner knows which it gave.
 * - A request that mcp_session_decide took is answered or failed at most once.
 *   A cancelled one may still be answered (that is a late answer) but never
 *   fails.  The session has no time-out of its own for decisions: the owner
 *   cancels what has taken too long.
 */
#ifndef NPCSIM_GATEWAY_MCP_H
#define NPCSIM_GATEWAY_MCP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialects/dialect.h"

/* bounds */
#define MCP_MAX_TOOL_PAGES		32
#define MCP_MAX_CURSOR			1024  /* bytes of a page's cursor */
#define MCP_MAX_VERSION_RETRIES 3	  /* how often a server may ask for another revision */
#define MCP_MAX_REASON			120	  /* bytes of a reason to close (a close frame takes 123) */
#define MCP_DISCOVER_TIMEOUT_MS 3000  /* a server that is silent for longer is taken to be of the older era */
#define MCP_SETUP_TIMEOUT_MS	30000 /* the time for every other answer of the set-up */
#define MCP_RELIST_INTERVAL_MS	1000 /* the least time between two requests for a list of tools that changed */

typedef struct McpSession McpSession;

typedef struct McpCallbacks
{
	/* sends one JSON-RPC message to the server, as one text frame */
	void (*send_text)(void *owner, const char *text, size_t len);

	/* the era is known and decide_action was found: decisions may be given */
	void (*ready)(void *owner);

	/*
	 * The server decided.  The text is a JSON object, the decision_response
	 * without "type", in which request_id and npc_id are always those of the
	 * request, whatever the server wrote there.
	 */
	void (*answered)(void *owner, int64_t request_id, const char *json, size_t len);

	/* the server refused, or what it gave is not a decision; the reason is one line */
	void (*failed)(void *owner, int64_t request_id, const char *reason);

	/* the server tells what it offers from now on, with members of a heartbeat; whether they make sense is not checked */
	void (*offered)(void *owner, const json_t *offer);

	/* the connection is of no use and is to be closed with this reason (one line) */
	void (*broken)(void *owner, const char *reason);
} McpCallbacks;

/*
 * Begins a session and sends its first message, so the transport must be
 * ready to queue one.  "version" is the gateway's own, which the server is
 * told.  Returns NULL when memory is short.
 */
extern McpSession *mcp_session_create(const McpCallbacks *callbacks, void *owner, const char *version,
									  int64_t now_ms);
extern void		   mcp_session_free(McpSession *session);

/* Takes one whole frame from the server. */
extern void mcp_session_receive(McpSession *session, const char *text, size_t len, int64_t now_ms);

/*
 * Asks for a decision.  The text is the decision_request object (its "type"
 * is left out of what is sent).  Returns false when nothing was sent and
 * nothing will be reported: the session is not ready, too many requests are in
 * flight, this one was asked already, or it is no JSON object or too large.
 */
extern bool mcp_session_decide(McpSession *session, int64_t request_id, int64_t npc_id,
							   const char *decision_request_json, size_t len, int64_t now_ms);

/* Cancels a request that nobody waits for any more; does nothing when it is not in flight. */
extern void mcp_session_cancel(McpSession *session, int64_t request_id, const char *reason);

/* Notices requests of the set-up that were not answered in time, and lets time pass for the dialects. */
extern void mcp_session_tick(McpSession *session, int64_t now_ms);

/* Returns how many decisions are waited for, cancelled ones not counted. */
extern int mcp_session_in_flight(const McpSession *session);

/* Returns true if the server, which must be ready, speaks a dialect that has lists of choices and short forms. */
extern bool mcp_session_takes_choices(const McpSession *session);

/* Returns the revision in use ("2026-07-28"), or NULL while the session is not ready. */
extern const char *mcp_session_revision(const McpSession *session);

#endif /* NPCSIM_GATEWAY_MCP_H */
