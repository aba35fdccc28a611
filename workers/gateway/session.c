/*
 * session.c
 *	  Gives connections their sessions in the database, renews these after
 *	  restarts of the database, and ends them.
 *
 * Whether a connection is let in is decided before (admission.h).  After every
 * registration of the gateway the database has no session of it, so every
 * client that was welcomed joins again as the player that it authenticated as,
 * and notices only that its requests were cancelled.
 */
#include "session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "compute.h"
#include "mind.h"
#include "registration.h"
#include "refusal.h"
#include "report.h"
#include "subscribe.h"
#include "watch.h"
#include "wire.h"

#define PARTED_TOO_LONG_MS 5000
#define CHECK_INTERVAL_MS  3000
#define MAX_CHECKED		   4096 /* how many sessions one query looks up */

static struct
{
	const char *gateway_id;
	int64_t		check_at; /* when it is next checked whether the database knows the sessions */
	int			checks;	  /* how many queries of such a check are under way */
} session;

/* A query for a client, and the registration under which it was sent. */
typedef struct Attempt
{
	Client	*client; /* a reference */
	uint64_t registration;
	int64_t	 old_session_id; /* the one to be ended once the new one has begun; 0 = none */
} Attempt;

static Attempt *
attempt_create(Client *client, int64_t old_session_id)
{
	Attempt *attempt = mem_alloc(sizeof(Attempt));

	attempt->client = client_hold(client);
	attempt->registration = registration_number();
	attempt->old_session_id = old_session_id;
	return attempt;
}

static void
attempt_free(Attempt *attempt)
{
	client_release(attempt->client);
	free(attempt);
}

/* ------------------------------------------------------------------------
 * joining
 * ------------------------------------------------------------------------ */

static Client *
client_of_session(int64_t session_id)
{
	Client *client = clients_first();

	while (client != NULL && client->session_id != session_id)
		client = client->next;
	return session_id ? client : NULL;
}

static void
send_welcome(Client *client, json_t *welcome)
{
	const Settings *settings = client_settings();
	Text			text = {0};

	json_object_set_new(welcome, "caps", json_array());
	json_object_set_new(welcome, "limits",
						json_pack("{s:i, s:i, s:i, s:i, s:i}", "frame", settings->max_frame, "queue",
								  settings->max_queue, "messages_per_second", settings->message_rate, "burst",
								  settings->message_burst, "page", client->page));
	text_add_json(&text, welcome);
	client_send_text(client, &text);
	text_free(&text);
}

static void
note_names(Client *client, const json_t *welcome)
{
	const char *username = json_member_string(welcome, "username");
	const char *world_name = json_member_string(json_object_get(welcome, "world"), "name");

	client_name(client, username != NULL ? username : "", world_name != NULL ? world_name : "");
}

/* Makes a client live with the session that the database gave it, and welcomes it if it is new. */
static void
begin_session(Client *client, const json_t *joined)
{
	const json_t *replaced = json_object_get(joined, "replaced");
	json_t		 *welcome = json_object_get(joined, "welcome");
	bool		  is_new = client->state == CLIENT_JOINING;

	json_member_integer(joined, "session_id", &client->session_id);
	note_names(client, welcome);
	if (is_new)
	{
		client->world = world_join(client->world_id);
		if (client->world == NULL)
		{
			call_client_disconnected(client->session_id);
			client->session_id = 0;
			client_close(client, CLOSE_WORLD, "this gateway serves too many worlds");
			return;
		}
		world_take_clock(client->world, welcome);
	}
	client_move(client, CLIENT_LIVE);
	for (size_t i = 0; i < json_array_size(replaced); i++)
		session_ended(json_integer_value(json_array_get(replaced, i)), "replaced", NULL);

	if (is_new && client->kind == CLIENT_PLAYER)
	{
		send_welcome(client, welcome);
		wire_go_on(client->wsi);
	}
	client->camera_untold = client->watch != NULL && client->watch->has_camera;
	compute_joined(client);
	if (client->mind != NULL)
		mind_joined(client);
}

/* Refuses a client for which there is no session, or has it try again later where that may help. */
static void
join_failed(Client *client, const DbReply *reply)
{
	bool is_new = client->state == CLIENT_JOINING;

	bool lapsed = strcmp(reply->sqlstate, SQLSTATE_NOT_REGISTERED) == 0;

	if (!reply->retry && !lapsed)
		refuse_client(client, reply);
	else
	{
		client_move(client, is_new ? CLIENT_WAITING : CLIENT_PARTED);
		if (lapsed)
			registration_renew();
		client->rejoin_at = now_ms() + REJOIN_RETRY_MS;
	}
}

static void
joined(void *argument, const DbReply *reply)
{
	Attempt	   *attempt = argument;
	Client	   *client = attempt->client;
	const char *json = reply_text(reply);
	char		message[200] = "client_connected gave no object";
	json_t	   *answer = json != NULL ? json_parse_trusted(json, message, sizeof(message)) : NULL;
	int64_t		session_id = 0;
	bool		is_current = attempt->registration == registration_number();
	bool		is_waiting = client->state == CLIENT_JOINING || client->state == CLIENT_REJOINING;

	if (answer != NULL)
		json_member_integer(answer, "session_id", &session_id);
	if (!is_waiting || !is_current)
	{
		/* the client is leaving, so the session is ended; or a registration came between, which has closed it */
		if (session_id && is_current)
			call_client_disconnected(session_id);
		if (is_waiting)
			client_move(client, client->state == CLIENT_JOINING ? CLIENT_WAITING : CLIENT_PARTED);
	}
	else if (session_id && json_is_object(json_object_get(answer, "welcome")))
	{
		begin_session(client, answer);
		if (attempt->old_session_id)
			call_client_disconnected(attempt->old_session_id);
	}
	else if (reply->result != NULL)
	{
		static LogThrottle throttle = {.what = "sessions that were none"};

		log_throttled(&throttle, now_ms(), LOG_WARNING, "%s: client_connected: %s", client_label(client),
					  message);
		client_close(client, CLOSE_GOING_AWAY, "the database gave no session");
	}
	else
		join_failed(client, reply);
	json_decref(answer);
	attempt_free(attempt);
}

static void
join(Client *client, int64_t old_session_id)
{
	client_move(client, client_is_welcome(client) ? CLIENT_REJOINING : CLIENT_JOINING);
	call_client_connected(session.gateway_id, client->player_id, client->world_id,
						  purpose_names[client->purpose], client->source, client->name, joined,
						  attempt_create(client, old_session_id));
}

void
session_join(Client *client)
{
	join(client, 0);
}

void
session_name_source(Client *client, const char *source)
{
	int64_t old_session_id = client->session_id;

	assert(client->state == CLIENT_LIVE);
	free(client->source);
	client->source = mem_copy_string(source);
	client->source_is_provisional = false;
	join(client, old_session_id);
}

/* ------------------------------------------------------------------------
 * ends
 * ------------------------------------------------------------------------ */

void
session_ended(int64_t session_id, const char *reason, const char *message)
{
	static const struct
	{
		const char *reason;
		int			code;
		const char *text;
	} known[] = {
		{"replaced", CLOSE_REPLACED, "replaced by a newer session"},
		{"banned", CLOSE_BANNED, "the player is banned"},
		{"token", CLOSE_AUTHENTICATION, "the player has a new token"},
		{"dropped", CLOSE_WORLD, "the world is gone"},
		{"suspended", CLOSE_SUSPENDED, "the player was suspended"},
	};
	Client	   *client = client_of_session(session_id);
	int			code = CLOSE_GOING_AWAY;
	const char *text = "the session was ended";

	if (client == NULL || client_is_leaving(client))
		return;
	if (strcmp(reason, "silent") == 0)
	{
		/* the database has not heard of this gateway for too long: not the client is to be closed, but to be joined again */
		registration_renew();
		return;
	}
	/* a client that joins under another source may have ended its own session */
	if (client->state == CLIENT_REJOINING && strcmp(reason, "replaced") == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(known[i].reason, reason) == 0)
		{
			code = known[i].code;
			text = message != NULL ? message : known[i].text;
		}
	}
	if (code == CLOSE_SUSPENDED)
		client_send_error(client, NULL, SQLSTATE_SUSPENDED, text, "Connect again when that is over.");
	/* the session is deleted when the connection ends; until then every poll tells it again, which does nothing more */
	client_close(client, code, text);
}

void
session_world_gone(World *world)
{
	for (Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->world == world)
			client_close(client, CLOSE_WORLD, "the world is gone");
	}
}

void
session_closed(Client *client)
{
	int64_t session_id = client->session_id;

	if (client->close_code == CLOSE_RATE_LIMIT && session_id && client->player_id)
		call_report_flood(client->world_id, client->player_id, client->close_reason);
	watch_end(client);
	client_move(client, CLIENT_GONE);
	compute_leave(client);
	mind_free(client);
	report_end(client);
	if (session_id && worlds_are_registered())
		call_client_disconnected(session_id);
	client->session_id = 0;
	if (client->world != NULL)
	{
		/* queries that come back recognise by the client's state that it is gone, and do not use its world */
		world_leave(client->world);
		client->world = NULL;
	}
	client_release(client);
}

/* ------------------------------------------------------------------------
 * all sessions
 * ------------------------------------------------------------------------ */

void
session_start(const char *gateway_id)
{
	memset(&session, 0, sizeof(session));
	session.gateway_id = gateway_id;
}

void
session_stop(void)
{
	worlds_unregistered();
}

void
sessions_part(void)
{
	for (Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->state == CLIENT_LIVE || client->state == CLIENT_REJOINING)
			client_move(client, CLIENT_PARTED);
		compute_parted(client);
	}
}

void
sessions_resume(void)
{
	for (Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->state == CLIENT_PARTED)
			join(client, 0);
	}
}

int
session_count_without(void)
{
	int count = 0;

	for (const Client *client = clients_first(); client != NULL; client = client->next)
		count += client_is_welcome(client) && client->session_id == 0;
	return count;
}

void
session_add_trouble(Text *text, int64_t now)
{
	int		count = 0;
	int64_t longest = 0;

	if (registration_trouble()[0])
		text_add_format(text, "%s\n", registration_trouble());
	for (const Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (!client_is_welcome(client) || client->session_id != 0 ||
			now - client->parted_at < PARTED_TOO_LONG_MS)
			continue;
		count++;
		if (now - client->parted_at > longest)
			longest = now - client->parted_at;
	}
	if (count > 0)
		text_add_format(text, "%d connections without a session, for up to %" PRId64 " s\n", count,
						longest / 1000);
}

/* Has a client join again whose session the database does not know any more. */
static void
session_unknown(Client *client)
{
	static LogThrottle throttle = {.what = "sessions that the database did not know"};

	if (client->state != CLIENT_LIVE)
		return;
	log_throttled(&throttle, now_ms(), LOG_WARNING,
				  "%s: the database does not know its session: it joins again", client_label(client));
	client_move(client, CLIENT_PARTED);
	compute_parted(client);
}

void
session_doubted(void)
{
	session.check_at = 0;
}

/*
 * Takes the ids of sessions that the database does not know, since somebody has deleted rows.  A client that computes would
 * notice at its next heartbeat, one that only watches never.
 */
static void
checked(void *argument, const DbReply *reply)
{
	session.checks--;
	if ((uint64_t) (uintptr_t) argument != registration_number())
		return;
	if (reply->result == NULL && !reply->lost)
	{
		static LogThrottle throttle = {.what = "looks for unknown sessions that failed"};

		log_throttled(&throttle, now_ms(), LOG_WARNING, "unknown_sessions: %s", reply->message);
	}
	for (int row = 0; reply->result != NULL && row < PQntuples(reply->result); row++)
	{
		Client *client = client_of_session(reply_integer(reply, row, "session_id"));

		if (client != NULL)
			session_unknown(client);
	}
}

static void
check_sessions(int64_t now)
{
	int64_t ids[MAX_CHECKED];
	int		count = 0;

	session.check_at = now + CHECK_INTERVAL_MS;
	/* a standby has no rows of sessions */
	if (db_is_standby())
		return;
	for (const Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->state == CLIENT_LIVE)
			ids[count++] = client->session_id;
		if (count == MAX_CHECKED || (count > 0 && client->next == NULL))
		{
			session.checks++;
			call_unknown_sessions(session.gateway_id, ids, count, checked,
								  (void *) (uintptr_t) registration_number());
			count = 0;
		}
	}
}

/* ------------------------------------------------------------------------
 * time
 * ------------------------------------------------------------------------ */

void
sessions_tick(int64_t now)
{
	if (worlds_are_registered() && session.checks == 0 && now >= session.check_at)
		check_sessions(now);
}

void
session_tick(Client *client, int64_t now)
{
	if (client->state == CLIENT_PARTED && worlds_are_registered() && now >= client->rejoin_at)
		join(client, 0);
}
