/*
 * heartbeat.c
 *	  Checks the frame compute_heartbeat.
 *
 * A member that is null counts as absent, as it does in the database.
 */
#include "heartbeat.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"


#define MAX_CAPACITY	 64
#define MAX_SOURCE_CHARS 64
#define MAX_MODELS		 16
#define MAX_MODEL_CHARS	 100

static const json_t *
member(const json_t *heartbeat, const char *name)
{
	const json_t *value = json_object_get(heartbeat, name);

	return json_is_null(value) ? NULL : value;
}

static bool
read_capacity(const json_t *heartbeat, int *capacity, char *message, size_t size)
{
	const json_t *value = member(heartbeat, "max_concurrency");
	double		  number = value != NULL ? json_number_value(value) : 1;

	if (value != NULL &&
		!(json_is_number(value) && number >= 0 && number <= MAX_CAPACITY && number == (int) number))
	{
		snprintf(message, size, "max_concurrency must be a whole number from 0 to %d", MAX_CAPACITY);
		return false;
	}
	*capacity = (int) number;
	return true;
}

static bool
check_figures(const json_t *heartbeat, char *message, size_t size)
{
	static const struct
	{
		const char *name;
		double		most;
	} figures[] = {{"token_output_rate", 1e9},
				   {"average_decision_time_ms", 1e9},
				   {"decision_queue_length", 1e6}};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
	{
		const json_t *value = member(heartbeat, figures[i].name);

		if (value != NULL && !(json_is_number(value) && json_number_value(value) >= 0 &&
							   json_number_value(value) <= figures[i].most))
		{
			snprintf(message, size, "%s must be a number from 0 to %.0f", figures[i].name, figures[i].most);
			return false;
		}
	}
	return true;
}

static bool
is_name(const char *name, int max_chars)
{
	int chars = 0;

	for (const char *c = name; *c; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			return false;
		if ((*c & 0xc0) != 0x80)
			chars++;
	}
	return chars <= max_chars;
}

static bool
check_kind(const json_t *heartbeat, char *message, size_t size)
{
	static const char *const kinds[] = {"player_mcp", "player_api_key", "server_api_key", "hybrid"};
	const json_t			*kind = member(heartbeat, "kind");
	bool					 is_kind = kind == NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		is_kind = is_kind || (json_is_string(kind) && strcmp(json_string_value(kind), kinds[i]) == 0);
	if (!is_kind)
		snprintf(message, size, "kind must be player_mcp, player_api_key, server_api_key or hybrid");
	return is_kind;
}

static bool
check_models(const json_t *heartbeat, char *message, size_t size)
{
	const json_t *models = member(heartbeat, "models");
	const json_t *model;
	bool   are_names = models == NULL || (json_is_array(models) && json_array_size(models) <= MAX_MODELS);
	size_t i;

	json_array_foreach (models, i, model)
		are_names = are_names && json_is_string(model) && json_string_length(model) > 0 &&
					is_name(json_string_value(model), MAX_MODEL_CHARS);
	if (!are_names)
		snprintf(message, size, "models must be an array of at most %d texts of 1 to %d characters",
				 MAX_MODELS, MAX_MODEL_CHARS);
	return are_names;
}

static bool
check_words(const json_t *heartbeat, char *message, size_t size)
{
	static const char *const flags[] = {"stateless", "choices", "compact", "observations"};
	const json_t			*source = member(heartbeat, "source");

	if (source != NULL && !(json_is_string(source) && is_name(json_string_value(source), MAX_SOURCE_CHARS)))
	{
		snprintf(message, size, "source must be a text of at most %d characters", MAX_SOURCE_CHARS);
		return false;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
	{
		const json_t *flag = member(heartbeat, flags[i]);

		if (flag != NULL && !json_is_boolean(flag))
		{
			snprintf(message, size, "%s must be true or false", flags[i]);
			return false;
		}
	}
	return check_kind(heartbeat, message, size) && check_models(heartbeat, message, size);
}

/* Refuses members that the database does not know, because one whose name is misspelt would count as absent. */
static bool
check_names(const json_t *heartbeat, char *message, size_t size)
{
	static const char *const known[] = {"type",
										"id",
										"source",
										"kind",
										"models",
										"max_concurrency",
										"stateless",
										"choices",
										"compact",
										"observations",
										"average_decision_time_ms",
										"token_output_rate",
										"decisions_per_second",
										"decision_queue_length"};
	const char				*name;
	json_t					*value;

	json_object_foreach ((json_t *) heartbeat, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known = is_known || strcmp(known[i], name) == 0;
		if (!is_known)
		{
			snprintf(message, size, "a heartbeat has no member \"%.*s\"", (int) text_cut(name, 60), name);
			return false;
		}
	}
	return true;
}

bool
heartbeat_read(const json_t *heartbeat, int *capacity, char *message, size_t size)
{
	return check_names(heartbeat, message, size) && read_capacity(heartbeat, capacity, message, size) &&
		   check_figures(heartbeat, message, size) && check_words(heartbeat, message, size);
}
