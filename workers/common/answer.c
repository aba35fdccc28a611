/*
 * answer.c
 *	  Finds the decision in what a mind answered, and brings it into the form that the database reads.
 *
 * Minds are language models more often than not: they put JSON into code fences, think aloud in front of it, call a tool instead
 * of answering, write numbers as text and names in capitals.  Whatever can be meant in one way only is understood.
 *
 * Bounds: a value is searched to MAX_WRAPPERS levels and MAX_MEMBERS members each, a text as loose_json_find() does.
 */
#include "answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "loose_json.h"

#define MAX_WRAPPERS 8	 /* objects, arrays and strings that may be around a decision */
#define MAX_MEMBERS	 64	 /* members of each that are searched */
#define MAX_STEPS	 32	 /* steps of a plan that are made regular; the database takes fewer */
#define MAX_WORD	 128 /* bytes of a name */
#define WHOLE_MAX	 9007199254740992.0

static const char no_decision[] = "the result holds no decision";

static json_t *decision_in(const json_t *value, int wrappers);
static json_t *decision_in_text(const char *text, size_t length, int wrappers, const char **problem);


/* ------------------------------------------------------------------- pieces */

static json_t *
member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

/* Returns the only element of an array, also of an array in an array; any other value itself.  The reference is borrowed. */
static json_t *
single(json_t *value)
{
	for (int i = 0; i < 2 && json_array_size(value) == 1; i++)
		value = json_array_get(value, 0);
	return value;
}

/* Returns a new reference to the value that a string holds as JSON, or to the value itself if it is no such string. */
static json_t *
unquoted(json_t *value)
{
	const char *text = json_string_value(value);
	const char *problem;
	json_t	   *read;

	if (text == NULL || strpbrk(text, "{[") == NULL)
		return json_incref(value);
	read = loose_json_whole(text, json_string_length(value), &problem);
	return read != NULL ? read : json_incref(value);
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Writes a name in lower case with underscores, as the database does; returns false when it is empty or too long. */
static bool
regular_word(const char *text, char word[MAX_WORD + 1])
{
	size_t length = 0;
	char   before = '\0';

	text += strspn(text, " \t\r\n\"'`");
	for (; *text && strncmp(text, "()", 2) != 0; text++)
	{
		bool blank = strchr(" \t\r\n-", *text) != NULL;

		if (length + 2 > MAX_WORD)
			return false;
		if (is_upper(*text) && is_lower_or_digit(before))
			word[length++] = '_';
		if (blank && length > 0 && word[length - 1] == '_')
			continue;
		word[length++] = blank ? '_' : is_upper(*text) ? (char) (*text - 'A' + 'a') : *text;
		before = *text;
	}
	while (length > 0 && strchr("_\"'`.", word[length - 1]) != NULL)
		length--;
	word[length] = '\0';
	return length > 0;
}


/* ------------------------------------------------------------ regular forms */

static void
regulate_word(json_t *object, const char *name)
{
	json_t	   *value = single(member(object, name));
	const char *text = json_string_value(value);
	char		word[MAX_WORD + 1];

	if (text != NULL && regular_word(text, word))
		json_object_set_new(object, name, json_string(word));
}

static void
regulate_number(json_t *object, const char *name)
{
	json_t	   *value = single(member(object, name));
	const char *text = json_string_value(value);
	json_t *number = text != NULL ? loose_json_number(text, json_string_length(value)) : json_incref(value);

	double real = json_number_value(number);

	/* 4.0 becomes 4 */
	if (json_is_real(number) && real >= -WHOLE_MAX && real <= WHOLE_MAX && real == floor(real))
		json_object_set_new(object, name, json_integer((json_int_t) real));
	else if (json_is_number(number))
		json_object_set(object, name, number);
	json_decref(number);
}

/* Makes an id a number; it may be an object that has the id. */
static void
regulate_id(json_t *object, const char *name)
{
	json_t *value = single(member(object, name));

	if (json_is_object(value) && member(value, "id") != NULL)
		json_object_set(object, name, member(value, "id"));
	regulate_number(object, name);
}

static void
regulate_text(json_t *object, const char *name)
{
	json_t *value = member(object, name);

	if (json_is_array(value) && json_is_string(single(value)))
		json_object_set(object, name, single(value));
}

static void
regulate_flag(json_t *object, const char *name)
{
	static const char *const yes[] = {"true", "yes", "y", "1", "accept"};
	static const char *const no[] = {"false", "no", "n", "0", "reject"};
	json_t					*value = single(member(object, name));
	const char				*text = json_string_value(value);
	int						 flag = json_is_boolean(value) ? json_is_true(value) : -1;

	if (json_is_integer(value) && (json_integer_value(value) == 0 || json_integer_value(value) == 1))
		flag = (int) json_integer_value(value);
	for (size_t i = 0; text != NULL && i < sizeof(yes) / sizeof(yes[0]); i++)
		flag = strcasecmp(text, yes[i]) == 0 ? 1 : strcasecmp(text, no[i]) == 0 ? 0 : flag;
	if (flag >= 0)
		json_object_set_new(object, name, json_boolean(flag));
}

/* Makes ids an array of numbers; the array may be a text of JSON.  A single id stays a number, and "*" stays as it is. */
static void
regulate_ids(json_t *object, const char *name)
{
	json_t *ids = unquoted(member(object, name));

	if (json_is_array(ids))
	{
		json_t *numbers = json_array();

		for (size_t i = 0; i < json_array_size(ids); i++)
		{
			json_t *element = json_pack("{s:O}", "id", json_array_get(ids, i));

			regulate_id(element, "id");
			json_array_append(numbers, json_object_get(element, "id"));
			json_decref(element);
		}
		json_object_set_new(object, name, numbers);
	}
	else if (ids != NULL)
		regulate_number(object, name);
	json_decref(ids);
}

/* Makes a cell [3, 4]; it may be {"x": 3, "y": 4}, "(3, 4)", "3,4" or ["3", "4"]. */
static void
regulate_cell(json_t *object, const char *name)
{
	json_t	   *value = unquoted(member(object, name));
	const char *text = json_string_value(value);
	json_t	   *cell = json_object();
	char		numbers[2][24];

	if (text != NULL && json_string_length(value) <= 64 &&
		sscanf(text + strspn(text, " (["), "%23[-+.0-9] , %23[-+.0-9]", numbers[0], numbers[1]) == 2)
	{
		json_object_set_new(cell, "x", json_string(numbers[0]));
		json_object_set_new(cell, "y", json_string(numbers[1]));
	}
	else if (json_is_array(value) && json_array_size(value) == 2)
	{
		json_object_set(cell, "x", json_array_get(value, 0));
		json_object_set(cell, "y", json_array_get(value, 1));
	}
	else if (json_is_object(value))
		json_object_update(cell, value);
	regulate_number(cell, "x");
	regulate_number(cell, "y");
	if (json_object_get(cell, "x") != NULL && json_object_get(cell, "y") != NULL)
		json_object_set_new(object, name,
							json_pack("[O, O]", json_object_get(cell, "x"), json_object_get(cell, "y")));
	json_decref(cell);
	json_decref(value);
}

/* Makes all details of an action regular, which may stand beside its name or among its parameters. */
static void
regulate_details(json_t *object)
{
	static const char *const numbers[] = {"x", "y", "duration"};
	static const char *const ids[] = {"target_id", "entity_id", "bid_id"};
	static const char *const lists[] = {"ids", "target_ids", "participants"};
	static const char *const words[] = {"interaction", "interaction_name", "direction"};
	static const char *const texts[] = {"message", "reason"};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		regulate_number(object, numbers[i]);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		regulate_id(object, ids[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		regulate_ids(object, lists[i]);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		regulate_word(object, words[i]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		regulate_text(object, texts[i]);
	regulate_flag(object, "accept");
	regulate_cell(object, "destination");
}

/* Makes parameters an object; it may be a text of JSON, in an array of one, or under one of the other names. */
static void
regulate_parameters(json_t *action)
{
	static const char *const others[] = {"params", "arguments", "args"};
	json_t					*value = member(action, "parameters");
	json_t					*parameters;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		json_t *other = unquoted(single(member(action, others[i])));

		if (value == NULL && json_is_object(other))
		{
			json_object_set(action, "parameters", other);
			json_object_del(action, others[i]);
			value = member(action, "parameters");
		}
		json_decref(other);
	}
	if (json_object_get(action, "parameters") == NULL)
		return;
	parameters = unquoted(single(value));
	if (json_is_object(parameters))
		json_object_set(action, "parameters", parameters);
	else if (value == NULL || json_array_size(value) == 0)
		/* "", [] and null mean that there are no parameters */
		if (!json_is_string(value) || json_string_length(value) == 0)
			json_object_del(action, "parameters");
	json_decref(parameters);
}

/* Makes one action regular: that of the decision, or a step of the plan. */
static void
regulate_action(json_t *action)
{
	const char *name;

	regulate_word(action, "action");
	regulate_parameters(action);
	regulate_details(action);
	name = json_string_value(json_object_get(action, "action"));
	/* these are the interaction's own parameters, which may have any name and be texts that look like numbers */
	if (name != NULL && strcmp(name, "act_in_interaction") == 0)
		regulate_text(json_object_get(action, "parameters"), "message");
	else if (json_is_object(json_object_get(action, "parameters")))
		regulate_details(json_object_get(action, "parameters"));
}

/* Makes the plan an array of actions; it may be a single action, and an action may be just its name. */
static void
regulate_plan(json_t *decision)
{
	json_t *then = unquoted(member(decision, "then"));
	json_t *plan = json_array();

	if (json_is_array(then))
		json_array_extend(plan, then);
	else if (json_is_object(then) || (json_is_string(then) && json_string_length(then) > 0))
		json_array_append(plan, then);
	for (size_t i = 0; i < json_array_size(plan) && i < MAX_STEPS; i++)
	{
		json_t *step = unquoted(single(json_array_get(plan, i)));

		if (json_is_string(step))
			json_array_set_new(plan, i, json_pack("{s:O}", "action", step));
		else
			json_array_set(plan, i, step);
		json_decref(step);
		if (json_is_object(json_array_get(plan, i)))
			regulate_action(json_array_get(plan, i));
	}
	if (json_array_size(plan) > 0)
		json_object_set(decision, "then", plan);
	json_decref(plan);
	json_decref(then);
}

static void
regulate_wake_on(json_t *decision)
{
	json_t *names = unquoted(member(decision, "wake_on"));

	if (json_is_string(names))
		json_object_set_new(decision, "wake_on", json_pack("[O]", names));
	else if (names != NULL)
		json_object_set(decision, "wake_on", names);
	json_decref(names);
}

/* Makes the cost in tokens a number, or removes it: a decision is not refused because its cost cannot be read. */
static void
regulate_tokens(json_t *decision)
{
	regulate_number(decision, "tokens");
	if (!json_is_number(json_object_get(decision, "tokens")))
		json_object_del(decision, "tokens");
}

void
answer_regulate(json_t *decision)
{
	regulate_action(decision);
	regulate_plan(decision);
	regulate_wake_on(decision);
	regulate_tokens(decision);
	regulate_number(decision, "next_decision_in_s");
	regulate_number(decision, "choice");
	regulate_number(decision, "request_id");
	regulate_number(decision, "npc_id");
}


/* ------------------------------------------------------------------- search */

/* Adds to a decision what the wrapper says beside it and it does not say itself. */
static json_t *
with_remarks(json_t *decision, const json_t *wrapper)
{
	static const char *const remarks[] = {"then",	"next_decision_in_s", "wake_on", "tokens",
										  "reason", "confidence"};

	for (size_t i = 0; decision != NULL && i < sizeof(remarks) / sizeof(remarks[0]); i++)
		if (member(wrapper, remarks[i]) != NULL && member(decision, remarks[i]) == NULL)
			json_object_set(decision, remarks[i], member(wrapper, remarks[i]));
	return decision;
}

/*
 * Returns the decision in a call of a tool, {"name": "wander", "arguments": {...}}, or NULL.  The arguments may hold a decision,
 * as they do for decide_action; else the tool is the action.
 */
static json_t *
called_action(const json_t *object, int wrappers)
{
	static const char *const spellings[] = {"arguments", "parameters", "args", "input"};
	const json_t			*name = member(object, "name");
	json_t					*arguments = NULL;
	json_t					*read;
	json_t					*decision = NULL;

	for (size_t i = 0; arguments == NULL && i < sizeof(spellings) / sizeof(spellings[0]); i++)
		arguments = member(object, spellings[i]);
	read = unquoted(arguments);

	if (json_is_string(name) && json_is_object(read))
	{
		decision = decision_in(read, wrappers + 1);
		if (decision == NULL && strcmp(json_string_value(name), "decide_action") != 0)
			decision = json_pack("{s:O, s:O}", "action", name, "parameters", read);
	}
	json_decref(read);
	return decision;
}

/* Returns the decision in the member "action" when that is an object: {"action" (or "name", or "type"): "wander", ...}. */
static json_t *
inner_action(const json_t *action, int wrappers)
{
	const json_t *name = member(action, "name") != NULL ? member(action, "name") : member(action, "type");
	json_t		 *decision = decision_in(action, wrappers + 1);

	if (decision == NULL && json_is_string(name))
	{
		decision = json_copy((json_t *) action);
		json_object_set(decision, "action", (json_t *) name);
		json_object_del(decision, "name");
		json_object_del(decision, "type");
	}
	return decision;
}

static bool
is_number_or_its_text(const json_t *value)
{
	const char *text = json_string_value(value);
	json_t	   *number = text != NULL ? loose_json_number(text, json_string_length(value)) : NULL;
	bool		is = json_is_number(value) || number != NULL;

	json_decref(number);
	return is;
}

/* Returns a copy of the object with its members' names in lower case; NULL if they are already, or two would become the same. */
static json_t *
in_small_letters(const json_t *object)
{
	json_t	   *small = json_object();
	bool		other = false;
	const char *name;
	json_t	   *value;

	json_object_foreach ((json_t *) object, name, value)
	{
		char word[MAX_WORD];

		snprintf(word, sizeof(word), "%s", name);
		for (char *letter = word; *letter; letter++)
			if (*letter >= 'A' && *letter <= 'Z')
				*letter = (char) (*letter - 'A' + 'a');
		other = other || strcmp(word, name) != 0;
		json_object_set(small, word, value);
	}
	if (other && json_object_size(small) == json_object_size(object))
		return small;
	json_decref(small);
	return NULL;
}

/* Returns the decision in an object like {"Action": "wander"}, whose members' names have capitals, or NULL. */
static json_t *
decision_in_capitals(const json_t *object)
{
	json_t *small = in_small_letters(object);
	json_t *action = single(member(small, "action"));

	if (small != NULL && ((json_is_string(action) && json_string_length(action) > 0) ||
						  is_number_or_its_text(single(member(small, "choice")))))
		return small;
	json_decref(small);
	return NULL;
}

static json_t *
decision_in_object(const json_t *object, int wrappers)
{
	json_t	   *action = single(member(object, "action"));
	json_t	   *choice = single(member(object, "choice"));
	json_t	   *decision = NULL;
	const char *name;
	json_t	   *value;
	int			looked_at = 0;

	if ((json_is_string(action) && json_string_length(action) > 0 &&
		 strchr(json_string_value(action), '{') == NULL) ||
		is_number_or_its_text(choice))
		return json_copy((json_t *) object);
	if (json_is_object(action))
		return with_remarks(inner_action(action, wrappers), object);
	decision = called_action(object, wrappers);
	if (decision == NULL)
		decision = decision_in_capitals(object);
	json_object_foreach ((json_t *) object, name, value)
	{
		/* "observations" and a list of "choices" are what the mind was asked, repeated in its answer */
		if (decision != NULL || looked_at++ == MAX_MEMBERS)
			break;
		if (strcmp(name, "observations") != 0 &&
			(strcmp(name, "choices") != 0 || json_array_size(value) == 1))
			decision = decision_in(value, wrappers + 1);
	}
	return with_remarks(decision, object);
}

/* Returns the first of several decisions, with the others as its plan. */
static json_t *
decision_in_array(const json_t *array, int wrappers)
{
	json_t *first = NULL;
	json_t *rest = json_array();
	size_t	i;
	json_t *element;

	json_array_foreach ((json_t *) array, i, element)
	{
		json_t *decision = i < MAX_MEMBERS ? decision_in(element, wrappers + 1) : NULL;

		if (decision != NULL && first != NULL)
			json_array_append(rest, decision);
		else if (decision != NULL)
			first = json_incref(decision);
		json_decref(decision);
	}
	if (first != NULL && json_array_size(rest) > 0 && member(first, "then") == NULL)
		json_object_set(first, "then", rest);
	json_decref(rest);
	return first;
}

/* Returns the decision that a value holds, before it is made regular: a new reference, or NULL. */
static json_t *
decision_in(const json_t *value, int wrappers)
{
	const char *problem;

	if (wrappers > MAX_WRAPPERS)
		return NULL;
	if (json_is_object(value))
		return decision_in_object(value, wrappers);
	if (json_is_array(value))
		return decision_in_array(value, wrappers);
	if (json_is_string(value) && strpbrk(json_string_value(value), "{[") != NULL)
		return decision_in_text(json_string_value(value), json_string_length(value), wrappers + 1, &problem);
	return NULL;
}

bool
answer_is_held(const json_t *value)
{
	json_t *decision = decision_in(value, 0);

	json_decref(decision);
	return decision != NULL;
}

/*
 * The marks around what models think aloud.  With begun_before the opening mark may have been in the prompt, so that the text
 * has the closing one alone.
 */
static const struct Thoughts
{
	const char *opening;
	const char *closing;
	bool		begun_before;
} thoughts[] = {
	{"<think", "</think", true},
	{"<thought", "</thought", true},
	{"<reasoning", "</reasoning", true},
	{"<reflection", "</reflection", true},
	{"<scratchpad", "</scratchpad", true},
	{"<analysis", "</analysis", true},
	{"[THINK]", "[/THINK]", true},
	{"\xE2\x97\x81think\xE2\x96\xB7", "\xE2\x97\x81/think\xE2\x96\xB7", true},
	{"<|channel|>analysis", "<|end|>", false},
};

/* Returns the place behind a closing mark, and behind the ">" of its tag if it is one. */
static char *
behind(char *closing, const char *word)
{
	char *end = closing + strlen(word);
	char *tag_end = word[0] == '<' && word[1] == '/' ? strchr(end, '>') : NULL;

	return tag_end != NULL ? tag_end + 1 : end;
}

void
answer_blank_thoughts(char *text)
{
	for (size_t i = 0; i < sizeof(thoughts) / sizeof(thoughts[0]); i++)
	{
		char *from = text;

		while (*from)
		{
			char *start = strcasestr(from, thoughts[i].opening);
			char *end = strcasestr(from, thoughts[i].closing);
			char *after;

			if (start == NULL && (end == NULL || !thoughts[i].begun_before))
				break;
			/* a closing mark without an opening one: the text begins within the thoughts */
			if (end != NULL && thoughts[i].begun_before && (start == NULL || end < start))
				start = from;
			else
				end = strcasestr(start, thoughts[i].closing);
			after = end != NULL ? behind(end, thoughts[i].closing) : start + strlen(start);
			memset(start, ' ', (size_t) (after - start));
			from = after;
		}
	}
}

/*
 * Returns the choice in a text like "**2.**", "Choice: 2" or "I choose option 2", or NULL: it may have one number and no words
 * but those with which one tells a choice, since in a longer text the number may mean something else.
 */
static json_t *
choice_in_words(const char *text, size_t length)
{
	static const char words[] = " choice choose option answer number action boxed final my the is i ";
	char			  word[MAX_WORD];
	long			  number = -1;
	int				  open = 0; /* brackets that are open, as in \boxed{2 */

	if (length >= sizeof(word) / 2)
		return NULL;
	for (size_t i = 0; i < length;)
	{
		size_t letters = 0;
		size_t digits = 0;

		word[0] = ' ';
		while (i + letters < length && (((unsigned char) text[i + letters] | 0x20) >= 'a') &&
			   (((unsigned char) text[i + letters] | 0x20) <= 'z'))
		{
			word[letters + 1] = (char) (text[i + letters] | 0x20);
			letters++;
		}
		memcpy(word + letters + 1, " ", 2);
		while (i + digits < length && text[i + digits] >= '0' && text[i + digits] <= '9')
			digits++;
		if (letters > 0 && strstr(words, word) == NULL)
			return NULL;
		if (digits > 4 || (digits > 0 && number >= 0) || (unsigned char) text[i] >= 0x80 ||
			strchr("-+/<>=", text[i]) != NULL)
			return NULL;
		if (digits > 0)
			number = strtol(text + i, NULL, 10);
		open += (text[i] == '{' || text[i] == '[') - (text[i] == '}' || text[i] == ']');
		i += letters + digits + (letters + digits == 0);
	}
	/* where brackets are left open the text breaks off, and with it, perhaps, the number */
	return number < 0 || open != 0 ? NULL : json_pack("{s:I}", "choice", (json_int_t) number);
}

/*
 * Returns the decision in a text: the first one outside of thoughts, or else the last one within them, which is most likely the
 * one that was meant.
 */
static json_t *
decision_in_text(const char *text, size_t length, int wrappers, const char **problem)
{
	json_t	   *whole = loose_json_whole(text, length, problem);
	json_t	   *held = NULL;
	json_t	   *decision;
	const char *none;
	char	   *spoken;

	if (json_is_integer(whole))
		decision = json_pack("{s:O}", "choice", whole);
	else
		decision = decision_in(whole, wrappers);
	if (decision == NULL)
		decision = choice_in_words(text, length);
	json_decref(whole);
	if (decision != NULL)
		return decision;
	spoken = strndup(text, length);
	if (spoken != NULL)
	{
		answer_blank_thoughts(spoken);
		held = loose_json_find(spoken, strlen(spoken), answer_is_held, false, problem);
	}
	if (held == NULL)
		held = loose_json_find(text, length, answer_is_held, true, &none);
	decision = decision_in(held, wrappers);
	json_decref(held);
	free(spoken);
	return decision;
}


/* ---------------------------------------------------------------- interface */

static json_t *
regulated(json_t *decision, const char **problem)
{
	if (decision != NULL)
		answer_regulate(decision);
	else if (*problem == NULL)
		*problem = no_decision;
	return decision;
}

json_t *
answer_in_value(const json_t *value, const char **problem)
{
	*problem = NULL;
	return regulated(decision_in(value, 0), problem);
}

json_t *
answer_in_text(const char *text, size_t length, const char **problem)
{
	*problem = NULL;
	return regulated(decision_in_text(text, length, 0, problem), problem);
}
