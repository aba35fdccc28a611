/*
 * inputs.c
 *	  What comes from outside, as a row of world_inputs: built member by member.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "json.h"
#include "reducers/inputs.h"

static struct
{
	WorldLock	  *lock;
	const char	  *kind;
	StringInfoData payload;
} input;

void
input_begin(WorldLock *lock, const char *kind)
{
	input.lock = lock;
	input.kind = kind;
	initStringInfo(&input.payload); /* in the caller's memory context */
	appendStringInfoChar(&input.payload, '{');
}

static void
append_member(const char *member)
{
	Assert(input.lock != NULL);
	if (input.payload.len > 1)
		appendStringInfoChar(&input.payload, ',');
	json_string(&input.payload, member);
	appendStringInfoChar(&input.payload, ':');
}

void
input_number(const char *member, int64 value)
{
	append_member(member);
	json_int64(&input.payload, value);
}

void
input_id(const char *member, int64 id)
{
	append_member(member);
	json_id(&input.payload, id);
}

void
input_flag(const char *member, bool value)
{
	append_member(member);
	json_bool(&input.payload, value);
}

void
input_text(const char *member, const char *value)
{
	append_member(member);
	json_string(&input.payload, value);
}

void
input_texts(const char *member, char *const *values, int count)
{
	append_member(member);
	appendStringInfoChar(&input.payload, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&input.payload, ',');
		json_string(&input.payload, values[i]);
	}
	appendStringInfoChar(&input.payload, ']');
}

void
input_jsonb(const char *member, Jsonb *value)
{
	append_member(member);
	json_jsonb(&input.payload, value);
}

void
input_end(void)
{
	appendStringInfoChar(&input.payload, '}');
	world_input(input.lock, input.kind, input.payload.data);
	pfree(input.payload.data);
	input.lock = NULL;
}
