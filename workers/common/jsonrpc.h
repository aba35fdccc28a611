/*
 * jsonrpc.h
 *	  Tells what a JSON-RPC message is, and writes those that gateway and agent send.
 */
#ifndef NPCSIM_COMMON_JSONRPC_H
#define NPCSIM_COMMON_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_ERROR_METHOD_NOT_FOUND	  (-32601)
#define RPC_ERROR_INVALID_PARAMS	  (-32602)
#define RPC_ERROR_UNSUPPORTED_VERSION (-32022) /* defined by MCP */
#define RPC_ERROR_TRANSPORT			  (-32000)

typedef enum RpcKind
{
	RPC_INVALID, /* not JSON, or not a JSON-RPC message */
	RPC_REQUEST,
	RPC_NOTIFICATION,
	RPC_RESULT,
	RPC_ERROR
} RpcKind;

/* A parsed message.  "id" and "method" point into "root", which is NULL when the text was not JSON. */
typedef struct RpcMessage
{
	RpcKind		kind;
	json_t	   *root;
	json_t	   *id;		/* NULL if absent */
	const char *method; /* NULL but for requests and notifications */
} RpcMessage;

/* Parses a text into *message, which rpc_free() frees.  A text that is no message becomes one of kind RPC_INVALID. */
extern void rpc_parse(RpcMessage *message, const char *text, size_t len);
extern void rpc_free(RpcMessage *message);

/*
 * Returns the id of the request that a text which is not valid JSON seems to answer, or 0.  The agent passes such a text
 * on, made UTF-8 by rpc_make_utf8(), because the gateway can read some texts that are not quite JSON and fails the others at
 * once.
 */
extern int64_t rpc_seems_to_answer(const char *text, size_t len);

/* Returns a copy of the text, to be freed, in which "?" replaces each byte that is not part of a character in UTF-8. */
extern char *rpc_make_utf8(const char *text, size_t len);

/* Returns true if the id is this string. */
extern bool rpc_id_is(const json_t *id, const char *text);

/*
 * Returns the protocol version that a request of the stateless revision of MCP names in params._meta, or NULL.  It belongs to
 * the message.
 */
extern const char *rpc_modern_version(const RpcMessage *message);

/*
 * Returns an error response as text, to be freed.  A NULL id is written as null; bytes of the formatted message that are not
 * printable ASCII become "?".
 */
extern char *rpc_make_error(const json_t *id, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Returns the notification "npcsim/offer" as text, to be freed: an MCP server tells the gateway what it offers from now on, with
 * members of a heartbeat, which are taken over.
 */
#define RPC_OFFER "npcsim/offer"
extern char *rpc_make_offer(json_t *offer);

/* Returns the message as text with another id, to be freed. */
extern char *rpc_with_id(const RpcMessage *message, const json_t *id);

/* Returns the request "server/discover", with which a client of the stateless revision begins, as text to be freed. */
extern char *rpc_make_discover(const char *id, const char *client);

/* Returns the request "initialize", with which a client of the revisions with sessions begins, as text to be freed. */
extern char *rpc_make_initialize(const char *id, const char *client);

#endif /* NPCSIM_COMMON_JSONRPC_H */
