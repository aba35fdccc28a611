/*
 * http_head.c
 *	  Parses the head of one HTTP/1 request strictly, since it comes from a stranger.
 *
 * The buffer holds the lines that were read, each ended by a NUL in place of
 * its CR LF.  A line is parsed as soon as it ends, and a byte that no line may
 * have is refused as soon as it comes; so nothing depends on how the bytes were
 * cut into packets.
 */
#include "http_head.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define KEY_LENGTH 24

typedef struct HeaderDefinition
{
	const char *name;
	size_t		offset; /* of its member in HttpHead */
} HeaderDefinition;

/* The headers that are read and may stand there once. */
static const HeaderDefinition single_headers[] = {
	{"host", offsetof(HttpHead, host)},
	{"authorization", offsetof(HttpHead, authorization)},
	{"npcsim-reports", offsetof(HttpHead, reports)},
	{"content-length", offsetof(HttpHead, content_length)},
	{"expect", offsetof(HttpHead, expect)},
	{"sec-websocket-key", offsetof(HttpHead, websocket_key)},
	{"sec-websocket-version", offsetof(HttpHead, websocket_version)},
};

#define SINGLE_HEADER_COUNT (sizeof(single_headers) / sizeof(single_headers[0]))

void
http_head_begin(HttpHead *head)
{
	memset(head, 0, offsetof(HttpHead, buffer));
	head->headers = -1;
}

static HeadOutcome
refuse(HttpHead *head, int status, const char *problem)
{
	head->status = status;
	head->problem = problem;
	return HEAD_REFUSED;
}

/* Returns true for a tchar of RFC 9110, of which methods and names of headers consist. */
static bool
is_token_char(char c)
{
	return isalnum((unsigned char) c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (!is_token_char(text[i]))
			return false;
	}
	return length > 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns the byte that "%XY" stands for, or -1. */
static int
escaped_byte(const char *text)
{
	int high = hex_value(text[1]);
	int low = high < 0 ? -1 : hex_value(text[2]);

	return low < 0 ? -1 : high * 16 + low;
}

/* ------------------------------------------------------------------------
 * the request line
 * ------------------------------------------------------------------------ */

/*
 * Decodes the path in place.  Returns false when it has what no path here can
 * have: a control character, an escaped slash, a backslash, "." or "..".
 */
static bool
decode_path(char *path)
{
	char *to = path;

	for (const char *from = path; *from; from++)
	{
		int byte = (unsigned char) *from;

		if (byte == '%')
		{
			byte = escaped_byte(from);
			if (byte < 0 || byte == '/')
				return false;
			from += 2;
		}
		if (byte < ' ' || byte == 0x7F || byte == '\\')
			return false;
		*to++ = (char) byte;
	}
	*to = '\0';

	for (const char *segment = path; segment != NULL; segment = strchr(segment + 1, '/'))
	{
		size_t length = strcspn(segment + 1, "/");

		if ((length == 1 && segment[1] == '.') || (length == 2 && segment[1] == '.' && segment[2] == '.'))
			return false;
	}
	return true;
}

static HeadOutcome
read_target(HttpHead *head, char *target)
{
	if (strlen(target) > HEAD_MAX_TARGET)
		return refuse(head, 414, "the address is too long");
	/* this refuses "*", the authority of a CONNECT, and the absolute address that a proxy is given */
	if (target[0] != '/')
		return refuse(head, 400, "the address must begin with /");
	for (const char *c = target; *c; c++)
	{
		if (*c <= ' ' || *c > '~' || *c == '#')
			return refuse(head, 400, "the address has a character that must be escaped");
	}
	head->path = target;
	head->query = strchr(target, '?');
	if (head->query != NULL)
		*head->query++ = '\0';
	else
		head->query = target + strlen(target);
	if (!decode_path(head->path))
		return refuse(head, 400, "the address is not understood");
	return HEAD_MORE;
}

static HeadOutcome
read_request_line(HttpHead *head, char *line)
{
	char *target = strchr(line, ' ');
	char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

	if (version == NULL)
		return refuse(head, 400, "the request line is not of HTTP/1.1");
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line, strlen(line)))
		return refuse(head, 400, "the method is no word");
	if (strncmp(version, "HTTP/", 5) != 0 || !isdigit((unsigned char) version[5]) || version[6] != '.' ||
		!isdigit((unsigned char) version[7]) || version[8] != '\0')
		return refuse(head, 400, "the request line is not of HTTP/1.1");
	if (version[5] != '1' || (version[7] != '1' && version[7] != '0'))
		return refuse(head, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	head->is_http_1_0 = version[7] == '0';
	head->is_head = strcmp(line, "HEAD") == 0;
	if (!head->is_head && strcmp(line, "GET") != 0)
		return refuse(head, 405, "only GET and HEAD are served");
	return read_target(head, target);
}

/* ------------------------------------------------------------------------
 * headers
 * ------------------------------------------------------------------------ */

/* Returns the next element of a comma-separated list, without the blanks around it; NULL at the list's end. */
static const char *
next_element(const char **list, size_t *length)
{
	const char *begin = *list + strspn(*list, ", \t");
	const char *end = begin + strcspn(begin, ",");

	*list = end;
	while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*length = (size_t) (end - begin);
	return *length > 0 ? begin : NULL;
}

static bool
element_is(const char *element, size_t length, const char *word)
{
	return length == strlen(word) && strncasecmp(element, word, length) == 0;
}

static void
read_connection(HttpHead *head, const char *value)
{
	const char *element;
	size_t		length;

	while ((element = next_element(&value, &length)) != NULL)
		head->connection_upgrade |= element_is(element, length, "upgrade");
}

static void
read_upgrade(HttpHead *head, const char *value)
{
	const char *element;
	size_t		length;

	while ((element = next_element(&value, &length)) != NULL)
	{
		if (element_is(element, length, "websocket"))
			head->upgrade_websocket = true;
		else
			head->upgrade_else = true;
	}
}

/* Keeps the last X-Forwarded-For headers, because only what the nearest proxies have added can be trusted. */
static void
keep_forwarded(HttpHead *head, char *value)
{
	if (head->forwarded_count == HEAD_MAX_FORWARDED)
	{
		memmove(head->forwarded, head->forwarded + 1, sizeof(char *) * (HEAD_MAX_FORWARDED - 1));
		head->forwarded_count--;
	}
	head->forwarded[head->forwarded_count++] = value;
}

static HeadOutcome
keep_header(HttpHead *head, const char *name, char *value)
{
	for (size_t i = 0; i < SINGLE_HEADER_COUNT; i++)
	{
		char **place = (char **) ((char *) head + single_headers[i].offset);

		if (strcasecmp(name, single_headers[i].name) != 0)
			continue;
		if (*place != NULL)
			return refuse(head, 400, "a header that may be there once is there twice");
		*place = value;
		return HEAD_MORE;
	}
	if (strcasecmp(name, "origin") == 0)
	{
		head->origin = value;
		head->origins++;
	}
	else if (strcasecmp(name, "x-forwarded-for") == 0)
		keep_forwarded(head, value);
	else if (strcasecmp(name, "transfer-encoding") == 0)
		return refuse(head, 413, "no request here has a body");
	else if (strcasecmp(name, "connection") == 0)
		read_connection(head, value);
	else if (strcasecmp(name, "upgrade") == 0)
		read_upgrade(head, value);
	else if (strcasecmp(name, "sec-websocket-protocol") == 0)
	{
		if (head->websocket_protocol_count == HEAD_MAX_PROTOCOLS)
			return refuse(head, 400, "too many lists of subprotocols");
		head->websocket_protocols[head->websocket_protocol_count++] = value;
	}
	return HEAD_MORE;
}

static HeadOutcome
read_header(HttpHead *head, char *line)
{
	char *colon = strchr(line, ':');
	char *value;
	char *end;

	if (++head->headers > HEAD_MAX_HEADERS)
		return refuse(head, 431, "too many headers");
	/* this also refuses a folded header, whose second line begins with a blank and so has no name */
	if (colon == NULL || !is_token(line, (size_t) (colon - line)))
		return refuse(head, 400, "a header has no name");
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return keep_header(head, line, value);
}

/* Ends the head at its empty line and checks what only the whole head can show. */
static HeadOutcome
finish(HttpHead *head)
{
	if (head->content_length != NULL)
	{
		if (!*head->content_length ||
			head->content_length[strspn(head->content_length, "0123456789")] != '\0')
			return refuse(head, 400, "the length of the body is no number");
		if (head->content_length[strspn(head->content_length, "0")] != '\0')
			return refuse(head, 413, "no request here has a body");
	}
	if (head->expect != NULL)
		return refuse(head, 417, "nothing can be expected here");
	if (head->host == NULL && !head->is_http_1_0)
		return refuse(head, 400, "the header Host is missing");
	head->asks_for_websocket = head->connection_upgrade && head->upgrade_websocket && !head->upgrade_else;
	return HEAD_COMPLETE;
}

static HeadOutcome
take_line(HttpHead *head)
{
	char *line = head->buffer + head->line_begin;

	head->buffer[head->length++] = '\0';
	head->line_begin = head->length;
	if (head->headers < 0)
	{
		head->headers = 0;
		return read_request_line(head, line);
	}
	return *line ? read_header(head, line) : finish(head);
}

static HeadOutcome
take_byte(HttpHead *head, unsigned char byte)
{
	if (head->after_cr)
	{
		head->after_cr = false;
		return byte == '\n' ? take_line(head) : refuse(head, 400, "a line does not end with CR LF");
	}
	if (byte == '\r')
	{
		head->after_cr = true;
		return HEAD_MORE;
	}
	if ((byte < ' ' && byte != '\t') || byte == 0x7F)
		return refuse(head, 400, "a line has a control character");
	/* one byte is kept for the NUL at the line's end */
	if (head->length + 2 > HEAD_MAX_BYTES)
		return head->headers < 0 ? refuse(head, 414, "the address is too long")
								 : refuse(head, 431, "the headers are too long");
	head->buffer[head->length++] = (char) byte;
	return HEAD_MORE;
}

HeadOutcome
http_head_take(HttpHead *head, const char *data, size_t length, size_t *used)
{
	HeadOutcome outcome = HEAD_MORE;

	for (*used = 0; *used < length && outcome == HEAD_MORE; ++*used)
	{
		/* every line, even an empty one, takes a byte for its NUL */
		if (head->length + 1 > HEAD_MAX_BYTES)
			return refuse(head, 431, "the headers are too long");
		outcome = take_byte(head, (unsigned char) data[*used]);
	}
	return outcome;
}

/* ------------------------------------------------------------------------
 * what a complete head asks for
 * ------------------------------------------------------------------------ */

bool
http_head_offers(const HttpHead *head, const char *protocol)
{
	for (int i = 0; i < head->websocket_protocol_count; i++)
	{
		const char *list = head->websocket_protocols[i];
		const char *element;
		size_t		length;

		while ((element = next_element(&list, &length)) != NULL)
		{
			if (length == strlen(protocol) && memcmp(element, protocol, length) == 0)
				return true;
		}
	}
	return false;
}

bool
http_head_key_is_valid(const HttpHead *head)
{
	const char *key = head->websocket_key;

	if (key == NULL || strlen(key) != KEY_LENGTH || strcmp(key + KEY_LENGTH - 2, "==") != 0)
		return false;
	for (int i = 0; i < KEY_LENGTH - 2; i++)
	{
		if (!isalnum((unsigned char) key[i]) && key[i] != '+' && key[i] != '/')
			return false;
	}
	return true;
}
