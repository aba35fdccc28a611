/*
 * text.c
 *	  Memory that does not fail, growing texts, JSON pieces and the clock.
 */
#include "text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"

static void
out_of_memory(void)
{
	log_line(LOG_ERROR, "out of memory");
	exit(1);
}

void *
mem_alloc(size_t size)
{
	void *pointer = calloc(1, size ? size : 1);

	if (!pointer)
		out_of_memory();
	return pointer;
}

void *
mem_resize(void *pointer, size_t size)
{
	void *resized = realloc(pointer, size ? size : 1);

	if (!resized)
		out_of_memory();
	return resized;
}

char *
mem_copy_string(const char *string)
{
	size_t size = strlen(string) + 1;
	char  *copy = mem_alloc(size);

	memcpy(copy, string, size);
	return copy;
}

static void
text_reserve(Text *text, size_t more)
{
	size_t wanted = text->length + more + 1;
	size_t capacity = text->capacity ? text->capacity : 128;

	if (wanted <= text->capacity)
		return;
	while (capacity < wanted)
		capacity *= 2;
	text->data = mem_resize(text->data, capacity);
	text->capacity = capacity;
}

void
text_add(Text *text, const char *data, size_t length)
{
	text_reserve(text, length);
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void
text_add_string(Text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_add_format(Text *text, const char *format, ...)
{
	va_list arguments;
	size_t	room;
	int		length;

	text_reserve(text, 64);
	room = text->capacity - text->length;
	va_start(arguments, format);
	length = vsnprintf(text->data + text->length, room, format, arguments);
	va_end(arguments);
	assert(length >= 0);
	if ((size_t) length >= room)
	{
		text_reserve(text, (size_t) length);
		va_start(arguments, format);
		vsnprintf(text->data + text->length, (size_t) length + 1, format, arguments);
		va_end(arguments);
	}
	text->length += (size_t) length;
}

void
text_add_json(Text *text, const json_t *value)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
	size_t		 room;
	size_t		 length;

	text_reserve(text, 64);
	room = text->capacity - text->length - 1;
	length = json_dumpb(value, text->data + text->length, room, flags);
	if (length > room)
	{
		text_reserve(text, length);
		json_dumpb(value, text->data + text->length, length, flags);
	}
	text->length += length;
	text->data[text->length] = '\0';
}

void
text_add_json_string(Text *text, const char *string)
{
	json_t *value = json_string(string);

	if (!value)
	{
		char *ascii = mem_copy_string(string);

		for (char *c = ascii; *c; c++)
		{
			if ((unsigned char) *c >= 0x80)
				*c = '?';
		}
		value = json_string(ascii);
		free(ascii);
	}
	if (!value)
		out_of_memory();
	text_add_json(text, value);
	json_decref(value);
}

bool
text_is_valid_utf8(const char *string)
{
	json_t *value = json_string(string);

	json_decref(value);
	return value != NULL;
}

size_t
text_cut(const char *string, size_t most)
{
	size_t length = strnlen(string, most + 1);

	if (length <= most)
		return length;
	length = most;
	while (length > 0 && ((unsigned char) string[length] & 0xC0) == 0x80)
		length--;
	return length;
}

void
text_add_json_real(Text *text, double value)
{
	text_add_format(text, "%.15g", isfinite(value) ? value : 0.0);
}

void
text_clear(Text *text)
{
	text->length = 0;
	if (text->data)
		text->data[0] = '\0';
}

void
text_free(Text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

/* The deepest nesting of brackets outside strings. */
static int
nesting_depth(const char *data, size_t length)
{
	int	 depth = 0;
	int	 deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++)
	{
		char c = data[i];

		if (in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		}
		else if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
		{
			if (++depth > deepest)
				deepest = depth;
		}
		else if (c == '}' || c == ']')
			depth--;
	}
	return deepest;
}

/* Recursion is bounded by MAX_JSON_DEPTH, which was checked before. */
static bool
integers_are_safe(const json_t *value)
{
	if (json_is_integer(value))
	{
		json_int_t integer = json_integer_value(value);

		return integer <= MAX_SAFE_INTEGER && integer >= -MAX_SAFE_INTEGER;
	}
	if (json_is_array(value))
	{
		for (size_t i = 0; i < json_array_size(value); i++)
		{
			if (!integers_are_safe(json_array_get(value, i)))
				return false;
		}
	}
	else if (json_is_object(value))
	{
		const char *name;
		json_t	   *member;

		json_object_foreach ((json_t *) value, name, member)
		{
			if (!integers_are_safe(member))
				return false;
		}
	}
	return true;
}

json_t *
json_parse_foreign(const char *data, size_t length, char *message, size_t size)
{
	json_error_t error;
	json_t		*value;

	if (nesting_depth(data, length) > MAX_JSON_DEPTH)
	{
		snprintf(message, size, "the frame is nested deeper than %d levels", MAX_JSON_DEPTH);
		return NULL;
	}
	value = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);
	if (!value)
	{
		snprintf(message, size, "the frame is not valid JSON: %s", error.text);
		return NULL;
	}
	if (!json_is_object(value))
	{
		snprintf(message, size, "the frame is not a JSON object");
		json_decref(value);
		return NULL;
	}
	if (!integers_are_safe(value))
	{
		snprintf(message, size, "the frame has an integer beyond 2^53");
		json_decref(value);
		return NULL;
	}
	return value;
}

json_t *
json_parse_trusted(const char *data, char *message, size_t size)
{
	json_error_t error;
	json_t		*value = json_loads(data, 0, &error);

	if (value && json_is_object(value))
		return value;
	snprintf(message, size, "%s", value ? "not a JSON object" : error.text);
	json_decref(value);
	return NULL;
}

bool
json_member_integer(const json_t *object, const char *name, int64_t *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return false;
	*value = json_integer_value(member);
	return true;
}

bool
json_member_number(const json_t *object, const char *name, double *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_number(member))
		return false;
	*value = json_number_value(member);
	return true;
}

const char *
json_member_string(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
