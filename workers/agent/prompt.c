/*
 * prompt.c
 *	  What a language model is told: a template, filled in with what an NPC sees, feels and remembers.
 */
#include "prompt.h"

#include <stdlib.h>
#include <string.h>

#include "common/json_input.h"
#include "in_words.h"

/* Our own words: few, since small models get lost in many. */
static const char default_template[] =
	"You play {name}, a character in a village, and decide what {name} does next. {answer}\n"
	"---\n"
	"You are {name}. You are {state}.\n"
	"Your character: {traits}.\n"
	"How you are, from 0 (very bad) to 100 (very good): {needs}.\n"
	"What you remember:{memory}\n"
	"What has just happened:{events}\n"
	"What is said:{conversation}\n"
	"Who invites you:{bids}\n"
	"What you can do:{choices}\n"
	"{answer}\n";

static const char separator[] = "---";

/* What placeholders draw on. */
typedef struct Matter
{
	const Question *question;
	const char	   *memory;
	bool			may_speak;
} Matter;

static void
add_name(Text *text, const Matter *matter)
{
	words_add_line(text, json_member_string(json_object_get(matter->question->observations, "self"), "name"));
}

static void
add_time(Text *text, const Matter *matter)
{
	const json_t *self = json_object_get(matter->question->observations, "self");
	double		  clock;

	if (json_member_string(self, "game_time") != NULL)
		words_add_line(text, json_member_string(self, "game_time"));
	else if (json_member_number(self, "clock", &clock))
		text_add_format(text, "%.0f", clock);
}

static void
add_reason(Text *text, const Matter *matter)
{
	words_add_line(text, matter->question->reason);
}

static void
add_traits(Text *text, const Matter *matter)
{
	words_add_traits(text, matter->question->observations);
}

static void
add_state(Text *text, const Matter *matter)
{
	words_add_state(text, matter->question->observations);
}

static void
add_needs(Text *text, const Matter *matter)
{
	words_add_needs(text, matter->question->observations);
}

static void
add_memory(Text *text, const Matter *matter)
{
	text_add_string(text, matter->memory != NULL ? matter->memory : "");
}

static void
add_events(Text *text, const Matter *matter)
{
	words_add_events(text, matter->question->observations);
}

static void
add_conversation(Text *text, const Matter *matter)
{
	words_add_conversation(text, matter->question->observations);
}

static void
add_bids(Text *text, const Matter *matter)
{
	words_add_bids(text, matter->question->observations);
}

static void
add_vision(Text *text, const Matter *matter)
{
	words_add_vision(text, matter->question->observations);
}

static void
add_choices(Text *text, const Matter *matter)
{
	words_add_choices(text, matter->question->observations);
}

static void
add_observation(Text *text, const Matter *matter)
{
	text_add_json(text, matter->question->observations);
}

static void
add_answer(Text *text, const Matter *matter)
{
	if (matter->may_speak)
		text_add_string(text,
						"Answer with the number of what you do next, and with what you say if you talk, "
						"as JSON: {\"choice\": 1, \"message\": \"…\"}");
	else
		text_add_string(text, "Answer with the number of what you do next, as JSON: {\"choice\": 1}");
}

static const struct Placeholder
{
	const char *name;
	void (*add)(Text *text, const Matter *matter);
} placeholders[] = {
	{"name", add_name},
	{"time", add_time},
	{"reason", add_reason},
	{"traits", add_traits},
	{"state", add_state},
	{"needs", add_needs},
	{"memory", add_memory},
	{"events", add_events},
	{"conversation", add_conversation},
	{"bids", add_bids},
	{"vision", add_vision},
	{"choices", add_choices},
	{"answer", add_answer},
	{"observation", add_observation},
};

/* Returns the placeholder that a text begins with, or NULL. */
static const struct Placeholder *
placeholder_at(const char *text, size_t length)
{
	const char *end = memchr(text, '}', length);

	if (text[0] != '{' || end == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strlen(placeholders[i].name) == (size_t) (end - text - 1) &&
			memcmp(text + 1, placeholders[i].name, (size_t) (end - text - 1)) == 0)
			return &placeholders[i];
	return NULL;
}

/* Adds a line of the template, unless it has placeholders and nothing stands in any of them. */
static void
add_line(Text *to, const char *line, size_t length, const Matter *matter)
{
	Text   filled = {0};
	bool   has_any = false;
	bool   says_any = false;
	size_t at = 0;

	while (at < length)
	{
		const struct Placeholder *placeholder = placeholder_at(line + at, length - at);
		size_t					  before = filled.length;

		if (placeholder == NULL)
		{
			text_add(&filled, line + at, 1);
			at++;
			continue;
		}
		if (filled.length < PROMPT_MOST)
			placeholder->add(&filled, matter);
		has_any = true;
		says_any = says_any || filled.length > before;
		at += strlen(placeholder->name) + 2;
	}
	text_add(&filled, "\n", 1);
	if ((says_any || !has_any) && to->length + filled.length <= PROMPT_MOST)
		text_add(to, filled.data, filled.length);
	text_free(&filled);
}

void
prompt_write(const char *template, const Question *question, const char *memory, bool may_speak, Text *system,
			 Text *user)
{
	const Matter matter = {question, memory, may_speak};
	const char	*line = template != NULL ? template : default_template;
	bool		 divided = false;

	text_clear(system);
	text_clear(user);
	while (*line != '\0')
	{
		size_t length = strcspn(line, "\n");
		size_t shown = length > 0 && line[length - 1] == '\r' ? length - 1 : length;

		if (!divided && shown == sizeof(separator) - 1 && strncmp(line, separator, shown) == 0)
		{
			Text above = *user;

			*user = *system;
			*system = above;
			divided = true;
		}
		else
			add_line(user, line, shown, &matter);
		line += length + (line[length] == '\n');
	}
	/* an empty text is a string, too */
	text_add(system, "", 0);
	text_add(user, "", 0);
}
