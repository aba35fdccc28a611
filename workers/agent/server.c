/*
 * server.c
 *	  What all kinds of MCP servers do alike.
 */
#include "server.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"


void
server_pass_unreadable(Server *server, LogThrottle *throttle, const char *text, size_t len)
{
	char  excerpt[LOG_EXCERPT_SIZE];
	char *utf8 = rpc_make_utf8(text, len);

	log_throttled(throttle, now_ms(), LOG_WARNING,
				  "an answer of the MCP server is no valid JSON; the gateway makes of it what it can: %s",
				  log_excerpt(excerpt, text, len));
	server->events.message(server->events.arg, utf8, len);
	free(utf8);
}
