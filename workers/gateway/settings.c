/*
 * settings.c
 *	  The gateway's settings, read from a file, the environment and flags.
 *
 * One table has everything about a setting: its name, its member of Settings,
 * its range, its unit and its help.  A wrong value from any source is reported
 * with that source and ends the program with status 2; no value is silently
 * forced into its range.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/numbers.h"
#include "common/version.h"
#include "address.h"
#include "origin.h"

#define ENVIRONMENT_PREFIX "NPCSIM_GATEWAY_"
#define MAX_CONFIG_LINE	   4096
#define MAX_STRING		   4096

typedef enum SettingKind
{
	KIND_STRING,
	KIND_INTEGER,
	KIND_LEVEL
} SettingKind;

typedef struct SettingDefinition
{
	const char *name;
	SettingKind kind;
	size_t		offset;
	const char *text_default;
	int			number_default;
	int			minimum;
	int			maximum;
	const char *value_name;
	const char *help;
} SettingDefinition;

#define STRING_SETTING(field, initial, value, help) \
	{ \
#field, KIND_STRING, offsetof(Settings, field), initial, 0, 0, 0, value, help \
	}
#define NUMBER_SETTING(field, initial, minimum, maximum, value, help) \
	{ \
#field, KIND_INTEGER, offsetof(Settings, field), NULL, initial, minimum, maximum, value, help \
	}

static const SettingDefinition definitions[] = {
	STRING_SETTING(database, "", "CONNINFO", "the database, as libpq takes it (PG* variables fill the rest)"),
	STRING_SETTING(gateway_id, "", "ID", "name of this gateway, kept over restarts (host name and port)"),
	STRING_SETTING(listen_address, "127.0.0.1", "ADDRESS", "address to listen on"),
	NUMBER_SETTING(port, 8080, 0, 65535, "PORT", "port to listen on; 0 picks a free one"),
	STRING_SETTING(web_root, "", "DIR", "directory of the spectators' page, served at /"),
	STRING_SETTING(allowed_origins, "", "LIST",
				   "sites whose pages may connect, besides the gateway's own: https://worlds.example.org"),
	STRING_SETTING(allowed_hosts, "", "LIST",
				   "names under which browsers reach the gateway: worlds.example.org"),
	STRING_SETTING(trusted_proxies, "", "LIST",
				   "addresses of proxies whose X-Forwarded-For is believed: 127.0.0.1 10.0.0.0/8"),
	NUMBER_SETTING(connections, 2, 1, 16, "N", "command connections to the database"),
	NUMBER_SETTING(query_timeout_ms, 10000, 100, 600000, "MS", "longest a query may take"),
	NUMBER_SETTING(lock_timeout_ms, 1000, 10, 600000, "MS", "longest a write may wait for a world's lock"),
	NUMBER_SETTING(hello_timeout_ms, 10000, 100, 600000, "MS",
				   "time for the request, and for the first frame (close 4007)"),
	NUMBER_SETTING(stuck_timeout_ms, 15000, 100, 600000, "MS", "time a client may take nothing (close 4005)"),
	NUMBER_SETTING(silence_timeout_ms, 30000, 1000, 600000, "MS",
				   "silence after which a connection counts as dead"),
	NUMBER_SETTING(submit_delay_ms, 4, 0, 1000, "MS", "time in which decisions are collected into one batch"),
	NUMBER_SETTING(max_frame, 65536, 1024, 16777216, "BYTES", "largest frame from a client (close 1009)"),
	NUMBER_SETTING(max_queue, 1048576, 65536, 1073741824, "BYTES",
				   "most that is queued to a client (close 4005)"),
	NUMBER_SETTING(message_rate, 50, 1, 100000, "N", "messages per second and connection (close 4006)"),
	NUMBER_SETTING(message_burst, 200, 1, 1000000, "N", "messages a connection may send at once"),
	NUMBER_SETTING(player_message_rate, 100, 1, 100000, "N",
				   "messages per second and player, over all connections (close 4006)"),
	NUMBER_SETTING(player_message_burst, 400, 1, 1000000, "N", "messages a player may send at once"),
	NUMBER_SETTING(subscribe_rate, 60, 1, 100000, "N", "subscriptions per minute and connection"),
	NUMBER_SETTING(subscribe_burst, 20, 1, 100000, "N", "subscriptions a connection may begin at once"),
	NUMBER_SETTING(wrong_token_rate, 60, 1, 100000, "N", "wrong tokens per minute and address (close 4006)"),
	NUMBER_SETTING(wrong_token_burst, 50, 0, 100000, "N",
				   "wrong tokens an address may try at once; 0: any number"),
	NUMBER_SETTING(join_rate, 1200, 1, 1000000, "N", "joins per minute and address (close 4006)"),
	NUMBER_SETTING(join_burst, 400, 0, 1000000, "N", "joins of an address at once; 0: any number"),
	NUMBER_SETTING(max_per_address, 200, 1, 1000000, "N", "connections per address"),
	NUMBER_SETTING(max_spectators_per_address, 100, 1, 1000000, "N",
				   "connections per address that watch without a token (close 4004)"),
	{"log_level", KIND_LEVEL, offsetof(Settings, log_level), NULL, LOG_INFO, 0, 0, "LEVEL",
	 "error, warning, info or debug"},
};

#define DEFINITION_COUNT ((int) (sizeof(definitions) / sizeof(definitions[0])))

/* The values that getopt_long() returns: those of flags that are not settings, and from 1000 on those of the settings. */
enum
{
	FLAG_HELP = 1,
	FLAG_VERSION,
	FLAG_CONFIG,
	FLAG_SETTING = 1000
};

bool
gateway_id_is_valid(const char *gateway_id)
{
	size_t length = strlen(gateway_id);

	if (length < 1 || length > 64)
		return false;
	for (const char *c = gateway_id; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && strchr("_.-", *c) == NULL)
			return false;
	}
	return true;
}

static void
complain(const char *source, const char *name, const char *problem)
{
	log_line(LOG_ERROR, "%s: %s: %s", source, name, problem);
}

static void *
setting_field(Settings *settings, const SettingDefinition *definition)
{
	return (char *) settings + definition->offset;
}

static bool
set_string(char **field, const char *source, const char *name, const char *value)
{
	if (strlen(value) > MAX_STRING)
	{
		complain(source, name, "is longer than 4096 characters");
		return false;
	}
	free(*field);
	*field = mem_copy_string(value);
	return true;
}

static bool
set_integer(int *field, const SettingDefinition *definition, const char *source, const char *value)
{
	long number;
	char problem[160];

	switch (number_read(value, definition->minimum, definition->maximum, &number))
	{
		case NUMBER_GOOD:
			*field = (int) number;
			return true;
		case NUMBER_NONE:
			snprintf(problem, sizeof(problem), "\"%.60s\" is not a whole number", value);
			break;
		case NUMBER_OUTSIDE:
			snprintf(problem, sizeof(problem), "%.60s is outside the range %d .. %d", value,
					 definition->minimum, definition->maximum);
			break;
	}
	complain(source, definition->name, problem);
	return false;
}

static bool
set_level(int *field, const char *source, const char *name, const char *value)
{
	LogLevel level;

	/* the level "notice" is refused, because the gateway writes no lines of that level */
	if (log_level_from_name(value, &level) && level != LOG_NOTICE)
	{
		*field = (int) level;
		return true;
	}
	complain(source, name, "must be error, warning, info or debug");
	return false;
}

static bool
set_value(Settings *settings, const SettingDefinition *definition, const char *source, const char *value)
{
	void *field = setting_field(settings, definition);

	switch (definition->kind)
	{
		case KIND_STRING:
			return set_string(field, source, definition->name, value);
		case KIND_INTEGER:
			return set_integer(field, definition, source, value);
		case KIND_LEVEL:
			return set_level(field, source, definition->name, value);
	}
	return false;
}

static const SettingDefinition *
find_definition(const char *name)
{
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		if (strcmp(definitions[i].name, name) == 0)
			return &definitions[i];
	}
	return NULL;
}

static void
set_defaults(Settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		void *field = setting_field(settings, &definitions[i]);

		if (definitions[i].kind == KIND_STRING)
			*(char **) field = mem_copy_string(definitions[i].text_default);
		else
			*(int *) field = definitions[i].number_default;
	}
}

/* Returns the text without white space at both ends; it is changed in place. */
static char *
trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char) end[-1]))
		*--end = '\0';
	while (isspace((unsigned char) *text))
		text++;
	return text;
}

/* Removes single quotes around a value, and doubled ones within, as in postgresql.conf; returns false if one is missing. */
static bool
unquote(char *value)
{
	char *to = value;

	if (value[0] != '\'')
		return true;
	for (char *from = value + 1; *from; from++)
	{
		if (*from == '\'')
		{
			if (from[1] != '\'')
			{
				*to = '\0';
				return from[1] == '\0';
			}
			from++;
		}
		*to++ = *from;
	}
	return false;
}

static bool
read_line(Settings *settings, const char *source, char *line)
{
	char					*content = trim(line);
	char					*equals = strchr(content, '=');
	char					*name;
	char					*value;
	const SettingDefinition *definition;

	if (*content == '\0' || *content == '#')
		return true;
	if (equals == NULL)
	{
		complain(source, content, "expected \"name = value\"");
		return false;
	}
	*equals = '\0';
	name = trim(content);
	value = trim(equals + 1);
	if (!unquote(value))
	{
		complain(source, name, "the quoted value does not end with its quote");
		return false;
	}
	definition = find_definition(name);
	if (definition == NULL)
	{
		complain(source, name, "there is no such setting (see --help)");
		return false;
	}
	return set_value(settings, definition, source, value);
}

static bool
read_file(Settings *settings, const char *path)
{
	FILE *file = fopen(path, "r");
	char  line[MAX_CONFIG_LINE + 2];
	int	  number = 0;
	bool  good = true;

	if (file == NULL)
	{
		complain(path, "cannot be read", strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), file) != NULL)
	{
		char source[PATH_MAX + 32];

		number++;
		snprintf(source, sizeof(source), "%s:%d", path, number);
		if (strlen(line) > MAX_CONFIG_LINE)
		{
			complain(source, "line", "is longer than 4096 characters");
			good = false;
		}
		else
			good = read_line(settings, source, line);
	}
	if (good && ferror(file))
	{
		complain(path, "cannot be read", strerror(errno));
		good = false;
	}
	fclose(file);
	return good;
}

/*
 * Overwrites passwords in the initial environment, which /proc/PID/environ
 * shows to other processes of the user.  The variables keep their values
 * elsewhere in memory, since libpq reads PGPASSWORD whenever it connects.
 */
static void
hide_passwords(void)
{
	static const char *const names[] = {ENVIRONMENT_PREFIX "DATABASE", "PGPASSWORD"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char *value = getenv(names[i]);
		char *copy = value != NULL ? mem_copy_string(value) : NULL;

		if (value == NULL)
			continue;
		explicit_bzero(value, strlen(value));
		setenv(names[i], copy, 1);
		explicit_bzero(copy, strlen(copy));
		free(copy);
	}
}

/* Overwrites a connection string on the command line that may have a password, since every user of the machine can see it. */
static void
hide_password_of(char *conninfo)
{
	if (strcasestr(conninfo, "password") != NULL || strchr(conninfo, '@') != NULL)
		memset(conninfo, 'x', strlen(conninfo));
}

static bool
read_environment(Settings *settings)
{
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		char		variable[128];
		const char *value;
		size_t		length;

		snprintf(variable, sizeof(variable), ENVIRONMENT_PREFIX "%s", definitions[i].name);
		length = strlen(variable);
		for (size_t c = strlen(ENVIRONMENT_PREFIX); c < length; c++)
			variable[c] = (char) toupper((unsigned char) variable[c]);
		value = getenv(variable);
		if (value != NULL && !set_value(settings, &definitions[i], variable, value))
			return false;
	}
	return true;
}

static void
print_help(void)
{
	printf("npcsim-gateway lets clients and minds into the worlds of a database.\n\n"
		   "Usage:\n  npcsim-gateway [OPTION]...\n\nOptions:\n"
		   "  --%-30s %s\n  --%-30s %s\n  --%-30s %s\n",
		   "config=FILE", "read settings from FILE, lines of \"name = value\"", "help", "show this and exit",
		   "version", "show the version and exit");
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		char flag[96];

		snprintf(flag, sizeof(flag), "%s=%s", definitions[i].name, definitions[i].value_name);
		for (char *c = flag; *c && *c != '='; c++)
		{
			if (*c == '_')
				*c = '-';
		}
		printf("  --%-30s %s", flag, definitions[i].help);
		if (definitions[i].kind == KIND_INTEGER)
			printf(" (%d)", definitions[i].number_default);
		else if (definitions[i].kind == KIND_LEVEL)
			printf(" (info)");
		else if (definitions[i].text_default[0])
			printf(" (%s)", definitions[i].text_default);
		printf("\n");
	}
	printf("\nEvery option may also be set by environment (--web-root is NPCSIM_GATEWAY_WEB_ROOT)\n"
		   "and in the file (web_root = DIR). Flags win over the environment, the environment\n"
		   "over the file.\n");
}

static bool
list_is_sound(const char *name, const char *origins, const char *hosts)
{
	char		  problem[160];
	OriginPolicy *policy = origin_policy_create(origins, hosts, "", problem, sizeof(problem));

	if (policy == NULL)
		complain("settings", name, problem);
	origin_policy_free(policy);
	return policy != NULL;
}

static bool
proxies_are_sound(const char *list)
{
	char			problem[160];
	TrustedProxies *proxies = trusted_proxies_create(list, problem, sizeof(problem));

	if (proxies == NULL)
		complain("settings", "trusted_proxies", problem);
	trusted_proxies_free(proxies);
	return proxies != NULL;
}

/* Checks what can be checked only when all settings were read; returns false, and has complained, if one is wrong. */
static bool
settings_are_sound(const Settings *settings)
{
	struct stat		  status;
	char			 *problem = NULL;
	PQconninfoOption *options;

	if (settings->gateway_id[0] && !gateway_id_is_valid(settings->gateway_id))
	{
		complain("settings", "gateway_id", "must be 1 to 64 characters of A-Z a-z 0-9 _ . -");
		return false;
	}
	if (settings->listen_address[0] == '\0')
	{
		complain("settings", "listen_address", "must not be empty");
		return false;
	}
	if (settings->web_root[0] && (stat(settings->web_root, &status) != 0 || !S_ISDIR(status.st_mode)))
	{
		complain("settings", "web_root", "is not a directory");
		return false;
	}
	if (!list_is_sound("allowed_origins", settings->allowed_origins, "") ||
		!list_is_sound("allowed_hosts", "", settings->allowed_hosts) ||
		!proxies_are_sound(settings->trusted_proxies))
		return false;
	if (settings->max_queue < settings->max_frame)
	{
		complain("settings", "max_queue", "must not be smaller than max_frame");
		return false;
	}
	if (settings->database[0] && strchr(settings->database, '=') == NULL &&
		strncmp(settings->database, "postgres", 8) != 0)
		return true; /* it is the plain name of a database */
	options = PQconninfoParse(settings->database, &problem);
	if (options == NULL)
	{
		if (problem != NULL)
			problem[strcspn(problem, "\n")] = '\0';
		complain("settings", "database", problem != NULL ? problem : "is not a connection string");
		PQfreemem(problem);
		return false;
	}
	PQconninfoFree(options);
	return true;
}

/* Fills in the flags for getopt_long(): one for each setting, and three others. */
static void
make_flags(struct option *flags, char names[][64])
{
	int count = 0;

	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		snprintf(names[i], 64, "%s", definitions[i].name);
		for (char *c = names[i]; *c; c++)
		{
			if (*c == '_')
				*c = '-';
		}
		flags[count++] = (struct option) {names[i], required_argument, NULL, FLAG_SETTING + i};
	}
	flags[count++] = (struct option) {"config", required_argument, NULL, FLAG_CONFIG};
	flags[count++] = (struct option) {"help", no_argument, NULL, FLAG_HELP};
	flags[count++] = (struct option) {"version", no_argument, NULL, FLAG_VERSION};
	flags[count] = (struct option) {NULL, 0, NULL, 0};
}

SettingsOutcome
settings_read(Settings *settings, int argc, char **argv)
{
	struct option flags[DEFINITION_COUNT + 4];
	char		  names[DEFINITION_COUNT][64];
	char		 *given[DEFINITION_COUNT] = {NULL};
	const char	 *config = getenv(ENVIRONMENT_PREFIX "CONFIG");
	int			  flag;

	set_defaults(settings);
	make_flags(flags, names);

	/* here flags are only collected; they are applied last, so that they override the other sources */
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":hV", flags, NULL)) != -1)
	{
		if (flag == FLAG_HELP || flag == 'h')
		{
			print_help();
			return SETTINGS_EXIT;
		}
		if (flag == FLAG_VERSION || flag == 'V')
		{
			printf("npcsim-gateway %s\n", NPCSIM_VERSION);
			return SETTINGS_EXIT;
		}
		if (flag == FLAG_CONFIG)
			config = optarg;
		else if (flag >= FLAG_SETTING && flag < FLAG_SETTING + DEFINITION_COUNT)
			given[flag - FLAG_SETTING] = optarg;
		else
		{
			complain("command line", argv[optind - 1],
					 flag == ':' ? "has no value (see --help)"
								 : "is no option, or takes no value (see --help)");
			return SETTINGS_WRONG;
		}
	}
	if (optind < argc)
	{
		complain("command line", argv[optind], "is not expected");
		return SETTINGS_WRONG;
	}

	if (config != NULL && config[0] && !read_file(settings, config))
		return SETTINGS_WRONG;
	if (!read_environment(settings))
		return SETTINGS_WRONG;
	hide_passwords();
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		if (given[i] != NULL && !set_value(settings, &definitions[i], "command line", given[i]))
			return SETTINGS_WRONG;
		if (given[i] != NULL && strcmp(definitions[i].name, "database") == 0)
			hide_password_of(given[i]);
	}
	return settings_are_sound(settings) ? SETTINGS_RUN : SETTINGS_WRONG;
}

void
settings_free(Settings *settings)
{
	for (int i = 0; i < DEFINITION_COUNT; i++)
	{
		if (definitions[i].kind == KIND_STRING)
			free(*(char **) setting_field(settings, &definitions[i]));
	}
	memset(settings, 0, sizeof(*settings));
}
