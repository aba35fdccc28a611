/*
 * client.c
 *	  One WebSocket connection: its state, its queue, its limits, and the codes with which it is closed.
 *
 * What a client is sent, in this order, a few frames per writable callback: the
 * queue (answers, decision requests), what its watch has for it, the clock,
 * a ping, and at last the close frame.  Watches make their frames only when
 * the socket takes them, so a slow client's updates merge and cost nothing.
 *
 * Invariants:
 * - queued_bytes is the sum of the queue's lengths and at most max_queue.
 * - "incoming" holds at most the largest frame this kind of client may send.
 * - In CLIENT_CLOSING nothing more is queued; in CLIENT_GONE there is no
 *	 socket, queue or watch.
 */
#include "client.h"

#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mcp_terms.h"
#include "common/memory.h"
#include "common/text.h"
#include "counts.h"
#include "mcp.h"
#include "peers.h"

#define PING_INTERVAL_MS 10000
#define PING_PAYLOAD	 "npcsim"
#define CLOSE_GRACE_MS	 2000
#define CODE_TOO_OFTEN	 "53400" /* configuration_limit_exceeded */
#define KERNEL_BACKLOG	 65536

/* How many bytes of a name a log line has. */
#define LABEL_NAME 100

/* How many frames one writable callback sends at most. */
#define WRITES_AT_ONCE 16

struct QueuedFrame
{
	Frame		*frame;
	QueuedFrame *next;
};

const char *const purpose_names[] = {
	[PURPOSE_WATCH] = "watch",
	[PURPOSE_COMPUTE] = "compute",
	[PURPOSE_BOTH] = "both",
};

_Static_assert(sizeof(purpose_names) / sizeof(purpose_names[0]) == PURPOSE_COUNT, "each purpose has a name");

static struct
{
	const Settings *settings;
	Client		   *first;
	int				count;
} clients;

void
clients_start(const Settings *settings)
{
	memset(&clients, 0, sizeof(clients));
	clients.settings = settings;
}

Client *
clients_first(void)
{
	return clients.first;
}

int
clients_count(void)
{
	return clients.count;
}

const Settings *
client_settings(void)
{
	return clients.settings;
}

Client *
client_create(ClientKind kind, struct lws *wsi)
{
	Client *client = mem_alloc(sizeof(Client));
	int		backlog = KERNEL_BACKLOG;

	/* limits what the kernel holds for a client that does not read, which would be megabytes */
	setsockopt(lws_get_socket_fd(wsi), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &backlog, sizeof(backlog));

	client->kind = kind;
	client->wsi = wsi;
	client->holders = 1;
	client->state = CLIENT_GREETING;
	client->page = PAGE_DEFAULT;
	client->opened_at = now_ms();
	client->heard_at = client->opened_at;
	client->pinged_at = client->opened_at;
	client->name = mem_copy_string("");
	client->source = mem_copy_string("");
	client->username = mem_copy_string("");
	client->world_name = mem_copy_string("");
	client->peer = *wire_address(wsi);
	address_write(&client->peer, client->address, sizeof(client->address));
	client->next = clients.first;
	if (clients.first != NULL)
		clients.first->previous = client;
	clients.first = client;
	clients.count++;
	counts.clients++;
	return client;
}

Client *
client_hold(Client *client)
{
	client->holders++;
	return client;
}

static void
drop_queue(Client *client)
{
	while (client->first != NULL)
	{
		QueuedFrame *queued = client->first;

		client->first = queued->next;
		frame_release(queued->frame);
		free(queued);
	}
	client->last = NULL;
	client->queued_bytes = 0;
}

static void
forget_token(Client *client)
{
	if (client->token != NULL)
		explicit_bzero(client->token, strlen(client->token));
	free(client->token);
	client->token = NULL;
}

void
client_join_player(Client *client)
{
	if (client->player_id == 0 || client->share != NULL)
		return;
	for (const Client *other = clients.first; other != NULL && client->share == NULL; other = other->next)
	{
		if (other->player_id == client->player_id)
			client->share = other->share;
	}
	if (client->share == NULL)
		client->share = mem_alloc(sizeof(PlayerShare));
	client->share->holders++;
}

static void
leave_player(Client *client)
{
	if (client->share != NULL && --client->share->holders == 0)
		free(client->share);
	client->share = NULL;
}

void
client_release(Client *client)
{
	assert(client->holders > 0);
	if (--client->holders > 0)
		return;
	assert(client->state == CLIENT_GONE && client->watch == NULL && client->compute == NULL &&
		   client->mind == NULL && client->report == NULL);
	free(client->name);
	free(client->source);
	free(client->username);
	free(client->world_name);
	free(client);
}

void
client_name(Client *client, const char *username, const char *world_name)
{
	free(client->username);
	client->username = mem_copy_string(username);
	free(client->world_name);
	client->world_name = mem_copy_string(world_name);
}

/* Adds a name, which strangers have chosen: it is quoted as JSON, and cut to leave room for the rest of the line. */
static void
add_name(Text *label, const char *name)
{
	char   short_name[LABEL_NAME + 1];
	size_t length = text_cut(name, LABEL_NAME);

	memcpy(short_name, name, length);
	short_name[length] = '\0';
	text_add(label, " ", 1);
	text_add_json_string(label, short_name);
}

static void
add_who(Text *label, const char *what, int64_t id, const char *name)
{
	if (id == 0)
		return;
	text_add_format(label, ", %s %" PRId64, what, id);
	if (name[0])
		add_name(label, name);
}

const char *
client_label(const Client *client)
{
	static Text label;

	text_clear(&label);
	text_add_format(&label, "client %s", client->address);
	add_who(&label, "player", client->player_id, client->username);
	add_who(&label, "world", client->world_id, client->world_name);
	if (client->purpose != PURPOSE_WATCH && client->source[0])
	{
		text_add_string(&label, ", source");
		add_name(&label, client->source);
	}
	return label.data;
}

/* ------------------------------------------------------------------------
 * states
 * ------------------------------------------------------------------------ */

static bool
move_is_allowed(ClientState from, ClientState to)
{
	if (to == CLIENT_GONE)
		return from != CLIENT_GONE;
	if (to == CLIENT_CLOSING)
		return from != CLIENT_GONE && from != CLIENT_CLOSING;
	switch (from)
	{
		case CLIENT_GREETING:
			return to == CLIENT_WAITING;
		case CLIENT_WAITING:
			return to == CLIENT_AUTHENTICATING || to == CLIENT_JOINING;
		case CLIENT_AUTHENTICATING:
			return to == CLIENT_JOINING || to == CLIENT_WAITING;
		case CLIENT_JOINING:
			return to == CLIENT_LIVE || to == CLIENT_WAITING;
		case CLIENT_LIVE:
			return to == CLIENT_PARTED || to == CLIENT_REJOINING;
		case CLIENT_PARTED:
			return to == CLIENT_REJOINING;
		case CLIENT_REJOINING:
			return to == CLIENT_LIVE || to == CLIENT_PARTED;
		case CLIENT_CLOSING:
		case CLIENT_GONE:
			return false;
	}
	return false;
}

void
client_move(Client *client, ClientState to)
{
	int64_t now = now_ms();

	assert(move_is_allowed(client->state, to));
	client->state = to;
	switch (to)
	{
		case CLIENT_GREETING:
		case CLIENT_WAITING:
		case CLIENT_AUTHENTICATING:
		case CLIENT_JOINING:
		case CLIENT_REJOINING:
			break;
		case CLIENT_LIVE:
			assert(client->world && client->session_id);
			forget_token(client);
			break;
		case CLIENT_PARTED:
			if (client->session_id)
				client->parted_at = now;
			client->session_id = 0;
			client->rejoin_at = now;
			break;
		case CLIENT_CLOSING:
			forget_token(client);
			text_free(&client->incoming);
			client->close_deadline = now + CLOSE_GRACE_MS;
			/* before the welcome the socket was not read, but now its close frame is awaited */
			wire_go_on(client->wsi);
			client_wake(client);
			break;
		case CLIENT_GONE:
			assert(client->watch == NULL);
			forget_token(client);
			text_free(&client->incoming);
			drop_queue(client);
			client->wsi = NULL;
			leave_player(client);
			if (client->counts_as_spectator)
				peers_leave_spectator((const struct sockaddr *) &client->peer);
			if (client->previous != NULL)
				client->previous->next = client->next;
			else
				clients.first = client->next;
			if (client->next != NULL)
				client->next->previous = client->previous;
			client->previous = NULL;
			client->next = NULL;
			clients.count--;
			break;
	}
}

bool
client_is_welcome(const Client *client)
{
	return client->state == CLIENT_LIVE || client->state == CLIENT_PARTED ||
		   client->state == CLIENT_REJOINING;
}

bool
client_is_leaving(const Client *client)
{
	return client->state == CLIENT_CLOSING || client->state == CLIENT_GONE;
}

void
client_close(Client *client, int code, const char *reason)
{
	if (client_is_leaving(client))
		return;
	client->close_code = code;
	/* the text of a close frame must be valid UTF-8, so it may not be cut within a character */
	snprintf(client->close_reason, sizeof(client->close_reason), "%.*s",
			 (int) text_cut(reason, sizeof(client->close_reason) - 1), reason);
	if (code == CLOSE_TOO_SLOW)
		counts.clients_too_slow++;
	else if (code == CLOSE_RATE_LIMIT)
		counts.clients_rate_limited++;
	log_line(LOG_DEBUG, "%s: closed with %d: %s", client_label(client), code, reason);
	client_move(client, CLIENT_CLOSING);
}

/* ------------------------------------------------------------------------
 * to the client
 * ------------------------------------------------------------------------ */

void
client_wake(Client *client)
{
	if (client->wsi == NULL || client->waiting_since)
		return;
	client->waiting_since = now_ms();
	lws_callback_on_writable(client->wsi);
}

void
client_send(Client *client, const char *text, size_t length)
{
	QueuedFrame *queued;

	if (client_is_leaving(client))
		return;
	if (client->queued_bytes + length > (size_t) clients.settings->max_queue)
	{
		char reason[100];

		snprintf(reason, sizeof(reason), "too slow: %zu bytes were waiting to be sent", client->queued_bytes);
		drop_queue(client);
		client_close(client, CLOSE_TOO_SLOW, reason);
		return;
	}
	queued = mem_alloc(sizeof(QueuedFrame));
	queued->frame = frame_create(text, length);
	if (client->last != NULL)
		client->last->next = queued;
	else
		client->first = queued;
	client->last = queued;
	client->queued_bytes += length;
	client_wake(client);
}

void
client_send_text(Client *client, const Text *text)
{
	client_send(client, text->data, text->length);
}

static void
send_error(Client *client, const char *id, const char *code, const char *message, const char *hint,
		   int64_t wait_ms)
{
	Text text = {0};

	if (client->kind == CLIENT_MCP_SERVER)
		return; /* it speaks JSON-RPC and learns of an error by the close frame */
	text_add_string(&text, "{\"type\":\"error\"");
	if (id != NULL && *id)
	{
		text_add_string(&text, ",\"id\":");
		text_add_string(&text, id);
	}
	text_add_string(&text, ",\"code\":");
	text_add_json_string(&text, code);
	text_add_string(&text, ",\"message\":");
	text_add_json_string(&text, message);
	if (hint != NULL)
	{
		text_add_string(&text, ",\"hint\":");
		text_add_json_string(&text, hint);
	}
	if (wait_ms > 0)
		text_add_format(&text, ",\"retry\":true,\"retry_after\":%.15g}", (double) wait_ms / 1000.0);
	else
		text_add_string(&text, ",\"retry\":false}");
	client_send_text(client, &text);
	text_free(&text);
}

void
client_send_error(Client *client, const char *id, const char *code, const char *message, const char *hint)
{
	send_error(client, id, code, message, hint, 0);
}

void
client_send_limit(Client *client, const char *id, const char *message, int64_t wait_ms)
{
	send_error(client, id, CODE_TOO_OFTEN, message, "Come again when retry_after seconds have passed.",
			   wait_ms);
}

static bool
clock_is_due(const Client *client)
{
	return client->kind == CLIENT_PLAYER && client_is_welcome(client) &&
		   client->clock_told != client->world->clock_serial &&
		   (client->watch == NULL || client->frames->is_current(client->watch));
}

static Frame *
next_frame(Client *client)
{
	if (client->first != NULL)
	{
		QueuedFrame *queued = client->first;
		Frame		*frame = queued->frame;

		client->first = queued->next;
		if (client->first == NULL)
			client->last = NULL;
		assert(client->queued_bytes >= frame->length);
		client->queued_bytes -= frame->length;
		free(queued);
		return frame;
	}
	if (client->watch != NULL && client_is_welcome(client))
	{
		Frame *frame = client->frames->next(client->watch);

		if (frame != NULL)
			return frame;
	}
	if (clock_is_due(client))
	{
		/* the clock frame must not say a revision whose changes this client has not been sent */
		client->clock_told = client->world->clock_serial;
		return world_clock_frame(client->world, client->watch != NULL
													? client->frames->revision(client->watch)
													: client->world->revision);
	}
	return NULL;
}

static bool
has_more(const Client *client)
{
	return client->first != NULL || (client->state == CLIENT_CLOSING && !client->close_sent) ||
		   (client->ping_due && client->state != CLIENT_CLOSING) || clock_is_due(client) ||
		   (client->watch != NULL && client_is_welcome(client) && !client->frames->is_current(client->watch));
}

/* Sends the close frame.  What arrives afterwards is dropped until the client closes, too, or CLOSE_GRACE_MS are over. */
static bool
send_close(Client *client)
{
	unsigned char space[LWS_PRE + 2 + sizeof(client->close_reason)];
	size_t		  length = strlen(client->close_reason);

	if (client->close_sent)
		return true;
	space[LWS_PRE] = (unsigned char) (client->close_code >> 8);
	space[LWS_PRE + 1] = (unsigned char) client->close_code;
	memcpy(space + LWS_PRE + 2, client->close_reason, length);
	client->close_sent = true;
	client->close_deadline = now_ms() + CLOSE_GRACE_MS;
	return wire_send(client->wsi, WS_CLOSE, space + LWS_PRE, length + 2);
}

/* Sends the next frame, ping or close frame; returns false when the socket failed. */
static bool
write_next(Client *client)
{
	unsigned char ping[LWS_PRE + sizeof(PING_PAYLOAD)] = {0};
	Frame		 *frame = next_frame(client);
	bool		  is_good = true;

	if (frame != NULL)
	{
		is_good = wire_send(client->wsi, WS_TEXT, frame->space + LWS_PRE, frame->length);
		counts.frames_sent++;
		counts.bytes_sent += frame->length;
		frame_release(frame);
	}
	else if (client->state == CLIENT_CLOSING)
		return send_close(client);
	else if (client->ping_due)
	{
		client->ping_due = false;
		memcpy(ping + LWS_PRE, PING_PAYLOAD, strlen(PING_PAYLOAD));
		is_good = wire_send(client->wsi, WS_PING, ping + LWS_PRE, strlen(PING_PAYLOAD));
	}
	return is_good;
}

bool
client_writable(Client *client)
{
	int written = 0;

	client->waiting_since = 0;
	do
	{
		if (!write_next(client))
			return false;
		written++;
	} while (written < WRITES_AT_ONCE && has_more(client) && !lws_send_pipe_choked(client->wsi));

	if (has_more(client))
		client_wake(client);
	return true;
}

/* ------------------------------------------------------------------------
 * from the client
 * ------------------------------------------------------------------------ */

bool
client_collect(Client *client, const char *data, size_t length, bool is_last)
{
	/* the frames of an MCP server may be larger, since it may list many tools */
	size_t largest =
		client->kind == CLIENT_MCP_SERVER ? MCP_MAX_MESSAGE : (size_t) clients.settings->max_frame;

	if (client_is_leaving(client))
		return false;
	if (client->incoming.length + length > largest)
	{
		char reason[80];

		snprintf(reason, sizeof(reason), "a frame may have at most %zu bytes", largest);
		client_close(client, CLOSE_FRAME_TOO_LARGE, reason);
		return false;
	}
	text_add(&client->incoming, data, length);
	if (is_last)
		counts.frames_received++;
	return is_last;
}

static Rate
message_rate(void)
{
	return (Rate) {clients.settings->message_rate * 60, clients.settings->message_burst};
}

static Rate
player_message_rate(void)
{
	return (Rate) {clients.settings->player_message_rate * 60, clients.settings->player_message_burst};
}

/* One is due every 10 s, and when something has changed. */
static const Rate heartbeat_rate = {120, 60};

static void
refuse_message(Client *client, const char *what, const char *whose, Rate rate, int64_t wait_ms)
{
	char reason[100];

	snprintf(reason, sizeof(reason), "more than %d %s per second (burst %d) from %s", rate.per_minute / 60,
			 what, rate.burst, whose);
	client_send_limit(client, NULL, reason, wait_ms);
	client_close(client, CLOSE_RATE_LIMIT, reason);
}

bool
client_may_send(Client *client)
{
	int64_t		 now = now_ms();
	PlayerShare *share = client->share;

	if (!allowance_take(&client->messages, message_rate(), now))
	{
		refuse_message(client, "messages", "a connection", message_rate(),
					   allowance_wait(&client->messages, message_rate(), now));
		return false;
	}
	if (share != NULL && !allowance_take(&share->messages, player_message_rate(), now))
	{
		refuse_message(client, "messages", "a player", player_message_rate(),
					   allowance_wait(&share->messages, player_message_rate(), now));
		return false;
	}
	return true;
}

void
client_refund(Client *client)
{
	allowance_refund(&client->messages);
	if (client->share != NULL)
		allowance_refund(&client->share->messages);
}

bool
client_may_beat(Client *client)
{
	int64_t now = now_ms();

	if (allowance_take(&client->heartbeats, heartbeat_rate, now))
		return true;
	refuse_message(client, "heartbeats", "a connection", heartbeat_rate,
				   allowance_wait(&client->heartbeats, heartbeat_rate, now));
	return false;
}

bool
client_may_subscribe(Client *client, const char *id)
{
	int64_t now = now_ms();
	Rate	rate = {clients.settings->subscribe_rate, clients.settings->subscribe_burst};

	if (allowance_take(&client->subscriptions, rate, now))
		return true;
	client_send_limit(client, id, "this connection subscribes too often",
					  allowance_wait(&client->subscriptions, rate, now));
	return false;
}

void
client_heard(Client *client)
{
	client->heard_at = now_ms();
}

/* ------------------------------------------------------------------------
 * time
 * ------------------------------------------------------------------------ */

void
client_tick(Client *client, int64_t now)
{
	const Settings *settings = clients.settings;

	if (client->state == CLIENT_CLOSING)
	{
		/* it has not taken the close frame, or not answered it, in time: it is ended without more words */
		if (now >= client->close_deadline)
			lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	if (now - client->heard_at > settings->silence_timeout_ms)
	{
		client_close(client, CLOSE_GOING_AWAY, "nothing was heard for too long");
		return;
	}
	if (client->waiting_since && now - client->waiting_since > settings->stuck_timeout_ms)
	{
		char reason[100];

		snprintf(reason, sizeof(reason), "too slow: nothing was taken for %d ms, %zu bytes wait",
				 settings->stuck_timeout_ms, client->queued_bytes);
		drop_queue(client);
		client_close(client, CLOSE_TOO_SLOW, reason);
		return;
	}
	if (now - client->pinged_at >= PING_INTERVAL_MS ||
		now - client->pinged_at >= settings->silence_timeout_ms / 3)
	{
		client->pinged_at = now;
		client->ping_due = true;
		client_wake(client);
	}
}
