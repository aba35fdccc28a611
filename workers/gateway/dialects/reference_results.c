/*
 * reference_results.c
 *	  Reads what the tools of the reference game's mind server answer.
 *
 * Its actions are the same as ours, but what goes with them has other names:
 * telemetry.total_tokens are our tokens, if they were metered, and
 * selection_rationale is our reason.  As with any answer, what can be meant in
 * one way only is understood (answer.c), and the database judges whether it
 * makes sense.
 */
#include "dialects/reference_results.h"

#include <stdio.h>
#include <string.h>

#include "common/answer.h"
#include "mcp_results.h"


/* -------------------------------------------------------------------- tools */

bool
reference_is_spoken(const json_t *tool, const json_t *tools)
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	const json_t *properties = json_object_get(schema, "properties");
	size_t		  i;
	json_t		 *value;

	if (json_object_get(properties, "mind_id") != NULL)
		return true;
	json_array_foreach (json_object_get(schema, "required"), i, value)
		if (json_is_string(value) && strcmp(json_string_value(value), "mind_id") == 0)
			return true;
	if (json_object_size(properties) > 0)
		return false;
	json_array_foreach (tools, i, value)
	{
		const char *name = json_string_value(json_object_get(value, "name"));

		if (name != NULL && (strcmp(name, "relink_mind") == 0 || strcmp(name, "create_mind") == 0))
			return true;
	}
	return false;
}


/* ------------------------------------------------------------------ results */

static bool
has_status(const json_t *value)
{
	return json_is_string(json_object_get(value, "status"));
}

static bool
says_unknown(const char *message)
{
	static const char *const words[] = {"not found",	  "not_found", "unknown mind", "unknown tool",
										"does not exist", "no mind",   "no such",	   "entity_id mismatch"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(message, words[i]) != NULL)
			return true;
	return false;
}

static void
describe(char *problem, const char *words)
{
	snprintf(problem, REFERENCE_PROBLEM_SIZE, "%s", words);
}

ReferenceVerdict
reference_error(const char *message, char *problem)
{
	describe(problem, message);
	return says_unknown(message) ? REFERENCE_UNKNOWN : REFERENCE_FAILED;
}

/* Reads an answer that tells of a failure, in its text or in the members error_message or message. */
static ReferenceVerdict
failure(const json_t *result, const json_t *answer, char *problem)
{
	const char *message = json_string_value(json_object_get(answer, "error_message"));

	if (message == NULL)
		message = json_string_value(json_object_get(answer, "message"));
	if (message == NULL)
		message = mcp_first_text(result);
	return reference_error(message, problem);
}

static bool
is_error(const json_t *result, const json_t *answer)
{
	const char *status = json_string_value(json_object_get(answer, "status"));

	return !mcp_is_complete(result) || json_is_true(json_object_get(result, "isError")) ||
		   (status != NULL && strcmp(status, "error") == 0);
}

ReferenceVerdict
reference_verdict(const json_t *result, char *problem)
{
	json_t			*answer = mcp_result_object(result, has_status);
	const char		*status = json_string_value(json_object_get(answer, "status"));
	ReferenceVerdict verdict = REFERENCE_DONE;

	if (is_error(result, answer))
		verdict = failure(result, answer, problem);
	else if (status == NULL)
	{
		describe(problem, "the answer has no status");
		verdict = REFERENCE_FAILED;
	}
	else if (strcmp(status, "not_found") == 0)
	{
		describe(problem, status);
		verdict = REFERENCE_UNKNOWN;
	}
	json_decref(answer);
	return verdict;
}


/* ------------------------------------------------------------------ actions */

/* Returns a new reference to what the answer cost in tokens, or NULL if that is not known. */
static json_t *
tokens_of(const json_t *answer)
{
	const json_t *telemetry = json_object_get(answer, "telemetry");
	const char	 *provenance = json_string_value(json_object_get(telemetry, "provenance"));
	json_t		 *tokens = json_object_get(telemetry, "total_tokens");

	if (!json_is_integer(tokens) || json_integer_value(tokens) < 0 ||
		(provenance != NULL && strcmp(provenance, "unreported") == 0))
		return NULL;
	return json_incref(tokens);
}

ReferenceVerdict
reference_decision(const json_t *result, int64_t request_id, int64_t npc_id, json_t **decision, char *problem)
{
	json_t			*answer = mcp_result_object(result, has_status);
	const json_t	*action = json_object_get(answer, "action");
	const char		*name = json_string_value(json_object_get(action, "action"));
	json_t			*tokens = tokens_of(answer);
	json_t			*reason = json_object_get(action, "selection_rationale");
	ReferenceVerdict verdict = REFERENCE_DONE;

	*decision = NULL;
	if (is_error(result, answer))
		verdict = failure(result, answer, problem);
	else if (name == NULL)
	{
		describe(problem, "the result holds no action");
		verdict = REFERENCE_FAILED;
	}
	else
	{
		*decision =
			json_pack("{s:I, s:I, s:s, s:i}", "request_id", (json_int_t) request_id, "npc_id",
					  (json_int_t) npc_id, "action", name, "next_decision_in_s", REFERENCE_ASK_AGAIN_S);
		if (json_object_get(action, "parameters") != NULL)
			json_object_set(*decision, "parameters", json_object_get(action, "parameters"));
		if (tokens != NULL)
			json_object_set(*decision, "tokens", tokens);
		if (json_is_string(reason))
			json_object_set(*decision, "reason", reason);
		if (*decision != NULL)
			answer_regulate(*decision);
		else
		{
			describe(problem, "out of memory");
			verdict = REFERENCE_FAILED;
		}
	}
	json_decref(tokens);
	json_decref(answer);
	return verdict;
}
