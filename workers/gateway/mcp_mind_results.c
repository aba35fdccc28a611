/*
 * mcp_mind_results.c
 *	  Reads what the tools of the reference game's mind server answer.
 *
 *	  theirs													ours
 *	  move_to {destination: [x, y]}								move_to {x, y}
 *	  interact_with {entity_id: "789", interaction_name}		... with a number as id
 *	  respond_to_interaction_bid {bid_id: "8", accept, reason}	... likewise
 *	  batch_reject_interaction_bids {ids: ["8", ...], reason}	... likewise, or "*"
 *	  wander, continue, cancel_interaction						the same, nothing with it
 *	  any other													as it is
 *	  telemetry.total_tokens									tokens, when it was metered
 *
 * Language models write numbers as text, and pairs in any brackets: what can
 * only be meant in one way is understood.  Whether it makes sense the world
 * says.
 */
#include "mcp_mind_results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp_observation.h"
#include "mcp_results.h"

#define MAX_IDS		  64 /* of batch_reject_interaction_bids */
#define MAX_ID_DIGITS 16


/* -------------------------------------------------------------------- tools */

bool
mcp_takes_mind_id(const json_t *tool, const json_t *tools)
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	const json_t *properties = json_object_get(schema, "properties");
	size_t		  i;
	json_t		 *value;

	if (json_object_get(properties, "mind_id"))
		return true;
	json_array_foreach (json_object_get(schema, "required"), i, value)
		if (json_is_string(value) && strcmp(json_string_value(value), "mind_id") == 0)
			return true;
	if (json_object_size(properties) > 0)
		return false;
	json_array_foreach (tools, i, value)
	{
		const char *name = json_string_value(json_object_get(value, "name"));

		if (name && (strcmp(name, "relink_mind") == 0 || strcmp(name, "create_mind") == 0))
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
		if (strcasestr(message, words[i]))
			return true;
	return false;
}

static void
describe(char *problem, const char *words)
{
	snprintf(problem, MCP_MIND_PROBLEM_SIZE, "%s", words);
}

McpMindVerdict
mcp_mind_error(const char *message, char *problem)
{
	describe(problem, message);
	return says_unknown(message) ? MCP_MIND_UNKNOWN : MCP_MIND_FAILED;
}

/* An answer that says in its text, or in error_message or message, what is wrong. */
static McpMindVerdict
failure(const json_t *result, const json_t *answer, char *problem)
{
	const char *message = json_string_value(json_object_get(answer, "error_message"));

	if (!message)
		message = json_string_value(json_object_get(answer, "message"));
	if (!message)
		message = mcp_first_text(result);
	return mcp_mind_error(message, problem);
}

static bool
is_error(const json_t *result, const json_t *answer)
{
	const char *status = json_string_value(json_object_get(answer, "status"));

	return !mcp_is_complete(result) || json_is_true(json_object_get(result, "isError")) ||
		   (status && strcmp(status, "error") == 0);
}

McpMindVerdict
mcp_mind_verdict(const json_t *result, char *problem)
{
	json_t		  *answer = mcp_result_object(result, has_status);
	const char	  *status = json_string_value(json_object_get(answer, "status"));
	McpMindVerdict verdict = MCP_MIND_DONE;

	if (is_error(result, answer))
		verdict = failure(result, answer, problem);
	else if (!status)
	{
		describe(problem, "the answer has no status");
		verdict = MCP_MIND_FAILED;
	}
	else if (strcmp(status, "not_found") == 0)
	{
		describe(problem, status);
		verdict = MCP_MIND_UNKNOWN;
	}
	json_decref(answer);
	return verdict;
}


/* ------------------------------------------------------------------ actions */

/* An id as a number, if it is one; else as it is. */
static json_t *
id_number(json_t *id)
{
	const char *text = json_string_value(id);
	size_t		length = json_string_length(id);

	if (text && length > 0 && length <= MAX_ID_DIGITS && strspn(text, "0123456789") == length)
		return json_integer(strtoll(text, NULL, 10));
	return json_incref(id);
}

/* A whole number, also as text. */
static bool
whole(const json_t *value, long long *number)
{
	char end;

	if (json_is_number(value))
	{
		*number = mcp_whole(json_number_value(value));
		return (double) *number == json_number_value(value);
	}
	return json_is_string(value) && json_string_length(value) <= MAX_ID_DIGITS &&
		   sscanf(json_string_value(value), "%lld%c", number, &end) == 1;
}

/* [3, 4], {"x": 3, "y": 4}, "(3, 4)", "3,4" */
static bool
read_cell(const json_t *destination, long long *x, long long *y)
{
	const char *text = json_string_value(destination);

	if (text)
	{
		text += strspn(text, " ([");
		return json_string_length(destination) <= 64 && sscanf(text, "%16lld , %16lld", x, y) == 2;
	}
	if (json_is_array(destination))
		return json_array_size(destination) == 2 && whole(json_array_get(destination, 0), x) &&
			   whole(json_array_get(destination, 1), y);
	return whole(json_object_get(destination, "x"), x) && whole(json_object_get(destination, "y"), y);
}

/* Passes a member on; absent or null it stays away. */
static void
pass(json_t *ours, const json_t *theirs, const char *name)
{
	json_t *value = json_object_get(theirs, name);

	if (value && !json_is_null(value))
		json_object_set(ours, name, value);
}

static void
pass_id(json_t *ours, const json_t *theirs, const char *name)
{
	json_t *value = json_object_get(theirs, name);

	if (value && !json_is_null(value))
		json_object_set_new(ours, name, id_number(value));
}

static json_t *
move_to(json_t *theirs)
{
	const json_t *destination = json_object_get(theirs, "destination");
	long long	  x;
	long long	  y;

	if (!read_cell(destination ? destination : theirs, &x, &y))
		return json_incref(theirs); /* the world says what is wrong with it */
	return json_pack("{s:I, s:I}", "x", (json_int_t) x, "y", (json_int_t) y);
}

static json_t *
interact_with(json_t *theirs)
{
	json_t *ours = json_copy(theirs);

	pass_id(ours, theirs, "entity_id");
	pass_id(ours, theirs, "target_id");
	return ours;
}

/* true and false may be written as text */
static json_t *
respond_to_bid(json_t *theirs)
{
	json_t	   *ours = json_object();
	const char *accept = json_string_value(json_object_get(theirs, "accept"));

	pass_id(ours, theirs, "bid_id");
	pass(ours, theirs, "accept");
	pass(ours, theirs, "reason");
	if (accept && (strcasecmp(accept, "true") == 0 || strcasecmp(accept, "false") == 0))
		json_object_set_new(ours, "accept", json_boolean(strcasecmp(accept, "true") == 0));
	return ours;
}

static json_t *
batch_reject(json_t *theirs)
{
	json_t	   *ours = json_object();
	json_t	   *ids = json_object_get(theirs, "ids");
	const char *all = json_string_value(ids);

	pass(ours, theirs, "reason");
	if (json_is_array(ids) || (all && strcmp(all, "*") != 0))
	{
		json_t *numbers = json_array();

		for (size_t i = 0; i < json_array_size(ids) && i < MAX_IDS; i++)
			json_array_append_new(numbers, id_number(json_array_get(ids, i)));
		if (all)
			json_array_append_new(numbers, id_number(ids));
		json_object_set_new(ours, "ids", numbers);
	}
	else
		pass(ours, theirs, "ids");
	return ours;
}

static json_t *
nothing(json_t *theirs)
{
	(void) theirs;
	return json_object();
}

static json_t *
as_it_is(json_t *theirs)
{
	return json_is_object(theirs) ? json_incref(theirs) : json_object();
}

static json_t *
parameters_of(const char *action, json_t *theirs)
{
	static const struct
	{
		const char *action;
		json_t *(*translate)(json_t *theirs);
	} actions[] = {
		{"move_to", move_to},
		{"interact_with", interact_with},
		{"wander", nothing},
		{"continue", nothing},
		{"cancel_interaction", nothing},
		{"respond_to_interaction_bid", respond_to_bid},
		{"batch_reject_interaction_bids", batch_reject},
	};

	for (size_t i = 0; json_is_object(theirs) && i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(action, actions[i].action) == 0)
			return actions[i].translate(theirs);
	return as_it_is(theirs);
}

/* What it cost, if that is known: NULL is not. */
static json_t *
tokens_of(const json_t *answer)
{
	const json_t *telemetry = json_object_get(answer, "telemetry");
	const char	 *provenance = json_string_value(json_object_get(telemetry, "provenance"));
	json_t		 *tokens = json_object_get(telemetry, "total_tokens");

	if (!json_is_integer(tokens) || json_integer_value(tokens) < 0 ||
		(provenance && strcmp(provenance, "unreported") == 0))
		return NULL;
	return json_incref(tokens);
}

McpMindVerdict
mcp_mind_decision(const json_t *result, int64_t request_id, int64_t npc_id, json_t **decision, char *problem)
{
	json_t		  *answer = mcp_result_object(result, has_status);
	const json_t  *action = json_object_get(answer, "action");
	const char	  *name = json_string_value(json_object_get(action, "action"));
	json_t		  *tokens = tokens_of(answer);
	json_t		  *reason = json_object_get(action, "selection_rationale");
	McpMindVerdict verdict = MCP_MIND_DONE;

	*decision = NULL;
	if (is_error(result, answer))
		verdict = failure(result, answer, problem);
	else if (!name)
	{
		describe(problem, "the result holds no action");
		verdict = MCP_MIND_FAILED;
	}
	else
	{
		*decision = json_pack("{s:I, s:I, s:s, s:o, s:i}", "request_id", (json_int_t) request_id, "npc_id",
							  (json_int_t) npc_id, "action", name, "parameters",
							  parameters_of(name, json_object_get(action, "parameters")),
							  "next_decision_in_s", MCP_ASK_AGAIN_S);
		if (tokens)
			json_object_set(*decision, "tokens", tokens);
		if (json_is_string(reason))
			json_object_set(*decision, "reason", reason);
		if (!*decision)
		{
			describe(problem, "out of memory");
			verdict = MCP_MIND_FAILED;
		}
	}
	json_decref(tokens);
	json_decref(answer);
	return verdict;
}
