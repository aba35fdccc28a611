/*
 * settings.h
 *	  The agent's settings, read from the command line and the environment.
 */
#ifndef NPCSIM_AGENT_SETTINGS_H
#define NPCSIM_AGENT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"
#include "api_options.h"
#include "secret.h"


#define SOURCE_MAX		  64
#define MESSAGE_LIMIT_MIN (4 * 1024)
#define MESSAGE_LIMIT_MAX (16 * 1024 * 1024)

typedef enum HttpTransport
{
	HTTP_TRANSPORT_AUTO,
	HTTP_TRANSPORT_STREAMABLE,
	HTTP_TRANSPORT_SSE
} HttpTransport;

#define HTTP_TRANSPORT_COUNT (HTTP_TRANSPORT_SSE + 1)

/* What decides: an MCP server that we start or that runs somewhere, a language model behind an API, or nobody but ourselves. */
typedef enum MindKind
{
	MIND_STDIO,
	MIND_HTTP,
	MIND_API,
	MIND_BUILT_IN
} MindKind;

/* A ws:// or wss:// address, taken apart. */
typedef struct GatewayUrl
{
	bool tls;
	int	 port;
	char address[256]; /* the host to connect to; an IPv6 address has no brackets here */
	char host[272];	   /* the value of the Host header */
	char path[1024];   /* path and query, in which the gateway learns the settings of the source */
} GatewayUrl;

typedef struct Settings
{
	GatewayUrl	  gateway;
	char		  token[SECRET_MAX + 1];
	MindKind	  mind;
	char		**command; /* MIND_STDIO: the words of --mcp, else NULL */
	const char	 *url;	   /* MIND_HTTP: the value of --mcp-url, else NULL */
	HttpTransport transport;
	ApiSettings	  api; /* MIND_API */
	char		  source[SOURCE_MAX + 1];
	int			  max_concurrency;
	bool		  choices;		 /* the player's minds are asked with a list of actions to choose from */
	bool		  compact;		 /* they are asked in few words */
	bool		  stateless;	 /* they may be asked about NPCs of others, too */
	size_t		  message_limit; /* bytes that a message for the gateway may have */
	LogLevel	  log_level;
	const char	 *status_file; /* the value of --status-file, or NULL */
} Settings;

typedef enum SettingsOutcome
{
	SETTINGS_READY,
	SETTINGS_ANSWERED, /* --help or --version was asked for and printed */
	SETTINGS_WRONG	   /* a setting is wrong, and stderr says which */
} SettingsOutcome;


/* Reads all settings, then erases the secrets from the environment.  Constant strings point into argv. */
extern SettingsOutcome settings_read(Settings *settings, int argc, char **argv);

/* Frees what the settings hold and erases the secrets. */
extern void settings_free(Settings *settings);

/*
 * Takes a gateway's address apart and completes its path: /mcp if it has
 * none, then the settings of the source as query.  Returns false, and the
 * reason in *error, if the text is no such address.
 */
extern bool gateway_url_parse(GatewayUrl *url, const char *text, const Settings *settings,
							  const char **error);

#endif /* NPCSIM_AGENT_SETTINGS_H */
