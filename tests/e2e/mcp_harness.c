/*
 * mcp_harness.c
 *	  Connects the gateway's MCP client to a server on stdio, for tests.
 *
 *	  mcp_harness COMMAND [ARGUMENT ...]
 *
 * Starts the server and goes through the set-up with it.  Standard input has
 * one order per line:
 *
 *	  decide REQUEST_ID NPC_ID {decision_request}
 *	  cancel REQUEST_ID
 *
 * and standard output one JSON object per line: {"event":"sent","message":…},
 * "ready" with the revision, "answered", "failed", "broken", "refused" (an
 * order that the session does not take), "closed" (the server has gone).  The
 * harness ends when its input ends, when the session is broken, or when the
 * server has gone; it ends the server.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mcp.h"

#define LINE_SIZE	  (2 * MCP_MAX_MESSAGE)
#define TICK_MS		  50
#define EXIT_GRACE_MS 2000

typedef struct Line
{
	int	   fd;
	size_t len;
	char   text[LINE_SIZE];
} Line;

static int	to_server;
static bool over;
static Line orders;
static Line answers;

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "mcp_harness: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Prints one event and gives up the reference to it. */
static void
print(json_t *event)
{
	json_dumpf(event, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(event);
}

static void
on_send(void *owner, const char *text, size_t len)
{
	char *line = malloc(len + 1);

	if (!line)
		die("out of memory");
	memcpy(line, text, len);
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	line[len] = '\n';
	for (size_t done = 0; done <= len && !over;)
	{
		ssize_t written = write(to_server, line + done, len + 1 - done);

		if (written > 0)
			done += (size_t) written;
		else if (errno != EINTR)
			over = true;
	}
	free(line);
	print(json_pack("{s:s, s:o?}", "event", "sent", "message", json_loadb(text, len, 0, NULL)));
}

static void
on_ready(void *owner)
{
	print(
		json_pack("{s:s, s:s}", "event", "ready", "revision", mcp_session_revision(*(McpSession **) owner)));
}

static void
on_answered(void *owner, int64_t request_id, const char *json, size_t len)
{
	print(json_pack("{s:s, s:I, s:o?}", "event", "answered", "request_id", (json_int_t) request_id,
					"decision", json_loadb(json, len, 0, NULL)));
}

static void
on_failed(void *owner, int64_t request_id, const char *reason)
{
	print(json_pack("{s:s, s:I, s:s}", "event", "failed", "request_id", (json_int_t) request_id, "reason",
					reason));
}

static void
on_offered(void *owner, const json_t *offer)
{
	(void) owner;
	(void) offer;
}

static void
on_broken(void *owner, const char *reason)
{
	print(json_pack("{s:s, s:s}", "event", "broken", "reason", reason));
	over = true;
}

/* Starts the server with pipes for its stdin and stdout. */
static pid_t
start_server(char **command)
{
	int	  input[2];
	int	  output[2];
	pid_t pid;

	if (pipe(input) < 0 || pipe(output) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
	{
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		close(input[0]);
		close(input[1]);
		close(output[0]);
		close(output[1]);
		execvp(command[0], command);
		die(command[0]);
	}
	close(input[0]);
	close(output[1]);
	to_server = input[1];
	answers.fd = output[0];
	return pid;
}

/* Ends the server: its input ends first, and it is killed if that does not help. */
static void
end_server(pid_t pid)
{
	close(to_server);
	for (int waited = 0; waited < EXIT_GRACE_MS; waited += TICK_MS)
	{
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		poll(NULL, 0, TICK_MS);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
obey(McpSession *session, char *order)
{
	int64_t request_id;
	int64_t npc_id;
	int		skip = 0;

	if (sscanf(order, "decide %" SCNd64 " %" SCNd64 " %n", &request_id, &npc_id, &skip) == 2 && skip > 0)
	{
		if (!mcp_session_decide(session, request_id, npc_id, order + skip, strlen(order + skip), now_ms()))
			print(json_pack("{s:s, s:I}", "event", "refused", "request_id", (json_int_t) request_id));
	}
	else if (sscanf(order, "cancel %" SCNd64, &request_id) == 1)
		mcp_session_cancel(session, request_id, "the test says so");
	else
	{
		errno = EINVAL;
		die(order);
	}
}

/* Reads what is there and passes on whole lines; returns false at end of file. */
static bool
read_lines(Line *line, McpSession *session)
{
	ssize_t got = read(line->fd, line->text + line->len, LINE_SIZE - line->len);
	char   *start = line->text;
	char   *end;

	if (got <= 0)
		return got < 0 && errno == EINTR;
	line->len += (size_t) got;
	while (!over && (end = memchr(start, '\n', line->len)) != NULL)
	{
		*end = '\0';
		if (line == &orders)
			obey(session, start);
		else
			mcp_session_receive(session, start, (size_t) (end - start), now_ms());
		line->len -= (size_t) (end + 1 - start);
		start = end + 1;
	}
	memmove(line->text, start, line->len);
	if (line->len == LINE_SIZE)
	{
		errno = EMSGSIZE;
		die("a line is too long");
	}
	return true;
}

int
main(int argc, char **argv)
{
	static const McpCallbacks callbacks = {on_send, on_ready, on_answered, on_failed, on_offered, on_broken};
	static McpSession		 *session;
	pid_t					  server;

	if (argc < 2)
	{
		fprintf(stderr, "usage: mcp_harness COMMAND [ARGUMENT ...]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	server = start_server(argv + 1);
	orders.fd = STDIN_FILENO;
	session = mcp_session_create(&callbacks, &session, "0.0.0-test", now_ms());
	if (!session)
		die("out of memory");
	while (!over)
	{
		struct pollfd polled[] = {{.fd = orders.fd, .events = POLLIN}, {.fd = answers.fd, .events = POLLIN}};

		if (poll(polled, 2, TICK_MS) < 0 && errno != EINTR)
			die("poll");
		if (polled[1].revents && !read_lines(&answers, session))
		{
			print(json_pack("{s:s}", "event", "closed"));
			over = true;
		}
		else if (polled[0].revents && !read_lines(&orders, session))
			over = true;
		mcp_session_tick(session, now_ms());
	}
	mcp_session_free(session);
	end_server(server);
	return 0;
}
