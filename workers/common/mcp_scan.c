/*
 * mcp_scan.c
 *	  Looks at the members of a JSON object's text without parsing it.
 *
 * Invariants: nothing is read beyond the text's end, no recursion, and time
 * is linear in the length.  Escapes in names of members are not undone; the
 * names looked for here need none.
 */
#include "mcp_scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

typedef struct Scan
{
	const char *at;
	const char *end;
	bool		first; /* no member has been read yet */
} Scan;

typedef struct Member
{
	const char *start; /* the opening quote of the name */
	const char *name;
	size_t		name_len;
	const char *value;
	const char *end; /* one past the value's last character */
} Member;

typedef enum ScanResult
{
	SCAN_MEMBER,
	SCAN_END, /* the object is closed and nothing follows it */
	SCAN_MALFORMED
} ScanResult;

static void
skip_space(Scan *scan)
{
	while (scan->at < scan->end && *scan->at != '\0' && strchr(" \t\r\n", *scan->at) != NULL)
		scan->at++;
}

/* Skips white space and the expected character; returns false and stops before any other one. */
static bool
skip_char(Scan *scan, char expected)
{
	skip_space(scan);
	if (scan->at >= scan->end || *scan->at != expected)
		return false;
	scan->at++;
	return true;
}

/* Moves the scan from behind a string's opening quote to behind its closing one; returns false if there is none. */
static bool
skip_rest_of_string(Scan *scan)
{
	while (scan->at < scan->end)
	{
		char c = *scan->at++;

		if (c == '"')
			return true;
		if (c == '\\')
		{
			if (scan->at >= scan->end)
				return false;
			scan->at++;
		}
	}
	return false;
}

/* Moves the scan to the comma or closing bracket behind a value; returns false if there is no value, or it has no end. */
static bool
skip_value(Scan *scan)
{
	const char *start = scan->at;
	int			depth = 0;

	while (scan->at < scan->end)
	{
		char c = *scan->at;

		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		scan->at++;
		if (c == '"' && !skip_rest_of_string(scan))
			return false;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
	}
	return depth == 0 && scan->at > start;
}

static bool
open_object(Scan *scan, const char *text, size_t len)
{
	*scan = (Scan) {.at = text, .end = text + len, .first = true};
	/* a byte order mark may stand in front */
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		scan->at += 3;
	return skip_char(scan, '{');
}

static ScanResult
next_member(Scan *scan, Member *member)
{
	if (skip_char(scan, '}'))
	{
		skip_space(scan);
		return scan->at == scan->end ? SCAN_END : SCAN_MALFORMED;
	}
	if (!scan->first && !skip_char(scan, ','))
		return SCAN_MALFORMED;
	scan->first = false;
	if (!skip_char(scan, '"'))
		return SCAN_MALFORMED;
	member->start = scan->at - 1;
	member->name = scan->at;
	if (!skip_rest_of_string(scan))
		return SCAN_MALFORMED;
	member->name_len = (size_t) (scan->at - 1 - member->name);
	if (!skip_char(scan, ':'))
		return SCAN_MALFORMED;
	skip_space(scan);
	member->value = scan->at;
	if (!skip_value(scan))
		return SCAN_MALFORMED;
	member->end = scan->at;
	return SCAN_MEMBER;
}

static bool
has_name(const Member *member, const char *name)
{
	return member->name_len == strlen(name) && memcmp(member->name, name, member->name_len) == 0;
}

char *
mcp_scan_without_member(const char *text, size_t len, const char *name)
{
	char	  *copy = mem_resize(NULL, len + 1);
	char	  *to = copy;
	Scan	   scan;
	Member	   member;
	ScanResult found;

	if (!open_object(&scan, text, len))
	{
		free(copy);
		return NULL;
	}
	*to++ = '{';
	while ((found = next_member(&scan, &member)) == SCAN_MEMBER)
	{
		if (has_name(&member, name))
			continue;
		if (to > copy + 1)
			*to++ = ',';
		memcpy(to, member.start, (size_t) (member.end - member.start));
		to += member.end - member.start;
	}
	if (found != SCAN_END)
	{
		free(copy);
		return NULL;
	}
	*to++ = '}';
	*to = '\0';
	return copy;
}

/* Returns a positive integer of at most 2^53 that takes all of the text but trailing white space, or 0. */
static int64_t
small_integer(const char *value, const char *end)
{
	int64_t number = 0;

	for (; value < end && *value >= '0' && *value <= '9'; value++)
	{
		number = number * 10 + (*value - '0');
		if (number > (INT64_C(1) << 53))
			return 0;
	}
	while (value < end && *value != '\0' && strchr(" \t\r\n", *value) != NULL)
		value++;
	return value == end ? number : 0;
}

int64_t
mcp_scan_response_id(const char *text, size_t len)
{
	int64_t id = 0;
	Scan	scan;
	Member	member;

	if (!open_object(&scan, text, len))
		return 0;
	while (next_member(&scan, &member) == SCAN_MEMBER)
	{
		if (has_name(&member, "method"))
			return 0;
		if (has_name(&member, "id"))
			id = small_integer(member.value, member.end);
	}
	return id;
}

int64_t
mcp_scan_number(const char *text, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *at = text; (at = memmem(at, len - (size_t) (at - text), name, name_len)) != NULL; at++)
	{
		Scan		scan = {.at = at + name_len, .end = text + len};
		const char *digits;

		if (at == text || at[-1] != '"' || !skip_char(&scan, '"') || !skip_char(&scan, ':'))
			continue;
		skip_space(&scan);
		digits = scan.at;
		while (scan.at < scan.end && *scan.at >= '0' && *scan.at <= '9')
			scan.at++;
		if (scan.at > digits)
			return small_integer(digits, scan.at);
	}
	return 0;
}
