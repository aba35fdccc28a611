/*
 * api_options.c
 *	  The settings of --api: which endpoint is asked, for which model, how, and what NPCs remember.
 */
#include "api_options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/numbers.h"
#include "common/text.h"
#include "files.h"

#define FEWEST_TOKENS 16

/* Members of a request that are not the user's to set: what they mean is decided elsewhere, or the answer could not be read. */
static const char *const ours[] =
	{"model", "messages",	"stream", "n", "response_format", "max_tokens", "max_completion_tokens",
	 "tools", "tool_choice"};

static bool __attribute__((format(printf, 3, 4))) refuse(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	return false;
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= 0x20 || *text >= 0x7f)
			return false;
	return true;
}

/* The text of a wrong address is not repeated, since it might hold a key. */
static bool
take_url(ApiSettings *api, const char *url, char *why, size_t size)
{
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return refuse(why, size, "--api must begin with http:// or https://");
	if (strlen(url) > API_URL_MAX || !is_plain(url) || strpbrk(url, "@#") != NULL ||
		strstr(url, "///") != NULL)
		return refuse(why, size,
					  "--api is not of the form http://HOST:PORT/PATH (a key goes into "
					  "--api-key-file)");
	api->given_url = url;
	return true;
}

/* Takes NAME=VALUE.  A value that is no JSON is a text. */
static bool
take_parameter(ApiSettings *api, const char *text, char *why, size_t size)
{
	const char *equals = strchr(text, '=');
	char		name[65];
	json_t	   *value;

	if (equals == NULL || equals == text || equals - text >= (int) sizeof(name))
		return refuse(why, size, "--parameter is NAME=VALUE, such as temperature=0.7");
	snprintf(name, sizeof(name), "%.*s", (int) (equals - text), text);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return refuse(why, size, "--parameter %s is not taken: the agent sets it itself", name);
	value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (value == NULL)
		value = json_string(equals + 1);
	if (api->parameters == NULL)
		api->parameters = json_object();
	if (value == NULL || json_object_set_new(api->parameters, name, value) != 0)
		return refuse(why, size, "--parameter %s is no valid UTF-8", is_plain(name) ? name : "");
	if (json_object_size(api->parameters) > API_PARAMETERS_MAX)
		return refuse(why, size, "--parameter is taken %d times at most", API_PARAMETERS_MAX);
	return true;
}

bool
api_options_take(ApiSettings *api, ApiOption option, const char *value, char *why, size_t size)
{
	long number;

	switch (option)
	{
		case API_OPT_URL:
			return take_url(api, value, why, size);
		case API_OPT_MODEL:
			api->model = value;
			return (*value != '\0' && strlen(value) <= API_MODEL_MAX && text_is_valid_utf8(value)) ||
				   refuse(why, size, "--model must be a name of 1 to %d bytes", API_MODEL_MAX);
		case API_OPT_KEY:
			return refuse(why, size,
						  "--api-key is not taken: every user of this machine can read a command "
						  "line; use --api-key-file FILE, or " API_KEY_VARIABLE " in the environment");
		case API_OPT_KEY_FILE:
			api->key_file = value;
			return true;
		case API_OPT_PROMPT_FILE:
			api->prompt_file = value;
			return true;
		case API_OPT_PARAMETER:
			return take_parameter(api, value, why, size);
		case API_OPT_MAX_TOKENS:
			if (number_read(value, FEWEST_TOKENS, API_MOST_TOKENS, &number) != NUMBER_GOOD)
				return refuse(why, size, "--max-tokens must be a number from %d to %d, not \"%s\"",
							  FEWEST_TOKENS, API_MOST_TOKENS, value);
			api->max_tokens = (int) number;
			return true;
		case API_OPT_MEMORY_DIR:
			api->given_memory_dir = value;
			return *value != '\0' || refuse(why, size, "--memory-dir must name a directory");
		case API_OPT_NO_MEMORY:
			api->no_memory = true;
			return true;
	}
	return false;
}

static bool
read_key(ApiSettings *api, char *why, size_t size)
{
	const char *text = getenv(API_KEY_VARIABLE);
	const char *error;

	if (api->key_file != NULL)
		return secret_from_file(api->key, "key file", api->key_file, why, size);
	if (text == NULL || *text == '\0')
		return true; /* servers on one's own machine mostly want none */
	return secret_copy(api->key, text, strlen(text), &error) ||
		   refuse(why, size, API_KEY_VARIABLE " cannot be used: %s", error);
}

static bool
read_prompt(ApiSettings *api, char *why, size_t size)
{
	size_t len;

	if (api->prompt_file == NULL)
		return true;
	api->prompt = file_read(api->prompt_file, API_PROMPT_MAX, &len, NULL);
	if (api->prompt == NULL)
		return refuse(why, size, "cannot read prompt file \"%s\": %s", api->prompt_file,
					  errno == EFBIG ? "it has more than 64 KiB" : strerror(errno));
	if (strlen(api->prompt) != len || len == 0 || !text_is_valid_utf8(api->prompt))
		return refuse(why, size, "prompt file \"%s\" is empty, or no text in UTF-8", api->prompt_file);
	return true;
}

/* Finds out where memories are kept, by the XDG base directory specification; without a home they are not kept. */
static bool
find_memory_dir(ApiSettings *api, char *why, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char		path[PATH_MAX];
	int			len;

	if (api->no_memory && api->given_memory_dir != NULL)
		return refuse(why, size, "--memory-dir and --no-memory do not go together");
	if (api->no_memory)
		return true;
	if (api->given_memory_dir != NULL)
		len = snprintf(path, sizeof(path), "%s", api->given_memory_dir);
	else if (state != NULL && state[0] == '/')
		len = snprintf(path, sizeof(path), "%s/npcsim", state);
	else if (home != NULL && home[0] == '/')
		len = snprintf(path, sizeof(path), "%s/.local/state/npcsim", home);
	else
		return true;
	if (len >= PATH_MAX - 512)
		return refuse(why, size, "the name of the directory for memories is too long");
	api->memory_dir = mem_copy_string(path);
	return true;
}

bool
api_options_any(const ApiSettings *api)
{
	return api->model != NULL || api->key_file != NULL || api->prompt_file != NULL ||
		   api->given_memory_dir != NULL || api->no_memory || api->max_tokens != 0 || api->parameters != NULL;
}

bool
api_options_finish(ApiSettings *api, char *why, size_t size)
{
	if (api->model == NULL)
		return refuse(why, size, "--api needs --model NAME");
	if (api->max_tokens == 0)
		api->max_tokens = API_MAX_TOKENS;
	return read_key(api, why, size) && read_prompt(api, why, size) && find_memory_dir(api, why, size);
}

void
api_options_free(ApiSettings *api)
{
	json_decref(api->parameters);
	free(api->prompt);
	free(api->memory_dir);
	explicit_bzero(api, sizeof(*api));
}
