/*
 * api_options.h
 *	  The settings of --api: which endpoint is asked, for which model, how, and what NPCs remember.
 */
#ifndef NPCSIM_AGENT_API_OPTIONS_H
#define NPCSIM_AGENT_API_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/mcp_terms.h"
#include "secret.h"

/* The variable of the environment that may hold the key. */
#define API_KEY_VARIABLE "NPCSIM_API_KEY"

#define API_URL_MAX		   1024
#define API_MODEL_MAX	   256
#define API_PROMPT_MAX	   65536
#define API_PARAMETERS_MAX 32
#define API_MAX_TOKENS	   512
#define API_MOST_TOKENS	   32768

typedef struct ApiSettings
{
	const char *given_url; /* the value of --api, or NULL */
	const char *model;
	const char *key_file;
	const char *prompt_file;
	const char *given_memory_dir;
	bool		no_memory;	/* nothing of NPCs is kept on the disk */
	int			max_tokens; /* 0 until it is given or api_options_finish() */
	json_t	   *parameters; /* further members of each request, or NULL */

	/* filled in by api_options_finish() */
	char  key[SECRET_MAX + 1]; /* "" = there is none */
	char *prompt;			   /* the text of --prompt-file, or NULL */
	char *memory_dir;		   /* where memories are kept, or NULL */
} ApiSettings;

/* The values that getopt_long() returns for these options. */
typedef enum ApiOption
{
	API_OPT_FIRST = 512,
	API_OPT_URL = API_OPT_FIRST,
	API_OPT_MODEL,
	API_OPT_KEY,
	API_OPT_KEY_FILE,
	API_OPT_PROMPT_FILE,
	API_OPT_PARAMETER,
	API_OPT_MAX_TOKENS,
	API_OPT_MEMORY_DIR,
	API_OPT_NO_MEMORY
} ApiOption;

/* The same for getopt_long(). */
/* clang-format off */
#define API_OPTIONS                                                       \
	{"api", required_argument, NULL, API_OPT_URL},                        \
	{"model", required_argument, NULL, API_OPT_MODEL},                    \
	{"api-key", optional_argument, NULL, API_OPT_KEY},                    \
	{"api-key-file", required_argument, NULL, API_OPT_KEY_FILE},          \
	{"prompt-file", required_argument, NULL, API_OPT_PROMPT_FILE},        \
	{"parameter", required_argument, NULL, API_OPT_PARAMETER},            \
	{"max-tokens", required_argument, NULL, API_OPT_MAX_TOKENS},          \
	{"memory-dir", required_argument, NULL, API_OPT_MEMORY_DIR},          \
	{"no-memory", no_argument, NULL, API_OPT_NO_MEMORY}
/* clang-format on */

#define API_HELP \
	"A language model, on your machine or hosted, behind an OpenAI-compatible API:\n" \
	"  --api URL               http:// or https:// address, such as http://127.0.0.1:11434\n" \
	"  --model NAME            the model, as the endpoint names it\n" \
	"  --api-key-file FILE     file with the key (or " API_KEY_VARIABLE " in the environment), if\n" \
	"                          there is one; never on the command line\n" \
	"  --prompt-file FILE      what the model is told, in place of our own words\n" \
	"  --parameter NAME=VALUE  a further member of each request, such as temperature=0.7\n" \
	"  --max-tokens N          longest answer, 16 to 32768 (default " TEXT_OF( \
		API_MAX_TOKENS) ")\n" \
						"  --memory-dir DIR        where it is kept what NPCs did and heard (default " \
						"npcsim below\n" \
						"                          XDG_STATE_HOME or ~/.local/state)\n" \
						"  --no-memory             nothing is kept\n"

/* Takes the value of one option; returns false, and the reason in "why", if it is wrong. */
extern bool api_options_take(ApiSettings *api, ApiOption option, const char *value, char *why, size_t size);

/* Returns true if any of the options but --api was given. */
extern bool api_options_any(const ApiSettings *api);

/* Reads what the options name, when all are known; returns false, and the reason in "why", if something is wrong. */
extern bool api_options_finish(ApiSettings *api, char *why, size_t size);

/* Frees what the settings hold and erases the key. */
extern void api_options_free(ApiSettings *api);

#endif /* NPCSIM_AGENT_API_OPTIONS_H */
