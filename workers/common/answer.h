/*
 * answer.h
 *	  Finds the decision in what a mind answered, and brings it into the form that the database reads.
 *
 * This is the one place where answers are made regular, whether they came as frames of npcsim.v1 or as results of MCP servers.
 * The database gets one object in which
 *
 *	  action, interaction, interaction_name		are in lower case, with underscores:	"Start Conversation" -> "start_conversation"
 *	  numbers									are numbers, not text:					"412" -> 412
 *	  accept									is true or false:						"yes" -> true
 *	  parameters								is an object, not its text
 *	  destination								is [x, y]:								"(3, 4)" -> [3, 4]
 *	  then, wake_on, ids, ...					are arrays:								{...} -> [{...}]
 *	  and a single thing						is no array of one:						["wander"] -> "wander"
 *
 * Whether the decision makes sense is for the database to judge.
 */
#ifndef NPCSIM_COMMON_ANSWER_H
#define NPCSIM_COMMON_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "mcp_terms.h"


/* The longest decision that the database takes, in bytes. */
#define ANSWER_MAX_BYTES 65536
#define ANSWER_TOO_LONG	 "the decision has more than " TEXT_OF(ANSWER_MAX_BYTES) " bytes"

/* Returns true if the value holds a decision (an action or a choice), also within other objects, arrays and strings. */
extern bool answer_is_held(const json_t *value);

/*
 * Return the regular form of the decision that a value holds, or a text, in which code fences, prose or thoughts may surround
 * it.  It is a new reference, or NULL and in *problem a constant that says why there is none.
 */
extern json_t *answer_in_value(const json_t *value, const char **problem);
extern json_t *answer_in_text(const char *text, size_t length, const char **problem);

/* Replaces the thoughts in a text by blanks, in place; thoughts that are not closed reach to its end. */
extern void answer_blank_thoughts(char *text);

/* Brings a decision into the regular form, in place. */
extern void answer_regulate(json_t *decision);

#endif /* NPCSIM_COMMON_ANSWER_H */
