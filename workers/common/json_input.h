/*
 * json_input.h
 *	  JSON that came from outside, or from the database, and its members.
 */
#ifndef NPCSIM_COMMON_JSON_INPUT_H
#define NPCSIM_COMMON_JSON_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest integer that survives JavaScript; ids and revisions stay below. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740992)

/* Brackets of a client's frame may be nested this deep. */
#define MAX_JSON_DEPTH 64

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

#endif /* NPCSIM_COMMON_JSON_INPUT_H */
