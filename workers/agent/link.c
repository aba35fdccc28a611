/*
 * link.c
 *	  The WebSocket to the gateway.
 *
 *	 CLOSED ── LinkDial ──▶ DIALLING ── handshake ──▶ OPEN ── LinkClose ──▶ CLOSING
 *	   ▲                       │                        │                      │
 *	   └───────────────────────┴────────────────────────┴──────────────────────┘
 *	                       libwebsockets lets go of the connection
 *
 * libwebsockets answers pings, and pings by itself a gateway that has been
 * silent, so that a dead one is noticed.
 *
 * Invariants: at most OutLimit() bytes wait for the gateway, and IN_LIMIT of
 * an unfinished message for us; the token goes into the handshake and nowhere
 * else, and redirects are not followed, so it goes to no other host.
 */
#include "link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"

_Static_assert(MESSAGE_HEADROOM >= LWS_PRE, "a frame's header must fit in front of a message");

#define OUT_FLOOR (4 * 1024 * 1024)
#define IN_LIMIT  (4 * 1024 * 1024)

/* What waits when the link is to be closed may take this long to leave, and the close handshake. */
#define CLOSE_MS 1500

#define CLOSE_TOO_LARGE	  1009
#define CLOSE_UNSUPPORTED 1003

static const lws_retry_bo_t liveness = {
	.secs_since_valid_ping = 30,
	.secs_since_valid_hangup = 45,
};

static void
SetEnd(Link *link, LinkEnd end, const char *why)
{
	if (link->why[0] != '\0')
		return; /* the first reason is the true one */
	link->end = end;
	snprintf(link->why, sizeof(link->why), "%s", why);
}

static void
TellClosed(void *arg)
{
	Link *link = arg;

	link->state = LINK_CLOSED;
	link->events.closed(link->events.arg, link->end, link->why);
}

/* The connection is gone.  Told from the loop: we may be inside lws_client_connect_via_info(). */
static void
WentAway(Link *link)
{
	link->wsi = NULL;
	QueueClear(&link->out);
	free(link->in);
	link->in = NULL;
	link->in_len = link->in_size = 0;
	if (link->asked)
		link->end = LINK_END_ASKED;
	TimerSet(link->loop, &link->timer, 0, TellClosed, link);
}

static void
Kill(void *arg)
{
	Link *link = arg;

	if (link->wsi != NULL)
		lws_set_timeout(link->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
}

/* ---------- the handshake ---------- */

static int
AddToken(Link *link, unsigned char **position, unsigned char *end)
{
	char header[TOKEN_MAX + sizeof("Bearer ")];
	int	 len = snprintf(header, sizeof(header), "Bearer %s", link->settings->token);
	int	 failed = lws_add_http_header_by_token(link->wsi, WSI_TOKEN_HTTP_AUTHORIZATION,
											   (unsigned char *) header, len, position, end);

	explicit_bzero(header, sizeof(header));
	return failed;
}

static void
DialFailed(Link *link, const char *text, size_t len)
{
	int	 status = (int) lws_http_client_http_response(link->wsi);
	char excerpt[LOG_EXCERPT_SIZE];
	char why[sizeof(link->why)];

	if (status >= 100 && status != 101)
	{
		snprintf(why, sizeof(why), "the gateway answered the handshake with HTTP status %d", status);
		SetEnd(link, LinkJudgeStatus(status), why);
	}
	else
	{
		snprintf(why, sizeof(why), "the connection failed: %s",
				 text != NULL && len > 0 ? LogExcerpt(excerpt, text, len) : "no reason is known");
		SetEnd(link, LINK_END_LOST, why);
	}
}

/* Room for a message of the greatest length even when the queue is high. */
static size_t
OutLimit(const Settings *settings)
{
	size_t limit = 4 * settings->message_limit;

	return limit > OUT_FLOOR ? limit : OUT_FLOOR;
}

void
LinkDial(Link *link)
{
	const GatewayUrl			  *url = &link->settings->gateway;
	struct lws_client_connect_info info = {
		.context = link->loop->context,
		.vhost = link->vhost,
		.address = url->address,
		.port = url->port,
		.path = url->path,
		.host = url->host,
		.ssl_connection = (url->tls ? LCCSCF_USE_SSL : 0) | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.protocol = LINK_PROTOCOL_NAME,
		.local_protocol_name = LINK_PROTOCOL_NAME,
		.ietf_version_or_minus_one = -1,
		.userdata = link,
		.pwsi = &link->wsi,
		.alpn = "http/1.1",
		.retry_and_idle_policy = &liveness,
	};

	assert(link->state == LINK_CLOSED && link->wsi == NULL);
	link->state = LINK_DIALLING;
	link->asked = link->held = link->out_high = false;
	link->why[0] = '\0';
	link->end = LINK_END_LOST;
	QueueInit(&link->out, OutLimit(link->settings));
	if (lws_client_connect_via_info(&info) == NULL && link->wsi == NULL && link->why[0] == '\0')
	{
		SetEnd(link, LINK_END_LOST, "the connection could not be begun");
		WentAway(link);
	}
}

/* ---------- sending ---------- */

bool
LinkSend(Link *link, const char *text, size_t len)
{
	if (link->state != LINK_OPEN)
		return true;
	if (!QueuePush(&link->out, text, len))
	{
		LinkClose(link, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the gateway does not take the messages");
		return false;
	}
	if (link->out.head->next == NULL)
		lws_callback_on_writable(link->wsi);
	if (QueueIsHigh(&link->out))
		link->out_high = true;
	return !link->out_high;
}

/* One frame, or the close frame once all are out.  Nonzero lets libwebsockets close. */
static int
Write(Link *link)
{
	Message *message = link->out.head;

	if (message != NULL)
	{
		int written =
			lws_write(link->wsi, (unsigned char *) MessageText(message), message->len, LWS_WRITE_TEXT);

		if (written < (int) message->len)
		{
			SetEnd(link, LINK_END_LOST, "writing to the gateway failed");
			return -1;
		}
		QueuePop(&link->out);
	}
	if (link->out_high && QueueIsLow(&link->out))
	{
		link->out_high = false;
		link->events.drained(link->events.arg);
	}
	if (link->out.head != NULL)
		lws_callback_on_writable(link->wsi);
	else if (link->state == LINK_CLOSING && message == NULL)
	{
		size_t len = strlen(link->why);

		lws_close_reason(link->wsi, (enum lws_close_status) link->close_code, (unsigned char *) link->why,
						 len < 120 ? len : 120);
		return -1;
	}
	else if (link->state == LINK_CLOSING)
		lws_callback_on_writable(link->wsi);
	return 0;
}

void
LinkClose(Link *link, int code, const char *why)
{
	if (link->state == LINK_CLOSED || link->state == LINK_CLOSING)
		return;
	SetEnd(link, LINK_END_ASKED, why);
	link->asked = true;
	link->close_code = code;
	if (link->wsi == NULL)
		return; /* it is gone already, and told in a moment */
	if (link->state == LINK_DIALLING)
		Kill(link);
	else
	{
		TimerSet(link->loop, &link->timer, CLOSE_MS, Kill, link);
		lws_callback_on_writable(link->wsi);
	}
	link->state = LINK_CLOSING;
}

/* ---------- receiving ---------- */

void
LinkHold(Link *link, bool held)
{
	if (link->held == held || link->wsi == NULL || link->state != LINK_OPEN)
		return;
	link->held = held;
	lws_rx_flow_control(link->wsi, held ? 0 : 1);
}

static int
Refuse(Link *link, enum lws_close_status code, const char *why)
{
	SetEnd(link, LINK_END_LOST, why);
	lws_close_reason(link->wsi, code, (unsigned char *) why, strlen(why));
	return -1;
}

static bool
Collect(Link *link, const char *data, size_t len)
{
	size_t size = link->in_size > 0 ? link->in_size : LINK_RX_SIZE;

	while (size < link->in_len + len)
		size *= 2;
	if (size > link->in_size)
	{
		char *in = realloc(link->in, size);

		if (in == NULL)
			return false;
		link->in = in;
		link->in_size = size;
	}
	memcpy(link->in + link->in_len, data, len);
	link->in_len += len;
	return true;
}

/* A piece of a message; pieces are put together, whole messages go straight on. */
static int
Receive(Link *link, const char *data, size_t len)
{
	bool last = lws_is_final_fragment(link->wsi) && lws_remaining_packet_payload(link->wsi) == 0;

	if (link->state != LINK_OPEN)
		return 0;
	if (lws_frame_is_binary(link->wsi))
		return Refuse(link, CLOSE_UNSUPPORTED, "a binary message came");
	if (link->in_len + len > IN_LIMIT)
		return Refuse(link, CLOSE_TOO_LARGE, "a message too large came");
	if (last && link->in_len == 0)
	{
		link->events.message(link->events.arg, data, len);
		return 0;
	}
	if (!Collect(link, data, len))
		return Refuse(link, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "out of memory");
	if (last)
	{
		size_t whole = link->in_len;

		link->in_len = 0;
		link->events.message(link->events.arg, link->in, whole);
	}
	return 0;
}

/* The gateway's close frame: two bytes of status, then a text. */
static void
NoteClose(Link *link, const unsigned char *data, size_t len)
{
	char excerpt[LOG_EXCERPT_SIZE];
	char why[sizeof(link->why)];
	int	 code = len >= 2 ? data[0] << 8 | data[1] : 1005;

	snprintf(why, sizeof(why), "the gateway closed the connection: %d%s%s", code, len > 2 ? " " : "",
			 len > 2 ? LogExcerpt(excerpt, (const char *) data + 2, len - 2) : "");
	SetEnd(link, LinkJudgeClose(code), why);
}

/* ---------- */

int
LinkCallback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	Link *link = user;

	switch (reason)
	{
		case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
			return AddToken(link, (unsigned char **) in, *(unsigned char **) in + len);

		case LWS_CALLBACK_CLIENT_ESTABLISHED:
			if (link->state != LINK_DIALLING)
				return -1;
			link->state = LINK_OPEN;
			link->events.open(link->events.arg);
			return 0;

		case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
			link->wsi = wsi;
			DialFailed(link, in, len);
			WentAway(link);
			return 0;

		case LWS_CALLBACK_CLIENT_RECEIVE:
			return Receive(link, in, len);

		case LWS_CALLBACK_CLIENT_WRITEABLE:
			return Write(link);

		case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
			NoteClose(link, in, len);
			return 0;

		case LWS_CALLBACK_CLIENT_CLOSED:
			SetEnd(link, LINK_END_LOST, "the connection broke");
			WentAway(link);
			return 0;

		default:
			return 0;
	}
}

void
LinkInit(Link *link, Loop *loop, struct lws_vhost *vhost, const Settings *settings, const LinkEvents *events)
{
	memset(link, 0, sizeof(*link));
	link->loop = loop;
	link->vhost = vhost;
	link->settings = settings;
	link->events = *events;
}

void
LinkFree(Link *link)
{
	TimerCancel(&link->timer);
	QueueClear(&link->out);
	free(link->in);
	link->in = NULL;
}
