/*
 * server.c
 *	  What the kinds of MCP servers have in common.
 */
#include "server.h"

#include <stdlib.h>

#include "jsonrpc.h"

void
ServerPassUnreadable(Server *server, LogThrottle *throttle, const char *text, size_t len)
{
	char  excerpt[LOG_EXCERPT_SIZE];
	char *utf8 = RpcMakeUtf8(text, len);

	LogThrottled(throttle, LOG_LEVEL_WARNING,
				 "an answer of the MCP server is no valid JSON; the gateway makes of it what it can: %s",
				 LogExcerpt(excerpt, text, len));
	if (utf8 != NULL)
		server->events.message(server->events.arg, utf8, len);
	free(utf8);
}
