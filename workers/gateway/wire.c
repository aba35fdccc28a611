/*
 * wire.c
 *	  Reads and answers what strangers send to the listener: HTTP requests and
 *	  WebSocket frames.
 *
 *	  READING --a request, or none--> ANSWERING --all of it is sent--> PARTING
 *	     \--the list of worlds--> ASKING --the database answered--^
 *	  READING --a handshake-------> WEBSOCKET --both close frames----> PARTING
 *	  any     --out of time, or the socket is gone-------------------> gone
 *
 * Invariants:
 * - A connection takes one request: what follows its head is dropped, or is
 *	 frames when the request was a handshake.
 * - A connection in any state but WEBSOCKET has a deadline and is in the list
 *	 that wire_tick() looks through; one in WEBSOCKET has a client, which has
 *	 limits of its own.
 * - In PARTING our half of the socket is shut down.  A little of what still
 *	 comes is read and dropped, because the kernel resets a connection that is
 *	 closed with unread data, and the answer would be lost.
 */
#include "wire.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base64.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "http.h"
#include "listing.h"
#include "peers.h"

#define PARTING_MS	2000
#define MAX_DROPPED 262144
#define FILE_PIECE	65536

/* Descriptors kept from strangers: without them the database could not be reached, and accept() would fail for ever. */
#define OWN_DESCRIPTORS		 24
#define DESCRIPTORS_PER_LINK 3 /* its socket, the duplicate for the loop, and one for a new connection */

#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

typedef enum ConnectionState
{
	CONNECTION_READING,
	CONNECTION_ASKING,
	CONNECTION_ANSWERING,
	CONNECTION_WEBSOCKET,
	CONNECTION_PARTING
} ConnectionState;

typedef struct Connection Connection;

struct Connection
{
	struct lws	   *wsi;
	ConnectionState state;
	Peer		   *peer; /* NULL while it is a trusted proxy's that has not told the client's address */
	struct sockaddr_storage address;
	int64_t					deadline;
	Connection			   *previous; /* in the list of those with a deadline */
	Connection			   *next;

	HttpHead  *head; /* in READING once a byte has come, and in ASKING */
	HttpAnswer answer;
	bool	   text_sent;
	size_t	   dropped; /* bytes that came behind the request */
	bool	   choked;	/* the socket took not all that was written; nothing is read meanwhile */

	WsInput		   input; /* this and what follows is for WEBSOCKET */
	struct Client *client;
	bool		   held; /* nothing is read or taken: wire_hold() */
	unsigned char *rest; /* what was read but may not be taken while it is held */
	size_t		   rest_length;
	bool		   pong_due;
	size_t		   pong_length;
	unsigned char  pong[WS_MAX_CONTROL];
	bool		   close_sent;
};

static struct
{
	const Settings	 *settings;
	OriginPolicy	 *policy;
	TrustedProxies	 *proxies;
	const WireEvents *events;
	Connection		 *first; /* of the list of those with a deadline */
	int				  count; /* all connections */
	int				  most;	 /* how many descriptors connections and files together may take */
} wire;

_Static_assert(WS_MAX_HEADER <= LWS_PRE, "the header of a frame fits in front of it");

/* The paths at which WebSockets are opened, and the subprotocol that is spoken at each. */
static const struct
{
	const char *path;
	const char *protocol;
	ClientKind	kind;
} endpoints[] = {
	{"/ws", "npcsim.v1", CLIENT_PLAYER},
	{"/mcp", "mcp", CLIENT_MCP_SERVER},
};

#define ENDPOINT_COUNT ((int) (sizeof(endpoints) / sizeof(endpoints[0])))

void
wire_start(const Settings *settings, OriginPolicy *policy, TrustedProxies *proxies, int descriptors,
		   const WireEvents *events)
{
	memset(&wire, 0, sizeof(wire));
	wire.settings = settings;
	wire.policy = policy;
	wire.proxies = proxies;
	wire.events = events;
	wire.most = descriptors - OWN_DESCRIPTORS - DESCRIPTORS_PER_LINK * (settings->connections + 1);
}

size_t
wire_session_size(void)
{
	return sizeof(Connection);
}

/* ------------------------------------------------------------------------
 * deadlines
 * ------------------------------------------------------------------------ */

static void
link_connection(Connection *connection)
{
	connection->next = wire.first;
	if (wire.first != NULL)
		wire.first->previous = connection;
	wire.first = connection;
}

static void
unlink_connection(Connection *connection)
{
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		wire.first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection->previous = NULL;
	connection->next = NULL;
}

static void
adjust_reading(Connection *connection)
{
	lws_rx_flow_control(connection->wsi,
						!connection->held && connection->rest == NULL && !connection->choked);
}

/*
 * Writes to the socket; returns false when that failed.  What the socket does
 * not take waits in libwebsockets.  Meanwhile reading is switched off, because
 * libwebsockets would leave unread what arrives and be woken for it again and
 * again.
 */
static bool
write_raw(Connection *connection, void *data, size_t length)
{
	if (lws_write(connection->wsi, data, length, LWS_WRITE_RAW) < 0)
		return false;
	if (lws_partial_buffered(connection->wsi) && !connection->choked)
	{
		connection->choked = true;
		adjust_reading(connection);
	}
	return true;
}

static void
part(Connection *connection)
{
	if (connection->state == CONNECTION_WEBSOCKET)
		link_connection(connection);
	connection->state = CONNECTION_PARTING;
	connection->deadline = now_ms() + PARTING_MS;
	connection->held = false;
	free(connection->rest);
	connection->rest = NULL;
	adjust_reading(connection);
	/* write_bytes() shuts down our half of the socket when everything was sent */
	lws_callback_on_writable(connection->wsi);
}

static void
kill_connection(Connection *connection)
{
	/* libwebsockets closes it from its loop, and wire_callback() hears of that */
	connection->deadline = INT64_MAX;
	lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* ------------------------------------------------------------------------
 * plain answers
 * ------------------------------------------------------------------------ */

/*
 * Sends the next part of an answer, and parts when that was the last; returns
 * false when the socket or the file failed.
 */
static bool
write_answer(Connection *connection)
{
	HttpAnswer	 *answer = &connection->answer;
	unsigned char space[FILE_PIECE];
	ssize_t		  length;

	connection->deadline = now_ms() + wire.settings->stuck_timeout_ms;
	lws_callback_on_writable(connection->wsi);
	if (!connection->text_sent)
	{
		connection->text_sent = true;
		if (!write_raw(connection, answer->text.data, answer->text.length))
			return false;
	}
	/*
	 * The first piece of the file is written in the same call: if the client has shut down its half of the socket, libwebsockets
	 * gives it up the next time it looks.
	 */
	if (connection->choked)
		return true;
	length = http_read_file(answer, space, sizeof(space));
	if (length < 0 || (length > 0 && !write_raw(connection, space, (size_t) length)))
		return false;
	if (answer->file_left == 0)
	{
		http_end(answer);
		part(connection);
	}
	return true;
}

/* Frees the head and erases it, since it may have a token. */
static void
forget_head(Connection *connection)
{
	if (connection->head != NULL)
		explicit_bzero(connection->head, sizeof(*connection->head));
	free(connection->head);
	connection->head = NULL;
}

static bool
begin_answer(Connection *connection)
{
	bool is_written;

	forget_head(connection);
	connection->state = CONNECTION_ANSWERING;
	connection->held = false;
	is_written = write_answer(connection);
	adjust_reading(connection);
	return is_written;
}

/* Copies what a stranger sent for a log line, with "?" for what is not printable, and returns the copy. */
static const char *
printable(char *to, size_t size, const char *from)
{
	size_t length = 0;

	for (; from != NULL && from[length] && length + 1 < size; length++)
		to[length] = from[length] > ' ' && from[length] <= '~' ? from[length] : '?';
	to[length] = '\0';
	return length > 0 ? to : "none";
}

static bool
refuse(Connection *connection, int status, const char *problem)
{
	static LogThrottle refusals = {.what = "refused requests"};
	const HttpHead	  *head = connection->head;
	char			   address[64];
	char			   origin[128];
	char			   host[128];

	address_write(&connection->address, address, sizeof(address));
	if (status == ORIGIN_REFUSED)
		log_throttled(&refusals, now_ms(), LOG_INFO, "request of %s (origin %s, host %s) refused with %d: %s",
					  address, printable(origin, sizeof(origin), head->origin),
					  printable(host, sizeof(host), head->host), status, problem);
	else
		log_throttled(&refusals, now_ms(), LOG_INFO, "request of %s refused with %d: %s", address, status,
					  problem);
	http_refuse(&connection->answer, head, status, problem);
	return begin_answer(connection);
}

/* ------------------------------------------------------------------------
 * handshakes
 * ------------------------------------------------------------------------ */

static bool
write_handshake(Connection *connection, const char *key, const char *protocol)
{
	unsigned char digest[20];
	char		  joined[128];
	char		  accept[BASE64_SIZE(sizeof(digest))];
	char		  answer[320];
	int			  length;

	snprintf(joined, sizeof(joined), "%s" WEBSOCKET_GUID, key);
	lws_SHA1((const unsigned char *) joined, strlen(joined), digest);
	base64_write(accept, digest, sizeof(digest));
	length = snprintf(answer, sizeof(answer),
					  "HTTP/1.1 101 Switching Protocols\r\n"
					  "upgrade: websocket\r\n"
					  "connection: Upgrade\r\n"
					  "sec-websocket-accept: %s\r\n"
					  "sec-websocket-protocol: %s\r\n"
					  "\r\n",
					  accept, protocol);
	return write_raw(connection, answer, (size_t) length);
}

static bool
open_websocket(Connection *connection, int endpoint)
{
	HttpHead *head = connection->head;
	bool	  is_open;

	if (!head->asks_for_websocket)
		return refuse(connection, 426, "this is the address of a WebSocket");
	if (head->is_http_1_0 || head->is_head)
		return refuse(connection, 400, "a WebSocket is asked for by GET of HTTP/1.1");
	if (head->websocket_version == NULL || strcmp(head->websocket_version, "13") != 0)
		return refuse(connection, 426, "only version 13 of the WebSocket protocol is spoken here");
	if (!http_head_key_is_valid(head))
		return refuse(connection, 400, "Sec-WebSocket-Key must be 16 bytes in base64");
	if (!http_head_offers(head, endpoints[endpoint].protocol))
		return refuse(connection, 400,
					  endpoints[endpoint].kind == CLIENT_PLAYER ? "the subprotocol npcsim.v1 must be offered"
																: "the subprotocol mcp must be offered");
	is_open = write_handshake(connection, head->websocket_key, endpoints[endpoint].protocol);
	if (is_open)
	{
		connection->state = CONNECTION_WEBSOCKET;
		unlink_connection(connection);
		connection->client = wire.events->opened(connection->wsi, endpoints[endpoint].kind, head);
	}
	forget_head(connection);
	return is_open;
}

/* Returns true if the address has as many connections as it may. */
static bool
has_no_room(const struct sockaddr *address)
{
	return !peers_have_room(address, wire.settings->max_per_address);
}

/* Counts the connection for the address that a trusted proxy has told; returns false if that has as many as it may. */
static bool
settle_address(Connection *connection)
{
	const struct sockaddr *address = (const struct sockaddr *) &connection->address;

	address_behind(wire.proxies, connection->head, &connection->address);
	/* a request for which the proxy tells no other address is its own, and is not counted */
	if (trusted_proxies_have(wire.proxies, address))
		return true;
	if (has_no_room(address))
		return false;
	connection->peer = peers_enter(address, INT_MAX);
	return true;
}

static bool
answer_request(Connection *connection)
{
	http_answer(&connection->answer, connection->head);
	return begin_answer(connection);
}

static bool
take_request(Connection *connection)
{
	const HttpHead *head = connection->head;
	const char	   *problem;

	if (connection->peer == NULL && !settle_address(connection))
		return refuse(connection, 429, "this address has too many connections");
	problem = origin_refusal(wire.policy, head);
	if (problem != NULL)
		return refuse(connection, ORIGIN_REFUSED, problem);
	for (int i = 0; i < ENDPOINT_COUNT; i++)
	{
		if (strcmp(head->path, endpoints[i].path) == 0)
			return open_websocket(connection, i);
	}
	if (strcmp(head->path, HTTP_WORLDS) == 0 && listing_want(now_ms()) == LISTING_COMING)
	{
		connection->state = CONNECTION_ASKING;
		connection->deadline = now_ms() + wire.settings->query_timeout_ms;
		/* nothing is read meanwhile, so that a client which has shut down its half of the socket gets its answer, too */
		connection->held = true;
		adjust_reading(connection);
		return true;
	}
	/* a request to upgrade to anything else may be answered as a plain one */
	return answer_request(connection);
}

void
wire_listing_answered(void)
{
	for (Connection *connection = wire.first; connection != NULL; connection = connection->next)
	{
		if (connection->state == CONNECTION_ASKING && !answer_request(connection))
			kill_connection(connection);
	}
}

/* ------------------------------------------------------------------------
 * frames
 * ------------------------------------------------------------------------ */

bool
wire_send(struct lws *wsi, WsOpcode opcode, unsigned char *payload, size_t length)
{
	Connection *connection = lws_wsi_user(wsi);
	size_t		header = ws_put_header(payload, opcode, length);

	connection->close_sent |= opcode == WS_CLOSE;
	return write_raw(connection, payload - header, header + length);
}

const struct sockaddr_storage *
wire_address(struct lws *wsi)
{
	return &((Connection *) lws_wsi_user(wsi))->address;
}

void
wire_forget_client(struct lws *wsi)
{
	((Connection *) lws_wsi_user(wsi))->client = NULL;
}

static void
leave_client(Connection *connection)
{
	struct Client *client = connection->client;

	connection->client = NULL;
	if (client != NULL)
		wire.events->closed(client);
}

/* Answers the client's close frame with one that has the same code, unless ours was sent before, and parts. */
static bool
answer_close(Connection *connection, int code)
{
	unsigned char space[LWS_PRE + 2];
	bool		  is_good = true;

	if (!connection->close_sent)
	{
		space[LWS_PRE] = (unsigned char) (code >> 8);
		space[LWS_PRE + 1] = (unsigned char) code;
		is_good = wire_send(connection->wsi, WS_CLOSE, space + LWS_PRE, code ? 2 : 0);
	}
	leave_client(connection);
	part(connection);
	return is_good;
}

/* Takes a ping.  If several come before one can be answered, only the last is, as RFC 6455 allows. */
static void
take_ping(Connection *connection, const WsEvent *event)
{
	if (!wire.events->pinged(connection->client))
		return;
	memcpy(connection->pong, event->data, event->length);
	connection->pong_length = event->length;
	connection->pong_due = true;
	lws_callback_on_writable(connection->wsi);
}

/* Does what one event of the input asks for; returns false when the socket failed. */
static bool
take_event(Connection *connection, const WsEvent *event)
{
	struct Client *client = connection->client;

	switch (event->kind)
	{
		case WS_EVENT_NONE:
			return true;
		case WS_EVENT_DATA:
			wire.events->received(client, (const char *) event->data, event->length, event->is_last,
								  event->is_binary);
			return true;
		case WS_EVENT_PING:
			take_ping(connection, event);
			return true;
		case WS_EVENT_PONG:
			wire.events->ponged(client);
			return true;
		case WS_EVENT_CLOSE:
			return answer_close(connection, event->code);
		case WS_EVENT_BROKEN:
			wire.events->broken(client, event->code, event->reason);
			return true;
	}
	return true;
}

/* Keeps what may not be taken yet; it comes from a single read, so it is small. */
static void
keep_rest(Connection *connection, const unsigned char *data, size_t length)
{
	unsigned char *rest = NULL;

	if (length > 0)
	{
		rest = mem_alloc(length);
		memcpy(rest, data, length);
	}
	free(connection->rest);
	connection->rest = rest;
	connection->rest_length = length;
}

static bool
take_frames(Connection *connection, unsigned char *data, size_t length)
{
	size_t at = 0;

	assert(connection->rest == NULL);
	while (connection->state == CONNECTION_WEBSOCKET)
	{
		size_t	used;
		WsEvent event;

		if (connection->held)
		{
			keep_rest(connection, data + at, length - at);
			return true;
		}
		event = ws_input_take(&connection->input, data + at, length - at, &used);
		at += used;
		if (!take_event(connection, &event))
			return false;
		if (event.kind == WS_EVENT_NONE)
			break;
	}
	keep_rest(connection, NULL, 0);
	return true;
}

void
wire_hold(struct lws *wsi)
{
	Connection *connection = lws_wsi_user(wsi);

	connection->held = true;
	adjust_reading(connection);
}

/* What was kept is taken in the next writable callback, not from inside this call. */
void
wire_go_on(struct lws *wsi)
{
	Connection *connection = lws_wsi_user(wsi);

	connection->held = false;
	adjust_reading(connection);
	if (connection->rest != NULL)
		lws_callback_on_writable(wsi);
}

static bool
take_rest(Connection *connection)
{
	unsigned char *rest = connection->rest;
	size_t		   length = connection->rest_length;
	bool		   is_good;

	if (rest == NULL || connection->held)
		return true;
	connection->rest = NULL;
	connection->rest_length = 0;
	is_good = take_frames(connection, rest, length);
	free(rest);
	adjust_reading(connection);
	return is_good;
}

/* ------------------------------------------------------------------------
 * the socket
 * ------------------------------------------------------------------------ */

static void
begin(Connection *connection, struct lws *wsi)
{
	socklen_t length = sizeof(connection->address);

	memset(connection, 0, sizeof(*connection));
	connection->wsi = wsi;
	wire.count++;
	connection->answer.file = -1;
	connection->deadline = now_ms() + wire.settings->hello_timeout_ms;
	link_connection(connection);
	if (getpeername(lws_get_socket_fd(wsi), (struct sockaddr *) &connection->address, &length) != 0)
		connection->address.ss_family = AF_UNSPEC;
	else if (!trusted_proxies_have(wire.proxies, (struct sockaddr *) &connection->address))
		connection->peer = peers_enter((struct sockaddr *) &connection->address, INT_MAX);
}

static void
end(Connection *connection)
{
	/* libwebsockets also tells the end of connections whose begin was never told */
	if (connection->wsi == NULL)
		return;
	leave_client(connection);
	if (connection->state != CONNECTION_WEBSOCKET)
		unlink_connection(connection);
	if (connection->peer != NULL)
		peers_leave(connection->peer);
	forget_head(connection);
	free(connection->rest);
	http_end(&connection->answer);
	connection->wsi = NULL;
	wire.count--;
}

static bool
read_head(Connection *connection, unsigned char *data, size_t length)
{
	size_t		used;
	HeadOutcome outcome;

	if (connection->head == NULL)
	{
		connection->head = mem_alloc(sizeof(HttpHead));
		http_head_begin(connection->head);
	}
	outcome = http_head_take(connection->head, (const char *) data, length, &used);
	if (outcome == HEAD_MORE)
		return true;
	if (outcome == HEAD_REFUSED)
		return refuse(connection, connection->head->status, connection->head->problem);
	if (!take_request(connection))
		return false;
	return connection->state != CONNECTION_WEBSOCKET || take_frames(connection, data + used, length - used);
}

static bool
read_bytes(Connection *connection, unsigned char *data, size_t length)
{
	switch (connection->state)
	{
		case CONNECTION_READING:
			return read_head(connection, data, length);
		case CONNECTION_WEBSOCKET:
			return take_frames(connection, data, length);
		case CONNECTION_ASKING:
		case CONNECTION_ANSWERING:
		case CONNECTION_PARTING:
			/* a connection takes one request, so this is dropped */
			connection->dropped += length;
			return connection->dropped <= MAX_DROPPED;
	}
	return false;
}

static bool
write_websocket(Connection *connection)
{
	unsigned char space[LWS_PRE + WS_MAX_CONTROL];

	if (!take_rest(connection))
		return false;
	/* what was kept may have closed the WebSocket */
	if (connection->state != CONNECTION_WEBSOCKET)
		return true;
	if (connection->pong_due && !connection->close_sent)
	{
		connection->pong_due = false;
		memcpy(space + LWS_PRE, connection->pong, connection->pong_length);
		if (!wire_send(connection->wsi, WS_PONG, space + LWS_PRE, connection->pong_length))
			return false;
	}
	if (!wire.events->writable(connection->client))
		return false;
	if (connection->input.ended && connection->close_sent)
	{
		/* it broke the protocol and got our close frame; its own would not be read any more */
		leave_client(connection);
		part(connection);
	}
	return true;
}

static bool
write_bytes(Connection *connection)
{
	/* libwebsockets calls this when nothing waits to be written any more */
	if (connection->choked)
	{
		connection->choked = false;
		adjust_reading(connection);
	}
	switch (connection->state)
	{
		case CONNECTION_READING:
		case CONNECTION_ASKING:
			return true;
		case CONNECTION_ANSWERING:
			return write_answer(connection);
		case CONNECTION_WEBSOCKET:
			return write_websocket(connection);
		case CONNECTION_PARTING:
			/* this may be called more than once, which changes nothing */
			shutdown(lws_get_socket_fd(connection->wsi), SHUT_WR);
			return true;
	}
	return false;
}

/*
 * Returns true if a connection may be accepted: there are descriptors for it, and its address has not as many as it may.  A
 * trusted proxy's is counted later, when it has told the client's address.
 */
static bool
lets_in(const struct sockaddr *address)
{
	static LogThrottle throttle = {.what = "connections beyond what descriptors allow"};

	if (wire.count + http_open_files() >= wire.most)
	{
		log_throttled(&throttle, now_ms(), LOG_WARNING,
					  "%d connections are all that the limit of open files allows", wire.count);
		return false;
	}
	return wire.events->lets_in() && (trusted_proxies_have(wire.proxies, address) || !has_no_room(address));
}

int
wire_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	const struct lws_filter_network_conn_args *arguments = user;

	switch (reason)
	{
		case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
			return lets_in((const struct sockaddr *) &arguments->cli_addr) ? 0 : -1;
		case LWS_CALLBACK_RAW_ADOPT:
			begin(user, wsi);
			return 0;
		case LWS_CALLBACK_RAW_RX:
			return read_bytes(user, in, length) ? 0 : -1;
		case LWS_CALLBACK_RAW_WRITEABLE:
			return write_bytes(user) ? 0 : -1;
		case LWS_CALLBACK_RAW_CLOSE:
			end(user);
			return 0;
		default:
			return 0;
	}
}

/* Returns true if the connection waits for the list of worlds, but the database cannot be asked any more. */
static bool
asks_in_vain(const Connection *connection, int64_t now)
{
	return connection->state == CONNECTION_ASKING && listing_want(now) == LISTING_ABSENT;
}

/* Answers a connection whose deadline is over, if it has begun a request or waits for the database; else returns false. */
static bool
refuse_late(Connection *connection)
{
	if (connection->state == CONNECTION_READING && connection->head != NULL)
		return refuse(connection, 408, "the request took too long");
	return connection->state == CONNECTION_ASKING && refuse(connection, 503, "the database does not answer");
}

void
wire_tick(int64_t now)
{
	for (Connection *connection = wire.first; connection != NULL; connection = connection->next)
	{
		if (now < connection->deadline && !asks_in_vain(connection, now))
			continue;
		if (!refuse_late(connection))
			kill_connection(connection);
	}
}
