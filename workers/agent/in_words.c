/*
 * in_words.c
 *	  Tells parts of an observation in words, for language models.
 */
#include "in_words.h"

#include <math.h>
#include <string.h>

#include "common/json_input.h"

#define LINE_SIZE 401

void
words_add_line(Text *text, const char *said)
{
	char line[LINE_SIZE];

	if (said == NULL)
		return;
	text_copy_line(line, sizeof(line), said);
	text_add_string(text, line);
}

static const char *
string_in(const json_t *object, const char *name)
{
	return json_member_string(object, name);
}

/* Adds what separates an element from the one before, if there is one. */
static void
add_comma(Text *text, size_t begun_at)
{
	if (text->length > begun_at)
		text_add_string(text, ", ");
}

static size_t
told_of(const json_t *list)
{
	size_t count = json_array_size(list);

	return count < WORDS_LIST_MOST ? count : WORDS_LIST_MOST;
}

void
words_add_needs(Text *text, const json_t *observations)
{
	size_t		begun_at = text->length;
	int			count = 0;
	const char *name;
	json_t	   *value;

	json_object_foreach (json_object_get(observations, "needs"), name, value)
	{
		if (!json_is_number(value) || count++ == WORDS_LIST_MOST)
			continue;
		add_comma(text, begun_at);
		words_add_line(text, name);
		text_add_format(text, " %.0f", fmax(0, fmin(100, json_number_value(value))));
	}
}

void
words_add_traits(Text *text, const json_t *observations)
{
	size_t		  begun_at = text->length;
	const json_t *traits = json_object_get(observations, "traits");

	if (traits == NULL)
		traits = json_object_get(json_object_get(observations, "self"), "traits");
	for (size_t i = 0; i < told_of(traits); i++)
	{
		add_comma(text, begun_at);
		words_add_line(text, json_string_value(json_array_get(traits, i)));
	}
}

void
words_add_state(Text *text, const json_t *observations)
{
	const json_t *status = json_object_get(observations, "status");
	const json_t *interaction = json_object_get(status, "current_interaction");
	const char	 *name =
		  json_is_string(interaction) ? json_string_value(interaction) : string_in(interaction, "name");

	words_add_line(text, string_in(status, "state"));
	if (name == NULL)
		return;
	text_add_string(text, " (");
	words_add_line(text, name);
	text_add_string(text, ")");
}

const json_t *
words_messages(const json_t *observations)
{
	const json_t *conversation = json_object_get(observations, "conversation");

	return json_is_array(conversation) ? conversation : json_object_get(conversation, "messages");
}

void
words_add_conversation(Text *text, const json_t *observations)
{
	const json_t *messages = words_messages(observations);

	for (size_t i = 0; i < told_of(messages); i++)
	{
		const json_t *message = json_array_get(messages, i);

		text_add_string(text, "\n- ");
		words_add_line(text, string_in(message, "name"));
		text_add_string(text, " said: ");
		words_add_line(text, string_in(message, "message"));
	}
}

void
words_add_vision(Text *text, const json_t *observations)
{
	const json_t *vision = json_object_get(observations, "vision");

	for (size_t i = 0; i < told_of(vision); i++)
	{
		const json_t *thing = json_array_get(vision, i);
		const char	 *kind = string_in(thing, "item_type");
		double		  distance;

		text_add_string(text, "\n- ");
		words_add_line(text, kind != NULL ? kind : string_in(thing, "name"));
		if (json_member_number(thing, "distance", &distance))
			text_add_format(text, ", %.3g away", distance);
		if (kind != NULL && json_is_true(json_object_get(thing, "occupied")))
			text_add_string(text, ", in use");
		if (kind == NULL && string_in(thing, "npc_state") != NULL)
		{
			text_add_string(text, ", ");
			words_add_line(text, string_in(thing, "npc_state"));
		}
	}
}

void
words_add_bids(Text *text, const json_t *observations)
{
	const json_t *bids = json_object_get(observations, "bids");

	for (size_t i = 0; i < told_of(bids); i++)
	{
		text_add_string(text, "\n- ");
		words_add_line(text, string_in(json_array_get(bids, i), "bidder_name"));
		text_add_string(text, " invites you: ");
		words_add_line(text, string_in(json_array_get(bids, i), "interaction"));
	}
}

/* Adds a name of the world's, such as interaction_started, as words. */
static void
add_name(Text *text, const char *name)
{
	size_t from = text->length;

	words_add_line(text, name);
	for (size_t i = from; i < text->length; i++)
		if (text->data[i] == '_')
			text->data[i] = ' ';
}

void
words_add_event(Text *text, const json_t *event)
{
	static const char *const named[] = {"interaction", "action", "kind", "status"};
	static const char *const said[] = {"message", "reason"};
	const char				*who = string_in(event, "name");
	bool					 first = true;

	if (who == NULL)
		who = string_in(event, "bidder_name");
	add_name(text, string_in(event, "type"));
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
	{
		if (string_in(event, named[i]) == NULL)
			continue;
		text_add_string(text, first ? ": " : ", ");
		add_name(text, string_in(event, named[i]));
		first = false;
	}
	if (who != NULL)
	{
		text_add_string(text, first ? ": " : ", ");
		words_add_line(text, who);
		first = false;
	}
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
	{
		if (string_in(event, said[i]) == NULL)
			continue;
		text_add_string(text, ": ");
		words_add_line(text, string_in(event, said[i]));
	}
}

void
words_add_events(Text *text, const json_t *observations)
{
	const json_t *events = json_object_get(observations, "events");

	for (size_t i = 0; i < told_of(events); i++)
	{
		text_add_string(text, "\n- ");
		words_add_event(text, json_array_get(events, i));
	}
}

void
words_add_choices(Text *text, const json_t *observations)
{
	const json_t *choices = json_object_get(observations, "choices");

	for (size_t i = 0; i < told_of(choices); i++)
	{
		text_add_format(text, "\n%zu. ", i + 1);
		words_add_line(text, string_in(json_array_get(choices, i), "text"));
	}
}

const json_t *
words_choice(const json_t *observations, json_int_t number)
{
	const json_t *choices = json_object_get(observations, "choices");

	return number >= 1 && number <= (json_int_t) told_of(choices)
			   ? json_array_get(choices, (size_t) number - 1)
			   : NULL;
}
