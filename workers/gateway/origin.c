/*
 * origin.c
 *	  Decides which sites' pages may connect to the gateway.
 *
 * The rules, the first that fits:
 *
 *	1. There is no Origin, and it asks for a WebSocket: it is not a browser, so let it in.
 *	2. Origin is in allowed_origins: let it in.
 *	3. There is an Origin, and its host is not that of Host: refuse it.
 *	4. Host is one that no stranger can have named: let it in.
 *	5. Host is in allowed_hosts, or the host of an allowed origin: let it in.
 *	6. Refuse it.
 *
 * A stranger cannot make these point at this machine: a numeric address, a
 * name without a dot (only the machine and its own network know those), a name
 * below .localhost, and the machine's own name.
 */
#include "origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"


#define MAX_HOST	253
#define MAX_SCHEME	32
#define MAX_ALLOWED 64 /* elements of both lists */
#define SEPARATORS	", \t"

typedef struct Authority
{
	char host[MAX_HOST + 1]; /* lower case; an address in its usual form */
	bool is_address;
	int	 port; /* 0 = none is given */
} Authority;

typedef struct Origin
{
	char	  scheme[MAX_SCHEME + 1]; /* "" = it is an element of allowed_hosts, which has only a host */
	Authority authority;
} Origin;

struct OriginPolicy
{
	Authority own;
	int		  count;
	Origin	  allowed[2 * MAX_ALLOWED];
};

/* ------------------------------------------------------------------------
 * reading
 * ------------------------------------------------------------------------ */

static bool
read_port(const char *text, int *port)
{
	int number = 0;

	if (text[0] < '1' || text[0] > '9' || strlen(text) > 5)
		return false;
	for (; *text; text++)
	{
		if (!isdigit((unsigned char) *text))
			return false;
		number = number * 10 + (*text - '0');
	}
	*port = number;
	return number <= 65535;
}

/* Reads an IPv6 address "[...]" and writes it in its usual form, which is the same for every way to write that address. */
static bool
read_ipv6(const char *text, size_t length, Authority *authority)
{
	char			literal[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length >= sizeof(literal))
		return false;
	memcpy(literal, text, length);
	literal[length] = '\0';
	if (inet_pton(AF_INET6, literal, &address) != 1)
		return false;
	authority->is_address = true;
	return inet_ntop(AF_INET6, &address, authority->host, sizeof(authority->host)) != NULL;
}

static bool
read_name(const char *text, size_t length, Authority *authority)
{
	const char	  *label;
	struct in_addr address;

	/* a dot at the end changes nothing: "localhost." is "localhost" */
	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > MAX_HOST)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!isalnum((unsigned char) text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
			return false;
		if (text[i] == '.' && (i == 0 || text[i - 1] == '.'))
			return false;
		authority->host[i] = (char) tolower((unsigned char) text[i]);
	}
	authority->host[length] = '\0';
	label = strrchr(authority->host, '.');
	label = label != NULL ? label + 1 : authority->host;
	authority->is_address = inet_pton(AF_INET, authority->host, &address) == 1;
	/* a host whose last label is a number must be an address in full: 127.1 and 0x7f000001 are refused */
	return authority->is_address || !isdigit((unsigned char) label[0]) ||
		   (label[strspn(label, "0123456789")] != '\0' && strncmp(label, "0x", 2) != 0);
}

/* Reads HOST or HOST:PORT; returns false for anything else. */
static bool
read_authority(const char *text, Authority *authority)
{
	const char *end;
	bool		is_good;

	memset(authority, 0, sizeof(*authority));
	if (text[0] == '[')
	{
		end = strchr(text, ']');
		is_good = end != NULL && read_ipv6(text + 1, (size_t) (end - text - 1), authority);
		if (is_good)
			end++;
	}
	else
	{
		end = text + strcspn(text, ":");
		is_good = read_name(text, (size_t) (end - text), authority);
	}
	if (!is_good || (*end != '\0' && *end != ':'))
		return false;
	return *end == '\0' || read_port(end + 1, &authority->port);
}

static int
default_port(const char *scheme)
{
	return strcmp(scheme, "http") == 0 ? 80 : strcmp(scheme, "https") == 0 ? 443 : 0;
}

/* Reads SCHEME://HOST or SCHEME://HOST:PORT; returns false for anything else, "null" included. */
static bool
read_origin(const char *text, Origin *origin)
{
	const char *end = strstr(text, "://");
	size_t		length = end != NULL ? (size_t) (end - text) : 0;

	memset(origin, 0, sizeof(*origin));
	if (length == 0 || length > MAX_SCHEME || !isalpha((unsigned char) text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!isalnum((unsigned char) text[i]) && strchr("+-.", text[i]) == NULL)
			return false;
		origin->scheme[i] = (char) tolower((unsigned char) text[i]);
	}
	if (!read_authority(end + 3, &origin->authority))
		return false;
	if (origin->authority.port == 0)
		origin->authority.port = default_port(origin->scheme);
	return true;
}

/* ------------------------------------------------------------------------
 * the settings
 * ------------------------------------------------------------------------ */

static bool
add_allowed(OriginPolicy *policy, const char *list, bool are_origins, char *message, size_t size)
{
	const char *element = list + strspn(list, SEPARATORS);
	int			before = policy->count;

	while (*element)
	{
		size_t	length = strcspn(element, SEPARATORS);
		char	text[MAX_SCHEME + MAX_HOST + 16] = "";
		Origin *origin = &policy->allowed[policy->count];
		bool	is_good = length < sizeof(text);

		if (policy->count - before == MAX_ALLOWED)
		{
			snprintf(message, size, "has more than %d elements", MAX_ALLOWED);
			return false;
		}
		memset(origin, 0, sizeof(*origin));
		if (is_good)
			memcpy(text, element, length);
		is_good = is_good &&
				  (are_origins ? read_origin(text, origin)
							   : read_authority(text, &origin->authority) && origin->authority.port == 0);
		if (!is_good)
		{
			snprintf(message, size,
					 are_origins ? "\"%.*s\" is no origin like https://worlds.example.org"
								 : "\"%.*s\" is no host name like worlds.example.org",
					 (int) (length < 60 ? length : 60), element);
			return false;
		}
		policy->count++;
		element += length;
		element += strspn(element, SEPARATORS);
	}
	return true;
}

OriginPolicy *
origin_policy_create(const char *allowed_origins, const char *allowed_hosts, const char *own_name,
					 char *message, size_t size)
{
	OriginPolicy *policy = mem_alloc(sizeof(OriginPolicy));

	/* a machine's name need not be a valid host; then no request can have it as its Host */
	if (!read_authority(own_name, &policy->own))
		policy->own.host[0] = '\0';
	if (add_allowed(policy, allowed_origins, true, message, size) &&
		add_allowed(policy, allowed_hosts, false, message, size))
		return policy;
	free(policy);
	return NULL;
}

void
origin_policy_free(OriginPolicy *policy)
{
	free(policy);
}

/* ------------------------------------------------------------------------
 * requests
 * ------------------------------------------------------------------------ */

static bool
origin_is_allowed(const OriginPolicy *policy, const Origin *origin)
{
	for (int i = 0; i < policy->count; i++)
	{
		const Origin *allowed = &policy->allowed[i];

		if (strcmp(allowed->scheme, origin->scheme) == 0 &&
			allowed->authority.port == origin->authority.port &&
			strcmp(allowed->authority.host, origin->authority.host) == 0)
			return true;
	}
	return false;
}

static bool
is_same_host(const Origin *origin, const Authority *host)
{
	int implied = default_port(origin->scheme);

	/* behind a proxy with TLS the page has https and the request has not, so the page's scheme tells the port */
	return implied != 0 && strcmp(origin->authority.host, host->host) == 0 &&
		   origin->authority.port == (host->port ? host->port : implied);
}

static bool
host_is_ours(const OriginPolicy *policy, const Authority *host)
{
	static const char below_localhost[] = ".localhost";
	size_t			  length = strlen(host->host);

	if (host->is_address || strchr(host->host, '.') == NULL || strcmp(host->host, policy->own.host) == 0)
		return true;
	if (length >= sizeof(below_localhost) &&
		strcmp(host->host + length - strlen(below_localhost), below_localhost) == 0)
		return true;
	for (int i = 0; i < policy->count; i++)
	{
		if (strcmp(host->host, policy->allowed[i].authority.host) == 0)
			return true;
	}
	return false;
}

const char *
origin_refusal(const OriginPolicy *policy, const HttpHead *head)
{
	Authority host = {0};
	Origin	  origin;

	if (head->host != NULL && !read_authority(head->host, &host))
		return "the header Host is no host";
	if (head->origins == 0)
	{
		/* a browser would send Origin when it asks for a WebSocket, and always sends Host */
		if (head->asks_for_websocket || head->host == NULL)
			return NULL;
	}
	else
	{
		if (head->origins > 1 || !read_origin(head->origin, &origin))
			return "pages of this origin are not allowed: it is none";
		if (origin_is_allowed(policy, &origin))
			return NULL;
		if (head->host == NULL || !is_same_host(&origin, &host))
			return "pages of this origin are not allowed: see the setting allowed_origins";
	}
	return host_is_ours(policy, &host) ? NULL : "this host is not known: see the setting allowed_hosts";
}
