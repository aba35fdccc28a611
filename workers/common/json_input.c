/*
 * json_input.c
 *	  Parses JSON that came from outside or from the database, and reads its members.
 */
#include "json_input.h"

#include <stdio.h>

/* Returns how deep the brackets outside strings are nested. */
static int
nesting_depth(const char *data, size_t length)
{
	int	 depth = 0;
	int	 deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++)
	{
		char c = data[i];

		if (in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		}
		else if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
		{
			if (++depth > deepest)
				deepest = depth;
		}
		else if (c == '}' || c == ']')
			depth--;
	}
	return deepest;
}

/*
 * Returns false if any integer in the value is beyond MAX_SAFE_INTEGER.  The recursion is bounded since the caller has checked
 * MAX_JSON_DEPTH.
 */
static bool
integers_are_safe(const json_t *value)
{
	if (json_is_integer(value))
	{
		json_int_t integer = json_integer_value(value);

		return integer <= MAX_SAFE_INTEGER && integer >= -MAX_SAFE_INTEGER;
	}
	if (json_is_array(value))
	{
		for (size_t i = 0; i < json_array_size(value); i++)
		{
			if (!integers_are_safe(json_array_get(value, i)))
				return false;
		}
	}
	else if (json_is_object(value))
	{
		const char *name;
		json_t	   *member;

		json_object_foreach ((json_t *) value, name, member)
		{
			if (!integers_are_safe(member))
				return false;
		}
	}
	return true;
}

json_t *
json_parse_foreign(const char *data, size_t length, char *message, size_t size)
{
	json_error_t error;
	json_t		*value;

	if (nesting_depth(data, length) > MAX_JSON_DEPTH)
	{
		snprintf(message, size, "the frame is nested deeper than %d levels", MAX_JSON_DEPTH);
		return NULL;
	}
	value = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
	{
		snprintf(message, size, "the frame is not valid JSON: %s", error.text);
		return NULL;
	}
	if (!json_is_object(value))
	{
		snprintf(message, size, "the frame is not a JSON object");
		json_decref(value);
		return NULL;
	}
	if (!integers_are_safe(value))
	{
		snprintf(message, size, "the frame has an integer beyond 2^53");
		json_decref(value);
		return NULL;
	}
	return value;
}

json_t *
json_parse_trusted(const char *data, char *message, size_t size)
{
	json_error_t error;
	json_t		*value = json_loads(data, 0, &error);

	if (value != NULL && json_is_object(value))
		return value;
	snprintf(message, size, "%s", value != NULL ? "not a JSON object" : error.text);
	json_decref(value);
	return NULL;
}

bool
json_member_integer(const json_t *object, const char *name, int64_t *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return false;
	*value = json_integer_value(member);
	return true;
}

bool
json_member_number(const json_t *object, const char *name, double *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_number(member))
		return false;
	*value = json_number_value(member);
	return true;
}

const char *
json_member_string(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}
