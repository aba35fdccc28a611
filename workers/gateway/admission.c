/*
 * admission.c
 *	  Decides which connections the gateway lets in: by what a connection says
 *	  of itself, how often its address may join, and whether its token is valid.
 */
#include "admission.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/log.h"
#include "common/mcp_terms.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "counts.h"
#include "mind.h"
#include "peers.h"
#include "query.h"
#include "refusal.h"
#include "session.h"
#include "tokens.h"
#include "wire.h"

/* A client whose address is over a limit is looked at again after HELD_RETRY_MS and refused after HELD_PATIENCE_MS. */
#define HELD_RETRY_MS	 250
#define HELD_PATIENCE_MS 2000

#define MAX_TOKEN 512
#define MAX_NAME  200

/* A token that the database is asked about. */
typedef struct Attempt
{
	Client *client;		/* a reference */
	bool	is_counted; /* it counts as a wrong token of its address until the database says otherwise */
} Attempt;

static uint64_t provisional; /* how many provisional names of sources were given */

/* ------------------------------------------------------------------------
 * tokens and addresses
 * ------------------------------------------------------------------------ */

/*
 * Holds back a client whose address is over a limit: it waits a little, and is
 * then refused and told in how many milliseconds it may come again.
 */
static void
hold_back(Client *client, int64_t wait, const char *reason)
{
	static LogThrottle throttle = {.what = "clients that were refused for what came from their address"};
	int64_t			   now = now_ms();

	if (client->held_at == 0)
		client->held_at = now;
	if (now - client->held_at < HELD_PATIENCE_MS)
	{
		client->rejoin_at = now + HELD_RETRY_MS;
		return;
	}
	client_send_limit(client, NULL, reason, wait);
	log_throttled(&throttle, now, LOG_INFO, "%s: refused: %s", client_label(client), reason);
	client_close(client, CLOSE_RATE_LIMIT, reason);
}

/*
 * Returns true if the client may join now.  A connection counts once, for its
 * address; but one whose token was valid here before has an allowance of its
 * own, so that others at its address cannot keep it out.
 */
static bool
may_join(Client *client)
{
	int64_t now = now_ms();
	int64_t wait = 0;

	if (client->join_is_counted)
		return true;
	if (client->token == NULL || !token_may_join(client->token, now))
		wait = peers_join((const struct sockaddr *) &client->peer, now);
	client->join_is_counted = wait == 0;
	if (wait > 0)
		hold_back(client, wait, "too many connections were made from this address lately");
	return wait == 0;
}

/* Returns true if the database may be asked about the client's token now.  A token that was valid here before never waits. */
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

/* Counts a spectator for its address; closes the client and returns false if that has its limit already. */
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

/* Notes for the address what the database said of a token.  The client has no token any more if it has left meanwhile. */
static void
note_token(const Attempt *attempt, const DbReply *reply)
{
	const Client		  *client = attempt->client;
	const struct sockaddr *address = (const struct sockaddr *) &client->peer;
	bool				   is_wrong = reply->result == NULL && strcmp(reply->sqlstate, "NS401") == 0;

	if (is_wrong)
		counts.wrong_tokens++;
	if (is_wrong && !attempt->is_counted)
		peers_wrong_token(address, now_ms());
	else if (!is_wrong && attempt->is_counted)
		peers_right_token(address);
	if (client->token != NULL && reply->result != NULL)
		token_remember(client->token);
	else if (client->token != NULL && is_wrong)
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
		if (reply->result != NULL && PQntuples(reply->result) == 1)
		{
			client->player_id = reply_integer(reply, 0, "player_id");
			client->world_id = reply_integer(reply, 0, "world_id");
			client_join_player(client);
			session_join(client);
		}
		else if (reply->result != NULL)
			client_close(client, CLOSE_AUTHENTICATION, "unknown token");
		else if (reply->retry)
		{
			client_move(client, CLIENT_WAITING);
			client->rejoin_at = now_ms() + REJOIN_RETRY_MS;
		}
		else
			refuse_client(client, reply);
	}
	client_release(client);
	free(attempt);
}

/*
 * Asks the database about the client's token.  A token that is not known counts as wrong until the answer comes, so that asking
 * about many at once, or leaving before the answer, does not get around the limit.
 */
static void
authenticate(Client *client)
{
	Attempt *attempt = mem_alloc(sizeof(Attempt));

	attempt->client = client_hold(client);
	attempt->is_counted = !token_is_known(client->token);
	if (attempt->is_counted)
		peers_wrong_token((const struct sockaddr *) &client->peer, now_ms());
	client_move(client, CLIENT_AUTHENTICATING);
	call_authenticate(client->token, authenticated, attempt);
}

/* Lets in a client whose hello is here, as far as database and limits allow now; else it is called again later. */
static void
proceed(Client *client)
{
	assert(client->state == CLIENT_WAITING);
	if (!worlds_are_registered() || !may_join(client))
		return;
	if (client->token == NULL)
	{
		if (may_watch(client))
			session_join(client);
	}
	else if (may_try_token(client))
		authenticate(client);
}

/* ------------------------------------------------------------------------
 * hellos
 * ------------------------------------------------------------------------ */

static bool
copy_member(const json_t *hello, const char *name, size_t longest, char **copy, char *message, size_t size)
{
	const json_t *value = json_object_get(hello, name);
	const char	 *string = json_string_value(value);

	if (value == NULL || json_is_null(value))
		return true;
	if (string == NULL || strlen(string) > longest)
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
	if (value == NULL || json_is_null(value))
		return true;
	for (int i = 0; name != NULL && i < PURPOSE_COUNT; i++)
	{
		if (strcmp(name, purpose_names[i]) == 0)
		{
			*purpose = (Purpose) i;
			return true;
		}
	}
	return false;
}

static bool
read_page(const json_t *hello, int *page)
{
	const json_t *value = json_object_get(hello, "page");
	json_int_t	  bytes = json_integer_value(value);

	if (value == NULL || json_is_null(value))
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
	if (client->token == NULL &&
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
	/* what it sends before the welcome is not read from its socket until then */
	if (client->kind == CLIENT_PLAYER)
		wire_hold(client->wsi);
	proceed(client);
}

void
admission_hello(Client *client, const json_t *hello)
{
	char message[160];

	if (!read_hello(client, hello, message, sizeof(message)))
	{
		client_send_error(client, NULL, "22023", message, NULL);
		client_close(client, CLOSE_PROTOCOL_ERROR, message);
		return;
	}
	if (client->token == NULL && client->purpose != PURPOSE_WATCH)
	{
		client_send_error(client, NULL, "NS401", "a token is needed to compute", NULL);
		client_close(client, CLOSE_AUTHENTICATION, "a token is needed to compute");
		return;
	}
	if (client->purpose != PURPOSE_WATCH && client->source[0] == '\0')
	{
		/* its first heartbeat may name its source; until then its name must not be one that replaces another session */
		char source[64];

		snprintf(source, sizeof(source), "unnamed-%" PRIu64, ++provisional);
		free(client->source);
		client->source = mem_copy_string(source);
		client->source_is_provisional = true;
	}
	leave_greeting(client);
}

/* Reads "1" or "0" ("" is no); returns false for anything else. */
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
		!query_number(arguments->max_concurrency, 1, MCP_MAX_CONCURRENCY, &offer->max_concurrency))
		return "max_concurrency must be from 1 to " MCP_MAX_CONCURRENCY_TEXT;
	if (!read_switch(arguments->choices, &offer->choices))
		return "choices must be 1 or 0";
	return read_switch(arguments->compact, &offer->compact) ? NULL : "compact must be 1 or 0";
}

void
admission_mcp_hello(Client *client, const char *token, const McpArguments *arguments)
{
	const char *source = arguments->source;
	MindOffer	offer;
	const char *problem = read_offer(arguments, &offer);

	if (problem != NULL)
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
	client->source = mem_copy_string(*source ? source : MCP_DEFAULT_SOURCE);
	free(client->name);
	client->name = mem_copy_string("mcp");
	mind_create(client, &offer);
	leave_greeting(client);
}

/* ------------------------------------------------------------------------
 * time
 * ------------------------------------------------------------------------ */

void
admission_resume(void)
{
	for (Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->state == CLIENT_WAITING)
			proceed(client);
	}
}

void
admission_tick(Client *client, int64_t now)
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
		case CLIENT_LIVE:
		case CLIENT_PARTED:
		case CLIENT_REJOINING:
		case CLIENT_CLOSING:
		case CLIENT_GONE:
			break;
	}
}
