/*
 * text.h
 *	  Texts that grow, and pieces of JSON in them.
 */
#ifndef NPCSIM_COMMON_TEXT_H
#define NPCSIM_COMMON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* How values are printed, everywhere: 0.8 must not become 0.80000000000000004. */
#define JSON_PRINTED (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* Always NUL-terminated once something was added. */
typedef struct Text
{
	char  *data;
	size_t length;
	size_t capacity;
} Text;

extern void text_add(Text *text, const char *data, size_t length);
extern void text_add_string(Text *text, const char *string);
extern void text_add_format(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* a string as JSON, with its quotes; what is no UTF-8 becomes "?" */
extern void text_add_json_string(Text *text, const char *string);

/* a number as JSON; what JSON cannot say becomes 0 */
extern void text_add_json_real(Text *text, double value);

/* any JSON value, compact, reals with 15 digits */
extern void text_add_json(Text *text, const json_t *value);

extern bool text_is_valid_utf8(const char *string);

/* How many of the bytes of a string in UTF-8 to keep so that they are at most "most" and end with a character. */
extern size_t text_cut(const char *string, size_t most);

/* One line of what strangers wrote, in "size" bytes: cut between two characters, control characters as spaces. */
extern void text_copy_line(char *to, size_t size, const char *from);

extern void text_clear(Text *text);
extern void text_free(Text *text);

#endif /* NPCSIM_COMMON_TEXT_H */
