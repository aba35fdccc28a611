/*
 * stdio_server.c
 *	  An MCP server that the agent starts, with messages on its stdin and stdout.
 *
 *	 DOWN ── start ──▶ WAKING ── answered, or 10 s ──▶ UP ── stop ──▶ ENDING ── ended ──▶ DOWN
 *	                     │ └──────────── stop ────────────────────────▲                    ▲
 *	                     └────────── ended by itself ──────┴───────────────────────────────┘
 *
 * A program may take seconds to come up, and says nothing before it is asked.
 * So that the gateway is not told of a mind that does not answer yet, the
 * server is first asked what the gateway will ask first: server/discover,
 * which a server of any revision answers, if only with an error.  The answer
 * is not passed on to the gateway.
 *
 * Some servers of the older revisions exit when they are asked anything before
 * "initialize".  After two such exits in a row the agent does not ask any more,
 * and answers the gateway's server/discover itself, with the error that such a
 * server should have given.
 *
 * Invariants: the descriptors and the keeper exist exactly while the stage is
 * not DOWN; at most INPUT_LIMIT bytes wait for the server and one line of at
 * most LINE_LIMIT bytes for its end.
 */
#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"
#include "server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "lines.h"
#include "queue.h"

#define PROBE_ID "npcsim-agent-probe"
#define PROBE_MS 10000

/* A server that is not asked counts as up when it has lived this long.  It is not asked after so many exits in a row. */
#define UNASKED_MS		1000
#define DEATHS_BY_PROBE 2

/* How long the server has to end after its stdin was closed, then after SIGTERM, then after SIGKILL. */
#define CLOSE_GRACE_MS	   2000
#define TERMINATE_GRACE_MS 3000
#define KILL_GRACE_MS	   5000

/* A server that closed a pipe has this long to exit, so that its exit status can be told, before it is stopped. */
#define DEATH_NOTICE_MS 1000

#define INPUT_LIMIT		  (8 * 1024 * 1024)
#define LINE_LIMIT		  (1024 * 1024)
#define STDERR_LINE_LIMIT 4000
#define READ_SIZE		  65536

/* How many reads may be needed for what a server left in a pipe when it ended. */
#define LAST_READS 32

typedef enum StdioStage
{
	STDIO_DOWN,
	STDIO_WAKING,
	STDIO_UP,
	STDIO_ENDING
} StdioStage;

typedef struct StdioServer
{
	Server	   server; /* must be first */
	StdioStage stage;
	Keeper	   keeper;
	Watch	   control;
	Watch	   in;
	Watch	   out;
	Watch	   err;
	Queue	   input;
	Lines	   out_lines;
	Lines	   err_lines;
	Timer	   timer; /* the deadline of the stage, or its next step */
	bool	   asked_to_stop;
	bool	   input_high; /* server_send() returned false, so "drained" has to be told */
	int		   patience;   /* how many steps of press_to_end() were taken */
	int		   status;	   /* the program's wait status, -1 while unknown */
	char	   why[160];   /* the reason why the server is of no use any more, or "" */

	/* kept from one start of the program to the next */
	unsigned deaths_by_probe; /* exits before the first answer, in a row */
	bool	 unasked;		  /* the program is not asked server/discover */

	LogThrottle garbage_throttle;
	LogThrottle length_throttle;
} StdioServer;

static void stdio_stop(Server *server, bool at_once);

/* ---------- ending ---------- */

static void
close_watched(StdioServer *self, Watch *watch)
{
	int fd = watch->fd;

	watch_stop(self->server.loop, watch);
	if (fd >= 0)
		close(fd);
}

static void
describe_end(StdioServer *self)
{
	int status = self->status;

	if (self->why[0] != '\0' && (status == -1 || self->stage == STDIO_ENDING))
		return;
	if (status == -1)
		snprintf(self->why, sizeof(self->why), "its keeper was killed");
	else if (WIFSIGNALED(status))
		snprintf(self->why, sizeof(self->why), "it was killed by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	else
		snprintf(self->why, sizeof(self->why), "it exited with status %d", WEXITSTATUS(status));
}

/* Counts an exit before the first answer; after DEATHS_BY_PROBE of them the question is taken to be the cause. */
static void
learn_from_death(StdioServer *self)
{
	if (self->stage != STDIO_WAKING)
		return;
	if (self->unasked)
	{
		self->unasked = false;
		self->deaths_by_probe = 0;
	}
	else if (++self->deaths_by_probe >= DEATHS_BY_PROBE)
	{
		log_line(LOG_NOTICE,
				 "the MCP server ended twice when it was asked for its revision: it is not asked any more");
		self->unasked = true;
	}
}

/* Releases everything of this run and tells the owner that the server is gone. */
static void
go_down(StdioServer *self)
{
	bool expected = self->asked_to_stop;

	describe_end(self);
	timer_cancel(&self->timer);
	close_watched(self, &self->in);
	close_watched(self, &self->out);
	close_watched(self, &self->err);
	lines_free(&self->out_lines);
	lines_free(&self->err_lines);
	queue_clear(&self->input);
	self->stage = STDIO_DOWN;
	self->server.events.gone(self->server.events.arg, expected ? NULL : self->why);
}

static void
read_rest(StdioServer *self, Watch *watch, Lines *lines)
{
	static char data[READ_SIZE];

	for (int i = 0; i < LAST_READS && watch->fd >= 0; i++)
	{
		ssize_t got = read(watch->fd, data, sizeof(data));

		if (got <= 0)
			break;
		lines_feed(lines, data, (size_t) got);
	}
	lines_end(lines);
}

static void
on_control(void *arg, uint32_t events)
{
	StdioServer *self = arg;
	int			 status;
	ssize_t		 got = read(self->keeper.control, &status, sizeof(status));

	if (got == (ssize_t) sizeof(status))
	{
		self->status = status;
		return;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;

	watch_stop(self->server.loop, &self->control);
	keeper_reap(&self->keeper);
	if (!self->asked_to_stop)
		learn_from_death(self);
	read_rest(self, &self->out, &self->out_lines);
	read_rest(self, &self->err, &self->err_lines);
	go_down(self);
}

static void
give_order(StdioServer *self, char order)
{
	ssize_t written = write(self->keeper.control, &order, 1);

	/* if it cannot be written the keeper is gone, and on_control() hears of that */
	(void) written;
}

/* Takes the next step to end the server: SIGTERM, SIGKILL, then giving it up. */
static void
press_to_end(void *arg)
{
	StdioServer *self = arg;

	switch (self->patience++)
	{
		case 0:
			log_line(LOG_INFO, "the MCP server does not end by itself: it gets SIGTERM");
			give_order(self, KEEPER_TERMINATE);
			timer_set(self->server.loop, &self->timer, TERMINATE_GRACE_MS, press_to_end, self);
			break;
		case 1:
			log_line(LOG_NOTICE, "the MCP server does not end on SIGTERM: it is killed");
			give_order(self, KEEPER_KILL);
			timer_set(self->server.loop, &self->timer, KILL_GRACE_MS, press_to_end, self);
			break;
		default:
			/* a process that SIGKILL does not end hangs in the kernel; the keeper goes on waiting for it */
			log_line(LOG_ERROR, "the MCP server (process group of keeper %d) cannot be killed",
					 (int) self->keeper.pid);
			watch_stop(self->server.loop, &self->control);
			close(self->keeper.control);
			go_down(self);
			break;
	}
}

static void
stdio_stop(Server *server, bool at_once)
{
	StdioServer *self = (StdioServer *) server;

	assert(self->stage != STDIO_DOWN);
	self->asked_to_stop = true;
	if (self->keeper.control < 0)
		return; /* it could not be started, and the timer tells "gone" */
	if (self->stage != STDIO_ENDING)
	{
		self->stage = STDIO_ENDING;
		self->patience = 0;
		queue_clear(&self->input);
		close_watched(self, &self->in);
		/* its output is read even if it was held, because a server that blocks in write() would not see its stdin close */
		watch_change(server->loop, &self->out, EPOLLIN);
		timer_set(server->loop, &self->timer, CLOSE_GRACE_MS, press_to_end, self);
	}
	if (at_once && self->patience < 2)
	{
		self->patience = 2;
		give_order(self, KEEPER_KILL);
		timer_set(server->loop, &self->timer, KILL_GRACE_MS, press_to_end, self);
	}
}

static void
give_up(void *arg)
{
	StdioServer *self = arg;

	stdio_stop(&self->server, false);
	self->asked_to_stop = false;
}

/*
 * Notes that the server cannot be talked to any more.  Most likely it has just
 * exited, and the keeper will tell how; if not, it is stopped after
 * DEATH_NOTICE_MS.
 */
static void
become_useless(StdioServer *self, const char *why)
{
	if (self->stage == STDIO_ENDING || self->why[0] != '\0')
		return;
	snprintf(self->why, sizeof(self->why), "%s", why);
	timer_set(self->server.loop, &self->timer, DEATH_NOTICE_MS, give_up, self);
}

/* ---------- its output ---------- */

static void
become_ready(void *arg)
{
	StdioServer *self = arg;

	timer_cancel(&self->timer);
	self->stage = STDIO_UP;
	self->server.events.ready(self->server.events.arg);
}

/* Answers with an error instead of an answer that was dropped because it was too long. */
static void
fail_too_long(StdioServer *self, size_t len)
{
	int64_t id = rpc_seems_to_answer(self->out_lines.head, self->out_lines.head_len);
	json_t *number = id != 0 && self->stage == STDIO_UP ? json_integer(id) : NULL;
	char   *error = number != NULL ? rpc_make_error(number, RPC_ERROR_TRANSPORT,
													"the answer has %zu bytes, more than the %zu allowed", len,
													self->server.settings->message_limit)
								   : NULL;

	if (error != NULL)
		self->server.events.message(self->server.events.arg, error, strlen(error));
	free(error);
	json_decref(number);
}

static void
on_line(void *arg, char *text, size_t len)
{
	StdioServer *self = arg;
	RpcMessage	 message;
	char		 excerpt[LOG_EXCERPT_SIZE];

	if (text == NULL)
	{
		log_throttled(&self->length_throttle, now_ms(), LOG_WARNING,
					  "dropped a line of %zu bytes from the MCP server: more than %zu are not taken", len,
					  self->out_lines.limit);
		fail_too_long(self, len);
		return;
	}
	rpc_parse(&message, text, len);
	if (message.kind == RPC_INVALID && message.root == NULL && self->stage == STDIO_UP &&
		rpc_seems_to_answer(text, len) != 0)
		server_pass_unreadable(&self->server, &self->garbage_throttle, text, len);
	else if (message.kind == RPC_INVALID)
		log_throttled(&self->garbage_throttle, now_ms(), LOG_WARNING,
					  "dropped a line of the MCP server's stdout that is no JSON-RPC message: %s",
					  log_excerpt(excerpt, text, len));
	else if (rpc_id_is(message.id, PROBE_ID))
	{
		self->deaths_by_probe = 0;
		if (self->stage == STDIO_WAKING && self->why[0] == '\0')
			become_ready(self);
	}
	else if (self->stage == STDIO_UP)
		self->server.events.message(self->server.events.arg, text, len);
	rpc_free(&message);
}

static void
on_stderr_line(void *arg, char *text, size_t len)
{
	log_foreign_line("[mcp server] ", text, len);
}

static void
on_out(void *arg, uint32_t events)
{
	static char	 data[READ_SIZE];
	StdioServer *self = arg;
	ssize_t		 got = read(self->out.fd, data, sizeof(data));

	if (got > 0)
		lines_feed(&self->out_lines, data, (size_t) got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
	{
		close_watched(self, &self->out);
		become_useless(self, "it closed its stdout");
	}
}

static void
on_err(void *arg, uint32_t events)
{
	static char	 data[READ_SIZE];
	StdioServer *self = arg;
	ssize_t		 got = read(self->err.fd, data, sizeof(data));

	if (got > 0)
		lines_feed(&self->err_lines, data, (size_t) got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_watched(self, &self->err);
}

static void
stdio_hold(Server *server, bool held)
{
	StdioServer *self = (StdioServer *) server;

	watch_change(server->loop, &self->out, held ? 0 : EPOLLIN);
}

/* ---------- its input ---------- */

static void
on_in(void *arg, uint32_t events)
{
	StdioServer *self = arg;

	while (self->input.head != NULL)
	{
		Message *message = self->input.head;
		ssize_t	 put;

		MessageText(message)[message->len] = '\n';
		put = write(self->in.fd, MessageText(message) + message->sent, message->len + 1 - message->sent);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (put < 0)
		{
			queue_clear(&self->input);
			close_watched(self, &self->in);
			become_useless(self, "it closed its stdin");
			return;
		}
		message->sent += (size_t) put;
		if (message->sent <= message->len)
			break;
		queue_pop(&self->input);
	}
	watch_change(self->server.loop, &self->in, self->input.head != NULL ? EPOLLOUT : 0);
	if (self->input_high && queue_is_low(&self->input))
	{
		self->input_high = false;
		self->server.events.drained(self->server.events.arg);
	}
}

/* Replaces raw line feeds, which are white space to JSON but would end the message to the server. */
static void
make_one_line(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\r')
			text[i] = ' ';
}

static bool
enqueue(StdioServer *self, const char *text, size_t len)
{
	if (self->in.fd < 0)
		return true; /* messages for a server that closed its stdin are dropped */
	if (!queue_push(&self->input, text, len))
	{
		become_useless(self, "it does not read its stdin");
		return false;
	}
	make_one_line(MessageText(self->input.tail), len);
	watch_change(self->server.loop, &self->in, EPOLLOUT);
	if (queue_is_high(&self->input))
		self->input_high = true;
	return !self->input_high;
}

/* Answers server/discover for a server that exits when it is asked; returns false if the message is another one. */
static bool
answer_discover(StdioServer *self, const char *text, size_t len)
{
	RpcMessage message;
	char	  *answer = NULL;

	rpc_parse(&message, text, len);
	if (message.kind == RPC_REQUEST && strcmp(message.method, "server/discover") == 0)
	{
		answer = rpc_make_error(message.id, RPC_ERROR_METHOD_NOT_FOUND, "this server needs initialize first");
		self->server.events.message(self->server.events.arg, answer, strlen(answer));
	}
	rpc_free(&message);
	free(answer);
	return answer != NULL;
}

static bool
stdio_send(Server *server, const char *text, size_t len)
{
	StdioServer *self = (StdioServer *) server;

	if (self->stage != STDIO_UP || (self->unasked && answer_discover(self, text, len)))
		return true;
	return enqueue(self, text, len);
}

/* ---------- beginning ---------- */

static void
no_answer(void *arg)
{
	log_line(LOG_INFO, "the MCP server has not answered for %d s: it is taken to be up", PROBE_MS / 1000);
	become_ready(arg);
}

static void
could_not_start(void *arg)
{
	StdioServer *self = arg;

	self->stage = STDIO_DOWN;
	self->server.events.gone(self->server.events.arg, self->asked_to_stop ? NULL : self->why);
}

/* Makes the three pipes, with our end first in each; returns false, and has made none, if one failed. */
static bool
make_pipes(int in[2], int out[2], int err[2])
{
	int *pipes[] = {in, out, err};

	for (int i = 0; i < 3; i++)
	{
		int ends[2];
		int ours = i == 0 ? 1 : 0;

		if (pipe2(ends, O_CLOEXEC) < 0)
		{
			for (int j = 0; j < i; j++)
			{
				close(pipes[j][0]);
				close(pipes[j][1]);
			}
			return false;
		}
		fcntl(ends[ours], F_SETFL, O_NONBLOCK);
		pipes[i][0] = ends[ours];
		pipes[i][1] = ends[1 - ours];
	}
	return true;
}

static void
ask_revision(StdioServer *self)
{
	char *probe = rpc_make_discover(PROBE_ID, AGENT_NAME);

	enqueue(self, probe, strlen(probe));
	free(probe);
}

static void
stdio_start(Server *server)
{
	StdioServer *self = (StdioServer *) server;
	int			 in[2];
	int			 out[2];
	int			 err[2];
	bool		 started;

	assert(self->stage == STDIO_DOWN);
	self->stage = STDIO_WAKING;
	self->asked_to_stop = false;
	self->input_high = false;
	self->patience = 0;
	self->status = -1;
	self->why[0] = '\0';
	self->keeper.control = -1;

	if (!make_pipes(in, out, err))
	{
		snprintf(self->why, sizeof(self->why), "no pipe could be made: %s", strerror(errno));
		timer_set(server->loop, &self->timer, 0, could_not_start, self);
		return;
	}
	started = keeper_start(&self->keeper, server->settings->command, in[1], out[1], err[1]);
	if (!started)
		snprintf(self->why, sizeof(self->why), "no process could be made: %s", strerror(errno));
	close(in[1]);
	close(out[1]);
	close(err[1]);
	if (!started)
	{
		close(in[0]);
		close(out[0]);
		close(err[0]);
		self->keeper.control = -1;
		timer_set(server->loop, &self->timer, 0, could_not_start, self);
		return;
	}

	queue_init(&self->input, INPUT_LIMIT);
	lines_init(&self->out_lines,
			   server->settings->message_limit > LINE_LIMIT ? server->settings->message_limit : LINE_LIMIT,
			   LINES_DROP, on_line, self);
	lines_init(&self->err_lines, STDERR_LINE_LIMIT, LINES_CUT, on_stderr_line, self);
	watch_start(server->loop, &self->control, self->keeper.control, EPOLLIN, on_control, self);
	watch_start(server->loop, &self->in, in[0], 0, on_in, self);
	watch_start(server->loop, &self->out, out[0], EPOLLIN, on_out, self);
	watch_start(server->loop, &self->err, err[0], EPOLLIN, on_err, self);
	log_line(LOG_INFO, "started the MCP server %s", server->settings->command[0]);

	if (self->unasked)
		timer_set(server->loop, &self->timer, UNASKED_MS, become_ready, self);
	else
	{
		ask_revision(self);
		timer_set(server->loop, &self->timer, PROBE_MS, no_answer, self);
	}
}

static void
stdio_free(Server *server)
{
	StdioServer *self = (StdioServer *) server;

	timer_cancel(&self->timer);
	queue_clear(&self->input);
	lines_free(&self->out_lines);
	lines_free(&self->err_lines);
	free(self);
}

static const ServerOps stdio_ops = {
	.name = "the MCP server",
	.start = stdio_start,
	.send = stdio_send,
	.hold = stdio_hold,
	.stop = stdio_stop,
	.free = stdio_free,
};

Server *
stdio_server_create(Loop *loop, const Settings *settings, const ServerEvents *events)
{
	StdioServer *self;
	const char	*error;

	if (!keeper_can_run(settings->command[0], &error))
	{
		log_line(LOG_ERROR, "the MCP server \"%s\" cannot be started: %s", settings->command[0], error);
		return NULL;
	}
	self = calloc(1, sizeof(StdioServer));
	if (self == NULL)
	{
		log_line(LOG_ERROR, "out of memory");
		return NULL;
	}
	self->server.ops = &stdio_ops;
	self->server.settings = settings;
	self->server.loop = loop;
	self->server.events = *events;
	self->keeper.control = -1;
	self->control.fd = self->in.fd = self->out.fd = self->err.fd = -1;
	return &self->server;
}
