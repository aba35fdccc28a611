/*
 * own_mind.h
 *	  What minds within the agent say to the gateway, to which they are MCP servers like any other: they speak the stateless
 *	  revision, and have the tool decide_action.
 */
#ifndef NPCSIM_AGENT_OWN_MIND_H
#define NPCSIM_AGENT_OWN_MIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call of decide_action: what its mind is to decide.  What it points to belongs to "root", a reference. */
typedef struct Question
{
	json_t		 *root;
	const json_t *id; /* of the call */
	int64_t		  world_id;
	int64_t		  npc_id;
	int64_t		  timeout_ms;
	const char	 *reason;
	const json_t *observations;
} Question;

typedef enum OwnMindWants
{
	OWN_MIND_NOTHING,
	OWN_MIND_REPLY,	   /* *reply is the answer, to be freed */
	OWN_MIND_DECISION, /* *question is to be answered; own_mind_forget() frees it */
	OWN_MIND_CANCEL /* the question with the id question->id is not waited for; own_mind_forget() frees that */
} OwnMindWants;

/* Takes a message of the gateway. */
extern OwnMindWants own_mind_take(const char *text, size_t len, Question *question, char **reply);
extern void			own_mind_forget(Question *question);

/* Return the answer to a question, to be freed: a decision, which is taken over, or why there is none. */
extern char *own_mind_decision(const Question *question, json_t *decision);
extern char *own_mind_failure(const Question *question, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns how many choices a question comes with. */
extern int own_mind_choice_count(const Question *question);

#endif /* NPCSIM_AGENT_OWN_MIND_H */
