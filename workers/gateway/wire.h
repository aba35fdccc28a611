/*
 * wire.h
 *	  Connections of strangers: what is read from their sockets, and how it is
 *	  answered.
 *
 * libwebsockets knows these sockets as raw ones: it polls, reads and writes,
 * and understands nothing of what is said.  Its parsers of HTTP/1, HTTP/2 and
 * WebSocket are not reached by any byte of a stranger, in no version of it
 * (README.md tells why).
 */
#ifndef NPCSIM_GATEWAY_WIRE_H
#define NPCSIM_GATEWAY_WIRE_H

#include <libwebsockets.h>

#include "address.h"
#include "http_head.h"
#include "origin.h"
#include "settings.h"
#include "ws_input.h"

struct Client;

/* What is spoken on a WebSocket. */
typedef enum ClientKind
{
	CLIENT_PLAYER,	  /* subprotocol npcsim.v1 */
	CLIENT_MCP_SERVER /* subprotocol mcp */
} ClientKind;

/* What the server does about a WebSocket. */
typedef struct WireEvents
{
	bool (*lets_in)(void);
	struct Client *(*opened)(struct lws *wsi, ClientKind kind, const HttpHead *head);
	void (*received)(struct Client *client, const char *data, size_t length, bool is_last, bool is_binary);

	/* a ping; false: it is not answered */
	bool (*pinged)(struct Client *client);
	void (*ponged)(struct Client *client);

	/* what came is no WebSocket's, and the close code for it */
	void (*broken)(struct Client *client, int code, const char *reason);

	/* the socket takes more; false: it failed */
	bool (*writable)(struct Client *client);

	/* the socket is gone, or will have no more to do with the client */
	void (*closed)(struct Client *client);
} WireEvents;

/* "descriptors": how many the process may have open. */
extern void wire_start(const Settings *settings, OriginPolicy *policy, TrustedProxies *proxies,
					   int descriptors, const WireEvents *events);

/* Whole requests and answers have their time; connections out of it end. */
extern void wire_tick(int64_t now);

/* The protocol of the listener; its per-session data is a connection. */
extern size_t wire_session_size(void);
extern int	  wire_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
							size_t length);

/*
 * Sends a frame; LWS_PRE bytes in front of the payload are written to.  False
 * when the socket failed.
 */
extern bool wire_send(struct lws *wsi, WsOpcode opcode, unsigned char *payload, size_t length);

/* Whose it is: the socket's, or what a trusted proxy said. */
extern const struct sockaddr_storage *wire_address(struct lws *wsi);

/* Those who wait for the list of worlds can be answered. */
extern void wire_listing_answered(void);

/* Between the two nothing is read from the client. */
extern void wire_hold(struct lws *wsi);
extern void wire_go_on(struct lws *wsi);

/* The client is forgotten: nothing of its socket is told any more. */
extern void wire_forget_client(struct lws *wsi);

#endif /* NPCSIM_GATEWAY_WIRE_H */
