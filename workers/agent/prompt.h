/*
 * prompt.h
 *	  What a language model is told: a template, filled in with what an NPC sees, feels and remembers.
 *
 * {name} and the like stand for parts of the question; any other brace is itself.  A line whose placeholders all have nothing
 * to say is left out.  What stands above a line "---" is the system's message, the rest the user's; without such a line all is
 * the user's.
 */
#ifndef NPCSIM_AGENT_PROMPT_H
#define NPCSIM_AGENT_PROMPT_H

#include "common/text.h"
#include "own_mind.h"

/* The most bytes that a prompt may have; what is beyond is left out. */
#define PROMPT_MOST 131072

/*
 * Fills in the template (NULL = our own).  "memory" is a list of lines as those of in_words.h.  "may_speak" says that the answer
 * may have words of its own.
 */
extern void prompt_write(const char *template, const Question *question, const char *memory, bool may_speak,
						 Text *system, Text *user);

#endif /* NPCSIM_AGENT_PROMPT_H */
