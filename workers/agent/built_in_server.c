/*
 * built_in_server.c
 *	  A mind that takes part without one: it answers each question with the first of its choices.
 *
 * That is what the world's own mind would do next.  It lends no compute, and serves to try a world, a token, a gateway.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "own_mind.h"
#include "server.h"

typedef struct BuiltInServer
{
	Server server; /* must be first */
	bool   up;
	Timer  timer;
} BuiltInServer;

static void
become_ready(void *arg)
{
	BuiltInServer *self = arg;

	self->up = true;
	self->server.events.ready(self->server.events.arg);
}

static void
built_in_start(Server *server)
{
	BuiltInServer *self = (BuiltInServer *) server;

	assert(!self->up);
	timer_set(server->loop, &self->timer, 0, become_ready, self);
}

static char *
decide(const Question *question)
{
	json_t *decision = own_mind_choice_count(question) > 0
						   ? json_pack("{s:i, s:i}", "choice", 1, "tokens", 0)
						   : json_pack("{s:s, s:i}", "action", "continue", "tokens", 0);

	if (decision == NULL)
		mem_is_short();
	return own_mind_decision(question, decision);
}

static bool
built_in_send(Server *server, const char *text, size_t len)
{
	BuiltInServer *self = (BuiltInServer *) server;
	Question	   question = {0};
	char		  *reply = NULL;

	if (!self->up)
		return true;
	if (own_mind_take(text, len, &question, &reply) == OWN_MIND_DECISION)
		reply = decide(&question);
	if (reply != NULL)
		server->events.message(server->events.arg, reply, strlen(reply));
	free(reply);
	own_mind_forget(&question);
	return true;
}

/* Nothing is read from it that could be held back. */
static void
built_in_hold(Server *server, bool held)
{
	(void) server;
	(void) held;
}

static void
tell_gone(void *arg)
{
	BuiltInServer *self = arg;

	self->up = false;
	self->server.events.gone(self->server.events.arg, NULL);
}

static void
built_in_stop(Server *server, bool at_once)
{
	BuiltInServer *self = (BuiltInServer *) server;

	(void) at_once;
	timer_set(server->loop, &self->timer, 0, tell_gone, self);
}

static void
built_in_free(Server *server)
{
	timer_cancel(&((BuiltInServer *) server)->timer);
	free(server);
}

static const ServerOps built_in_ops = {
	.name = "the mind",
	.start = built_in_start,
	.send = built_in_send,
	.hold = built_in_hold,
	.stop = built_in_stop,
	.free = built_in_free,
};

Server *
built_in_server_create(Loop *loop, const Settings *settings, const ServerEvents *events)
{
	BuiltInServer *self = mem_alloc(sizeof(BuiltInServer));

	self->server.ops = &built_in_ops;
	self->server.settings = settings;
	self->server.loop = loop;
	self->server.events = *events;
	return &self->server;
}
