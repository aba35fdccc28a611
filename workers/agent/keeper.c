/*
 * keeper.c
 *	  Starts a program through a keeper process, which makes sure that the program and its children end.
 *
 *		agent ──control socket── keeper ──PR_SET_PDEATHSIG── program, in a process group of its own
 *
 * MCP servers are often started through wrappers (npx, uv, a shell script), so
 * ending the one process that was started is not enough, and an agent that was
 * killed cannot end anything.  The keeper is a small process in between that
 * outlives the agent by a moment: when the program ends, it kills what is left
 * of the group; when the control socket closes, for whatever reason, it kills
 * all of it.  If the keeper itself is killed, the kernel kills the program.
 *
 * The keeper may be forked while other threads look up addresses: it allocates
 * no memory, takes no locks, and never executes anything else.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of a program that could not be executed; a shell uses the same. */
#define EXIT_CANNOT_RUN 127

static void __attribute__((noreturn)) run_program(char **argv, int in, int out, int err, pid_t keeper)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(EXIT_CANNOT_RUN);

	/* none of the three descriptors is 0 to 2, because the agent's own standard streams are open */
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(EXIT_CANNOT_RUN);
	closefrom(STDERR_FILENO + 1);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_CANNOT_RUN);
}

/* Kills what is left of the group after the program has ended, tells the agent its wait status, and exits. */
static void __attribute__((noreturn)) report_end(int control, pid_t program, int status)
{
	ssize_t written;

	kill(-program, SIGKILL);
	written = write(control, &status, sizeof(status));
	(void) written;
	_exit(0);
}

static void __attribute__((noreturn)) keep_program(int control, int signals, pid_t program)
{
	for (;;)
	{
		struct pollfd fds[2] = {{.fd = control, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
		struct signalfd_siginfo info;
		int						status;

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents != 0)
		{
			ssize_t got = read(signals, &info, sizeof(info));

			(void) got;
			if (waitpid(program, &status, WNOHANG) == program)
				report_end(control, program, status);
		}
		if (fds[0].revents != 0)
		{
			char	order = KEEPER_KILL;
			ssize_t got = read(control, &order, 1);

			if (got == 1 && order == KEEPER_TERMINATE)
			{
				kill(-program, SIGTERM);
				continue;
			}
			kill(-program, SIGKILL);
			if (waitpid(program, &status, 0) == program)
				report_end(control, program, status);
			_exit(1);
		}
	}
}

static void __attribute__((noreturn)) become_keeper(char **argv, int in, int out, int err, int control)
{
	sigset_t mask;
	pid_t	 self = getpid();
	pid_t	 program;
	int		 null;
	int		 signals;

	/* Ctrl-C in a terminal must reach the agent alone, which then gives the keeper an order */
	setpgid(0, 0);
	prctl(PR_SET_NAME, "npcsim-keeper");
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);

	program = fork();
	if (program < 0)
		_exit(1);
	if (program == 0)
		run_program(argv, in, out, err, self);
	setpgid(program,
			program); /* the program does the same; whoever is first, the group exists from here on */

	/* the keeper must not hold the program's pipes open, or the agent would not see that the program closed them */
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
		dup2(null, STDERR_FILENO) < 0 || dup2(control, STDERR_FILENO + 1) < 0)
		_exit(1);
	closefrom(STDERR_FILENO + 2);
	control = STDERR_FILENO + 1;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	signals = signalfd(-1, &mask, 0);
	if (signals < 0)
		_exit(1);
	keep_program(control, signals, program);
}

bool
keeper_start(Keeper *keeper, char **argv, int in, int out, int err)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return false;
	keeper->pid = fork();
	if (keeper->pid == 0)
		become_keeper(argv, in, out, err, sockets[1]);
	close(sockets[1]);
	if (keeper->pid < 0)
	{
		close(sockets[0]);
		return false;
	}
	fcntl(sockets[0], F_SETFL, O_NONBLOCK);
	keeper->control = sockets[0];
	return true;
}

void
keeper_reap(Keeper *keeper)
{
	close(keeper->control);
	keeper->control = -1;
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	keeper->pid = -1;
}

static bool
is_executable(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

bool
keeper_can_run(const char *program, const char **error)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/') != NULL)
	{
		*error = access(program, F_OK) == 0 ? "it is not an executable file" : "there is no such file";
		return is_executable(program);
	}
	*error = "no such program is in PATH";
	if (path == NULL)
		path = "/bin:/usr/bin";
	for (;;)
	{
		char   candidate[PATH_MAX];
		size_t len = strcspn(path, ":");

		if (snprintf(candidate, sizeof(candidate), "%.*s/%s", len > 0 ? (int) len : 1, len > 0 ? path : ".",
					 program) < (int) sizeof(candidate) &&
			is_executable(candidate))
			return true;
		if (path[len] == '\0')
			return false;
		path += len + 1;
	}
}
