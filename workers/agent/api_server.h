/*
 * api_server.h
 *	  What the parts of a mind behind an OpenAI-compatible API share: api_server.c (its life, and how it is found) and
 *	  api_call.c (one question and its answer).
 */
#ifndef NPCSIM_AGENT_API_SERVER_H
#define NPCSIM_AGENT_API_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/text.h"
#include "chat.h"
#include "diary.h"
#include "http.h"
#include "own_mind.h"
#include "pace.h"
#include "server.h"

#define API_WHY_SIZE 400

typedef enum ApiStage
{
	API_DOWN,
	API_PROBING, /* it is found out whether the endpoint is there, and where */
	API_UP,
	API_ENDING
} ApiStage;

typedef struct ApiCall	 ApiCall;
typedef struct ApiServer ApiServer;

/* What a call tells the server when it is over; the call was freed before. */
typedef struct ApiCallEvents
{
	/* the call found that the endpoint cannot be reached, or refuses the key */
	void (*failed)(ApiServer *self, const char *why);
} ApiCallEvents;

struct ApiServer
{
	Server	   server; /* must be first */
	HttpClient client;
	ApiStage   stage;
	bool	   asked_to_stop;
	bool	   is_hopeless;
	char	   why[API_WHY_SIZE]; /* the reason why it is gone */
	Timer	   timer;			  /* the next step of the stage */

	/* the request that probes the endpoint, and its answer so far */
	HttpRequest *probe;
	Text		 probe_body;
	bool		 probe_asks; /* the model is asked something, since the list of models was of no help */
	int			 url_form;

	char	*url;  /* where questions are posted */
	ChatForm form; /* what the endpoint is known to take */

	Pace	 pace;
	Timer	 pace_timer; /* when the pause is over */
	int		 offered;	 /* the room that the gateway was told last */
	ApiCall *calls;		 /* those that are not over, oldest first */
	int		 call_count;
	int		 under_way; /* calls with a request */

	const ApiCallEvents *call_events;
	Diary				 diary;
	LogThrottle			 trouble_throttle;
	LogThrottle			 answer_throttle;
};

/* ---------- api_call.c ---------- */

/* Takes a question, which is answered by own_mind_decision() or own_mind_failure() once, unless it is cancelled. */
extern void api_call_begin(ApiServer *self, Question *question);

/* Notes that nobody waits for the answer to a question any more. */
extern void api_call_cancel(ApiServer *self, const Question *cancelled);

/* Ends all calls without an answer. */
extern void api_call_cancel_all(ApiServer *self);

/* Returns the headers of every request, or NULL if memory ran out. */
extern struct curl_slist *api_headers(const ApiServer *self);

/* Replaces the key by asterisks wherever it stands in a text of so many bytes. */
extern void api_hide_key(const ApiServer *self, char *text, size_t len);

/* Writes what an answer with an error says, in one line and without the key, which is replaced in the answer, too. */
extern void api_describe_error(const ApiServer *self, char *line, size_t size, long status, Text *body,
							   Text *error);

/* Passes a message to the gateway, if the server is up, and frees it. */
extern void api_pass(ApiServer *self, char *message);

/* Tells the gateway how much room there is, if that is something new, and has it told again when the pause is over. */
extern void api_tell_room(ApiServer *self);

#endif /* NPCSIM_AGENT_API_SERVER_H */
