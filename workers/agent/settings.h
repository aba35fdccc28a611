/*
 * settings.h
 *	  What the agent was asked to do: flags and environment.
 */
#ifndef NPCSIM_AGENT_SETTINGS_H
#define NPCSIM_AGENT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"


#define TOKEN_MAX		  4096
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

/* A ws:// or wss:// address, taken apart. */
typedef struct GatewayUrl
{
	bool tls;
	int	 port;
	char address[256]; /* to connect to; an IPv6 address without its brackets */
	char host[272];	   /* as the Host header has it */
	char path[1024];   /* with the query that the protocol wants */
} GatewayUrl;

typedef struct Settings
{
	GatewayUrl	  gateway;
	char		  token[TOKEN_MAX + 1];
	char		**command; /* of --mcp, else NULL */
	const char	 *url;	   /* of --mcp-url, else NULL */
	HttpTransport transport;
	char		  source[SOURCE_MAX + 1];
	int			  max_concurrency;
	bool		  choices;		 /* questions come with a list to choose from */
	bool		  compact;		 /* ... and in few words */
	size_t		  message_limit; /* longest message for the gateway, bytes */
	LogLevel	  log_level;
	const char	 *status_file; /* of --status-file, else NULL */
} Settings;

typedef enum SettingsOutcome
{
	SETTINGS_READY,
	SETTINGS_ANSWERED, /* --help, --version: printed, nothing more to do */
	SETTINGS_WRONG	   /* told on stderr */
} SettingsOutcome;

extern SettingsOutcome settings_read(Settings *settings, int argc, char **argv);
extern void			   settings_free(Settings *settings);

/*
 * Takes a gateway's address apart and completes its path: /mcp if it has
 * none, then what the settings say of the source as query.  False, and the
 * reason in *error, if text is no such address.
 */
extern bool gateway_url_parse(GatewayUrl *url, const char *text, const Settings *settings,
							  const char **error);

/*
 * Copies a token without the white space around it.  False, and the reason in
 * *error, if there is none or it could not stand in a header.
 */
extern bool token_copy(char token[TOKEN_MAX + 1], const char *text, size_t len, const char **error);

#endif /* NPCSIM_AGENT_SETTINGS_H */
