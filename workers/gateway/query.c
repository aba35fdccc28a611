/*
 * query.c
 *	  Reads the query of an address: the arguments behind its "?".
 */
#include "query.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"


#define MAX_NAME_TOLD 40

typedef enum DecodeOutcome
{
	DECODED,
	DECODE_TOO_LONG,
	DECODE_WRONG
} DecodeOutcome;

static int
hex_value(char c)
{
	if (!isxdigit((unsigned char) c))
		return -1;
	return isdigit((unsigned char) c) ? c - '0' : tolower((unsigned char) c) - 'a' + 10;
}

/* Decodes percent-encoding; a value that is not UTF-8, or has control characters, is wrong. */
static DecodeOutcome
decode(const char *encoded, size_t length, char *value, size_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++)
	{
		int byte = encoded[i] == '+' ? ' ' : (unsigned char) encoded[i];

		if (byte == '%')
		{
			int high = length - i > 2 ? hex_value(encoded[i + 1]) : -1;
			int low = high >= 0 ? hex_value(encoded[i + 2]) : -1;

			if (low < 0)
				return DECODE_WRONG;
			byte = high * 16 + low;
			i += 2;
		}
		if (byte < ' ' || byte == 0x7F)
			return DECODE_WRONG;
		if (kept + 1 >= size)
			return DECODE_TOO_LONG;
		value[kept++] = (char) byte;
	}
	value[kept] = '\0';
	return text_is_valid_utf8(value) ? DECODED : DECODE_WRONG;
}

static const QueryArgument *
find_argument(const QueryArgument *arguments, int count, const char *name, size_t length)
{
	for (int i = 0; i < count; i++)
	{
		if (strlen(arguments[i].name) == length && memcmp(arguments[i].name, name, length) == 0)
			return &arguments[i];
	}
	return NULL;
}

/* Writes a message about an argument that is not known, with its name shortened and made printable. */
static void
tell_unknown(const char *name, size_t length, char *message, size_t size)
{
	char told[MAX_NAME_TOLD + 1] = "";

	for (size_t i = 0; i < length && i < MAX_NAME_TOLD; i++)
		told[i] = isalnum((unsigned char) name[i]) || name[i] == '_' || name[i] == '-' ? name[i] : '?';
	snprintf(message, size, "the address has an argument that is not known: %s", told);
}

static bool
read_argument(const QueryArgument *argument, const char *encoded, size_t length, char *message, size_t size)
{
	const char *problem = NULL;

	if (argument->value[0] != '\0')
		problem = "is given twice";
	else if (length == 0)
		problem = "is empty";
	else
	{
		switch (decode(encoded, length, argument->value, argument->size))
		{
			case DECODED:
				return true;
			case DECODE_TOO_LONG:
				problem = "is too long";
				break;
			case DECODE_WRONG:
				problem = "is not encoded as it should be";
				break;
		}
	}
	snprintf(message, size, "the argument %s of the address %s", argument->name, problem);
	return false;
}

bool
query_read(const char *query, const QueryArgument *arguments, int count, char *message, size_t size)
{
	for (int i = 0; i < count; i++)
		arguments[i].value[0] = '\0';
	while (*query)
	{
		size_t				 length = strcspn(query, "&");
		size_t				 name = strcspn(query, "=&");
		const char			*value = query + name + (query[name] == '=');
		const QueryArgument *argument = find_argument(arguments, count, query, name);

		if (length > 0 && argument == NULL)
		{
			tell_unknown(query, name, message, size);
			return false;
		}
		if (length > 0 && !read_argument(argument, value, (size_t) (query + length - value), message, size))
			return false;
		query += length + (query[length] == '&');
	}
	return true;
}

bool
query_number(const char *value, int least, int most, int *number)
{
	*number = 0;
	if (*value == '\0' || strlen(value) > 9)
		return false;
	for (; *value; value++)
	{
		if (*value < '0' || *value > '9')
			return false;
		*number = *number * 10 + (*value - '0');
	}
	return *number >= least && *number <= most;
}
