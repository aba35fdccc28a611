/*
 * http_session.c
 *	  Headers and limits of all requests to a server over HTTP, and the passing on of its messages.
 */
#include "http_server.h"

#include <stdio.h>

#define MESSAGE_FLOOR (1024 * 1024)

size_t
http_server_limit(const HttpServer *self)
{
	size_t limit = self->server.settings->message_limit;

	return limit > MESSAGE_FLOOR ? limit : MESSAGE_FLOOR;
}

bool
http_server_add_header(struct curl_slist **headers, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*headers, header);

	if (longer == NULL)
		return false;
	*headers = longer;
	return true;
}

struct curl_slist *
http_server_headers(HttpServer *self, const char *accept)
{
	struct curl_slist *headers = NULL;
	char			   session[HTTP_SESSION_SIZE + 32];
	bool good = http_server_add_header(&headers, accept) && http_server_add_header(&headers, "Expect:");

	if (good && self->session[0] != '\0')
	{
		snprintf(session, sizeof(session), "Mcp-Session-Id: %s", self->session);
		good = http_server_add_header(&headers, session);
	}
	if (good)
		return headers;
	curl_slist_free_all(headers);
	return NULL;
}

void
http_server_pass(HttpServer *self, const char *text, size_t len)
{
	if (self->stage == HTTP_UP)
		self->server.events.message(self->server.events.arg, text, len);
}

void
http_server_pass_unreadable(HttpServer *self, const char *text, size_t len)
{
	if (self->stage == HTTP_UP)
		server_pass_unreadable(&self->server, &self->garbage_throttle, text, len);
}
