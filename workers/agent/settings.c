/*
 * settings.c
 *	  The agent's settings, read from the command line and the environment.
 */
#include "settings.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/mcp_terms.h"
#include "common/numbers.h"
#include "common/version.h"
#include "words.h"

#define TOKEN_VARIABLE "NPCSIM_TOKEN"

#define COMPLAINT_SIZE 600

static const char help_text[] =
	"npcsim-agent lends a mind of yours to a world of npcsim: a language model, or an MCP server.\n"
	"\n"
	"Usage: npcsim-agent --gateway URL --api URL --model NAME [OPTION]...\n"
	"       npcsim-agent --gateway URL --mcp 'COMMAND ARGUMENTS' [OPTION]...\n"
	"       npcsim-agent --gateway URL --mcp-url URL [OPTION]...\n"
	"       npcsim-agent --gateway URL --mind builtin [OPTION]...\n"
	"\n"
	"The gateway:\n"
	"  --gateway URL           ws://HOST:PORT or wss://HOST:PORT (or NPCSIM_GATEWAY)\n"
	"  --token-file FILE       file with the player's token (or NPCSIM_TOKEN in the\n"
	"                          environment); never on the command line\n"
	"  --source NAME           which of the player's minds this is; a second agent of the\n"
	"                          same name replaces the first (default " MCP_DEFAULT_SOURCE ";\n"
	"                          player_api_key with --api, builtin with --mind)\n"
	"  --max-concurrency N     decisions at a time, 1 to " MCP_MAX_CONCURRENCY_TEXT " (default 1)\n"
	"  --stateless             the mind may be asked about NPCs of other players, too\n"
	"\n" API_HELP "\n"
	"An MCP server, one of:\n"
	"  --mcp COMMAND           program to start, with arguments; quotes and backslashes work\n"
	"                          as in a shell, nothing else of a shell does (stdio)\n"
	"  --mcp-url URL           http:// or https:// address of a server that runs\n"
	"\n"
	"  --mcp-transport KIND    for --mcp-url: auto (default), streamable, or sse\n"
	"  --choices               questions come with a numbered list of actions, and\n"
	"                          {\"choice\": N} answers them\n"
	"  --compact               questions come in few words, for small models\n"
	"  --max-message BYTES     longest message for the gateway, 4096 to 16777216\n"
	"                          (default " MCP_MAX_MESSAGE_TEXT ", which is what the gateway takes)\n"
	"\n"
	"No mind at all:\n"
	"  --mind builtin          answers each question with the first of its choices, to try things\n"
	"\n"
	"Other:\n"
	"  --status-file FILE      how it goes, for scripts: JSON, replaced as a whole\n"
	"  --log-level LEVEL       error, warning, notice (default), info, or debug\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 ended by a signal or replaced by a newer agent, 1 failure (the token\n"
	"or the key was refused, the program cannot be started), 2 wrong usage.\n";

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
	OPT_STATELESS,
	OPT_MCP,
	OPT_MCP_URL,
	OPT_MIND,
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
										{"stateless", no_argument, NULL, OPT_STATELESS},
										{"mcp", required_argument, NULL, OPT_MCP},
										{"mcp-url", required_argument, NULL, OPT_MCP_URL},
										{"mind", required_argument, NULL, OPT_MIND},
										{"mcp-transport", required_argument, NULL, OPT_MCP_TRANSPORT},
										{"max-message", required_argument, NULL, OPT_MAX_MESSAGE},
										{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
										{"status-file", required_argument, NULL, OPT_STATUS_FILE},
										{"help", no_argument, NULL, OPT_HELP},
										{"version", no_argument, NULL, OPT_VERSION},
										API_OPTIONS,
										{NULL, 0, NULL, 0}};

/* The names of sources that have not been given one. */
static const char *const default_sources[] = {
	[MIND_STDIO] = MCP_DEFAULT_SOURCE,
	[MIND_HTTP] = MCP_DEFAULT_SOURCE,
	[MIND_API] = "player_api_key",
	[MIND_BUILT_IN] = "builtin",
};

_Static_assert(sizeof(default_sources) / sizeof(default_sources[0]) == MIND_BUILT_IN + 1,
			   "each kind of mind has a name for its source");

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
	const char *mind;
	const char *source; /* NULL = it is named after the kind of mind */
	bool		transport;
} Given;

static bool __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	char	text[COMPLAINT_SIZE + 64];
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

static bool
read_token(Settings *settings, const char *file)
{
	const char *text = getenv(TOKEN_VARIABLE);
	const char *error;

	char why[COMPLAINT_SIZE];

	if (file != NULL)
		return secret_from_file(settings->token, "token file", file, why, sizeof(why)) || complain("%s", why);
	if (text == NULL)
		return complain("a token is needed: --token-file FILE, or NPCSIM_TOKEN in the environment");
	return secret_copy(settings->token, text, strlen(text), &error) ||
		   complain("NPCSIM_TOKEN cannot be used: %s", error);
}

/* Finds out which mind it is: exactly one of the options that name one is there. */
static bool
read_mind(Settings *settings, const Given *given)
{
	const char *named[] = {
		[MIND_STDIO] = given->mcp,
		[MIND_HTTP] = settings->url,
		[MIND_API] = settings->api.given_url,
		[MIND_BUILT_IN] = given->mind,
	};
	int count = 0;

	_Static_assert(sizeof(named) / sizeof(named[0]) == MIND_BUILT_IN + 1, "each kind of mind has its option");
	for (int kind = 0; kind <= MIND_BUILT_IN; kind++)
	{
		if (named[kind] == NULL)
			continue;
		settings->mind = (MindKind) kind;
		count++;
	}
	if (count != 1)
		return complain("one of --mcp, --mcp-url, --api and --mind is needed, and not more");
	if (settings->mind != MIND_API && api_options_any(&settings->api))
		return complain("--model, --api-key-file, --prompt-file, --parameter, --max-tokens, --memory-dir and "
						"--no-memory go with --api");
	if (given->transport && settings->mind != MIND_HTTP)
		return complain("--mcp-transport goes with --mcp-url");
	return true;
}

static bool
finish_mind(Settings *settings, const Given *given)
{
	const char *error;
	char		why[COMPLAINT_SIZE];

	switch (settings->mind)
	{
		case MIND_STDIO:
			settings->command = words_split(given->mcp, &error);
			return settings->command != NULL || complain("--mcp cannot be used: %s", error);
		case MIND_HTTP:
			return strncasecmp(settings->url, "http://", 7) == 0 ||
				   strncasecmp(settings->url, "https://", 8) == 0 ||
				   complain("--mcp-url must begin with http:// or https://");
		case MIND_API:
			return api_options_finish(&settings->api, why, sizeof(why)) || complain("%s", why);
		case MIND_BUILT_IN:
			return strcmp(given->mind, "builtin") == 0 ||
				   complain("--mind must be builtin, not \"%s\"", given->mind);
	}
	return false;
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
		case OPT_STATELESS:
			settings->stateless = true;
			return true;
		case OPT_MCP:
			given->mcp = value;
			return true;
		case OPT_MCP_URL:
			settings->url = value;
			return true;
		case OPT_MIND:
			given->mind = value;
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
read_api_option(Settings *settings, ApiOption option, const char *value)
{
	char why[COMPLAINT_SIZE];

	return api_options_take(&settings->api, option, value, why, sizeof(why)) || complain("%s", why);
}

static bool
finish(Settings *settings, const Given *given)
{
	const char *gateway = given->gateway != NULL ? given->gateway : getenv("NPCSIM_GATEWAY");
	const char *source;
	const char *error;

	if (!read_mind(settings, given))
		return false;
	source = given->source != NULL ? given->source : default_sources[settings->mind];
	if (source[0] == '\0' || strlen(source) > SOURCE_MAX)
		return complain("--source must have 1 to %d characters", SOURCE_MAX);
	strcpy(settings->source, source);
	/* minds that are asked by us choose from the list, and the questions are short */
	if (settings->mind == MIND_API || settings->mind == MIND_BUILT_IN)
		settings->choices = settings->compact = true;
	if (gateway == NULL)
		return complain("--gateway URL is needed, or NPCSIM_GATEWAY in the environment");
	if (!gateway_url_parse(&settings->gateway, gateway, settings, &error))
		return complain("gateway \"%s\" cannot be used: %s", gateway, error);
	return finish_mind(settings, given) && read_token(settings, given->token_file);
}

static SettingsOutcome
read_all(Settings *settings, int argc, char **argv)
{
	Given given = {0};
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
		if (option >= API_OPT_FIRST
				? !read_api_option(settings, (ApiOption) option, optarg)
				: !read_option(settings, &given, (Option) option, optarg, argv[optind - 1]))
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

	secret_forget_variable(TOKEN_VARIABLE);
	secret_forget_variable(API_KEY_VARIABLE);
	return outcome;
}

void
settings_free(Settings *settings)
{
	words_free(settings->command);
	settings->command = NULL;
	api_options_free(&settings->api);
	explicit_bzero(settings->token, sizeof(settings->token));
}
