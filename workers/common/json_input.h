/*
 * json_input.h
 *	  Parses JSON that came from outside or from the database, and reads its members.
 */
#ifndef NPCSIM_COMMON_JSON_INPUT_H
#define NPCSIM_COMMON_JSON_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest integer that JavaScript keeps exactly (2^53); ids and revisions stay below it. */
#define MAX_SAFE_INTEGER INT64_C(9007199254740992)

/* How deep the brackets of a client's frame may be nested. */
#define MAX_JSON_DEPTH 64

/*
 * Parses a text that came from outside and returns a new reference to its object.  Returns NULL, and the reason in
 * "message" ("size" bytes with its NUL), when the text is anything but one object in valid UTF-8, or has a NUL, a
 * member twice, brackets nested deeper than MAX_JSON_DEPTH or an integer beyond MAX_SAFE_INTEGER.
 */
extern json_t *json_parse_foreign(const char *data, size_t length, char *message, size_t size);

/* Parses a text that the database made; returns a new reference, or NULL and the reason when it is no object. */
extern json_t *json_parse_trusted(const char *data, char *message, size_t size);

/*
 * These read a member of an object.  When it is absent or of another type they return false and leave *value alone, or return
 * NULL.  A string belongs to the object.
 */
extern bool		   json_member_integer(const json_t *object, const char *name, int64_t *value);
extern bool		   json_member_number(const json_t *object, const char *name, double *value);
extern const char *json_member_string(const json_t *object, const char *name);

#endif /* NPCSIM_COMMON_JSON_INPUT_H */
