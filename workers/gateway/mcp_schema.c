/*
 * mcp_schema.c
 *	  Cuts a tool's arguments down to what the tool's schema allows.
 *
 * Schemas are strangers' data, and may refer to themselves: MAX_LEVELS bounds every recursion, MAX_PARTS how many parts of one
 * schema are read.
 */
#include "mcp_schema.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEVELS	16
#define MAX_PARTS	32
#define MAX_PATTERN 256
#define MAX_LOOKED	4096 /* how many schemas are searched for one that forbids */

typedef struct Parts
{
	const json_t *parts[MAX_PARTS]; /* the schemas that speak of one value */
	int			  count;
} Parts;

static const json_t *
resolve(const json_t *root, const json_t *schema)
{
	for (int i = 0; i < MAX_LEVELS && json_object_get(schema, "$ref") != NULL; i++)
	{
		const char	 *reference = json_string_value(json_object_get(schema, "$ref"));
		const json_t *found = root;
		char		 *path = reference != NULL && reference[0] == '#' ? strdup(reference + 1) : NULL;
		char		 *rest = path;

		for (char *name = path != NULL ? strsep(&rest, "/") : NULL; name != NULL; name = strsep(&rest, "/"))
			if (*name)
				found = json_object_get(found, name);
		if (path == NULL || found == NULL)
			found = NULL;
		free(path);
		if (found == NULL)
			return schema;
		schema = found;
	}
	return schema;
}

/* Collects a schema and the schemas that it is made of by "$ref", "allOf", "anyOf" and "oneOf". */
static void
collect(const json_t *root, const json_t *schema, Parts *parts, int level)
{
	static const char *const combined[] = {"allOf", "anyOf", "oneOf"};

	schema = resolve(root, schema);
	if (!json_is_object(schema) || parts->count == MAX_PARTS || level == MAX_LEVELS)
		return;
	parts->parts[parts->count++] = schema;
	for (size_t c = 0; c < sizeof(combined) / sizeof(combined[0]); c++)
	{
		const json_t *of = json_object_get(schema, combined[c]);

		for (size_t i = 0; i < json_array_size(of); i++)
			collect(root, json_array_get(of, i), parts, level + 1);
	}
}

static bool
closes(const json_t *schema)
{
	return json_is_false(json_object_get(schema, "additionalProperties")) ||
		   json_is_false(json_object_get(schema, "unevaluatedProperties"));
}

static bool
matches(const char *pattern, const char *name)
{
	regex_t regex;
	bool	is;

	if (strlen(pattern) > MAX_PATTERN || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	is = regexec(&regex, name, 0, NULL, 0) == 0;
	regfree(&regex);
	return is;
}

/* Returns the schema of a member, or NULL when none of the parts declares it. */
static const json_t *
schema_of(const Parts *parts, const char *name)
{
	for (int i = 0; i < parts->count; i++)
	{
		const json_t *declared = json_object_get(json_object_get(parts->parts[i], "properties"), name);
		const char	 *pattern;
		json_t		 *schema;

		if (declared != NULL)
			return declared;
		json_object_foreach (json_object_get(parts->parts[i], "patternProperties"), pattern, schema)
			if (matches(pattern, name))
				return schema;
	}
	return NULL;
}

static json_t *
declared(const json_t *root, const json_t *schema, const json_t *value, int level)
{
	Parts		parts = {.count = 0};
	bool		closed = false;
	json_t	   *result;
	const char *name;
	json_t	   *member;

	if (schema == NULL || level == MAX_LEVELS || !(json_is_object(value) || json_is_array(value)))
		return json_incref((json_t *) value);
	collect(root, schema, &parts, 0);
	if (json_is_array(value))
	{
		result = json_array();
		for (size_t i = 0; i < json_array_size(value); i++)
			json_array_append_new(result,
								  declared(root,
										   json_object_get(parts.count > 0 ? parts.parts[0] : NULL, "items"),
										   json_array_get(value, i), level + 1));
		return result;
	}
	for (int i = 0; i < parts.count; i++)
		closed = closed || closes(parts.parts[i]);
	result = json_object();
	json_object_foreach ((json_t *) value, name, member)
	{
		const json_t *of = schema_of(&parts, name);

		if (of != NULL || !closed)
			json_object_set_new(result, name, declared(root, of, member, level + 1));
	}
	return result;
}

/*
 * Returns true if the schema or one within it forbids further members.  A schema that is too large to be searched counts as one
 * that does: then its arguments are checked, whose size is bounded.
 */
static bool
forbids(const json_t *root, const json_t *schema, int level, int *left)
{
	Parts		parts = {.count = 0};
	const char *name;
	json_t	   *member;

	if (schema == NULL || level == MAX_LEVELS)
		return false;
	if ((*left)-- <= 0)
		return true;
	collect(root, schema, &parts, 0);
	for (int i = 0; i < parts.count; i++)
	{
		if (closes(parts.parts[i]) ||
			forbids(root, json_object_get(parts.parts[i], "items"), level + 1, left))
			return true;
		json_object_foreach (json_object_get(parts.parts[i], "properties"), name, member)
			if (forbids(root, member, level + 1, left))
				return true;
	}
	return false;
}

bool
mcp_schema_forbids(const json_t *schema)
{
	int left = MAX_LOOKED;

	return forbids(schema, schema, 0, &left);
}

json_t *
mcp_schema_declared(const json_t *schema, const json_t *arguments)
{
	return json_is_object(arguments) ? declared(schema, schema, arguments, 0) : NULL;
}
