/*
 * settings.c
 *	  The agent's settings, read from the command line and the environment.
 *
 * A token is never taken from the command line, which every user of the
 * machine can read.  It comes from a file or from the environment, and stays
 * out of the log and out of the MCP server's environment.  It does not stay in
 * our own either: /proc/PID/environ shows other processes of the user, such as
 * the MCP server, the bytes that were there when the agent was started, even
 * after unsetenv().  So the bytes are overwritten.
 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mcp_terms.h"
#include "common/numbers.h"
#include "common/version.h"
#include "words.h"

#define TOKEN_VARIABLE "NPCSIM_TOKEN"

static const char help_text[] =
	"npcsim-agent lends an MCP server of yours to a world of npcsim.\n"
	"\n"
	"Usage: npcsim-agent --gateway URL --mcp 'COMMAND ARGUMENTS' [OPTION]...\n"
	"       npcsim-agent --gateway URL --mcp-url URL [OPTION]...\n"
	"\n"
	"The gateway:\n"
	"  --gateway URL           ws://HOST:PORT or wss://HOST:PORT (or NPCSIM_GATEWAY)\n"
	"  --token-file FILE       file with the player's token (or NPCSIM_TOKEN in the\n"
	"                          environment); never on the command line\n"
	"  --source NAME           which of the player's minds this is; a second agent of the\n"
	"                          same name replaces the first (default " MCP_DEFAULT_SOURCE ")\n"
	"  --max-concurrency N     decisions at a time, 1 to " MCP_MAX_CONCURRENCY_TEXT " (default 1)\n"
	"  --choices               questions come with a numbered list of actions, and\n"
	"                          {\"choice\": N} answers them\n"
	"  --compact               questions come in few words, for small models\n"
	"\n"
	"The MCP server, one of:\n"
	"  --mcp COMMAND           program to start, with arguments; quotes and backslashes work\n"
	"                          as in a shell, nothing else of a shell does (stdio)\n"
	"  --mcp-url URL           http:// or https:// address of a server that runs\n"
	"\n"
	"  --mcp-transport KIND    for --mcp-url: auto (default), streamable, or sse\n"
	"  --max-message BYTES     longest message for the gateway, 4096 to 16777216\n"
	"                          (default " MCP_MAX_MESSAGE_TEXT ", which is what the gateway takes)\n"
	"\n"
	"Other:\n"
	"  --status-file FILE      how it goes, for scripts: JSON, replaced as a whole\n"
	"  --log-level LEVEL       error, warning, notice (default), info, or debug\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 ended by a signal or replaced by a newer agent, 1 failure (the token\n"
	"was refused, the program cannot be started), 2 wrong usage.\n";

/* The values that getopt_long() returns. */
typedef enum Option
{
	OPT_UNKNOWN = '?',
	OPT_WITHOUT_VALUE = ':',
	OPT_GATEWAY = 256,
	OPT_TOKEN,
	OPT_TOKEN_FILE,
	OPT_SOURCE,
	OPT_MAX_CONCURRENCY,
	OPT_CHOICES,
	OPT_COMPACT,
	OPT_MCP,
	OPT_MCP_URL,
	OPT_MCP_TRANSPORT,
	OPT_MAX_MESSAGE,
	OPT_LOG_LEVEL,
	OPT_STATUS_FILE,
	OPT_HELP,
	OPT_VERSION
} Option;

static const struct option options[] = {{"gateway", required_argument, NULL, OPT_GATEWAY},
										{"token", optional_argument, NULL, OPT_TOKEN},
										{"token-file", required_argument, NULL, OPT_TOKEN_FILE},
										{"source", required_argument, NULL, OPT_SOURCE},
										{"max-concurrency", required_argument, NULL, OPT_MAX_CONCURRENCY},
										{"choices", no_argument, NULL, OPT_CHOICES},
										{"compact", no_argument, NULL, OPT_COMPACT},
										{"mcp", required_argument, NULL, OPT_MCP},
										{"mcp-url", required_argument, NULL, OPT_MCP_URL},
										{"mcp-transport", required_argument, NULL, OPT_MCP_TRANSPORT},
										{"max-message", required_argument, NULL, OPT_MAX_MESSAGE},
										{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
										{"status-file", required_argument, NULL, OPT_STATUS_FILE},
										{"help", no_argument, NULL, OPT_HELP},
										{"version", no_argument, NULL, OPT_VERSION},
										{NULL, 0, NULL, 0}};

static const char *const transport_names[] = {
	[HTTP_TRANSPORT_AUTO] = "auto",
	[HTTP_TRANSPORT_STREAMABLE] = "streamable",
	[HTTP_TRANSPORT_SSE] = "sse",
};

_Static_assert(sizeof(transport_names) / sizeof(transport_names[0]) == HTTP_TRANSPORT_COUNT,
			   "each transport has a name");

/* The options that are checked only when the whole command line was read. */
typedef struct Given
{
	const char *gateway;
	const char *token_file;
	const char *mcp;
	const char *source;
	bool		transport;
} Given;

static bool __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	char	text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_line(LOG_ERROR, "%s (see --help)", text);
	return false;
}

static bool
read_number(const char *name, const char *text, long min, long max, long *value)
{
	if (number_read(text, min, max, value) != NUMBER_GOOD)
		return complain("--%s must be a number from %ld to %ld, not \"%s\"", name, min, max, text);
	return true;
}

static bool
read_transport(Settings *settings, const char *text)
{
	for (int i = 0; i < HTTP_TRANSPORT_COUNT; i++)
	{
		if (strcmp(text, transport_names[i]) == 0)
		{
			settings->transport = (HttpTransport) i;
			return true;
		}
	}
	return complain("--mcp-transport must be auto, streamable or sse, not \"%s\"", text);
}

bool
token_copy(char token[TOKEN_MAX + 1], const char *text, size_t len, const char **error)
{
	static const char blanks[] = " \t\r\n";

	while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(blanks, text[0]) != NULL)
	{
		text++;
		len--;
	}
	*error = NULL;
	if (len == 0)
		*error = "it is empty";
	else if (len > TOKEN_MAX)
		*error = "it is too long";
	for (size_t i = 0; i < len && *error == NULL; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			*error = "it holds white space or other characters that no token has";
	if (*error != NULL)
		return false;
	memcpy(token, text, len);
	token[len] = '\0';
	return true;
}

static bool
read_token_file(Settings *settings, const char *path)
{
	char		text[TOKEN_MAX + 256];
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;
	ssize_t		len;
	const char *error;
	bool		good;

	if (fd < 0 || fstat(fd, &info) != 0 || (len = read(fd, text, sizeof(text))) < 0)
	{
		complain("cannot read token file \"%s\": %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_line(LOG_WARNING, "token file \"%s\" is open to others (mode %04o): chmod 600 it", path,
				 (unsigned) info.st_mode & 07777);
	good = token_copy(settings->token, text, (size_t) len, &error);
	explicit_bzero(text, sizeof(text));
	return good || complain("token file \"%s\" cannot be used: %s", path, error);
}

static bool
read_token(Settings *settings, const char *file)
{
	const char *text = getenv(TOKEN_VARIABLE);
	const char *error;

	if (file != NULL)
		return read_token_file(settings, file);
	if (text == NULL)
		return complain("a token is needed: --token-file FILE, or NPCSIM_TOKEN in the environment");
	return token_copy(settings->token, text, strlen(text), &error) ||
		   complain("NPCSIM_TOKEN cannot be used: %s", error);
}

/* Erases every token of the environment, which may hold several entries of that name. */
static void
forget_environment_token(void)
{
	static const char prefix[] = TOKEN_VARIABLE "=";

	for (char **entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, prefix, sizeof(prefix) - 1) == 0)
			explicit_bzero(*entry + sizeof(prefix) - 1, strlen(*entry + sizeof(prefix) - 1));
	unsetenv(TOKEN_VARIABLE);
}

static bool
read_server(Settings *settings, const char *mcp)
{
	const char *error;

	if ((mcp != NULL) == (settings->url != NULL))
		return complain("one of --mcp and --mcp-url is needed, and not both");
	if (mcp != NULL)
	{
		settings->command = words_split(mcp, &error);
		return settings->command != NULL || complain("--mcp cannot be used: %s", error);
	}
	if (strncasecmp(settings->url, "http://", 7) != 0 && strncasecmp(settings->url, "https://", 8) != 0)
		return complain("--mcp-url must begin with http:// or https://");
	return true;
}

/* Reads one option, which the command line has as "argument"; returns false, and has complained, if it is wrong. */
static bool
read_option(Settings *settings, Given *given, Option option, const char *value, const char *argument)
{
	long number;

	switch (option)
	{
		case OPT_GATEWAY:
			given->gateway = value;
			return true;
		case OPT_TOKEN:
			return complain("--token is not taken: every user of this machine can read a command line; "
							"use --token-file FILE, or NPCSIM_TOKEN in the environment");
		case OPT_TOKEN_FILE:
			given->token_file = value;
			return true;
		case OPT_SOURCE:
			given->source = value;
			return true;
		case OPT_MAX_CONCURRENCY:
			if (!read_number("max-concurrency", value, 1, MCP_MAX_CONCURRENCY, &number))
				return false;
			settings->max_concurrency = (int) number;
			return true;
		case OPT_CHOICES:
			settings->choices = true;
			return true;
		case OPT_COMPACT:
			settings->compact = true;
			return true;
		case OPT_MCP:
			given->mcp = value;
			return true;
		case OPT_MCP_URL:
			settings->url = value;
			return true;
		case OPT_MCP_TRANSPORT:
			given->transport = true;
			return read_transport(settings, value);
		case OPT_MAX_MESSAGE:
			if (!read_number("max-message", value, MESSAGE_LIMIT_MIN, MESSAGE_LIMIT_MAX, &number))
				return false;
			settings->message_limit = (size_t) number;
			return true;
		case OPT_LOG_LEVEL:
			return log_level_from_name(value, &settings->log_level) ||
				   complain("--log-level must be error, warning, notice, info or debug, not \"%s\"", value);
		case OPT_STATUS_FILE:
			settings->status_file = value;
			return *value != '\0' || complain("--status-file must name a file");
		case OPT_HELP:
		case OPT_VERSION:
			break; /* the caller has answered them */
		case OPT_WITHOUT_VALUE:
			return complain("%s needs a value", argument);
		case OPT_UNKNOWN:
			/* the value behind "=" is not printed, since it might be a token */
			return complain("there is no option %.*s, or it takes no value", (int) strcspn(argument, "="),
							argument);
	}
	return true;
}

static bool
finish(Settings *settings, const Given *given)
{
	const char *gateway = given->gateway != NULL ? given->gateway : getenv("NPCSIM_GATEWAY");
	const char *error;

	if (given->source[0] == '\0' || strlen(given->source) > SOURCE_MAX)
		return complain("--source must have 1 to %d characters", SOURCE_MAX);
	strcpy(settings->source, given->source);
	if (gateway == NULL)
		return complain("--gateway URL is needed, or NPCSIM_GATEWAY in the environment");
	if (!gateway_url_parse(&settings->gateway, gateway, settings, &error))
		return complain("gateway \"%s\" cannot be used: %s", gateway, error);
	if (given->transport && settings->url == NULL)
		return complain("--mcp-transport goes with --mcp-url");
	return read_server(settings, given->mcp) && read_token(settings, given->token_file);
}

static SettingsOutcome
read_all(Settings *settings, int argc, char **argv)
{
	Given given = {.source = MCP_DEFAULT_SOURCE};
	int	  option;

	memset(settings, 0, sizeof(*settings));
	settings->max_concurrency = 1;
	settings->message_limit = MCP_MAX_MESSAGE;
	settings->log_level = LOG_NOTICE;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1)
	{
		if (option == OPT_HELP)
		{
			fputs(help_text, stdout);
			return SETTINGS_ANSWERED;
		}
		if (option == OPT_VERSION)
		{
			puts("npcsim-agent " NPCSIM_VERSION);
			return SETTINGS_ANSWERED;
		}
		if (!read_option(settings, &given, (Option) option, optarg, argv[optind - 1]))
			return SETTINGS_WRONG;
	}
	if (optind < argc)
	{
		/* the argument is not printed, since it might be a token */
		complain("an argument belongs to no option (a command with arguments needs quotes: --mcp 'node "
				 "server.js')");
		return SETTINGS_WRONG;
	}
	log_set_level(settings->log_level);
	return finish(settings, &given) ? SETTINGS_READY : SETTINGS_WRONG;
}

SettingsOutcome
settings_read(Settings *settings, int argc, char **argv)
{
	SettingsOutcome outcome = read_all(settings, argc, argv);

	forget_environment_token();
	return outcome;
}

void
settings_free(Settings *settings)
{
	words_free(settings->command);
	settings->command = NULL;
	explicit_bzero(settings->token, sizeof(settings->token));
}
