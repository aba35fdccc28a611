/*
 * api_call.c
 *	  One question to a language model, and what comes of it.
 *
 *	 waits ── room, and no pause ──▶ under way ── an answer ──▶ decision or failure
 *	   ▲                                │
 *	   └── 429, 5xx, a closed socket, ──┘      each as long as there is time
 *	       another form of request
 *
 * A question that cannot be answered in time is refused at once.  One that is
 * under way when its time is over goes on for as long again, since a late
 * answer may still be of use, and is what the world learns our speed by.
 *
 * Invariants: a call is in the server's list until it is freed; under_way
 * counts those that have a request.
 */
#include "api_server.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/memory.h"
#include "prompt.h"
#include "sse.h"

/* Questions at a time, those included that are late: as many as the gateway may have and remember. */
#define CALLS_MAX (2 * MCP_MAX_CONCURRENCY)

/* How much of an answer is read. */
#define BODY_MOST	(1024 * 1024)
#define STREAM_MOST (8 * 1024 * 1024)
#define EVENT_MOST	(256 * 1024)

/* How many bytes are told of what an endpoint says went wrong. */
#define ERROR_TOLD 300

/* How often a question is put, whatever happens to it. */
#define TRIES_MOST 8

/* How long a late answer is waited for at most. */
#define LATE_MS 60000

struct ApiCall
{
	ApiServer	*server;
	ApiCall		*next;
	Question	 question;
	int64_t		 deadline; /* by now_ms() */
	int64_t		 given_up_at;
	int64_t		 asked_at;
	int			 tries;
	bool		 resent; /* it was sent anew after a socket was closed */
	bool		 may_speak;
	ChatForm	 form;
	HttpRequest *request; /* NULL while it waits */
	Text		 body;
	size_t		 streamed; /* bytes of an event stream */
	Sse			 events;
	ChatAnswer	 answer;
	bool		 too_long;
};

static const HttpHandlers call_handlers;

static void pump(ApiServer *self);

/* ---------- the list ---------- */

static void
forget_answer(ApiCall *call)
{
	text_free(&call->body);
	sse_free(&call->events);
	chat_answer_free(&call->answer);
	call->streamed = 0;
	call->too_long = false;
}

/* Ends the request of a call, if it has one; one that is done already is only forgotten. */
static void
leave_request(ApiCall *call, bool done)
{
	if (call->request == NULL)
		return;
	if (!done)
		http_cancel(call->request);
	call->request = NULL;
	call->server->under_way--;
}

static void
free_call(ApiCall *call)
{
	ApiServer *self = call->server;
	ApiCall	 **link = &self->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	self->call_count--;
	leave_request(call, false);
	forget_answer(call);
	own_mind_forget(&call->question);
	free(call);
}

void
api_call_cancel_all(ApiServer *self)
{
	while (self->calls != NULL)
		free_call(self->calls);
}

void
api_call_cancel(ApiServer *self, const Question *cancelled)
{
	for (ApiCall *call = self->calls; call != NULL; call = call->next)
	{
		if (!json_equal(call->question.id, cancelled->id))
			continue;
		if (call->request == NULL || cancelled->reason == NULL || strcmp(cancelled->reason, "timeout") != 0)
		{
			free_call(call);
			pump(self);
		}
		return;
	}
}

/* ---------- what is told ---------- */

void
api_pass(ApiServer *self, char *message)
{
	if (self->stage == API_UP)
		self->server.events.message(self->server.events.arg, message, strlen(message));
	free(message);
}

static void __attribute__((format(printf, 2, 3))) fail_call(ApiCall *call, const char *fmt, ...)
{
	ApiServer *self = call->server;
	char	   text[API_WHY_SIZE];
	va_list	   args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_throttled(&self->answer_throttle, now_ms(), LOG_WARNING, "no decision for NPC %lld: %s",
				  (long long) call->question.npc_id, text);
	api_pass(self, own_mind_failure(&call->question, "%s", text));
	free_call(call);
}

static void
refuse_call(ApiCall *call, const char *why)
{
	int64_t pause = call->server->pace.until - now_ms();

	fail_call(call, "refused: %s; the endpoint is left alone for %lld s", why,
			  (long long) (pause > 0 ? (pause + 999) / 1000 : 0));
}

/* Refuses those that wait in vain. */
static void
refuse_hopeless(ApiServer *self, const char *why)
{
	ApiCall *next;

	for (ApiCall *call = self->calls; call != NULL; call = next)
	{
		next = call->next;
		if (call->request == NULL && !pace_can_answer(&self->pace, now_ms(), call->deadline))
			refuse_call(call, why);
	}
}

/* ---------- answers ---------- */

static void
on_event(void *arg, const char *name, const char *data, size_t len)
{
	ApiCall *call = arg;

	(void) name;
	if (data == NULL)
		call->too_long = true;
	else
		chat_answer_read_event(&call->answer, data, len);
}

static bool
on_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	ApiCall *call = arg;

	if (http_status_of(request) / 100 == 2 && http_content_of(request) == HTTP_CONTENT_EVENTS)
	{
		call->streamed += len;
		call->too_long = call->too_long || call->streamed > STREAM_MOST;
		if (!call->too_long)
			sse_feed(&call->events, data, len);
		return !call->too_long;
	}
	if (call->body.length + len > BODY_MOST)
	{
		call->too_long = true;
		return false;
	}
	text_add(&call->body, data, len);
	return true;
}

/* Returns true if a body is an event stream, whatever its type says. */
static bool
is_stream(const Text *body)
{
	static const char sign[] = "data:";

	return body->data[strspn(body->data, " \t\r\n")] != '{' &&
		   (strncmp(body->data, sign, sizeof(sign) - 1) == 0 || strstr(body->data, "\ndata:") != NULL);
}

static void
read_body(ApiCall *call)
{
	if (call->body.length == 0)
		return;
	if (is_stream(&call->body))
	{
		sse_feed(&call->events, call->body.data, call->body.length);
		sse_feed(&call->events, "\n\n", 2);
	}
	else
		chat_answer_read(&call->answer, call->body.data, call->body.length);
}

void
api_hide_key(const ApiServer *self, char *text, size_t len)
{
	const char *key = self->server.settings->api.key;
	size_t		length = strlen(key);
	char	   *at;

	while (length > 0 && (at = memmem(text, len, key, length)) != NULL)
		memset(at, '*', length);
}

/* The key is replaced before anything is cut, since a part of it is too much, too. */
void
api_describe_error(const ApiServer *self, char *line, size_t size, long status, Text *body, Text *error)
{
	Text *said = error->length > 0 ? error : body;
	char  excerpt[ERROR_TOLD + 1] = "";

	if (said->length > 0)
	{
		api_hide_key(self, said->data, said->length);
		text_copy_line(excerpt, sizeof(excerpt), said->data);
	}
	snprintf(line, size, "HTTP status %ld%s%s", status, excerpt[0] != '\0' ? ": " : "", excerpt);
}

/* Remembers what the endpoint takes, now that it has taken it. */
static void
learn_form(ApiCall *call)
{
	static const char *const formats[] =
		{[CHAT_SCHEMA] = "by a schema", [CHAT_OBJECT] = "as an object", [CHAT_FREE] = "as it comes"};
	ApiServer *self = call->server;

	_Static_assert(sizeof(formats) / sizeof(formats[0]) == CHAT_FREE + 1, "each format has a name");
	if (memcmp(&self->form, &call->form, sizeof(ChatForm)) == 0)
		return;
	self->form = call->form;
	log_line(LOG_NOTICE, "the endpoint takes requests in another form: answers %s%s%s%s",
			 formats[self->form.format], self->form.new_limit ? ", max_completion_tokens" : "",
			 self->form.one_message ? ", one message" : "", self->form.bare ? ", without --parameter" : "");
}

static void
take_decision(ApiCall *call)
{
	ApiServer  *self = call->server;
	const char *problem;
	char		excerpt[LOG_EXCERPT_SIZE];
	json_t	   *decision;

	learn_form(call);
	pace_success(&self->pace, now_ms(), call->asked_at);
	if (call->answer.content.length > 0)
		api_hide_key(self, call->answer.content.data, call->answer.content.length);
	decision = chat_decision(&call->answer, &call->question, &problem);
	if (decision == NULL)
	{
		log_excerpt(excerpt, call->answer.content.length > 0 ? call->answer.content.data : "",
					call->answer.content.length);
		fail_call(call, "%s: %s", problem, excerpt);
		return;
	}
	diary_note(&self->diary, &call->question, decision);
	api_pass(self, own_mind_decision(&call->question, decision));
	free_call(call);
}

static uint32_t
noise(const ApiServer *self)
{
	uint32_t value = 0;

	lws_get_random(self->server.loop->context, &value, sizeof(value));
	return value;
}

/* Notes that the endpoint is in trouble; the call is put again if there is time for it. */
static void
take_trouble(ApiCall *call, int64_t retry_after_ms, const char *why)
{
	ApiServer *self = call->server;
	int64_t	   now = now_ms();

	log_throttled(&self->trouble_throttle, now, LOG_WARNING, "the endpoint is in trouble: %s", why);
	pace_trouble(&self->pace, now, call->asked_at, retry_after_ms, noise(self));
	if (call->tries >= TRIES_MOST || !pace_can_answer(&self->pace, now, call->deadline))
		refuse_call(call, why);
	refuse_hopeless(self, why);
}

/* Takes an answer that is none: the endpoint, or what stands in front of it, says that something is wrong. */
static void
take_refusal(ApiCall *call, long status, const char *retry_after)
{
	ApiServer *self = call->server;
	char	   why[API_WHY_SIZE];
	char	   reason[API_WHY_SIZE + 100];

	api_describe_error(self, why, sizeof(why), status, &call->body, &call->answer.error);
	if (call->tries < TRIES_MOST &&
		chat_other_form(&call->form, &self->server.settings->api, status, call->answer.error.data))
		return;
	switch (status)
	{
		case 400:
		case 413:
		case 415:
		case 422:
			fail_call(call, "%s", why);
			break;
		case 401:
			snprintf(reason, sizeof(reason), "it refuses the key (%s)", why);
			free_call(call);
			self->call_events->failed(self, reason);
			break;
		default:
			take_trouble(call, retry_after[0] != '\0' ? pace_retry_after(retry_after, time(NULL)) : -1, why);
			break;
	}
}

/* Takes the end of a request without an answer. */
static void
take_failure(ApiCall *call, CURLcode result, const char *error)
{
	ApiServer *self = call->server;
	char	   why[API_WHY_SIZE];

	switch (result)
	{
		case CURLE_COULDNT_CONNECT:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
			snprintf(why, sizeof(why), "it cannot be reached: %s", error);
			free_call(call);
			self->call_events->failed(self, why);
			return;
		case CURLE_OPERATION_TIMEDOUT:
			take_trouble(call, -1, "it does not answer in time");
			return;
		default:
			break;
	}
	/* a connection that was kept may have been closed at the wrong moment */
	if (!call->resent && now_ms() < call->deadline)
	{
		call->resent = true;
		return;
	}
	snprintf(why, sizeof(why), "its answer broke off: %s", error);
	take_trouble(call, -1, why);
}

static void
on_done(void *arg, HttpRequest *request, CURLcode result)
{
	ApiCall	  *call = arg;
	ApiServer *self = call->server;
	long	   status = http_status_of(request);

	leave_request(call, true);
	if (call->too_long)
		fail_call(call, "the answer of the endpoint is too long");
	else if (result != CURLE_OK)
		take_failure(call, result, http_error(request, result));
	else
	{
		read_body(call);
		if (status / 100 == 2 && call->answer.error_status != 0)
			status = call->answer.error_status;
		if (status / 100 != 2)
			take_refusal(call, status, request->retry_after);
		else if (!call->answer.finished && call->streamed > 0)
			take_failure(call, CURLE_PARTIAL_FILE, "the event stream ended early");
		else if (!call->answer.finished)
			fail_call(call, "what the endpoint answers is no chat completion: HTTP status %ld", status);
		else
			take_decision(call);
	}
	if (self->stage == API_UP)
	{
		pump(self);
		api_tell_room(self);
	}
}

static const HttpHandlers call_handlers = {on_data, on_done};

/* ---------- asking ---------- */

struct curl_slist *
api_headers(const ApiServer *self)
{
	const char *key = self->server.settings->api.key;
	char		header[SECRET_MAX + sizeof("Authorization: Bearer ")];
	const char *all[] = {"Content-Type: application/json", "Accept: application/json", "Expect:", header};
	struct curl_slist *headers = NULL;

	snprintf(header, sizeof(header), "Authorization: Bearer %s", key);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) - (*key == '\0'); i++)
	{
		struct curl_slist *longer = curl_slist_append(headers, all[i]);

		if (longer == NULL)
		{
			curl_slist_free_all(headers);
			headers = NULL;
			break;
		}
		headers = longer;
	}
	explicit_bzero(header, sizeof(header));
	return headers;
}

/* Returns true if one of the choices has words to say, which the model may replace by its own. */
static bool
offers_words(const Question *question)
{
	const json_t *choices = json_object_get(question->observations, "choices");

	for (size_t i = 0; i < json_array_size(choices); i++)
		if (json_is_string(json_object_get(json_array_get(choices, i), "message")))
			return true;
	return false;
}

static void
ask(ApiCall *call)
{
	ApiServer		  *self = call->server;
	const ApiSettings *api = &self->server.settings->api;
	struct curl_slist *headers = api_headers(self);
	Text			   memory = {0};
	Text			   system = {0};
	Text			   user = {0};
	char			  *body;

	forget_answer(call);
	chat_answer_init(&call->answer);
	sse_init(&call->events, EVENT_MOST, on_event, call);
	if (call->tries == 0)
		call->form = self->form;
	call->tries++;
	call->asked_at = now_ms();
	diary_recall(&self->diary, &call->question, &memory);
	prompt_write(api->prompt, &call->question, memory.data, call->may_speak, &system, &user);
	body = chat_request(api, &call->form, &system, &user, own_mind_choice_count(&call->question),
						call->may_speak);
	text_free(&memory);
	text_free(&system);
	text_free(&user);
	if (headers == NULL)
		free(body);
	else
		call->request = http_begin(&self->client, "POST", self->url, headers, body,
								   (long) (call->given_up_at - call->asked_at), &call_handlers, call);
	if (call->request != NULL)
		self->under_way++;
	else
		fail_call(call, "the request cannot be sent");
}

/* Asks what waits, oldest first, as far as there is room. */
static void
pump(ApiServer *self)
{
	ApiCall *next;

	for (ApiCall *call = self->calls; call != NULL; call = next)
	{
		next = call->next;
		if (call->request != NULL || !pace_may_ask(&self->pace, now_ms(), self->under_way))
			continue;
		if (now_ms() < call->deadline)
			ask(call);
		else
			refuse_call(call, "there was no room in time");
	}
}

static void
pause_is_over(void *arg)
{
	ApiServer *self = arg;

	if (self->stage != API_UP)
		return;
	pump(self);
	api_tell_room(self);
}

void
api_tell_room(ApiServer *self)
{
	int64_t now = now_ms();
	int		room = pace_offer(&self->pace, now);

	if (self->pace.until > now)
		timer_set(self->server.loop, &self->pace_timer, self->pace.until - now, pause_is_over, self);
	else
		timer_cancel(&self->pace_timer);
	if (room == self->offered || self->stage != API_UP)
		return;
	self->offered = room;
	api_pass(self, rpc_make_offer(json_pack("{s:i}", "max_concurrency", room)));
}

void
api_call_begin(ApiServer *self, Question *question)
{
	ApiCall	 *call = mem_alloc(sizeof(ApiCall));
	ApiCall **end = &self->calls;
	int64_t	  now = now_ms();
	int64_t	  late = question->timeout_ms < LATE_MS ? question->timeout_ms : LATE_MS;

	while (*end != NULL)
		end = &(*end)->next;
	*end = call;
	call->server = self;
	call->question = *question;
	memset(question, 0, sizeof(*question));
	call->deadline = now + call->question.timeout_ms;
	call->given_up_at = call->deadline + late;
	call->may_speak = offers_words(&call->question);
	chat_answer_init(&call->answer);
	self->call_count++;
	if (self->call_count > CALLS_MAX)
		fail_call(call, "refused: too many questions are under way");
	else if (!pace_can_answer(&self->pace, now, call->deadline))
		refuse_call(call, "there is no time for it");
	else
		pump(self);
}
