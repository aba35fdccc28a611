/*
 * json.c
 *	  Writes JSON into a StringInfo, exactly.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "json.h"

#define INT64_DIGITS 20 /* with the sign */

void
json_int64(StringInfo out, int64 value)
{
	enlargeStringInfo(out, INT64_DIGITS + 1);
	out->len += pg_lltoa(value, out->data + out->len);
}

void
json_id(StringInfo out, int64 id)
{
	if (id == 0)
		json_literal(out, "null");
	else
		json_int64(out, id);
}

void
json_bool(StringInfo out, bool value)
{
	if (value)
		json_literal(out, "true");
	else
		json_literal(out, "false");
}

void
json_string(StringInfo out, const char *string)
{
	if (string == NULL)
		json_literal(out, "null");
	else
		escape_json(out, string);
}

/* Writes value / 10^digits; scale is 10^digits. */
static void
json_decimal(StringInfo out, int64 value, int digits, int64 scale)
{
	uint64 magnitude = value < 0 ? -(uint64) value : (uint64) value;
	uint64 fraction = magnitude % (uint64) scale;
	char  *end;

	enlargeStringInfo(out, INT64_DIGITS + 2 + digits);
	end = out->data + out->len;
	if (value < 0)
		*end++ = '-';
	end += pg_ulltoa_n(magnitude / (uint64) scale, end);
	if (fraction != 0)
	{
		*end++ = '.';
		for (int i = digits - 1; i >= 0; i--)
		{
			end[i] = (char) ('0' + fraction % 10);
			fraction /= 10;
		}
		end += digits;
		while (end[-1] == '0')
			end--;
	}
	*end = '\0';
	out->len = (int) (end - out->data);
}

void
json_millionths(StringInfo out, int64 value)
{
	json_decimal(out, value, 6, INT64CONST(1000000));
}

void
json_thousandths(StringInfo out, int64 value)
{
	json_decimal(out, value, 3, 1000);
}

void
json_tenths(StringInfo out, int64 value)
{
	json_decimal(out, value, 1, 10);
}

void
json_cell(StringInfo out, Cell cell)
{
	appendStringInfoChar(out, '[');
	json_int64(out, cell.x);
	appendStringInfoChar(out, ',');
	json_int64(out, cell.y);
	appendStringInfoChar(out, ']');
}

void
json_ids(StringInfo out, const int64 *ids, int count)
{
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_int64(out, ids[i]);
	}
	appendStringInfoChar(out, ']');
}

void
json_text_array(StringInfo out, ArrayType *array)
{
	Datum *elements;
	int	   count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		escape_json(out, TextDatumGetCString(elements[i]));
	}
	appendStringInfoChar(out, ']');
}

void
json_jsonb(StringInfo out, Jsonb *value)
{
	(void) JsonbToCString(out, &value->root, (int) VARSIZE(value));
}

Jsonb *
json_copy(const Jsonb *value, MemoryContext context)
{
	Jsonb *copy = MemoryContextAlloc(context, VARSIZE(value));

	memcpy(copy, value, VARSIZE(value));
	return copy;
}

int
json_last_objects(StringInfo out, Jsonb *array, const char *member, int most, int bytes)
{
	int	   told = 0;
	char **texts = palloc(sizeof(char *) * Max(Min(most, (int) JB_ROOT_COUNT(array)), 1));

	for (int i = (int) JB_ROOT_COUNT(array) - 1; i >= 0 && told < most; i--)
	{
		JsonbValue *object = getIthJsonbValueFromContainer(&array->root, i);

		if (object->type != jbvBinary ||
			(member != NULL && getKeyJsonValueFromContainer(object->val.binary.data, member,
															(int) strlen(member), NULL) == NULL))
			continue;
		texts[told] = JsonbToCString(NULL, object->val.binary.data, object->val.binary.len);
		bytes -= (int) strlen(texts[told]) + 1;
		if (told > 0 && bytes < 0)
			break;
		told++;
	}
	appendStringInfoChar(out, '[');
	for (int i = told - 1; i >= 0; i--)
	{
		appendStringInfoString(out, texts[i]);
		if (i > 0)
			appendStringInfoChar(out, ',');
	}
	appendStringInfoChar(out, ']');
	return told;
}

char *
json_text_member(const char *name, const char *value)
{
	StringInfoData out;

	initStringInfo(&out);
	json_string(&out, name);
	appendStringInfoChar(&out, ':');
	json_string(&out, value);
	return out.data;
}

Datum
json_datum(StringInfo out)
{
	return PointerGetDatum(cstring_to_text_with_len(out->data, out->len));
}
