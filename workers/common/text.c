/*
 * text.c
 *	  Growing strings, to which JSON values can be added.
 */
#include "text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

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
	size_t room;
	size_t length;

	text_reserve(text, 64);
	room = text->capacity - text->length - 1;
	length = json_dumpb(value, text->data + text->length, room, JSON_PRINTED);
	if (length > room)
	{
		text_reserve(text, length);
		json_dumpb(value, text->data + text->length, length, JSON_PRINTED);
	}
	text->length += length;
	text->data[text->length] = '\0';
}

void
text_add_json_string(Text *text, const char *string)
{
	json_t *value = json_string(string);

	if (value == NULL)
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
	if (value == NULL)
		mem_is_short();
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
text_character_length(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *) text;
	size_t bytes = at[0] < 0x80 ? 1 : (at[0] & 0xE0) == 0xC0 ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : 4;

	if (at[0] == '\0' || (at[0] >= 0x80 && at[0] < 0xC2) || at[0] > 0xF4 || bytes > length)
		return 0;
	for (size_t i = 1; i < bytes; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	/* overlong forms, halves of surrogate pairs and what lies beyond the last character are not valid */
	if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) ||
		(at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] >= 0x90))
		return 0;
	return bytes;
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
text_copy_line(char *to, size_t size, const char *from)
{
	size_t length = text_cut(from, size - 1);

	for (size_t i = 0; i < length; i++)
		to[i] = (unsigned char) from[i] < ' ' || from[i] == 0x7F ? ' ' : from[i];
	to[length] = '\0';
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
	if (text->data != NULL)
		text->data[0] = '\0';
}

void
text_free(Text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}
