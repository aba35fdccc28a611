/*
 * loose_json.c
 *	  Parses JSON as language models write it, which is not always JSON.
 *
 * It is a parser by recursive descent.  Strings are decoded into a buffer of the reader, made by make_room(): nothing becomes
 * longer there than what it was read from, but for bytes that are no UTF-8, each of which becomes three.
 */
#include "loose_json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_input.h"
#include "text.h"

#define NUMBER_MAX		  400 /* characters of a number; 5e-324 without an exponent has 326 */
#define REPLACEMENT		  0xFFFD
#define SEARCH_WORK		  8 /* how many times a search may look at each byte, on average */
#define SEARCH_WORK_LEAST 65536

static const char breaks_off[] = "its JSON breaks off";
static const char no_json[] = "it is not well-formed JSON";
static const char too_deep[] = "its JSON is nested deeper than 64 levels";
static const char said_twice[] = "its JSON has a member twice in an object";
static const char no_memory[] = "out of memory";

typedef struct Reader
{
	const unsigned char *at;
	const unsigned char *end;
	int					 depth;
	const char			*problem;
	char				*string; /* the buffer into which strings are decoded */
	size_t				 length;
} Reader;

static json_t *read_value(Reader *reader);

static json_t *
fail(Reader *reader, const char *problem)
{
	if (reader->problem == NULL)
		reader->problem = reader->at >= reader->end && problem == no_json ? breaks_off : problem;
	return NULL;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

/* Skips white space, and comments of both kinds. */
static void
skip_space(Reader *reader)
{
	for (;;)
	{
		while (reader->at < reader->end && is_space(*reader->at))
			reader->at++;
		if (reader->end - reader->at < 2 || reader->at[0] != '/')
			return;
		if (reader->at[1] == '/')
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
		else if (reader->at[1] == '*')
		{
			reader->at += 2;
			while (reader->end - reader->at >= 2 && !(reader->at[0] == '*' && reader->at[1] == '/'))
				reader->at++;
			reader->at = reader->end - reader->at >= 2 ? reader->at + 2 : reader->end;
		}
		else
			return;
	}
}

/* Skips white space and the expected character; returns false and stops before any other one. */
static bool
skip_char(Reader *reader, char expected)
{
	skip_space(reader);
	if (reader->at >= reader->end || *reader->at != (unsigned char) expected)
		return false;
	reader->at++;
	return true;
}


/* ------------------------------------------------------------------ strings */

static void
put_code(Reader *reader, uint32_t code)
{
	char *to = reader->string + reader->length;

	if (code < 0x80)
		*to++ = (char) code;
	else if (code < 0x800)
	{
		*to++ = (char) (0xC0 | code >> 6);
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	else if (code < 0x10000)
	{
		*to++ = (char) (0xE0 | code >> 12);
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	else
	{
		*to++ = (char) (0xF0 | code >> 18);
		*to++ = (char) (0x80 | (code >> 12 & 0x3F));
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	reader->length = (size_t) (to - reader->string);
}

/* Returns the value of the four hex digits at a place, or -1. */
static int32_t
hex_code(const Reader *reader, const unsigned char *at)
{
	int32_t code = 0;

	if (reader->end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		unsigned char c = at[i];

		if (is_digit(c))
			code = code * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return code;
}

/* Decodes what follows \u, behind which the reader stands. */
static void
undo_unicode(Reader *reader)
{
	int32_t code = hex_code(reader, reader->at);

	if (code < 0)
	{
		put_code(reader, REPLACEMENT);
		return;
	}
	reader->at += 4;
	if (code >= 0xD800 && code < 0xDC00 && reader->end - reader->at >= 6 && reader->at[0] == '\\' &&
		reader->at[1] == 'u')
	{
		int32_t low = hex_code(reader, reader->at + 2);

		if (low >= 0xDC00 && low < 0xE000)
		{
			reader->at += 6;
			put_code(reader, 0x10000 + ((uint32_t) (code - 0xD800) << 10) + (uint32_t) (low - 0xDC00));
			return;
		}
	}
	put_code(reader, code == 0 || (code >= 0xD800 && code < 0xE000) ? REPLACEMENT : (uint32_t) code);
}

/* Decodes what follows a backslash, behind which the reader stands, and not at the end of the text. */
static void
undo_escape(Reader *reader)
{
	static const char names[] = "nrtbf";
	static const char values[] = "\n\r\t\b\f";
	unsigned char	  c = *reader->at++;
	const char		 *name = c != '\0' ? strchr(names, c) : NULL;

	if (c == 'u')
		undo_unicode(reader);
	else if (name != NULL)
		put_code(reader, (unsigned char) values[name - names]);
	else
	{
		/* \" and the like stand for themselves, and so does a character that needs no backslash */
		reader->at--;
		if (*reader->at < 0x80)
			put_code(reader, *reader->at++);
	}
}

/* Decodes a string, from behind its opening quote to behind its closing one; returns false if that is missing. */
static bool
read_string(Reader *reader, unsigned char quote)
{
	reader->length = 0;
	while (reader->at < reader->end)
	{
		size_t length;

		if (*reader->at == quote)
		{
			reader->at++;
			return true;
		}
		if (*reader->at == '\\')
		{
			reader->at++;
			if (reader->at < reader->end)
				undo_escape(reader);
			continue;
		}
		length = text_character_length((const char *) reader->at, (size_t) (reader->end - reader->at));
		if (length == 0)
		{
			reader->at++;
			put_code(reader, REPLACEMENT);
			continue;
		}
		memcpy(reader->string + reader->length, reader->at, length);
		reader->length += length;
		reader->at += length;
	}
	fail(reader, breaks_off);
	return false;
}


/* ------------------------------------------------------------------ numbers */

/* Returns the number of a text, or null if it is beyond all doubles. */
static json_t *
number_of(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char	   *end;
	double		number;

	if (digits[strspn(digits, "0123456789")] == '\0' && strlen(digits) <= 18)
	{
		long long integer = strtoll(text, NULL, 10);

		if (integer >= -MAX_SAFE_INTEGER && integer <= MAX_SAFE_INTEGER)
			return json_integer(integer);
	}
	number = strtod(text, &end);
	if (*end != '\0')
		return NULL;
	return isfinite(number) ? json_real(number) : json_null();
}

static json_t *
read_number(Reader *reader)
{
	char	text[NUMBER_MAX + 1];
	size_t	length = 0;
	bool	has_digits = false;
	json_t *number;

	while (reader->at < reader->end && length < NUMBER_MAX &&
		   (is_digit(*reader->at) || (*reader->at != '\0' && strchr("+-.eE", *reader->at) != NULL)))
	{
		has_digits = has_digits || is_digit(*reader->at);
		text[length++] = (char) *reader->at++;
	}
	text[length] = '\0';
	if (!has_digits || length == NUMBER_MAX)
		return fail(reader, no_json);
	number = number_of(text);
	return number != NULL ? number : fail(reader, no_json);
}

json_t *
loose_json_number(const char *text, size_t length)
{
	char copy[NUMBER_MAX + 1];

	while (length > 0 && is_space((unsigned char) text[0]))
	{
		text++;
		length--;
	}
	while (length > 0 && is_space((unsigned char) text[length - 1]))
		length--;
	if (length == 0 || length > NUMBER_MAX || memchr(text, '\0', length) != NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (strspn(copy, "+-.eE0123456789") != length || strpbrk(copy, "0123456789") == NULL)
		return NULL;
	return number_of(copy);
}


/* -------------------------------------------------------------------- words */

/* Returns the length of the word of letters at this place. */
static size_t
word_length(const Reader *reader)
{
	size_t length = 0;

	while (reader->at + length < reader->end &&
		   (is_letter(reader->at[length]) || (length > 0 && is_digit(reader->at[length]))))
		length++;
	return length;
}

static json_t *
read_word(Reader *reader, bool negative)
{
	static const struct
	{
		const char *word;
		json_type	type;
	} words[] = {{"true", JSON_TRUE},	   {"True", JSON_TRUE}, {"false", JSON_FALSE},
				 {"False", JSON_FALSE},	   {"null", JSON_NULL}, {"None", JSON_NULL},
				 {"undefined", JSON_NULL}, {"NaN", JSON_NULL},	{"Infinity", JSON_NULL},
				 {"nan", JSON_NULL},	   {"inf", JSON_NULL}};
	size_t length = word_length(reader);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strlen(words[i].word) != length || memcmp(reader->at, words[i].word, length) != 0)
			continue;
		if (negative && words[i].type != JSON_NULL)
			break;
		reader->at += length;
		return words[i].type == JSON_NULL ? json_null() : json_boolean(words[i].type == JSON_TRUE);
	}
	return fail(reader, reader->at + length >= reader->end ? breaks_off : no_json);
}


/* ---------------------------------------------------------- objects, arrays */

/* Reads the name of a member into the reader's string; returns false if there is none. */
static bool
read_name(Reader *reader)
{
	size_t length;

	skip_space(reader);
	if (reader->at < reader->end && (*reader->at == '"' || *reader->at == '\''))
	{
		unsigned char quote = *reader->at++;

		return read_string(reader, quote);
	}
	length = word_length(reader);
	if (length == 0)
	{
		fail(reader, no_json);
		return false;
	}
	memcpy(reader->string, reader->at, length);
	reader->length = length;
	reader->at += length;
	return true;
}

static json_t *
read_object(Reader *reader)
{
	json_t *object = json_object();

	while (object != NULL && !skip_char(reader, '}'))
	{
		char   *name = read_name(reader) ? strndup(reader->string, reader->length) : NULL;
		json_t *value = NULL;

		if (name != NULL && !skip_char(reader, ':'))
			fail(reader, no_json);
		else if (name != NULL && json_object_get(object, name) != NULL)
			fail(reader, said_twice);
		else if (name != NULL)
			value = read_value(reader);
		if (value == NULL || json_object_set_new_nocheck(object, name, value) < 0)
		{
			fail(reader, no_memory);
			json_decref(object);
			object = NULL;
		}
		free(name);
		if (object != NULL && !skip_char(reader, ','))
		{
			if (skip_char(reader, '}'))
				return object;
			fail(reader, no_json);
			json_decref(object);
			object = NULL;
		}
	}
	return object != NULL ? object : fail(reader, no_memory);
}

static json_t *
read_array(Reader *reader)
{
	json_t *array = json_array();

	while (array != NULL && !skip_char(reader, ']'))
	{
		json_t *value = read_value(reader);

		if (value == NULL || json_array_append_new(array, value) < 0)
		{
			fail(reader, no_memory);
			json_decref(array);
			array = NULL;
		}
		else if (!skip_char(reader, ','))
		{
			if (skip_char(reader, ']'))
				return array;
			fail(reader, no_json);
			json_decref(array);
			array = NULL;
		}
	}
	return array != NULL ? array : fail(reader, no_memory);
}

static json_t *
read_nested(Reader *reader, json_t *(*read)(Reader *reader))
{
	json_t *value;

	if (reader->depth == LOOSE_JSON_DEPTH)
		return fail(reader, too_deep);
	reader->depth++;
	value = read(reader);
	reader->depth--;
	return value;
}

static json_t *
read_value(Reader *reader)
{
	unsigned char c;

	skip_space(reader);
	if (reader->at >= reader->end)
		return fail(reader, breaks_off);
	c = *reader->at;
	if (c == '{' || c == '[')
	{
		reader->at++;
		return read_nested(reader, c == '{' ? read_object : read_array);
	}
	if (c == '"' || c == '\'')
	{
		reader->at++;
		return read_string(reader, c) ? json_stringn_nocheck(reader->string, reader->length) : NULL;
	}
	if ((c == '-' || c == '+') && reader->end - reader->at > 1 && is_letter(reader->at[1]))
	{
		reader->at++;
		return read_word(reader, true);
	}
	return is_letter(c) ? read_word(reader, false) : read_number(reader);
}


/* ---------------------------------------------------------------- interface */

/* Returns a buffer for the strings of a text of this length, each byte of which may become three, or NULL with *problem. */
static char *
make_room(size_t length, const char **problem)
{
	char *room = malloc(3 * length + 4);

	if (room == NULL)
		*problem = no_memory;
	return room;
}

static json_t *
read_with(char *room, const char *text, size_t length, size_t *used, const char **problem)
{
	Reader	reader = {.at = (const unsigned char *) text,
					  .end = (const unsigned char *) text + length,
					  .string = room};
	json_t *value;

	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		reader.at += 3;
	value = read_value(&reader);
	skip_space(&reader);
	*used = (size_t) (reader.at - (const unsigned char *) text);
	*problem = value != NULL ? NULL : reader.problem != NULL ? reader.problem : no_memory;
	return value;
}

json_t *
loose_json_whole(const char *text, size_t length, const char **problem)
{
	char   *room = make_room(length, problem);
	size_t	used;
	json_t *value = room != NULL ? read_with(room, text, length, &used, problem) : NULL;

	if (value != NULL && used < length)
	{
		*problem = no_json;
		json_decref(value);
		value = NULL;
	}
	free(room);
	return value;
}

json_t *
loose_json_find(const char *text, size_t length, bool (*wanted)(const json_t *value), bool last,
				const char **problem)
{
	size_t	work = length * SEARCH_WORK < SEARCH_WORK_LEAST ? SEARCH_WORK_LEAST : length * SEARCH_WORK;
	char   *room = make_room(length, problem);
	json_t *found = NULL;
	size_t	at = 0;

	if (room == NULL)
		return NULL;
	*problem = NULL;
	while (at < length && (last || found == NULL))
	{
		const char *why;
		size_t		used;
		json_t	   *value;

		if (text[at] != '{' && text[at] != '[')
		{
			at++;
			continue;
		}
		value = read_with(room, text + at, length - at, &used, &why);
		if (value != NULL && wanted(value))
		{
			json_decref(found);
			found = json_incref(value);
		}
		else if (value == NULL && why != no_json && *problem == NULL)
			*problem = why;
		at += value != NULL ? used : 1;
		json_decref(value);
		/* the work is bounded, as a text full of brackets and quotes that nothing closes would take quadratic time */
		if (work <= used)
			break;
		work -= used;
	}
	free(room);
	return found;
}
