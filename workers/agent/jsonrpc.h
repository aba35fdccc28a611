/*
 * jsonrpc.h
 *	  What the agent has to know of a JSON-RPC message.
 */
#ifndef NPCSIM_AGENT_JSONRPC_H
#define NPCSIM_AGENT_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_ERROR_METHOD_NOT_FOUND (-32601)
#define RPC_ERROR_TRANSPORT		   (-32000)

/* The revision without sessions, and where a request of it names itself. */
#define MCP_MODERN_VERSION	"2026-07-28"
#define MCP_SESSION_VERSION "2025-11-25" /* the newest with sessions */
#define MCP_META_VERSION	"io.modelcontextprotocol/protocolVersion"

typedef enum RpcKind
{
	RPC_INVALID, /* no JSON, or no JSON-RPC message */
	RPC_REQUEST,
	RPC_NOTIFICATION,
	RPC_RESULT,
	RPC_ERROR
} RpcKind;

/* The pointers belong to root. */
typedef struct RpcMessage
{
	RpcKind		kind;
	json_t	   *root;
	json_t	   *id;		/* NULL if absent */
	const char *method; /* of requests and notifications */
} RpcMessage;

/* Always fills *message; to be freed with RpcFree(). */
extern void RpcParse(RpcMessage *message, const char *text, size_t len);
extern void RpcFree(RpcMessage *message);

/*
 * The id of the answer that a text seems to be which is no valid JSON, or 0.
 * The gateway reads more than JSON, and fails what it cannot read: it is to
 * have such a text, as UTF-8 (to be freed).
 */
extern int64_t RpcSeemsToAnswer(const char *text, size_t len);
extern char	  *RpcMakeUtf8(const char *text, size_t len);

/* True if id is the string text. */
extern bool RpcIdIs(const json_t *id, const char *text);

/* params._meta's protocol version of a request of the revision without sessions, else NULL. */
extern const char *RpcModernVersion(const RpcMessage *message);

/*
 * Text to be freed with free(); NULL if memory ran out.  A NULL id is
 * written as null.
 */
extern char *RpcMakeError(const json_t *id, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The message again with another id. */
extern char *RpcWithId(const RpcMessage *message, const json_t *id);

/* server/discover, as a client of the newest revision opens a conversation */
extern char *RpcMakeDiscover(const char *id);

/* "initialize", as a client of the revisions with sessions does */
extern char *RpcMakeInitialize(const char *id);

#endif /* NPCSIM_AGENT_JSONRPC_H */
