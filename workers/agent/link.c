/*
 * link.c
 *	  The WebSocket to the gateway.
 *
 *	 CLOSED ── link_dial ──▶ DIALLING ── handshake ──▶ OPEN ── link_close ──▶ CLOSING
 *	   ▲                       │                        │                      │
 *	   └───────────────────────┴────────────────────────┴──────────────────────┘
 *	                      it is over, or its time is up
 *
 * libwebsockets may keep a connection that was given up for as long as it
 * likes, and goes on calling the callback for it.  So each one has a Connection,
 * which points to the link only while the link uses it: one that is given up is
 * detached at once, and later callbacks for it do nothing.
 *
 * A callback may not ask for the end of its connection by its result, because
 * libwebsockets 4.1 then goes on reading what it had received, past the end of
 * its buffer.  Callbacks return 0; connections end by a timer of libwebsockets'
 * own, which runs when nothing is being read.
 *
 * Invariants: in OPEN there is a connection; at most out_limit() bytes wait for the gateway, and IN_LIMIT of
 * an unfinished message for us; every state but CLOSED has a deadline; the
 * token goes into the handshake and nowhere else, and redirects are not
 * followed, so it goes to no other host.
 */
#include "link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/log.h"


_Static_assert(MESSAGE_HEADROOM >= LWS_PRE, "a frame's header must fit in front of a message");

#define OUT_FLOOR (4 * 1024 * 1024)
#define IN_LIMIT  (4 * 1024 * 1024)

/* From looking up the gateway's name to the end of the handshake. */
#define DIAL_MS 15000

/* Every PULSE_MS it is checked when the gateway was last heard of: it is pinged after PING_MS, given up after SILENCE_MS. */
#define PULSE_MS   5000
#define PING_MS	   10000
#define SILENCE_MS 30000

/* How long sending what is queued and the close handshake may take together. */
#define CLOSE_MS 1500

/* How many bytes of text a close frame has behind its two bytes of status; 123 would fit. */
#define CLOSE_TEXT 120

#define CLOSE_TOO_LARGE	  1009
#define CLOSE_UNSUPPORTED 1003

/* libwebsockets has this kind of write under this number, but does not name it in its public headers */
#define WRITE_CLOSE ((enum lws_write_protocol) 4)

/* pulse() notices a silent gateway; libwebsockets' own pings are put so late that they never matter. */
static const lws_retry_bo_t liveness = {
	.secs_since_valid_ping = 3600,
	.secs_since_valid_hangup = 7200,
};

struct Connection
{
	Link	   *link; /* NULL once the link has given it up */
	struct lws *wsi;
	int			holders; /* libwebsockets, and connect_to() while it runs; the last one frees it */
};

static void try_address(void *arg);

static void
release(Connection *connection)
{
	if (--connection->holders == 0)
		free(connection);
}

static void
set_end(Link *link, LinkEnd end, const char *why)
{
	if (link->why[0] != '\0')
		return; /* the first reason is kept, as what follows is its consequence */
	link->end = end;
	snprintf(link->why, sizeof(link->why), "%s", why);
}

static void
tell_closed(void *arg)
{
	Link *link = arg;

	link->state = LINK_CLOSED;
	link->events.closed(link->events.arg, link->end, link->why);
}

/* Gives up the connection, if there is one, and has libwebsockets end it. */
static void
detach(Link *link)
{
	Connection *connection = link->connection;

	if (connection == NULL)
		return;
	link->connection = NULL;
	connection->link = NULL;
	if (connection->wsi != NULL)
		lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/*
 * Ends the link.  "closed" is told from the loop, since this may run inside
 * lws_client_connect_via_info().
 */
static void
went_away(Link *link)
{
	detach(link);
	resolver_forget(&link->resolver);
	link->state = LINK_CLOSING;
	queue_clear(&link->out);
	text_free(&link->in);
	if (link->asked)
		link->end = LINK_END_ASKED;
	timer_set(link->loop, &link->timer, 0, tell_closed, link);
}

static void
overdue(void *arg)
{
	Link *link = arg;

	set_end(link, LINK_END_LOST, "the gateway does not answer");
	went_away(link);
}

/* Pings a gateway that has been silent, and gives up one that has been so for too long. */
static void
pulse(void *arg)
{
	Link   *link = arg;
	int64_t silent = now_ms() - link->heard_at;
	char	why[sizeof(link->why)];

	if (silent >= SILENCE_MS)
	{
		if (link->held)
			snprintf(why, sizeof(why), "the MCP server took nothing for %d s", SILENCE_MS / 1000);
		else
			snprintf(why, sizeof(why), "nothing was heard from it for %d s", SILENCE_MS / 1000);
		set_end(link, LINK_END_LOST, why);
		went_away(link);
		return;
	}
	if (silent >= PING_MS && !link->held)
	{
		link->ping_due = true;
		lws_callback_on_writable(link->connection->wsi);
	}
	timer_set(link->loop, &link->timer, PULSE_MS, pulse, link);
}

/* ---------- the handshake ---------- */

/* Asks for notifications of what becomes of decisions.  A gateway that does not know this header ignores it. */
static int
ask_for_reports(struct lws *wsi, unsigned char **position, unsigned char *end)
{
	return lws_add_http_header_by_name(wsi,
									   (const unsigned char *) "npcsim-reports:", (const unsigned char *) "1",
									   1, position, end);
}

static int
add_token(Link *link, struct lws *wsi, unsigned char **position, unsigned char *end)
{
	char header[SECRET_MAX + sizeof("Bearer ")];
	int	 len = snprintf(header, sizeof(header), "Bearer %s", link->settings->token);
	int	 failed = lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *) header,
											   len, position, end);

	explicit_bzero(header, sizeof(header));
	return failed;
}

static int
add_headers(Link *link, struct lws *wsi, unsigned char **position, unsigned char *end)
{
	return add_token(link, wsi, position, end) || ask_for_reports(wsi, position, end);
}

/* Tries the gateway's next address after one failed; an answer by HTTP, or the end of the addresses, ends the dial. */
static void
dial_failed(Link *link, int status, const char *text, size_t len)
{
	char excerpt[LOG_EXCERPT_SIZE];
	char why[sizeof(link->why)];

	if (status >= 100 && status != 101)
	{
		snprintf(why, sizeof(why), "the gateway answered the handshake with HTTP status %d", status);
		set_end(link, link_judge_status(status), why);
	}
	else if (link->next_address < link->addresses.count)
	{
		detach(link);
		timer_set(link->loop, &link->timer, 0, try_address, link);
		return;
	}
	else
	{
		snprintf(why, sizeof(why), "the connection failed: %s",
				 text != NULL && len > 0 ? log_excerpt(excerpt, text, len) : "no reason is known");
		set_end(link, LINK_END_LOST, why);
	}
	went_away(link);
}

static void
address_overdue(void *arg)
{
	static const char text[] = "the handshake is not answered";

	dial_failed(arg, 0, text, sizeof(text) - 1);
}

/* Returns the queue's limit in bytes, which leaves room for a message of the greatest length when it is high. */
static size_t
out_limit(const Settings *settings)
{
	size_t limit = 4 * settings->message_limit;

	return limit > OUT_FLOOR ? limit : OUT_FLOOR;
}

/* Begins to connect to one address; returns false if libwebsockets could not. */
static bool
connect_to(Link *link, const char *address)
{
	const GatewayUrl			  *url = &link->settings->gateway;
	Connection					  *connection = calloc(1, sizeof(Connection));
	struct lws_client_connect_info info = {
		.context = link->loop->context,
		.vhost = link->vhost,
		.address = address,
		.port = url->port,
		.path = url->path,
		.host = url->host,
		.ssl_connection = (url->tls ? LCCSCF_USE_SSL : 0) | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.protocol = LINK_PROTOCOL_NAME,
		.local_protocol_name = LINK_PROTOCOL_NAME,
		.ietf_version_or_minus_one = -1,
		.userdata = connection,
		.alpn = "http/1.1",
		.retry_and_idle_policy = &liveness,
	};
	struct lws *wsi;

	if (connection == NULL)
		return false;
	connection->link = link;
	connection->holders = 2;
	link->connection = connection;
	wsi = lws_client_connect_via_info(&info);

	/*
	 * libwebsockets releases its hold when it destroys the connection, which it may have done by now.  If it made none, there is
	 * nothing that it could destroy.
	 */
	if (wsi == NULL && connection->holders == 2)
		connection->holders--;
	else if (connection->holders == 2)
		connection->wsi = wsi;
	if (wsi == NULL && link->connection == connection)
		link->connection = NULL;
	release(connection);
	return wsi != NULL;
}

/* Connects to the next address, which gets an equal share of the time that is left. */
static void
try_address(void *arg)
{
	Link   *link = arg;
	int		left = link->addresses.count - link->next_address;
	int64_t ms = (link->dial_until - now_ms()) / left;

	timer_set(link->loop, &link->timer, ms > 0 ? ms : 0, address_overdue, link);
	if (!connect_to(link, link->addresses.text[link->next_address++]) && link->state == LINK_DIALLING)
	{
		static const char text[] = "it could not be begun";

		dial_failed(link, 0, text, sizeof(text) - 1);
	}
}

static void
on_resolved(void *arg, const Addresses *addresses, const char *error)
{
	Link *link = arg;
	char  why[sizeof(link->why)];

	if (error != NULL)
	{
		snprintf(why, sizeof(why), "its address cannot be found: %s", error);
		set_end(link, LINK_END_LOST, why);
		went_away(link);
		return;
	}
	link->addresses = *addresses;
	link->next_address = 0;
	try_address(link);
}

static void
no_address(void *arg)
{
	Link *link = arg;

	set_end(link, LINK_END_LOST, "its address is not found in time");
	went_away(link);
}

void
link_dial(Link *link)
{
	assert(link->state == LINK_CLOSED && link->connection == NULL);
	link->state = LINK_DIALLING;
	link->asked = link->held = link->out_high = link->close_sent = link->ping_due = false;
	link->why[0] = '\0';
	link->end = LINK_END_LOST;
	link->dial_until = now_ms() + DIAL_MS;
	queue_init(&link->out, out_limit(link->settings));
	timer_set(link->loop, &link->timer, DIAL_MS, no_address, link);
	if (!resolver_ask(&link->resolver, on_resolved, link))
	{
		set_end(link, LINK_END_LOST, "its address cannot be looked up");
		went_away(link);
	}
}

/* ---------- sending ---------- */

bool
link_send(Link *link, const char *text, size_t len)
{
	if (link->state != LINK_OPEN)
		return true;
	if (!queue_push(&link->out, text, len))
	{
		link_close(link, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the gateway does not take the messages");
		return false;
	}
	if (link->out.head->next == NULL)
		lws_callback_on_writable(link->connection->wsi);
	if (queue_is_high(&link->out))
		link->out_high = true;
	return !link->out_high;
}

/* Begins to close: no message is taken or passed on any more, and the close frame follows what is queued. */
static void
begin_close(Link *link, int code)
{
	link->state = LINK_CLOSING;
	link->close_code = code;
	link->ping_due = false;
	if (link->held)
		lws_rx_flow_control(link->connection->wsi, 1);
	timer_set(link->loop, &link->timer, CLOSE_MS, overdue, link);
	lws_callback_on_writable(link->connection->wsi);
}

static bool
send_ping(Link *link)
{
	unsigned char room[LWS_PRE];

	link->ping_due = false;
	return lws_write(link->connection->wsi, room + LWS_PRE, 0, LWS_WRITE_PING) >= 0;
}

static bool
send_message(Link *link)
{
	Message *message = link->out.head;
	int		 written = lws_write(link->connection->wsi, (unsigned char *) MessageText(message), message->len,
								 LWS_WRITE_TEXT);

	if (written < (int) message->len)
		return false;
	queue_pop(&link->out);
	return true;
}

static bool
send_close(Link *link)
{
	unsigned char room[LWS_PRE + 2 + CLOSE_TEXT];
	size_t		  len = strlen(link->why);

	len = len < CLOSE_TEXT ? len : CLOSE_TEXT;
	room[LWS_PRE] = (unsigned char) (link->close_code >> 8);
	room[LWS_PRE + 1] = (unsigned char) link->close_code;
	memcpy(room + LWS_PRE + 2, link->why, len);
	link->close_sent = true;
	return lws_write(link->connection->wsi, room + LWS_PRE, len + 2, WRITE_CLOSE) >= 0;
}

/* Writes one frame: a ping, the next message, or the close frame once the queue is empty. */
static void
write_out(Link *link)
{
	bool good = true;

	if (link->close_sent)
		return;
	if (link->ping_due)
		good = send_ping(link);
	else if (link->out.head != NULL)
		good = send_message(link);
	else if (link->state == LINK_CLOSING)
		good = send_close(link);
	if (!good)
	{
		set_end(link, LINK_END_LOST, "writing to the gateway failed");
		went_away(link);
		return;
	}
	if (link->out.head != NULL || (link->state == LINK_CLOSING && !link->close_sent))
		lws_callback_on_writable(link->connection->wsi);
	if (link->out_high && queue_is_low(&link->out))
	{
		link->out_high = false;
		link->events.drained(link->events.arg);
	}
}

void
link_close(Link *link, int code, const char *why)
{
	if (link->state == LINK_CLOSED || link->asked)
		return;
	set_end(link, LINK_END_ASKED, why);
	link->asked = true;
	if (link->state == LINK_OPEN)
		begin_close(link, code);
	else if (link->state == LINK_DIALLING)
		went_away(link);
}

/* ---------- receiving ---------- */

void
link_hold(Link *link, bool held)
{
	if (link->held == held || link->state != LINK_OPEN)
		return;
	link->held = held;
	lws_rx_flow_control(link->connection->wsi, held ? 0 : 1);
}

static void
refuse(Link *link, int code, const char *why)
{
	set_end(link, LINK_END_LOST, why);
	queue_clear(&link->out);
	begin_close(link, code);
}

/* Takes a piece of a message: pieces are collected, and a whole message is passed on without a copy. */
static void
receive(Link *link, struct lws *wsi, const char *data, size_t len)
{
	bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;

	if (link->state != LINK_OPEN)
		return;
	link->heard_at = now_ms();
	if (lws_frame_is_binary(wsi))
		refuse(link, CLOSE_UNSUPPORTED, "a binary message came");
	else if (link->in.length + len > IN_LIMIT)
		refuse(link, CLOSE_TOO_LARGE, "a message too large came");
	else if (last && link->in.length == 0)
		link->events.message(link->events.arg, data, len);
	else
		text_add(&link->in, data, len);
	if (last && link->state == LINK_OPEN && link->in.length > 0)
	{
		Text whole = link->in;

		link->in = (Text) {0};
		link->events.message(link->events.arg, whole.data, whole.length);
		text_free(&whole);
	}
}

/* Takes the payload of the gateway's close frame: two bytes of status, then a text. */
static void
note_close(Link *link, const unsigned char *data, size_t len)
{
	char excerpt[LOG_EXCERPT_SIZE];
	char why[sizeof(link->why)];
	int	 code = len >= 2 ? data[0] << 8 | data[1] : 1005;

	snprintf(why, sizeof(why), "the gateway closed the connection: %d%s%s", code, len > 2 ? " " : "",
			 len > 2 ? log_excerpt(excerpt, (const char *) data + 2, len - 2) : "");
	set_end(link, link_judge_close(code), why);
	if (link->close_sent)
		went_away(link);
	else
	{
		/* libwebsockets answers with a close frame and hangs up */
		link->state = LINK_CLOSING;
		link->close_sent = true;
		timer_set(link->loop, &link->timer, CLOSE_MS, overdue, link);
	}
}

/* ---------- libwebsockets ---------- */

static void
opened(Link *link)
{
	link->state = LINK_OPEN;
	link->heard_at = now_ms();
	timer_set(link->loop, &link->timer, PULSE_MS, pulse, link);
	link->events.open(link->events.arg);
}

/* Hears that libwebsockets has lost the connection, or is about to destroy it. */
static void
broke(Link *link, struct lws *wsi, const char *text, size_t len)
{
	link->connection->wsi = NULL;
	if (link->state == LINK_DIALLING)
		dial_failed(link, (int) lws_http_client_http_response(wsi), text, len);
	else
	{
		set_end(link, LINK_END_LOST, "the connection broke");
		went_away(link);
	}
}

int
link_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	static const char closed[] = "it was closed during the handshake";
	Connection		 *connection = user;
	Link			 *link = connection != NULL ? connection->link : NULL;

	if (connection != NULL && reason == LWS_CALLBACK_WSI_DESTROY)
	{
		connection->wsi = NULL;
		if (link != NULL)
			broke(link, wsi, closed, sizeof(closed) - 1);
		release(connection);
		return 0;
	}
	if (link == NULL)
		return 0;
	switch (reason)
	{
		case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
			return add_headers(link, wsi, in, *(unsigned char **) in + len);

		case LWS_CALLBACK_CLIENT_ESTABLISHED:
			connection->wsi = wsi;
			opened(link);
			return 0;

		case LWS_CALLBACK_CLIENT_RECEIVE:
			receive(link, wsi, in, len);
			return 0;

		case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
			link->heard_at = now_ms();
			return 0;

		case LWS_CALLBACK_CLIENT_WRITEABLE:
			write_out(link);
			return 0;

		case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
			note_close(link, in, len);
			return 0;

		case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
			broke(link, wsi, in, len);
			return 0;

		case LWS_CALLBACK_CLIENT_CLOSED:
		case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
			broke(link, wsi, closed, sizeof(closed) - 1);
			return 0;

		default:
			return 0;
	}
}

void
link_init(Link *link, Loop *loop, struct lws_vhost *vhost, const Settings *settings, const LinkEvents *events)
{
	memset(link, 0, sizeof(*link));
	link->loop = loop;
	link->vhost = vhost;
	link->settings = settings;
	link->events = *events;
	resolver_init(&link->resolver, loop, settings->gateway.address);
}

void
link_free(Link *link)
{
	timer_cancel(&link->timer);
	detach(link);
	if (link->loop != NULL)
		resolver_free(&link->resolver);
	queue_clear(&link->out);
	text_free(&link->in);
}
