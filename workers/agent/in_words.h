/*
 * in_words.h
 *	  Tells parts of an observation in words, for language models.
 *
 * Each function adds to a text, and adds nothing when there is nothing to tell.  Lists are lines that begin with "\n- ".
 * What others wrote stands on one line, cut to a few hundred bytes.  Observations may be compact or not.
 */
#ifndef NPCSIM_AGENT_IN_WORDS_H
#define NPCSIM_AGENT_IN_WORDS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text.h"

/* How many elements of a list are told. */
#define WORDS_LIST_MOST 64

/* Adds what is said on one line; NULL is nothing. */
extern void words_add_line(Text *text, const char *said);

/* "hunger 8, energy 50" */
extern void words_add_needs(Text *text, const json_t *observations);

/* "curious, likes rain" */
extern void words_add_traits(Text *text, const json_t *observations);

/* "interacting (conversation)" */
extern void words_add_state(Text *text, const json_t *observations);

/* Lists: "Gus said: Hello", "apple, 4.2 away, in use", "Ida invites you: conversation", "1. eat the apple". */
extern void words_add_conversation(Text *text, const json_t *observations);
extern void words_add_vision(Text *text, const json_t *observations);
extern void words_add_bids(Text *text, const json_t *observations);
extern void words_add_events(Text *text, const json_t *observations);
extern void words_add_choices(Text *text, const json_t *observations);

/* "interaction started: sit" */
extern void words_add_event(Text *text, const json_t *event);

/* Returns the messages of the conversation, or NULL; they belong to the observations. */
extern const json_t *words_messages(const json_t *observations);

/* Returns the choice with this number, or NULL; it belongs to the observations. */
extern const json_t *words_choice(const json_t *observations, json_int_t number);

#endif /* NPCSIM_AGENT_IN_WORDS_H */
