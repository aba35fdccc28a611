/*
 * answer.h
 *	  What a mind answered, read as it was meant.
 *
 * The one place where answers are made regular, whether they came as frames of npcsim.v1 or as results of MCP servers; what the
 * database gets is one object in which
 *
 *	  action, interaction, interaction_name		are in lower case, with underscores:	"Start Conversation" -> "start_conversation"
 *	  numbers									are numbers, not text:					"412" -> 412
 *	  accept									is true or false:						"yes" -> true
 *	  parameters								is an object, not its text
 *	  destination								is [x, y]:								"(3, 4)" -> [3, 4]
 *	  then, wake_on, ids, ...					are arrays:								{...} -> [{...}]
 *	  and a single thing						is no array of one:						["wander"] -> "wander"
 *
 * Whether it makes sense the world says.
 */
#ifndef NPCSIM_GATEWAY_ANSWER_H
#define NPCSIM_GATEWAY_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/mcp_terms.h"


/* The longest decision, in bytes: the database takes no longer one. */
#define ANSWER_MAX_BYTES 65536
#define ANSWER_TOO_LONG	 "the decision has more than " TEXT_OF(ANSWER_MAX_BYTES) " bytes"

/* Does this hold a decision: an action or a choice, be it within wrappers? */
extern bool answer_is_held(const json_t *value);

/*
 * The decision that a value holds, or a text in which code fences, prose or thoughts may be around it.  A new reference, or NULL
 * with *problem, a constant.
 */
extern json_t *answer_in_value(const json_t *value, const char **problem);
extern json_t *answer_in_text(const char *text, size_t length, const char **problem);

/* Makes a decision regular, in place. */
extern void answer_regulate(json_t *decision);

#endif /* NPCSIM_GATEWAY_ANSWER_H */
