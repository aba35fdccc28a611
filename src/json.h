/*
 * json.h
 *	  Writes JSON into a StringInfo, exactly.
 *
 * Decimals on the wire are integers here (microseconds, millionths of a unit, thousandths of the
 * speed), printed without floating point and without trailing zeros. The caller writes the punctuation
 * between members.
 */
#ifndef NPCSIM_JSON_H
#define NPCSIM_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "sim/sim.h"

#define json_literal(out, literal) appendBinaryStringInfo((out), (literal), sizeof(literal) - 1)

extern void json_int64(StringInfo out, int64 value);
extern void json_id(StringInfo out, int64 id); /* 0 is null */
extern void json_bool(StringInfo out, bool value);
/* Writes a string, escaped and quoted; NULL is null. */
extern void json_string(StringInfo out, const char *string);
extern void json_millionths(StringInfo out, int64 value); /* 5231400000 -> 5231.4; times and needs */
extern void json_thousandths(StringInfo out, int64 value);
extern void json_tenths(StringInfo out, int64 value);
extern void json_cell(StringInfo out, Cell cell); /* [x,y] */
extern void json_ids(StringInfo out, const int64 *ids, int count);
extern void json_text_array(StringInfo out, ArrayType *array); /* a text[] without NULLs */
extern void json_jsonb(StringInfo out, Jsonb *value);
/*
 * Writes an array of the last objects of an array: at most 'most' of those that have the member (NULL: of
 * all), and no more than fit into 'bytes', but the last one in any case. Returns how many.
 */
extern int json_last_objects(StringInfo out, Jsonb *array, const char *member, int most, int bytes);
/* Returns a copy of the value in a memory context. */
extern Jsonb *json_copy(const Jsonb *value, MemoryContext context);
/* Returns "name":"value", palloc'd. */
extern char *json_text_member(const char *name, const char *value);

/* Returns the buffer as a datum of type json (or text), without parsing it again. */
extern Datum json_datum(StringInfo out);

#endif /* NPCSIM_JSON_H */
