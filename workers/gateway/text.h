/*
 * text.h
 *	  Memory that does not fail, growing texts, JSON pieces and the clock.
 *
 * The gateway holds nothing it cannot lose, so running out of memory ends it:
 * clients come back by themselves.  Everything that grows is bounded by the
 * limits of its owner, not here.
 */
#ifndef NPCSIM_GATEWAY_TEXT_H
#define NPCSIM_GATEWAY_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest integer that survives JavaScript; ids and revisions stay below. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740992)

/* Brackets of a client's frame may be nested this deep. */
#define MAX_JSON_DEPTH 64

extern void *mem_alloc(size_t size); /* zeroed */
extern void *mem_resize(void *pointer, size_t size);
extern char *mem_copy_string(const char *string);

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

extern void text_clear(Text *text);
extern void text_free(Text *text);

/*
 * Parses what came from outside: an object in valid UTF-8, without NUL, no
 * member twice, not nested deeper than MAX_JSON_DEPTH, all integers at most 2^53.  NULL with a
 * message of at most "size" bytes when it is not.
 */
extern json_t *json_parse_foreign(const char *data, size_t length, char *message, size_t size);

/* Parses what the database gave; NULL when it is no object. */
extern json_t *json_parse_trusted(const char *data, char *message, size_t size);

/* Members of an object; false or the default when absent or of another type. */
extern bool		   json_member_integer(const json_t *object, const char *name, int64_t *value);
extern bool		   json_member_number(const json_t *object, const char *name, double *value);
extern const char *json_member_string(const json_t *object, const char *name);

/* Milliseconds of the monotonic clock. */
extern int64_t now_ms(void);

#endif /* NPCSIM_GATEWAY_TEXT_H */
