/*
 * dialect.h
 *	  The interface of a dialect, in which a mind server is asked: one table of functions and one file each.
 *
 * An MCP session (mcp.h) knows the protocol: revisions, lists of tools, calls and their answers.  A dialect knows what the
 * tool decide_action is given, which other tools are called, and what an answer means.  The same rules hold for all dialects:
 * a request that was taken is answered or failed at most once, a cancelled one may still be answered but does not fail, and
 * the ports "answered" and "failed" may ask for the next decision before they return.
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


/* The tool that every mind must have. */
#define MCP_DECIDE_TOOL "decide_action"

/* Bounds. */
#define MCP_MAX_IN_FLIGHT MCP_MAX_CONCURRENCY /* calls that wait for an answer */
#define MCP_MAX_CANCELLED 64				  /* cancelled calls that are still remembered */
#define MCP_MAX_FAILURE	  400				  /* bytes of a reason why a call failed */
#define MIND_MAX_DIALECTS 8

/* The functions of a session that a dialect calls; they do nothing once the session is broken. */
typedef struct MindPorts
{
	/* calls a tool with arguments as JSON (NULL = memory is short); returns the call's id, 0 = it could not be made */
	int64_t (*call)(void *owner, const char *tool, const char *arguments);

	/* tells the server that nobody waits for this call any more */
	void (*abandon)(void *owner, int64_t call_id, const char *reason);

	/* report the outcome of a request, as in mcp.h; a reason is cut to MCP_MAX_FAILURE */
	void (*answered)(void *owner, int64_t request_id, const char *json, size_t length);
	void (*failed)(void *owner, int64_t request_id, const char *reason);
} MindPorts;

/* The answer to a call: exactly one of these is not NULL. */
typedef struct MindAnswer
{
	const json_t *result;
	const json_t *error;	  /* the error object of JSON-RPC */
	const char	 *unreadable; /* why the answer could not be read */
} MindAnswer;

typedef struct MindDialect
{
	/* true if it has lists of choices and short forms */
	bool takes_choices;

	/* returns true if a server speaks it that has this tool decide_action, one of the list "tools" */
	bool (*is_spoken)(const json_t *tool, const json_t *tools);

	/* make and free what it remembers of one session; NULL = memory is short */
	void *(*create)(const MindPorts *ports, void *owner);
	void (*free)(void *state);

	/* learns from the tool decide_action each time the tools were listed; NULL = there is nothing to learn */
	void (*learn)(void *state, const json_t *tool);

	/*
	 * Asks for a decision; "request" is the decision_request as JSON.  Returns false when nothing was sent and nothing will be
	 * reported: too many requests are in flight, this one was asked already, or it lacks what the dialect needs.
	 */
	bool (*decide)(void *state, int64_t request_id, int64_t npc_id, const char *request, size_t length,
				   int64_t now_ms);

	/* cancels a request; returns false when none with this id is waited for */
	bool (*cancel)(void *state, int64_t request_id, const char *reason);

	/* takes the answer to a call; returns false when the call is not one of its own */
	bool (*answered)(void *state, int64_t call_id, const MindAnswer *answer, int64_t now_ms);

	/* lets time pass; NULL = nothing depends on time */
	void (*tick)(void *state, int64_t now_ms);

	/* returns how many requests wait for an answer, cancelled ones not counted */
	int (*in_flight)(const void *state);
} MindDialect;

/* All dialects.  A server is asked in the first one that it speaks; every server speaks the last one. */
extern const MindDialect *const mind_dialects[];
extern const int				mind_dialect_count;

#endif /* NPCSIM_GATEWAY_DIALECT_H */
