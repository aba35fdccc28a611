/*
 * session.c
 *	  How a connection becomes a session in the database, stays one over
 *	  restarts of the database, and ends.
 *
 * The gateway registers before anything else on every reconnection; the
 * database then has no session of it, so every client that was welcome joins
 * again under the name it authenticated with, without noticing more than that
 * its requests were cancelled.
 *
 * The registration is made on the connection that listens and lasts as long as
 * that does.  While another gateway has the id it is refused: one that is just
 * ending is waited for.  A gateway that is refused from its start on ends; one
 * that was registered before keeps its clients and tries again.
 *
 * Answers of the database from before a registration ("registration" in the
 * Attempt) mean sessions that the registration closed: they are not used.
 */
#include "session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "compute.h"
#include "log.h"
#include "mind.h"
#include "peers.h"
#include "query.h"
#include "report.h"
#include "submit.h"
#include "tokens.h"
#include "wire.h"

#define REGISTER_RETRY_MS  1000
#define REJOIN_RETRY_MS	   1000
#define HELD_RETRY_MS	   200
#define HELD_PATIENCE_MS   3000 /* at the start, for an earlier life that is ending */
#define PARTED_TOO_LONG_MS 5000
#define CHECK_INTERVAL_MS  3000
#define MAX_CHECKED		   4096 /* sessions that are looked up at once */

/* Of a client whose address did too much. */
#define HELD_RETRY_OF_CLIENT_MS	   250
#define HELD_PATIENCE_OF_CLIENT_MS 2000

#define MAX_TOKEN	   512
#define MAX_NAME	   200
#define DEFAULT_SOURCE "player_mcp"

static struct
{
	const char *gateway_id;
	bool		registering;
	int64_t		register_at;	/* after a failure; 0 = no need */
	uint64_t	registration;	/* counts the attempts */
	uint64_t	provisional;	/* counts made-up sources */
	bool		was_registered; /* ever */
	bool		refused;		/* and never was registered: the gateway ends */
	int64_t		check_at;		/* whether the database knows the sessions */
	int			checks;			/* under way */
	int64_t		held_since;		/* refused for the id; 0 = is not */
	char		trouble[400];	/* why there is no registration; "" = none, or not known */
} session;

/* A query for a client, and the registration under which it was sent. */
typedef struct Attempt
{
	Client	*client; /* held */
	uint64_t registration;
	int64_t	 old_session_id; /* to be ended after the new one began */
	bool	 is_counted;	 /* as a wrong token of its address, until the database says otherwise */
} Attempt;

static void authenticate(Client *client);
static void join(Client *client, int64_t old_session_id);

static Attempt *
attempt_create(Client *client, int64_t old_session_id)
{
	Attempt *attempt = mem_alloc(sizeof(Attempt));

	attempt->client = client_hold(client);
	attempt->registration = session.registration;
	attempt->old_session_id = old_session_id;
	attempt->is_counted = false;
	return attempt;
}

static void
attempt_free(Attempt *attempt)
{
	client_release(attempt->client);
	free(attempt);
}

static const char *
purpose_name(Purpose purpose)
{
	switch (purpose)
	{
		case PURPOSE_WATCH:
			return "watch";
		case PURPOSE_COMPUTE:
			return "compute";
		case PURPOSE_BOTH:
			return "both";
	}
	return "watch";
}

/* ------------------------------------------------------------------------
 * refusals
 * ------------------------------------------------------------------------ */

static int
close_code_of(const char *sqlstate)
{
	static const struct
	{
		const char *sqlstate;
		int			code;
	} known[] = {
		{"NS401", CLOSE_AUTHENTICATION}, {"NS203", CLOSE_AUTHENTICATION}, {"NS403", CLOSE_BANNED},
		{"NS404", CLOSE_WORLD},			 {"NS429", CLOSE_WORLD},		  {"NS430", CLOSE_PROTOCOL_ERROR},
		{"NS410", CLOSE_WORLD},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(known[i].sqlstate, sqlstate) == 0)
			return known[i].code;
	}
	/* bad input is the client's fault, anything else is trouble here */
	return strncmp(sqlstate, "22", 2) == 0 ? CLOSE_PROTOCOL_ERROR : CLOSE_GOING_AWAY;
}

static void
refuse(Client *client, const DbReply *reply)
{
	static LogThrottle throttle = {.what = "clients that were refused"};
	int				   code = close_code_of(reply->sqlstate);

	if (client->kind == CLIENT_PLAYER)
	{
		Text text = {0};

		text_add_string(&text, "{\"type\":\"error\"");
		reply_add_error(&text, reply);
		text_add(&text, "}", 1);
		client_send_text(client, &text);
		text_free(&text);
	}
	log_throttled(&throttle, now_ms(), code == CLOSE_GOING_AWAY ? LOG_WARNING : LOG_INFO,
				  "%s: refused: %s (%s)", client_label(client), reply->message, reply->sqlstate);
	client_close(client, code, reply->message);
}

/* ------------------------------------------------------------------------
 * joining
 * ------------------------------------------------------------------------ */

/*
 * Too much came from the client's address: it waits a little, and is then
 * refused, with the milliseconds until it may come again.
 */
static void
hold_back(Client *client, int64_t wait, const char *reason)
{
	static LogThrottle throttle = {.what = "clients that were refused for what came from their address"};
	int64_t			   now = now_ms();

	if (client->held_at == 0)
		client->held_at = now;
	if (now - client->held_at < HELD_PATIENCE_OF_CLIENT_MS)
	{
		client->rejoin_at = now + HELD_RETRY_OF_CLIENT_MS;
		return;
	}
	client_send_limit(client, NULL, reason, wait);
	log_throttled(&throttle, now, LOG_INFO, "%s: refused: %s", client_label(client), reason);
	client_close(client, CLOSE_RATE_LIMIT, reason);
}

/*
 * May it join?  Counted once a connection, for its address; whose token was
 * good here before is not kept out by its neighbours.
 */
static bool
may_join(Client *client)
{
	int64_t now = now_ms();
	int64_t wait = 0;

	if (client->join_is_counted)
		return true;
	if (!client->token || !token_may_join(client->token, now))
		wait = peers_join((const struct sockaddr *) &client->peer, now);
	client->join_is_counted = wait == 0;
	if (wait > 0)
		hold_back(client, wait, "too many connections were made from this address lately");
	return wait == 0;
}

/* May the token be tried?  One that was good here before is not kept waiting. */
static bool
may_try_token(Client *client)
{
	int64_t wait = 0;

	if (!token_is_known(client->token))
		wait = peers_token_wait((const struct sockaddr *) &client->peer, now_ms());
	if (wait > 0)
		hold_back(client, wait, "too many wrong tokens came from this address");
	return wait == 0;
}

/* Has its address room for one more without a token? */
static bool
may_watch(Client *client)
{
	static const char reason[] = "too many spectators watch from this address";

	if (client->counts_as_spectator)
		return true;
	client->counts_as_spectator = peers_enter_spectator((const struct sockaddr *) &client->peer,
														client_settings()->max_spectators_per_address);
	if (client->counts_as_spectator)
		return true;
	client_send_error(client, NULL, "53300", reason, "Close others first, or come with a token.");
	client_close(client, CLOSE_WORLD, reason);
	return false;
}

/* The client has said who it is: goes on as soon as the database is there. */
static void
proceed(Client *client)
{
	assert(client->state == CLIENT_WAITING);
	if (!worlds_are_registered() || !may_join(client))
		return;
	if (!client->token)
	{
		if (may_watch(client))
			join(client, 0);
	}
	else if (may_try_token(client))
		authenticate(client);
}

/* The database has said whether the token is somebody's; its client may have left meanwhile, without the token. */
static void
note_token(const Attempt *attempt, const DbReply *reply)
{
	const Client		  *client = attempt->client;
	const struct sockaddr *address = (const struct sockaddr *) &client->peer;
	bool				   is_wrong = !reply->result && strcmp(reply->sqlstate, "NS401") == 0;

	if (is_wrong)
		client_counts.wrong_tokens++;
	if (is_wrong && !attempt->is_counted)
		peers_wrong_token(address, now_ms());
	else if (!is_wrong && attempt->is_counted)
		peers_right_token(address);
	if (client->token && reply->result)
		token_remember(client->token);
	else if (client->token && is_wrong)
		token_forget(client->token);
}

static void
authenticated(void *argument, const DbReply *reply)
{
	Attempt *attempt = argument;
	Client	*client = attempt->client;

	note_token(attempt, reply);
	if (client->state == CLIENT_AUTHENTICATING)
	{
		if (reply->result && PQntuples(reply->result) == 1)
		{
			client->player_id = reply_integer(reply, 0, "player_id");
			client->world_id = reply_integer(reply, 0, "world_id");
			client_join_player(client);
			join(client, 0);
		}
		else if (reply->result)
			client_close(client, CLOSE_AUTHENTICATION, "unknown token");
		else if (reply->retry)
		{
			client_move(client, CLIENT_WAITING);
			client->rejoin_at = now_ms() + REJOIN_RETRY_MS;
		}
		else
			refuse(client, reply);
	}
	attempt_free(attempt);
}

/* A token that is not known counts as wrong from now on, so that many at once, or from clients that leave, are no more than others. */
static void
authenticate(Client *client)
{
	Attempt *attempt = attempt_create(client, 0);

	attempt->is_counted = !token_is_known(client->token);
	if (attempt->is_counted)
		peers_wrong_token((const struct sockaddr *) &client->peer, now_ms());
	client_move(client, CLIENT_AUTHENTICATING);
	call_authenticate(client->token, authenticated, attempt);
}

static Client *
client_of_session(int64_t session_id)
{
	Client *client = clients_first();

	while (client && client->session_id != session_id)
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

	client_name(client, username ? username : "", world_name ? world_name : "");
}

/* The database has a session for the client. */
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
		if (!client->world)
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
		session_ended(json_integer_value(json_array_get(replaced, i)), "replaced");

	if (is_new && client->kind == CLIENT_PLAYER)
	{
		send_welcome(client, welcome);
		wire_go_on(client->wsi);
	}
	client->camera_untold = client->watch && client->watch->has_camera;
	compute_joined(client);
	if (client->mind)
		mind_joined(client);
}

/* No session came of it; tried again while that may help. */
static void
join_failed(Client *client, const DbReply *reply)
{
	bool is_new = client->state == CLIENT_JOINING;

	bool lapsed = strcmp(reply->sqlstate, SQLSTATE_NOT_REGISTERED) == 0;

	if (!reply->retry && !lapsed)
		refuse(client, reply);
	else
	{
		client_move(client, is_new ? CLIENT_WAITING : CLIENT_PARTED);
		if (lapsed)
			session_register_again();
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
	json_t	   *answer = json ? json_parse_trusted(json, message, sizeof(message)) : NULL;
	int64_t		session_id = 0;
	bool		is_current = attempt->registration == session.registration;
	bool		is_waiting = client->state == CLIENT_JOINING || client->state == CLIENT_REJOINING;

	if (answer)
		json_member_integer(answer, "session_id", &session_id);
	if (!is_waiting || !is_current)
	{
		/* nobody is there for it any more, or a registration closed it */
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
	else if (reply->result)
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
						  purpose_name(client->purpose), client->source, client->name, joined,
						  attempt_create(client, old_session_id));
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
 * hellos
 * ------------------------------------------------------------------------ */

static bool
copy_member(const json_t *hello, const char *name, size_t longest, char **copy, char *message, size_t size)
{
	const json_t *value = json_object_get(hello, name);
	const char	 *string = json_string_value(value);

	if (!value || json_is_null(value))
		return true;
	if (!string || strlen(string) > longest)
	{
		snprintf(message, size, "hello: %s must be a string of at most %zu bytes", name, longest);
		return false;
	}
	free(*copy);
	*copy = mem_copy_string(string);
	return true;
}

static bool
read_purpose(const json_t *hello, Purpose *purpose)
{
	const json_t *value = json_object_get(hello, "purpose");
	const char	 *name = json_string_value(value);

	*purpose = PURPOSE_WATCH;
	if (!value || json_is_null(value) || (name && strcmp(name, "watch") == 0))
		return true;
	if (name && strcmp(name, "compute") == 0)
		*purpose = PURPOSE_COMPUTE;
	else if (name && strcmp(name, "both") == 0)
		*purpose = PURPOSE_BOTH;
	else
		return false;
	return true;
}

static bool
read_page(const json_t *hello, int *page)
{
	const json_t *value = json_object_get(hello, "page");
	json_int_t	  bytes = json_integer_value(value);

	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value) || bytes < PAGE_LEAST || bytes > PAGE_MOST)
		return false;
	*page = (int) bytes;
	return true;
}

static bool
read_hello(Client *client, const json_t *hello, char *message, size_t size)
{
	if (!copy_member(hello, "token", MAX_TOKEN, &client->token, message, size) ||
		!copy_member(hello, "client", MAX_NAME, &client->name, message, size) ||
		!copy_member(hello, "source", MAX_NAME, &client->source, message, size))
		return false;
	if (!read_purpose(hello, &client->purpose))
	{
		snprintf(message, size, "hello: purpose must be watch, compute or both");
		return false;
	}
	if (!read_page(hello, &client->page))
	{
		snprintf(message, size, "hello: page must be a whole number from %d to %d", PAGE_LEAST, PAGE_MOST);
		return false;
	}
	if (!client->token &&
		(!json_member_integer(hello, "world_id", &client->world_id) || client->world_id <= 0))
	{
		snprintf(message, size, "hello: world_id is needed where there is no token");
		return false;
	}
	return true;
}

static void
leave_greeting(Client *client)
{
	client_move(client, CLIENT_WAITING);
	/* what it sends before the welcome stays in the socket */
	if (client->kind == CLIENT_PLAYER)
		wire_hold(client->wsi);
	proceed(client);
}

void
session_hello(Client *client, const json_t *hello)
{
	char message[160];

	if (!read_hello(client, hello, message, sizeof(message)))
	{
		client_send_error(client, NULL, "22023", message, NULL);
		client_close(client, CLOSE_PROTOCOL_ERROR, message);
		return;
	}
	if (!client->token && client->purpose != PURPOSE_WATCH)
	{
		client_send_error(client, NULL, "NS401", "a token is needed to compute", NULL);
		client_close(client, CLOSE_AUTHENTICATION, "a token is needed to compute");
		return;
	}
	if (client->purpose != PURPOSE_WATCH && client->source[0] == '\0')
	{
		/* its first heartbeat names it; until then it must not replace another */
		char source[64];

		snprintf(source, sizeof(source), "unnamed-%" PRIu64, ++session.provisional);
		free(client->source);
		client->source = mem_copy_string(source);
		client->source_is_provisional = true;
	}
	leave_greeting(client);
}

/* "1" or "0"; empty is no. */
static bool
read_switch(const char *text, bool *on)
{
	*on = strcmp(text, "1") == 0;
	return *on || *text == '\0' || strcmp(text, "0") == 0;
}

static const char *
read_offer(const McpArguments *arguments, MindOffer *offer)
{
	offer->max_concurrency = 1;
	if (*arguments->max_concurrency &&
		!query_number(arguments->max_concurrency, 1, MIND_MAX_CONCURRENCY, &offer->max_concurrency))
		return "max_concurrency must be from 1 to 64";
	if (!read_switch(arguments->choices, &offer->choices))
		return "choices must be 1 or 0";
	return read_switch(arguments->compact, &offer->compact) ? NULL : "compact must be 1 or 0";
}

void
session_mcp_hello(Client *client, const char *token, const McpArguments *arguments)
{
	const char *source = arguments->source;
	MindOffer	offer;
	const char *problem = read_offer(arguments, &offer);

	if (problem)
	{
		client_close(client, CLOSE_PROTOCOL_ERROR, problem);
		return;
	}
	if (!*token)
	{
		client_close(client, CLOSE_AUTHENTICATION, "Authorization: Bearer TOKEN is needed");
		return;
	}
	if (strlen(token) > MAX_TOKEN || strlen(source) > MAX_NAME || !text_is_valid_utf8(token) ||
		!text_is_valid_utf8(source))
	{
		client_close(client, CLOSE_PROTOCOL_ERROR, "the token or the source is no valid text");
		return;
	}
	client->purpose = PURPOSE_COMPUTE;
	client->token = mem_copy_string(token);
	free(client->source);
	client->source = mem_copy_string(*source ? source : DEFAULT_SOURCE);
	free(client->name);
	client->name = mem_copy_string("mcp");
	mind_create(client, &offer);
	leave_greeting(client);
}

/* ------------------------------------------------------------------------
 * ends
 * ------------------------------------------------------------------------ */

void
session_ended(int64_t session_id, const char *reason)
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
	};
	Client	   *client = client_of_session(session_id);
	int			code = CLOSE_GOING_AWAY;
	const char *text = "the session was ended";

	if (!client || client_is_leaving(client))
		return;
	if (strcmp(reason, "silent") == 0)
	{
		/* this gateway was not heard of for long, its clients are not to blame */
		session_register_again();
		return;
	}
	/* one that is about to change its source ended its own session */
	if (client->state == CLIENT_REJOINING && strcmp(reason, "replaced") == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(known[i].reason, reason) == 0)
		{
			code = known[i].code;
			text = known[i].text;
		}
	}
	/* the session is deleted with the connection; until then each poll tells of it */
	client_close(client, code, text);
}

void
session_world_gone(World *world)
{
	for (Client *client = clients_first(); client; client = client->next)
	{
		if (client->world == world)
			client_close(client, CLOSE_WORLD, "the world is gone");
	}
}

void
session_closed(Client *client)
{
	int64_t session_id = client->session_id;

	watch_end(client);
	client_move(client, CLIENT_GONE);
	compute_leave(client);
	mind_free(client);
	report_end(client);
	if (session_id && worlds_are_registered())
		call_client_disconnected(session_id);
	client->session_id = 0;
	if (client->world)
	{
		/* queries that come back find it gone by its state, not by its world */
		world_leave(client->world);
		client->world = NULL;
	}
	client_release(client);
}

/* ------------------------------------------------------------------------
 * registration
 * ------------------------------------------------------------------------ */

/* What keeps us out, told once. */
static void
note_trouble(LogLevel level, const char *trouble)
{
	if (strncmp(session.trouble, trouble, sizeof(session.trouble) - 1) == 0)
		return;
	snprintf(session.trouble, sizeof(session.trouble), "%s", trouble);
	log_line(level, "%s", session.trouble);
}

/* Another gateway has our id. */
static void
id_is_held(const DbReply *reply)
{
	int64_t now = now_ms();

	if (session.held_since == 0)
	{
		char trouble[sizeof(session.trouble)];

		session.held_since = now;
		snprintf(trouble, sizeof(trouble), "refused: %s. %s %s", reply->message,
				 reply->detail ? reply->detail : "", reply->hint ? reply->hint : "");
		note_trouble(session.was_registered ? LOG_WARNING : LOG_ERROR, trouble);
	}
	if (!session.was_registered && now - session.held_since > HELD_PATIENCE_MS)
		session.refused = true;
	session.register_at = now + HELD_RETRY_MS;
}

static void
registered(void *argument, const DbReply *reply)
{
	uint64_t registration = (uint64_t) (uintptr_t) argument;

	if (registration != session.registration)
		return;
	session.registering = false;
	if (!reply->result && strcmp(reply->sqlstate, SQLSTATE_GATEWAY_HELD) == 0)
	{
		id_is_held(reply);
		return;
	}
	if (!reply->result)
	{
		if (!reply->lost)
			log_line(LOG_WARNING, "register_gateway: %s (%s)", reply->message, reply->sqlstate);
		session.register_at = now_ms() + REGISTER_RETRY_MS;
		return;
	}
	log_line(LOG_INFO, "registered as %s", session.gateway_id);
	session.was_registered = true;
	session.held_since = 0;
	session.trouble[0] = '\0';
	worlds_registered();
	submit_registered();
	for (Client *client = clients_first(); client; client = client->next)
	{
		if (client->state == CLIENT_WAITING)
			proceed(client);
		else if (client->state == CLIENT_PARTED)
			join(client, 0);
	}
}

/* All sessions are lost, and not yet there again. */
static void
part_all(void)
{
	worlds_unregistered();
	for (Client *client = clients_first(); client; client = client->next)
	{
		if (client->state == CLIENT_LIVE || client->state == CLIENT_REJOINING)
			client_move(client, CLIENT_PARTED);
		compute_parted(client);
	}
}

static void
register_now(void)
{
	part_all();
	session.registering = true;
	session.register_at = 0;
	session.registration++;
	call_register_gateway(session.gateway_id, registered, (void *) (uintptr_t) session.registration);
}

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
session_database_up(void)
{
	register_now();
}

void
session_database_down(void)
{
	session.registration++; /* whatever comes back now is of the past */
	session.registering = false;
	session.register_at = 0;
	part_all();
}

void
session_database_refused(const char *reason)
{
	char trouble[sizeof(session.trouble)];

	snprintf(trouble, sizeof(trouble), "refused: %s", reason);
	note_trouble(LOG_ERROR, trouble);
	if (!session.was_registered)
		session.refused = true;
}

bool
session_is_refused(void)
{
	return session.refused;
}

int
session_count_without(void)
{
	int count = 0;

	for (const Client *client = clients_first(); client; client = client->next)
		count += client_is_welcome(client) && client->session_id == 0;
	return count;
}

void
session_add_trouble(Text *text, int64_t now)
{
	int		count = 0;
	int64_t longest = 0;

	if (session.trouble[0])
		text_add_format(text, "%s\n", session.trouble);
	for (const Client *client = clients_first(); client; client = client->next)
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

void
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

/* Somebody deleted rows: who computes would hear it at the next heartbeat, who only watches never. */
static void
checked(void *argument, const DbReply *reply)
{
	uint64_t registration = (uint64_t) (uintptr_t) argument;

	session.checks--;
	if (registration != session.registration)
		return;
	if (!reply->result && !reply->lost)
	{
		static LogThrottle throttle = {.what = "looks for unknown sessions that failed"};

		log_throttled(&throttle, now_ms(), LOG_WARNING, "unknown_sessions: %s", reply->message);
	}
	for (int row = 0; reply->result && row < PQntuples(reply->result); row++)
	{
		Client *client = client_of_session(reply_integer(reply, row, "session_id"));

		if (client)
			session_unknown(client);
	}
}

static void
check_sessions(int64_t now)
{
	int64_t ids[MAX_CHECKED];
	int		count = 0;

	session.check_at = now + CHECK_INTERVAL_MS;
	/* it has none of them */
	if (db_is_standby())
		return;
	for (const Client *client = clients_first(); client; client = client->next)
	{
		if (client->state == CLIENT_LIVE)
			ids[count++] = client->session_id;
		if (count == MAX_CHECKED || (count > 0 && !client->next))
		{
			session.checks++;
			call_unknown_sessions(session.gateway_id, ids, count, checked,
								  (void *) (uintptr_t) session.registration);
			count = 0;
		}
	}
}

void
session_register_again(void)
{
	if (!session.registering && db_is_up())
	{
		log_line(LOG_WARNING, "the database has not heard from this gateway: registering again");
		register_now();
	}
}

/* ------------------------------------------------------------------------
 * time
 * ------------------------------------------------------------------------ */

static void
tick_client(Client *client, int64_t now)
{
	int patience = client_settings()->hello_timeout_ms;

	switch (client->state)
	{
		case CLIENT_GREETING:
			if (now - client->opened_at > patience)
			{
				client_send_error(client, NULL, "08P01", "the hello did not arrive in time", NULL);
				client_close(client, CLOSE_HELLO_MISSING, "the hello did not arrive in time");
			}
			break;
		case CLIENT_WAITING:
		case CLIENT_AUTHENTICATING:
		case CLIENT_JOINING:
			if (now - client->opened_at > 2 * (int64_t) patience)
			{
				client_send_error(client, NULL, "08006", "the database is not reachable", "Come back later.");
				client_close(client, CLOSE_GOING_AWAY, "the database is not reachable");
			}
			else if (client->state == CLIENT_WAITING && now >= client->rejoin_at)
				proceed(client);
			break;
		case CLIENT_PARTED:
			if (worlds_are_registered() && now >= client->rejoin_at)
				join(client, 0);
			break;
		case CLIENT_LIVE:
		case CLIENT_REJOINING:
		case CLIENT_CLOSING:
		case CLIENT_GONE:
			break;
	}
}

void
session_tick(int64_t now)
{
	Client *client = clients_first();

	if (session.register_at && now >= session.register_at && db_is_up())
		register_now();
	if (worlds_are_registered() && session.checks == 0 && now >= session.check_at)
		check_sessions(now);
	while (client)
	{
		Client *next = client->next;

		tick_client(client, now);
		client_tick(client, now);
		if (client->watch)
			watch_tick(client->watch, now);
		if (client->mind)
			mind_tick(client, now);
		report_tick(client, now);
		client = next;
	}
}
