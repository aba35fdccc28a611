/*
 * dialect.h
 *	  What language a mind server is asked in: one table of functions, and one file, each.
 *
 * An MCP session (mcp.h) knows the protocol: revisions, lists of tools, calls and their answers.  What the tool
 * decide_action is given, which other tools are called, and what an answer means is a dialect's.  All of a session's are asked
 * by the same rules: a request that was taken is answered or failed at most once, a cancelled one may still be answered but
 * does not fail, and the ports "answered" and "failed" may ask for the next decision.
 *
 * Another dialect is a file in this folder with a MindDialect, and its line in dialects.c.
 */
#ifndef NPCSIM_GATEWAY_DIALECT_H
#define NPCSIM_GATEWAY_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mcp_terms.h"


/* the tool every mind must have */
#define MCP_DECIDE_TOOL "decide_action"

/* bounds */
#define MCP_MAX_IN_FLIGHT MCP_MAX_CONCURRENCY /* calls that wait for an answer */
#define MCP_MAX_CANCELLED 64				  /* cancelled calls still remembered */
#define MCP_MAX_FAILURE	  400				  /* bytes of a reason why a call failed */
#define MIND_MAX_DIALECTS 8

/* What a session does for a dialect; nothing once it is broken. */
typedef struct MindPorts
{
	/* calls a tool, whose arguments are JSON (NULL: memory is short); the call's id, 0 = it could not be made */
	int64_t (*call)(void *owner, const char *tool, const char *arguments);

	/* nobody waits for this call any longer */
	void (*abandon)(void *owner, int64_t call_id, const char *reason);

	/* as in mcp.h; a reason is cut to MCP_MAX_FAILURE */
	void (*answered)(void *owner, int64_t request_id, const char *json, size_t length);
	void (*failed)(void *owner, int64_t request_id, const char *reason);
} MindPorts;

/* What came of a call: one of these. */
typedef struct MindAnswer
{
	const json_t *result;
	const json_t *error;	  /* of JSON-RPC */
	const char	 *unreadable; /* why neither can be read */
} MindAnswer;

typedef struct MindDialect
{
	/* may it be asked with lists of choices and in short forms? */
	bool takes_choices;

	/* does a server with this tool decide_action, one of the list "tools", speak it? */
	bool (*is_spoken)(const json_t *tool, const json_t *tools);

	/* what is remembered of one session; NULL when memory is short */
	void *(*create)(const MindPorts *ports, void *owner);
	void (*free)(void *state);

	/* the server's tool, whenever it was looked at; NULL = nothing is learnt from it */
	void (*learn)(void *state, const json_t *tool);

	/*
	 * Asks for a decision; "request" is the decision_request as JSON.  False, with nothing sent and nothing to be reported:
	 * too many are in flight, already asked, or a request that cannot be told.
	 */
	bool (*decide)(void *state, int64_t request_id, int64_t npc_id, const char *request, size_t length,
				   int64_t now_ms);

	/* false when no such request is waited for */
	bool (*cancel)(void *state, int64_t request_id, const char *reason);

	/* false when the call is none of its own */
	bool (*answered)(void *state, int64_t call_id, const MindAnswer *answer, int64_t now_ms);

	/* lets time pass; NULL = nothing depends on it */
	void (*tick)(void *state, int64_t now_ms);

	/* how many requests wait for an answer, cancelled ones not counted */
	int (*in_flight)(const void *state);
} MindDialect;

/* All of them; a server is asked in the first that it speaks, and the last is spoken by every server. */
extern const MindDialect *const mind_dialects[];
extern const int				mind_dialect_count;

#endif /* NPCSIM_GATEWAY_DIALECT_H */
