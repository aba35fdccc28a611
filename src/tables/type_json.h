/*
 * type_json.h
 *	  Reads types (of items, of interactions) from jsonb, with errors that name the member at fault.
 *
 * Decimal numbers become integers of a millionth without going through floating point: a number with
 * more than six decimals is refused rather than rounded. A member that is not known is refused, too,
 * since a misspelt one would be lost in silence otherwise.
 */
#ifndef NPCSIM_TYPE_JSON_H
#define NPCSIM_TYPE_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/sim.h"

/* What errors (22023) say of what is read. */
typedef struct TypeJson
{
	const char *message;
	const char *hint;
} TypeJson;

extern _Noreturn void type_json_refuse(const TypeJson *json, const char *detail);

/* Reads a number within low .. high (millionths), exactly, or refuses it. */
extern int64 type_json_millionths(const TypeJson *json, const JsonbValue *value, const char *member,
								  int64 low, int64 high);

extern JsonbContainer *type_json_object(const TypeJson *json, const JsonbValue *value, const char *member);

/* Steps through an object's members: *iterator is NULL before the first. Returns false after the last. */
extern bool type_json_next(JsonbContainer *object, JsonbIterator **iterator, char **name, JsonbValue *value);

/* Reads units, -100 to 100, by need. Needs that are not named stay as they are. */
extern void type_json_needs(const TypeJson *json, JsonbContainer *object, const char *member,
							int32 needs[NEED_COUNT]);

/* Whether a name is valid for a type: a letter a to z, then a to z, 0 to 9 and _, at most 63 bytes in all. */
extern bool type_name_valid(const char *name);

#endif /* NPCSIM_TYPE_JSON_H */
