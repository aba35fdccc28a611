/*
 * type_json.h
 *	  Reading kinds (of items, of interactions) from jsonb, with errors that
 *	  name the member at fault.
 *
 * Decimal numbers become integers of a millionth without going through floating
 * point: one with more than six decimals is refused rather than rounded, and so is every
 * member that is not known, since a misspelt one would else be lost in silence.
 */
#ifndef NPCSIM_TYPE_JSON_H
#define NPCSIM_TYPE_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/sim.h"

/* What is being read, for its errors (22023). */
typedef struct TypeJson
{
	const char *message;
	const char *hint;
} TypeJson;

extern _Noreturn void type_json_refuse(const TypeJson *json, const char *detail);

/* A number within low .. high (millionths), exactly. */
extern int64 type_json_millionths(const TypeJson *json, const JsonbValue *value, const char *member,
								  int64 low, int64 high);

extern JsonbContainer *type_json_object(const TypeJson *json, const JsonbValue *value, const char *member);

/* Steps through an object's members: *iterator is NULL before the first. False after the last. */
extern bool type_json_next(JsonbContainer *object, JsonbIterator **iterator, char **name, JsonbValue *value);

/* Units, -100 to 100, by need. Needs that are not named stay as they are. */
extern void type_json_needs(const TypeJson *json, JsonbContainer *object, const char *member,
							int32 needs[NEED_COUNT]);

/* A name as kinds have them: a letter a to z, then a to z, 0 to 9 and _, at most 63 in all. */
extern bool type_name_valid(const char *name);

#endif /* NPCSIM_TYPE_JSON_H */
