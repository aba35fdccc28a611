/*
 * loose_json.h
 *	  JSON as language models write it.
 *
 * Taken beyond JSON, since it can be meant in one way only: a byte order mark, trailing commas, comments, strings in single
 * quotes, names without quotes, raw line breaks in strings, True, False and None, numbers such as +1, .5 and 007.  What
 * nobody can mean is replaced: half a surrogate pair, a NUL and bytes that are no UTF-8 by U+FFFD; NaN, Infinity and a number
 * beyond all doubles by null, which counts as absent wherever that may be.
 *
 * Not taken: a text that breaks off, since what is cut may be half a number; a member that is there twice; more than
 * LOOSE_JSON_DEPTH levels.
 *
 * Bounds: memory is linear in the text, and so is time, but for a search, which looks at each byte a few times at most.
 */
#ifndef NPCSIM_GATEWAY_LOOSE_JSON_H
#define NPCSIM_GATEWAY_LOOSE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LOOSE_JSON_DEPTH 64

/* The value that is the whole text: a new reference, or NULL with *problem (a constant: "its JSON breaks off"). */
extern json_t *loose_json_whole(const char *text, size_t length, const char **problem);

/*
 * Looks for an object or array among other words, the first (or the last) of which "wanted" says that it is the one.  A new
 * reference, or NULL with *problem: what was wrong with the last that looked like it, or NULL when there was none.
 */
extern json_t *loose_json_find(const char *text, size_t length, bool (*wanted)(const json_t *value),
							   bool last, const char **problem);

/* A number that a text is, and nothing else: "412", " 3.5 ".  A new reference, or NULL. */
extern json_t *loose_json_number(const char *text, size_t length);

#endif /* NPCSIM_GATEWAY_LOOSE_JSON_H */
