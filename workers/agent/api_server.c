/*
 * api_server.c
 *	  A mind that is a language model behind an OpenAI-compatible API, on the player's machine or hosted.
 *
 *	 DOWN ── start ──▶ PROBING ── it is there ──▶ UP ── stop, or it cannot be reached ──▶ ENDING ──▶ DOWN
 *	                      └──────── stop, it is not, or it refuses the key ───────────────▲
 *
 * PROBING asks for the list of models, which costs nothing.  Endpoints that have
 * none, or do not show it to this key, are asked to say a word.  An address
 * without a version (http://127.0.0.1:11434) is tried with /v1 first, then as it is.
 *
 * A key that is refused makes the server hopeless: the agent ends and says what
 * to do.  So it is with one that is refused later, since the endpoint is then
 * probed anew.
 *
 * The key stands in the header of requests to the endpoint and nowhere else.
 * Redirects are not followed; what the endpoint says is told with asterisks in
 * place of the key.
 */
#include "api_server.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/memory.h"

/* A local model may have to be read from the disk before it says a word. */
#define LIST_MS		   10000L
#define WORD_MS		   60000L
#define PROBE_BODY_MAX (1024 * 1024)

/* How many names of models a line tells. */
#define MODELS_TOLD 8

static void probe(ApiServer *self, bool asks);

/* ---------- ending ---------- */

static void
tell_gone(void *arg)
{
	ApiServer *self = arg;
	bool	   hopeless = self->is_hopeless && !self->asked_to_stop;

	if (self->stage != API_ENDING)
		return;
	while (self->client.requests != NULL)
		http_cancel(self->client.requests);
	http_hold(&self->client, false);
	self->stage = API_DOWN;
	if (hopeless)
		self->server.events.hopeless(self->server.events.arg, self->why);
	else
		self->server.events.gone(self->server.events.arg, self->asked_to_stop ? NULL : self->why);
}

static void
end_requests(ApiServer *self)
{
	api_call_cancel_all(self);
	timer_cancel(&self->pace_timer);
	if (self->probe != NULL)
		http_cancel(self->probe);
	self->probe = NULL;
	text_free(&self->probe_body);
}

static void
begin_to_end(ApiServer *self)
{
	end_requests(self);
	self->stage = API_ENDING;
	timer_set(self->server.loop, &self->timer, 0, tell_gone, self);
}

/* Gives the endpoint up for the formatted reason.  It may be called from "done" handlers and timers, but not from "data". */
static void __attribute__((format(printf, 2, 3))) fail(ApiServer *self, const char *fmt, ...)
{
	va_list args;

	if (self->stage != API_PROBING && self->stage != API_UP)
		return;
	va_start(args, fmt);
	vsnprintf(self->why, sizeof(self->why), fmt, args);
	va_end(args);
	begin_to_end(self);
}

static void
call_failed(ApiServer *self, const char *why)
{
	fail(self, "%s", why);
}

static const ApiCallEvents call_events = {call_failed};

static void
api_stop(Server *server, bool at_once)
{
	ApiServer *self = (ApiServer *) server;

	(void) at_once;
	assert(self->stage != API_DOWN);
	self->asked_to_stop = true;
	if (self->stage != API_ENDING)
		begin_to_end(self);
}

/* ---------- probing ---------- */

static void
become_ready(ApiServer *self)
{
	self->stage = API_UP;
	self->offered = self->server.settings->max_concurrency;
	log_line(LOG_INFO, "questions go to %.*s", (int) strcspn(self->url, "?"), self->url);
	self->server.events.ready(self->server.events.arg);
}

/* Returns true if a listed name is the model's; some lists tell a tag, too, as in "llama3.2:latest". */
static bool
is_model(const char *listed, const char *model)
{
	size_t length = strlen(model);

	return listed != NULL && strncmp(listed, model, length) == 0 &&
		   (listed[length] == '\0' || listed[length] == ':');
}

/* Warns if the list of models is there and does not have ours. */
static void
check_model(const ApiServer *self)
{
	const char	 *model = self->server.settings->api.model;
	json_t		 *root = json_loadb(self->probe_body.data, self->probe_body.length, 0, NULL);
	const json_t *list = json_object_get(root, "data");
	Text		  names = {0};
	bool		  found = json_array_size(list) == 0;

	for (size_t i = 0; i < json_array_size(list) && !found; i++)
	{
		const char *name = json_member_string(json_array_get(list, i), "id");

		found = is_model(name, model);
		if (name != NULL && i < MODELS_TOLD)
			text_add_format(&names, "%s%.80s", names.length > 0 ? ", " : "", name);
	}
	if (!found)
		log_line(LOG_WARNING, "the endpoint lists no model \"%s\"; it has %s%s", model,
				 names.length > 0 ? names.data : "none with a name",
				 json_array_size(list) > MODELS_TOLD ? ", …" : "");
	text_free(&names);
	json_decref(root);
}

static bool
on_probe_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	ApiServer *self = arg;

	(void) request;
	if (self->probe_body.length + len > PROBE_BODY_MAX)
		return false;
	text_add(&self->probe_body, data, len);
	return true;
}

/* Ends the agent, since the key is wrong, and says what to do. */
static void
refuse_key(ApiServer *self, const char *what)
{
	const ApiSettings *api = &self->server.settings->api;

	self->is_hopeless = true;
	if (api->key[0] == '\0')
		fail(self,
			 "the endpoint wants a key (%s): give it by --api-key-file FILE, or " API_KEY_VARIABLE
			 " in the environment",
			 what);
	else
		fail(self, "the endpoint refuses the key (%s): check %s%s%s", what,
			 api->key_file != NULL ? "the file \"" : API_KEY_VARIABLE,
			 api->key_file != NULL ? api->key_file : "", api->key_file != NULL ? "\" of --api-key-file" : "");
}

/* Tries the address in its other form; returns false if there is none. */
static bool
try_other_form(ApiServer *self)
{
	char *other = chat_url(self->server.settings->api.given_url, self->url_form + 1, "/chat/completions");

	if (other == NULL)
		return false;
	free(self->url);
	self->url = other;
	self->url_form++;
	probe(self, false);
	return true;
}

/* Decides what it means that the model was not listed, or did not say its word. */
static void
take_probe_refusal(ApiServer *self, long status, bool says_error, const char *what)
{
	if (status == 429 || (self->probe_asks && (status == 400 || status == 422)))
		become_ready(self); /* it speaks; what it wants will be seen */
	else if (status / 100 == 5)
		fail(self, "it is not ready: %s", what);
	else if (!self->probe_asks)
		probe(self, true);
	else if (status == 401 || status == 403)
		refuse_key(self, what);
	else if (says_error || !try_other_form(self))
		fail(self, "there is no chat with the model \"%.100s\" at %.*s: %s", self->server.settings->api.model,
			 (int) strcspn(self->url, "?"), self->url, what);
}

static void
on_probe_done(void *arg, HttpRequest *request, CURLcode result)
{
	ApiServer *self = arg;
	long	   status = http_status_of(request);
	ChatAnswer answer;
	char	   what[API_WHY_SIZE];

	self->probe = NULL;
	if (status == 0 || (result != CURLE_OK && result != CURLE_WRITE_ERROR))
	{
		fail(self, "it cannot be reached: %s", http_error(request, result));
		return;
	}
	chat_answer_init(&answer);
	if (self->probe_body.length > 0)
		chat_answer_read(&answer, self->probe_body.data, self->probe_body.length);
	api_describe_error(self, what, sizeof(what), status, &self->probe_body, &answer.error);
	if (status / 100 == 2)
	{
		if (!self->probe_asks)
			check_model(self);
		become_ready(self);
	}
	else
		take_probe_refusal(self, status, answer.error.length > 0, what);
	chat_answer_free(&answer);
	if (self->stage != API_PROBING)
		text_free(&self->probe_body);
}

static const HttpHandlers probe_handlers = {on_probe_data, on_probe_done};

/* Asks for the list of models, or has the model say a word. */
static void
probe(ApiServer *self, bool asks)
{
	const ApiSettings *api = &self->server.settings->api;
	struct curl_slist *headers = api_headers(self);
	char *url = asks ? mem_copy_string(self->url) : chat_url(api->given_url, self->url_form, "/models");
	char *body = NULL;
	Text  nothing = {0};
	Text  word = {0};

	self->probe_asks = asks;
	text_clear(&self->probe_body);
	if (asks)
	{
		text_add_string(&word, "Say yes.");
		body = chat_request(api, &self->form, &nothing, &word, 0, false);
		text_free(&word);
	}
	if (headers != NULL)
		self->probe = http_begin(&self->client, asks ? "POST" : "GET", url, headers, body,
								 asks ? WORD_MS : LIST_MS, &probe_handlers, self);
	else
		free(body);
	free(url);
	if (self->probe == NULL)
		fail(self, "out of memory");
}

/* ---------- the server ---------- */

static void
api_start(Server *server)
{
	ApiServer *self = (ApiServer *) server;

	assert(self->stage == API_DOWN);
	self->stage = API_PROBING;
	self->asked_to_stop = self->is_hopeless = false;
	self->why[0] = '\0';
	self->url_form = 0;
	free(self->url);
	self->url = chat_url(server->settings->api.given_url, 0, "/chat/completions");
	probe(self, false);
}

static bool
api_send(Server *server, const char *text, size_t len)
{
	ApiServer *self = (ApiServer *) server;
	Question   question = {0};
	char	  *reply = NULL;

	if (self->stage != API_UP)
		return true;
	switch (own_mind_take(text, len, &question, &reply))
	{
		case OWN_MIND_NOTHING:
			break;
		case OWN_MIND_REPLY:
			api_pass(self, reply);
			break;
		case OWN_MIND_DECISION:
			api_call_begin(self, &question);
			break;
		case OWN_MIND_CANCEL:
			api_call_cancel(self, &question);
			own_mind_forget(&question);
			break;
	}
	/* a connection that is new has not been told of a pause that was there before */
	api_tell_room(self);
	return true;
}

static void
api_hold(Server *server, bool held)
{
	http_hold(&((ApiServer *) server)->client, held);
}

static void
api_free(Server *server)
{
	ApiServer *self = (ApiServer *) server;

	end_requests(self);
	timer_cancel(&self->timer);
	http_close(&self->client);
	diary_close(&self->diary);
	free(self->url);
	free(self);
}

static const ServerOps api_ops = {
	.name = "the endpoint",
	.start = api_start,
	.send = api_send,
	.hold = api_hold,
	.stop = api_stop,
	.free = api_free,
};

/* Returns true if the address is one of this machine, which a key does not leave. */
static bool
is_here(const char *url)
{
	static const char *const names[] = {"localhost", "127.", "[::1]"};
	const char				*host = strstr(url, "//") + 2;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncasecmp(host, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

Server *
api_server_create(Loop *loop, const Settings *settings, const ServerEvents *events)
{
	ApiServer *self = mem_alloc(sizeof(ApiServer));

	self->server.ops = &api_ops;
	self->server.settings = settings;
	self->server.loop = loop;
	self->server.events = *events;
	self->call_events = &call_events;
	pace_init(&self->pace, settings->max_concurrency);
	diary_open(&self->diary, settings->api.memory_dir, settings->gateway.host);
	if (!http_open(&self->client, loop))
	{
		log_line(LOG_ERROR, "libcurl cannot be set up");
		api_free(&self->server);
		return NULL;
	}
	if (settings->api.key[0] != '\0' && strncasecmp(settings->api.given_url, "http://", 7) == 0 &&
		!is_here(settings->api.given_url))
		log_line(LOG_WARNING, "the key travels without encryption: use https://");
	return &self->server;
}
