/*
 * jsonrpc.h
 *	  JSON-RPC messages: what they are, and those that we write.
 */
#ifndef NPCSIM_COMMON_JSONRPC_H
#define NPCSIM_COMMON_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_ERROR_METHOD_NOT_FOUND	  (-32601)
#define RPC_ERROR_UNSUPPORTED_VERSION (-32022) /* MCP's */
#define RPC_ERROR_TRANSPORT			  (-32000)

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

/* Always fills *message; to be freed with rpc_free(). */
extern void rpc_parse(RpcMessage *message, const char *text, size_t len);
extern void rpc_free(RpcMessage *message);

/*
 * The id of the answer that a text seems to be which is no valid JSON, or 0.
 * The gateway reads more than JSON, and fails what it cannot read: it is to
 * have such a text, as UTF-8 (to be freed).
 */
extern int64_t rpc_seems_to_answer(const char *text, size_t len);
extern char	  *rpc_make_utf8(const char *text, size_t len);

/* True if id is the string text. */
extern bool rpc_id_is(const json_t *id, const char *text);

/* params._meta's protocol version of a request of the revision without sessions, else NULL. */
extern const char *rpc_modern_version(const RpcMessage *message);

/* Text to be freed.  A NULL id is written as null. */
extern char *rpc_make_error(const json_t *id, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The message again with another id. */
extern char *rpc_with_id(const RpcMessage *message, const json_t *id);

/* server/discover, as a client of the newest revision opens a conversation */
extern char *rpc_make_discover(const char *id, const char *client);

/* "initialize", as a client of the revisions with sessions does */
extern char *rpc_make_initialize(const char *id, const char *client);

#endif /* NPCSIM_COMMON_JSONRPC_H */
