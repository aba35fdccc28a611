/*
 * requests.c
 *	  Reads the frames of clients of npcsim.v1 and does what they ask for.
 *
 * A frame that cannot be read is answered with an error and the connection
 * stays open, except before the hello: a mind that writes NaN must not lose its
 * connection.  A type that is not known is answered with an error when the
 * frame has an id and ignored otherwise, so that clients may be newer than the
 * gateway.
 */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/clock.h"
#include "common/json_input.h"
#include "common/loose_json.h"
#include "common/mcp_scan.h"
#include "common/memory.h"
#include "common/text.h"
#include "admission.h"
#include "calls.h"
#include "compute.h"
#include "subscribe.h"

#define MAX_ID		80 /* bytes of a request's id as JSON */
#define MAX_REDUCER 64
#define MAX_KEY		200

/* A call on its way, and what is needed to tell its result. */
typedef struct Call
{
	Client *client;			/* a reference */
	char	id[MAX_ID + 1]; /* the request's id as JSON, or "" */
	bool	tell_success;	/* false = the client is told only of a failure */
} Call;

/* Writes the request's id, a string or a number, as JSON, or "" when there is none; returns false if it is anything else. */
static bool
read_id(const json_t *frame, char *id)
{
	const json_t *value = json_object_get(frame, "id");
	Text		  text = {0};
	bool		  good = true;

	id[0] = '\0';
	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_string(value) || json_is_number(value))
	{
		text_add_json(&text, value);
		good = text.length <= MAX_ID;
		if (good)
			strcpy(id, text.data);
		text_free(&text);
		return good;
	}
	return false;
}

/* ------------------------------------------------------------------------
 * calls
 * ------------------------------------------------------------------------ */

static void
begin_result(Text *text, const char *id)
{
	text_add_string(text, "{\"type\":\"result\"");
	if (*id)
		text_add_format(text, ",\"id\":%s", id);
}

static bool
says_ok(const char *json)
{
	char	message[100];
	json_t *result = json_parse_trusted(json, message, sizeof(message));
	bool	ok = json_is_true(json_object_get(result, "ok"));

	json_decref(result);
	return ok;
}

static void
called(void *argument, const DbReply *reply)
{
	Call	   *call = argument;
	const char *json = reply_text(reply);
	Text		text = {0};

	begin_result(&text, call->id);
	if (json != NULL && json[0] == '{' && json[1] != '}')
	{
		/* {"ok":…} becomes {"type":"result","id":…,"ok":…} */
		text_add(&text, ",", 1);
		text_add_string(&text, json + 1);
		if (call->tell_success || !says_ok(json))
			client_send_text(call->client, &text);
	}
	else
	{
		DbReply failure = *reply;

		if (reply->result != NULL)
		{
			strcpy(failure.sqlstate, "XX000");
			failure.message = "the database gave no result";
		}
		text_add_string(&text, ",\"ok\":false,\"error\":{");
		{
			Text error = {0};

			reply_add_error(&error, &failure);
			text_add(&text, error.data + 1, error.length - 1); /* without its comma */
			text_free(&error);
		}
		text_add_string(&text, "}}");
		client_send_text(call->client, &text);
	}
	text_free(&text);
	client_release(call->client);
	free(call);
}

static void
refuse_call(Client *client, const char *id, const char *code, const char *message)
{
	Text text = {0};

	begin_result(&text, id);
	text_add_string(&text, ",\"ok\":false,\"error\":{\"code\":");
	text_add_json_string(&text, code);
	text_add_string(&text, ",\"message\":");
	text_add_json_string(&text, message);
	text_add_string(&text, ",\"retry\":false}}");
	client_send_text(client, &text);
	text_free(&text);
}

static void
send_call(Client *client, const char *id, const char *reducer, const json_t *arguments, const char *key,
		  bool tell_success)
{
	Call *call;
	Text  text = {0};

	if (client->player_id == 0)
	{
		refuse_call(client, id, "42501", "spectators cannot act");
		return;
	}
	call = mem_alloc(sizeof(Call));
	call->client = client_hold(client);
	call->tell_success = tell_success;
	strcpy(call->id, id);
	text_add_json(&text, arguments);
	call_reducer(client->world->id, client->player_id, reducer, text.data, key, called, call);
	text_free(&text);
}

static void
take_call(Client *client, const json_t *frame, const char *id)
{
	const char	 *reducer = json_member_string(frame, "reducer");
	const json_t *arguments = json_object_get(frame, "args");
	const json_t *key = json_object_get(frame, "key");
	json_t		 *none = NULL;

	if (reducer == NULL || strlen(reducer) > MAX_REDUCER)
		refuse_call(client, id, "22023", "reducer must be a name of at most 64 bytes");
	else if (arguments != NULL && !json_is_object(arguments))
		refuse_call(client, id, "22023", "args must be an object");
	else if (key != NULL && !json_is_null(key) && (!json_is_string(key) || json_string_length(key) > MAX_KEY))
		refuse_call(client, id, "22023", "key must be a string of at most 200 bytes");
	else
	{
		if (arguments == NULL)
			arguments = none = json_object();
		send_call(client, id, reducer, arguments, json_string_value(key), true);
		json_decref(none);
	}
}

/* Takes a frame that is a call by another name, whose members are the arguments. */
static void
take_shorthand(Client *client, const json_t *frame, const char *id, const char *reducer)
{
	json_t *arguments = json_copy((json_t *) frame);

	json_object_del(arguments, "type");
	json_object_del(arguments, "id");
	send_call(client, id, reducer, arguments, NULL, *id != '\0');
	json_decref(arguments);
}

/* ------------------------------------------------------------------------
 * other frames
 * ------------------------------------------------------------------------ */

static void
take_ping(Client *client, const json_t *frame)
{
	const json_t *t = json_object_get(frame, "t");
	Text		  text = {0};

	text_add_string(&text, "{\"type\":\"pong\"");
	if (t != NULL)
	{
		text_add_string(&text, ",\"t\":");
		text_add_json(&text, t);
	}
	text_add_string(&text, ",\"clock\":");
	text_add_json_real(&text, world_clock_now(client->world, now_ms()));
	text_add(&text, "}", 1);
	client_send_text(client, &text);
	text_free(&text);
}

/* Reads an id that may be absent (*value is 0 then); returns false when the member is there and is not an id. */
static bool
read_optional_id(const json_t *frame, const char *name, int64_t *value)
{
	const json_t *member = json_object_get(frame, name);

	*value = 0;
	if (member == NULL || json_is_null(member))
		return true;
	*value = json_integer_value(member);
	return json_is_integer(member) && *value > 0;
}

static void
fail_decision(Client *client, int64_t request_id, int64_t npc_id, const char *code, const char *message)
{
	client_send_error(client, NULL, code, message, NULL);
	compute_fail_unreadable(client, request_id, npc_id, message);
}

/* Takes a decision_response.  The database refuses one without a decision, or with bad ids, by a decision_result. */
static void
take_decision(Client *client, const json_t *frame)
{
	const char *problem;
	json_t	   *decision = answer_in_value(frame, &problem);
	json_t	   *answer = decision != NULL ? decision : json_copy((json_t *) frame);
	int64_t		request_id;
	int64_t		npc_id;
	Text		text = {0};

	/* the ids of the frame count, not those that may stand beside a decision within it */
	if (json_object_get(frame, "request_id") != NULL)
		json_object_set(answer, "request_id", json_object_get(frame, "request_id"));
	if (json_object_get(frame, "npc_id") != NULL)
		json_object_set(answer, "npc_id", json_object_get(frame, "npc_id"));
	answer_regulate(answer);
	if (!read_optional_id(answer, "request_id", &request_id))
		request_id = 0;
	if (!read_optional_id(answer, "npc_id", &npc_id))
		npc_id = 0;
	text_add_json(&text, answer);
	if (client->compute == NULL)
		client_send_error(client, NULL, "42501", "this connection does not compute",
						  "Say \"purpose\":\"compute\" or \"both\" in the hello.");
	else if (text.length > ANSWER_MAX_BYTES)
		fail_decision(client, request_id, npc_id, "22023", ANSWER_TOO_LONG);
	else
		compute_answer(client, request_id, npc_id, text.data, text.length);
	text_free(&text);
	json_decref(answer);
}

static void
take_from_welcome(Client *client, const json_t *frame, const char *type, const char *id)
{
	char message[160] = "";
	bool good = true;

	if (strcmp(type, "ping") == 0)
		take_ping(client, frame);
	else if (strcmp(type, "subscribe") == 0)
	{
		if (client->purpose == PURPOSE_COMPUTE)
		{
			snprintf(message, sizeof(message), "a connection for compute only does not watch");
			good = false;
		}
		else if (client_may_subscribe(client, id))
			good = watch_subscribe(client, frame, message, sizeof(message));
	}
	else if (strcmp(type, "camera") == 0)
		good = watch_camera(client, frame, message, sizeof(message));
	else if (strcmp(type, "unsubscribe") == 0)
		watch_end(client);
	else if (strcmp(type, "call") == 0)
		take_call(client, frame, id);
	else if (strcmp(type, "chat") == 0)
		take_shorthand(client, frame, id, "send_chat");
	else if (strcmp(type, "map_ping") == 0)
		take_shorthand(client, frame, id, "map_ping");
	else if (strcmp(type, "compute_heartbeat") == 0)
		good = compute_heartbeat(client, frame, message, sizeof(message));
	else if (strcmp(type, "decision_response") == 0)
		take_decision(client, frame);
	else if (strcmp(type, "hello") == 0)
	{
		snprintf(message, sizeof(message), "the hello was answered already");
		good = false;
	}
	else if (*id)
		client_send_error(client, id, "0A000", "this type of frame is not known here", NULL);
	if (!good)
		client_send_error(client, id, "22023", message, NULL);
}

static void
take_frame(Client *client, const json_t *frame)
{
	const char *type = json_member_string(frame, "type");
	char		id[MAX_ID + 1];

	if (client->state == CLIENT_GREETING)
	{
		if (type != NULL && strcmp(type, "hello") == 0)
			admission_hello(client, frame);
		else
		{
			client_send_error(client, NULL, "08P01", "the first frame must be a hello", NULL);
			client_close(client, CLOSE_HELLO_MISSING, "the first frame must be a hello");
		}
	}
	else if (type == NULL)
		client_send_error(client, NULL, "22023", "a frame needs a type", NULL);
	else if (!read_id(frame, id))
		client_send_error(client, NULL, "22023", "id must be a number or a string of at most 78 bytes", NULL);
	else if (client_is_welcome(client))
		take_from_welcome(client, frame, type, id);
}

/*
 * Takes a frame that is not valid JSON.  From a client that computes a decision that can be read all the same is taken, and one
 * that cannot makes its request fail at once, if its ids can be seen.
 */
static void
take_unreadable(Client *client, const char *message)
{
	const char *data = client->incoming.data;
	size_t		length = client->incoming.length;
	const char *problem;
	json_t	   *frame = NULL;
	const char *type;

	if (client_is_welcome(client) && client->compute != NULL)
	{
		frame = loose_json_whole(data, length, &problem);
		type = json_is_object(frame) ? json_member_string(frame, "type") : NULL;
		if (type != NULL && strcmp(type, "decision_response") == 0)
		{
			take_decision(client, frame);
			json_decref(frame);
			return;
		}
		json_decref(frame);
	}
	if (client_is_welcome(client) && client->compute != NULL)
		fail_decision(client, mcp_scan_number(data, length, "request_id"),
					  mcp_scan_number(data, length, "npc_id"), "22032", message);
	else
		client_send_error(client, NULL, "22032", message, NULL);
	if (client->state == CLIENT_GREETING)
		client_close(client, CLOSE_PROTOCOL_ERROR, message);
}

void
requests_take(Client *client)
{
	char	message[200];
	json_t *frame;

	if (client_is_leaving(client) || !client_may_send(client))
		return;
	frame = json_parse_foreign(client->incoming.data, client->incoming.length, message, sizeof(message));
	if (frame != NULL)
		take_frame(client, frame);
	else
		take_unreadable(client, message);
	json_decref(frame);
	text_clear(&client->incoming);
}
