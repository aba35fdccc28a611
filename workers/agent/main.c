/*
 * main.c
 *	  npcsim-agent: lends a player's mind to a world of npcsim.
 *
 * It dials the gateway and passes JSON-RPC messages, one per WebSocket message,
 * between it and the MCP server, which the agent starts (stdio), which runs
 * somewhere (HTTP), or which the agent is itself, for a language model (--api).  docs/agent.md is its manual; README.md explains the code.
 *
 * Everything happens in libwebsockets' loop, in one thread; only what cannot
 * be waited for there, the system's resolver, has threads of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/log.h"
#include "agent.h"
#include "link.h"
#include "loop.h"
#include "settings.h"

#define EXIT_USAGE 2

/* How many descriptors libwebsockets needs: for the gateway's connection, the loop's epoll set and itself. */
#define LWS_DESCRIPTORS 32

/* libwebsockets' own time limits, which are longer than the agent's (link.c), so that the agent's decide. */
#define HANDSHAKE_SECONDS 30

typedef struct Program
{
	Settings settings;
	Loop	 loop;
	Agent	 agent;
	Watch	 signals;
} Program;

static const struct lws_protocols protocols[] = {{LINK_PROTOCOL_NAME, link_callback, 0, LINK_RX_SIZE, 0, NULL,
												  LINK_TX_SIZE},
												 {LOOP_PROTOCOL_NAME, loop_callback, 0, 0, 0, NULL, 0},
												 {NULL, NULL, 0, 0, 0, NULL, 0}};

static void
log_from_library(int level, const char *line)
{
	char   excerpt[LOG_EXCERPT_SIZE];
	size_t len = strlen(line);

	while (len > 0 && line[len - 1] == '\n')
		len--;
	log_line(LOG_DEBUG, "libwebsockets: %s", log_excerpt(excerpt, line, len));
}

/* Opens the standard streams that are closed: a socket that got such a number would be taken for a stream by a child. */
static void
open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
			exit(EXIT_FAILURE);
}

/*
 * Forbids other processes of the same user, such as the MCP server, to read
 * the token out of our memory or the keeper's by /proc or ptrace(), or in a
 * core file.  Not so with the leak detector, which reads its own process that
 * way.
 */
static void
hide_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void
on_signal(void *arg, uint32_t events)
{
	Program				   *program = arg;
	struct signalfd_siginfo info;

	if (read(program->signals.fd, &info, sizeof(info)) != (ssize_t) sizeof(info))
		return;
	log_line(LOG_NOTICE, "ending on signal %u (%s)", info.ssi_signo, strsignal((int) info.ssi_signo));
	agent_finish(&program->agent, EXIT_SUCCESS);
}

/*
 * Blocks the signals and returns a descriptor that brings them, or -1.  It runs
 * before there is a second thread, so that all threads have them blocked.
 */
static int
open_signals(void)
{
	sigset_t mask;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct lws_context *
create_context(void)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.fd_limit_per_thread = LWS_DESCRIPTORS,
		.pt_serv_buf_size = LINK_RX_SIZE,
		.timeout_secs = HANDSHAKE_SECONDS,
		.gid = (gid_t) -1,
		.uid = (uid_t) -1,
	};

	lws_set_log_level(log_is_wanted(LOG_DEBUG) ? LLL_ERR | LLL_WARN | LLL_NOTICE : 0, log_from_library);
	return lws_create_context(&info);
}

static bool
is_loopback(const char *address)
{
	return strcmp(address, "localhost") == 0 || strcmp(address, "::1") == 0 ||
		   strncmp(address, "127.", 4) == 0;
}

/* Runs until the agent is done, and returns the exit status. */
static int
run(Program *program, struct lws_context *context, int signals)
{
	Agent			 *agent = &program->agent;
	struct lws_vhost *vhost = lws_get_vhost_by_name(context, "default");

	if (vhost == NULL || !loop_open(&program->loop, context, vhost) ||
		!watch_start(&program->loop, &program->signals, signals, EPOLLIN, on_signal, program))
	{
		log_line(LOG_ERROR, "the event loop cannot be set up: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!agent_init(agent, &program->loop, vhost, &program->settings))
		return EXIT_FAILURE;
	agent_begin(agent);
	while (agent->state != AGENT_DONE)
	{
		if (lws_service(context, 0) < 0)
		{
			log_line(LOG_ERROR, "the event loop failed");
			return EXIT_FAILURE;
		}
	}
	return agent->exit_status;
}

/* How long a full stderr is waited for: whoever started the agent may have stopped reading it. */
#define STDERR_PATIENCE_MS 100

static const LogStyle log_style = {
	.program = "npcsim-agent",
	.heads =
		{
			[LOG_ERROR] = "npcsim-agent: error: ",
			[LOG_WARNING] = "npcsim-agent: warning: ",
			[LOG_NOTICE] = "npcsim-agent: notice: ",
			[LOG_INFO] = "npcsim-agent: info: ",
			[LOG_DEBUG] = "npcsim-agent: debug: ",
		},
	.patience_ms = STDERR_PATIENCE_MS,
};

int
main(int argc, char **argv)
{
	static Program		program;
	struct lws_context *context;
	int					signals;
	int					status = EXIT_FAILURE;

	log_start(&log_style, LOG_NOTICE);
	hide_memory();
	open_standard_streams();
	switch (settings_read(&program.settings, argc, argv))
	{
		case SETTINGS_ANSWERED:
			return EXIT_SUCCESS;
		case SETTINGS_WRONG:
			settings_free(&program.settings);
			return EXIT_USAGE;
		case SETTINGS_READY:
			break;
	}
	if (!program.settings.gateway.tls && !is_loopback(program.settings.gateway.address))
		log_line(LOG_WARNING, "the token travels to %s without encryption: use wss://",
				 program.settings.gateway.host);

	program.loop.epoll_fd = -1;
	signals = open_signals();
	context = create_context();
	if (signals >= 0 && context != NULL)
		status = run(&program, context, signals);
	else
		log_line(LOG_ERROR, "libwebsockets cannot be set up");

	agent_free(&program.agent);
	if (context != NULL)
		lws_context_destroy(context);
	loop_close(&program.loop);
	settings_free(&program.settings);
	return status;
}
