/*
 * loose_json.h
 *	  Parses JSON as language models write it, which is not always JSON.
 *
 * What can be meant in one way only is accepted, too: a byte order mark, trailing commas, comments, strings in single quotes,
 * names without quotes, raw line breaks in strings, True, False and None, numbers such as +1, .5 and 007.  What has no meaning
 * is replaced: half a surrogate pair, a NUL and bytes that are no UTF-8 by U+FFFD; NaN, Infinity and a number beyond all doubles
 * by null, which counts as absent wherever that is allowed.
 *
 * Refused are a text that breaks off, since its last number may be cut; a member that is there twice; more than
 * LOOSE_JSON_DEPTH levels.
 *
 * Bounds: memory is linear in the text, and so is time; a search looks at each byte SEARCH_WORK times on average at most.
 */
#ifndef NPCSIM_COMMON_LOOSE_JSON_H
#define NPCSIM_COMMON_LOOSE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LOOSE_JSON_DEPTH 64

/* Returns the value that the whole text is: a new reference, or NULL and in *problem a constant ("its JSON breaks off"). */
extern json_t *loose_json_whole(const char *text, size_t length, const char **problem);

/*
 * Searches a text for objects and arrays and returns the first (or the last) one that "wanted" accepts, as a new reference.
 * Else it returns NULL and in *problem what was wrong with the first piece that looked like JSON, or NULL if none did.
 */
extern json_t *loose_json_find(const char *text, size_t length, bool (*wanted)(const json_t *value),
							   bool last, const char **problem);

/* Returns the number that a text like "412" or " 3.5 " is: a new reference, or NULL if it is anything else. */
extern json_t *loose_json_number(const char *text, size_t length);

#endif /* NPCSIM_COMMON_LOOSE_JSON_H */
