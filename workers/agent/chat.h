/*
 * chat.h
 *	  Requests to an OpenAI-compatible endpoint (POST …/chat/completions), and what its answers mean.
 *
 * Nothing here sends or waits.  Endpoints differ in what they take; a form says what this one is sent, and a refusal
 * tells which form to try next.
 */
#ifndef NPCSIM_AGENT_CHAT_H
#define NPCSIM_AGENT_CHAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "own_mind.h"
#include "settings.h"

/* How many bytes of what a model says are read. */
#define CHAT_CONTENT_MOST 65536

/* How the answer is forced to be JSON. */
typedef enum ChatFormat
{
	CHAT_SCHEMA, /* by a schema that allows the choices and nothing else */
	CHAT_OBJECT, /* to be any object */
	CHAT_FREE	 /* not at all */
} ChatFormat;

typedef struct ChatForm
{
	ChatFormat format;
	bool	   new_limit;	/* the limit is called max_completion_tokens, not max_tokens */
	bool	   one_message; /* there is no system's message: it stands in front of the user's */
	bool	   bare;		/* the members that the user wanted are left out */
} ChatForm;

/* What came back. */
typedef struct ChatAnswer
{
	Text	content;
	bool	finished;	  /* it did not break off */
	bool	cut;		  /* the model was stopped at the limit of tokens */
	bool	too_long;	  /* there was more content than is read */
	int64_t tokens;		  /* that the model wrote; -1 = it is not told */
	int		error_status; /* an error that came in an answer of status 200; 0 = none */
	Text	error;		  /* what the endpoint says went wrong, whole: it may hold the key */
} ChatAnswer;

/*
 * Returns where to send what is meant for "what" ("/models"), to be freed.  An address may be given with or without
 * its version: there are two forms of it then.  NULL = there is no such form.
 */
#define CHAT_URL_FORMS 2
extern char *chat_url(const char *given, int form, const char *what);

/* Returns the request's body, to be freed. */
extern char *chat_request(const ApiSettings *api, const ChatForm *form, const Text *system, const Text *user,
						  int choices, bool may_speak);

/* Finds another form after a request was refused with this status and words (or NULL); returns false if there is none. */
extern bool chat_other_form(ChatForm *form, const ApiSettings *api, long status, const char *error);

extern void chat_answer_init(ChatAnswer *answer);
extern void chat_answer_free(ChatAnswer *answer);

/* Take a whole body, and one event's data of a stream. */
extern void chat_answer_read(ChatAnswer *answer, const char *body, size_t len);
extern void chat_answer_read_event(ChatAnswer *answer, const char *data, size_t len);

/*
 * Returns the decision that an answer holds, with what it cost, as a new reference; NULL, and why in *problem, if there is none.
 */
extern json_t *chat_decision(const ChatAnswer *answer, const Question *question, const char **problem);

#endif /* NPCSIM_AGENT_CHAT_H */
