/*
 * wire.h
 *	  Reads and answers what strangers send to the listener: HTTP requests and
 *	  WebSocket frames.
 *
 * To libwebsockets these sockets are raw: it polls, reads and writes them, and
 * parses nothing.  No byte of a stranger reaches its parsers of HTTP/1, HTTP/2
 * and WebSocket, in any version of it (README.md tells why).
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

/* What a WebSocket speaks. */
typedef enum ClientKind
{
	CLIENT_PLAYER,	  /* subprotocol npcsim.v1 */
	CLIENT_MCP_SERVER /* subprotocol mcp */
} ClientKind;

/* The functions that hear of connections and WebSockets. */
typedef struct WireEvents
{
	/* true if new connections are accepted */
	bool (*lets_in)(void);

	/* makes the client of a new WebSocket; the head is valid during the call */
	struct Client *(*opened)(struct lws *wsi, ClientKind kind, const HttpHead *head);

	/* takes a piece of a message */
	void (*received)(struct Client *client, const char *data, size_t length, bool is_last, bool is_binary);

	/* hears of a ping; false = it is not answered */
	bool (*pinged)(struct Client *client);
	void (*ponged)(struct Client *client);

	/* closes the client with this code, because it broke the WebSocket protocol */
	void (*broken)(struct Client *client, int code, const char *reason);

	/* sends what there is, since the socket takes more; false = the socket failed */
	bool (*writable)(struct Client *client);

	/* hears that the socket is gone, or has nothing to do with the client any more */
	void (*closed)(struct Client *client);
} WireEvents;

/* "descriptors" is how many descriptors the process may have open. */
extern void wire_start(const Settings *settings, OriginPolicy *policy, TrustedProxies *proxies,
					   int descriptors, const WireEvents *events);

/* Ends the connections whose deadline is over; to be called several times a second. */
extern void wire_tick(int64_t now);

/* The size of the per-session data of the listener's protocol, which is a connection, and its callback. */
extern size_t wire_session_size(void);
extern int	  wire_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
							size_t length);

/*
 * Sends a frame, whose header is written into the LWS_PRE bytes in front of the
 * payload; returns false when the socket failed.
 */
extern bool wire_send(struct lws *wsi, WsOpcode opcode, unsigned char *payload, size_t length);

/* Returns the address that the connection counts for: its socket's, or the one that a trusted proxy told (address.h). */
extern const struct sockaddr_storage *wire_address(struct lws *wsi);

/* Answers the connections that wait for the list of worlds. */
extern void wire_listing_answered(void);

/* Between these two calls nothing is read from the client. */
extern void wire_hold(struct lws *wsi);
extern void wire_go_on(struct lws *wsi);

/* Forgets the client of a socket, which hears nothing of it any more. */
extern void wire_forget_client(struct lws *wsi);

#endif /* NPCSIM_GATEWAY_WIRE_H */
