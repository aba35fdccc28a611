/*
 * text.h
 *	  Growing strings, to which JSON values can be added.
 */
#ifndef NPCSIM_COMMON_TEXT_H
#define NPCSIM_COMMON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The flags with which JSON is printed everywhere.  With 15 digits 0.8 does not become 0.80000000000000004. */
#define JSON_PRINTED (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* A growing string, zeroed before its first use.  "data" is NULL until something is added, and NUL-terminated from then on. */
typedef struct Text
{
	char  *data;
	size_t length;
	size_t capacity;
} Text;

extern void text_add(Text *text, const char *data, size_t length);
extern void text_add_string(Text *text, const char *string);
extern void text_add_format(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a string as JSON, with its quotes.  If it is not valid UTF-8, all its bytes beyond ASCII become "?". */
extern void text_add_json_string(Text *text, const char *string);

/* Adds a number as JSON; infinity and NaN, which JSON cannot express, become 0. */
extern void text_add_json_real(Text *text, double value);

/* Adds any JSON value, printed as JSON_PRINTED says. */
extern void text_add_json(Text *text, const json_t *value);

extern bool text_is_valid_utf8(const char *string);

/* Returns how many bytes the first character of a text has, which is not empty; 0 if it is not valid UTF-8, or NUL. */
extern size_t text_character_length(const char *text, size_t length);

/* Returns how many bytes of a string in UTF-8, "most" at most, can be kept without cutting a character in two. */
extern size_t text_cut(const char *string, size_t most);

/* Copies a peer's text as one line into "size" bytes, cut between two characters, with spaces for control characters. */
extern void text_copy_line(char *to, size_t size, const char *from);

/* Makes the text empty and keeps its memory. */
extern void text_clear(Text *text);

/* Frees the text's memory; the text can be used again. */
extern void text_free(Text *text);

#endif /* NPCSIM_COMMON_TEXT_H */
