/*
 * gateway_url.c
 *	  Takes the gateway's address apart for libwebsockets.
 *
 * Everything that ends up in the handshake is checked here: nothing below
 * 0x21 or above 0x7e passes, so no part of an address can add a header.
 */
#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= 0x20 || *text >= 0x7f)
			return false;
	return true;
}

/* Reads "host", "host:port", "[v6]" or "[v6]:port" of len bytes; returns false if the text is none of these. */
static bool
parse_authority(GatewayUrl *url, const char *text, size_t len)
{
	bool		bracketed = len > 0 && text[0] == '[';
	const char *end = text + len;
	const char *host = bracketed ? text + 1 : text;
	const char *host_end = memchr(host, bracketed ? ']' : ':', (size_t) (end - host));
	const char *rest;
	long		port = url->tls ? 443 : 80;

	if (memchr(text, '@', len) != NULL || (bracketed && host_end == NULL))
		return false;
	if (host_end == NULL)
		host_end = end;
	rest = bracketed ? host_end + 1 : host_end;
	if (host_end == host || (size_t) (host_end - host) >= sizeof(url->address))
		return false;

	if (rest < end)
	{
		char   digits[6] = "";
		size_t count = (size_t) (end - rest) - 1;

		if (*rest != ':' || count == 0 || count >= sizeof(digits))
			return false;
		memcpy(digits, rest + 1, count);
		if (strspn(digits, "0123456789") != count)
			return false;
		port = strtol(digits, NULL, 10);
		if (port < 1 || port > 65535)
			return false;
	}
	url->port = (int) port;
	snprintf(url->address, sizeof(url->address), "%.*s", (int) (host_end - host), host);
	snprintf(url->host, sizeof(url->host), bracketed ? "[%s]:%d" : "%s:%d", url->address, url->port);
	return true;
}

static void
percent_encode(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 4 < size; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (isalnum(c) || strchr("-._~", c) != NULL)
			out[n++] = (char) c;
		else
			n += (size_t) snprintf(out + n, size - n, "%%%02X", c);
	}
	out[n] = '\0';
}

bool
gateway_url_parse(GatewayUrl *url, const char *text, const Settings *settings, const char **error)
{
	char		encoded[SOURCE_MAX * 3 + 5];
	const char *authority;
	size_t		authority_len;
	const char *path;
	bool		bare;
	int			n;

	memset(url, 0, sizeof(*url));
	*error = NULL;
	if (strncasecmp(text, "ws://", 5) == 0)
		authority = text + 5;
	else if (strncasecmp(text, "wss://", 6) == 0)
	{
		authority = text + 6;
		url->tls = true;
	}
	else
	{
		*error = "it does not begin with ws:// or wss://";
		return false;
	}

	authority_len = strcspn(authority, "/?#");
	path = authority + authority_len;
	if (!is_plain(text) || strchr(text, '#') != NULL || !parse_authority(url, authority, authority_len))
	{
		*error = "it is not of the form ws://HOST:PORT/PATH";
		return false;
	}

	percent_encode(encoded, sizeof(encoded), settings->source);
	bare = *path == '\0' || strcmp(path, "/") == 0;
	n = snprintf(url->path, sizeof(url->path), "%s%s%csource=%s&max_concurrency=%d%s%s",
				 *path == '?' ? "/mcp" : "", bare ? "/mcp" : path, strchr(path, '?') != NULL ? '&' : '?',
				 encoded, settings->max_concurrency, settings->choices ? "&choices=1" : "",
				 settings->compact ? "&compact=1" : "");
	if (n < 0 || (size_t) n >= sizeof(url->path))
	{
		*error = "it is too long";
		return false;
	}
	return true;
}
