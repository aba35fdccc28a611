/*
 * reference.c
 *	  The reference game's dialect: keeps track of the minds of an MCP server that has one per NPC, which are
 *	  bound, asked one call at a time, and released.  The other reference_*.c translate questions and answers.
 *
 *	  IDLE --a request, bound already----------------------> DECIDING
 *	  IDLE --a request-------------------------------------> RELINKING
 *	  RELINKING --relinked, the NPC has no traits----------> DECIDING
 *	  RELINKING --relinked---------------------------------> SAVING
 *	  RELINKING --not found--------------------------------> CREATING
 *	  SAVING --done, or not--------------------------------> CREATING
 *	  CREATING --created, or it was relinked---------------> DECIDING
 *	  DECIDING --a decision, or an error-------------------> IDLE
 *	  DECIDING --the mind is not known, once per request---> RELINKING
 *	  IDLE --a day of the game is over---------------------> CONSOLIDATING --> IDLE
 *	  IDLE --not asked for long----------------------------> RELEASING ------> forgotten here
 *	  any but IDLE --no answer, and nobody waits for it----> IDLE, not bound
 *
 * The server knows no deadlines and may not be called twice at a time for one
 * mind.  So a request that timed out keeps its call (its answer counts as
 * late), and the mind's next request waits for that.
 *
 * A mind's id is made of world and NPC, so that the server finds its memories
 * whichever gateway or session asks.  Memories are never deleted here; that is
 * the player's to do.  A server that was started afresh has a mind's memories,
 * but not its traits.  So a mind that was relinked is created again with its
 * traits, which keeps the memories that are stored; SAVING before stores those
 * that are not, in case the server was not started afresh.
 *
 * Invariants:
 * - A mind has a call under way, call_id, unless it is IDLE.  An IDLE one has
 *   no request, neither asked nor waiting.
 * - At most one call of the housekeeping (CONSOLIDATING, RELEASING) is under
 *   way.
 * - Nothing of a mind is touched after the ports "answered" and "failed", which
 *   may ask for the next decision and so forget the mind.
 */
#include "dialects/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "dialects/dialect.h"
#include "dialects/reference_events.h"
#include "dialects/reference_results.h"
#include "dialects/reference_observation.h"

#define DAY_MINUTES	 1440
#define FIRST_MINUTE 360 /* the game's time is 06:00 when a world begins */
#define MIND_ID_SIZE 64
#define FIRST_ROOM	 16

typedef enum MindStep
{
	MIND_IDLE,
	MIND_RELINKING,
	MIND_SAVING,
	MIND_CREATING,
	MIND_DECIDING,
	MIND_CONSOLIDATING,
	MIND_RELEASING
} MindStep;

typedef struct Question
{
	int64_t request_id; /* 0 = there is no question */
	bool	cancelled;
	bool	retried;
	json_t *observations;
} Question;

typedef struct Mind
{
	int64_t		  npc_id;
	char		  id[MIND_ID_SIZE];
	MindStep	  step;
	int64_t		  call_id;
	int64_t		  called_at;
	bool		  bound;
	bool		  relinked; /* the server knew it, so it can be asked even if creating it again fails */
	Question	  asked;	/* the question that the call under way asks, or leads to */
	Question	  waiting;	/* the next question */
	int64_t		  used_at;	/* when it was last asked, in real time */
	double		  clock;	/* when it was last asked, by the world's clock */
	int64_t		  day;		/* the game's day up to which its memories are consolidated */
	int64_t		  consolidated_at;
	bool		  has_news; /* it was asked since its memories were consolidated */
	ReferenceTold told;
} Mind;

typedef struct Minds
{
	MindPorts ports;
	void	 *owner;
	Mind	**minds;
	int		  count;
	int		  room;
	int		  in_flight;
	double	  clock; /* the latest clock of the world in any request */
	int64_t	  now_ms;
	bool	  consolidates; /* the server has these two tools, until it says that it has not */
	bool	  releases;
} Minds;

static void start(Minds *minds, Mind *mind);


/* ---------------------------------------------------------------- the table */

static void *
minds_create(const MindPorts *ports, void *owner)
{
	Minds *minds = calloc(1, sizeof(Minds));

	if (minds != NULL)
	{
		minds->ports = *ports;
		minds->owner = owner;
		minds->consolidates = true;
		minds->releases = true;
	}
	return minds;
}

static void
free_mind(Mind *mind)
{
	json_decref(mind->asked.observations);
	json_decref(mind->waiting.observations);
	free(mind);
}

static void
minds_free(void *state)
{
	Minds *minds = state;

	for (int i = 0; i < minds->count; i++)
		free_mind(minds->minds[i]);
	free(minds->minds);
	free(minds);
}

static Mind *
find_mind(const Minds *minds, int64_t npc_id)
{
	for (int i = 0; i < minds->count; i++)
		if (minds->minds[i]->npc_id == npc_id)
			return minds->minds[i];
	return NULL;
}

static void
forget_mind(Minds *minds, Mind *mind)
{
	for (int i = 0; i < minds->count; i++)
		if (minds->minds[i] == mind)
		{
			minds->minds[i] = minds->minds[--minds->count];
			break;
		}
	free_mind(mind);
}

/*
 * Forgets the IDLE mind that was asked longest ago; returns false if none is.
 * The server is not told: it keeps the mind in memory, and relinks it at once
 * when that is asked again.
 */
static bool
make_room(Minds *minds)
{
	Mind *oldest = NULL;

	for (int i = 0; i < minds->count; i++)
	{
		Mind *mind = minds->minds[i];

		if (mind->step == MIND_IDLE && (oldest == NULL || mind->used_at < oldest->used_at))
			oldest = mind;
	}
	if (oldest != NULL)
		forget_mind(minds, oldest);
	return oldest != NULL;
}

static bool
grow(Minds *minds)
{
	int	   room = minds->room ? 2 * minds->room : FIRST_ROOM;
	Mind **grown;

	if (minds->count < minds->room)
		return true;
	if (minds->count >= REFERENCE_MAX_MINDS)
		return make_room(minds);
	grown = realloc(minds->minds, sizeof(Mind *) * (size_t) room);
	if (grown == NULL)
		return false;
	minds->minds = grown;
	minds->room = room;
	return true;
}

static int64_t
day_of(double clock)
{
	return (reference_whole(clock) + FIRST_MINUTE) / DAY_MINUTES;
}

static Mind *
add_mind(Minds *minds, int64_t world_id, int64_t npc_id, double clock)
{
	Mind *mind = grow(minds) ? calloc(1, sizeof(Mind)) : NULL;

	if (mind == NULL)
		return NULL;
	mind->npc_id = npc_id;
	snprintf(mind->id, sizeof(mind->id), "npcsim-%lld-%lld", (long long) world_id, (long long) npc_id);
	mind->day = day_of(clock);
	mind->consolidated_at = minds->now_ms;
	minds->minds[minds->count++] = mind;
	return mind;
}


/* -------------------------------------------------------------------- calls */

/*
 * Calls a tool with these arguments (NULL = memory is short) and mind_id, and
 * gives up the reference to them.  Returns false when the call could not be
 * made, which breaks the session.
 */
static bool
call(Minds *minds, Mind *mind, MindStep step, const char *tool, json_t *arguments)
{
	char *text = NULL;

	if (arguments != NULL && json_object_set_new(arguments, "mind_id", json_string(mind->id)) == 0)
		text = json_dumps(arguments, JSON_PRINTED);
	json_decref(arguments);
	mind->call_id = minds->ports.call(minds->owner, tool, text);
	free(text);
	mind->called_at = minds->now_ms;
	mind->step = mind->call_id == 0 ? MIND_IDLE : step;
	return mind->call_id != 0;
}

static void
forget_question(Minds *minds, Question *question)
{
	if (question->request_id != 0 && !question->cancelled)
		minds->in_flight--;
	json_decref(question->observations);
	*question = (Question) {0};
}

/* Fails the question that is asked.  It is forgotten before that is reported, since the port may ask the next one. */
static void
fail(Minds *minds, Mind *mind, const char *what, const char *problem)
{
	char	reason[MCP_MAX_FAILURE + 1];
	int64_t request_id = mind->asked.cancelled ? 0 : mind->asked.request_id;

	snprintf(reason, sizeof(reason), "%s: %.300s", what, problem);
	forget_question(minds, &mind->asked);
	start(minds, mind);
	if (request_id != 0)
		minds->ports.failed(minds->owner, request_id, reason);
}

static json_t *
entity_of(const Mind *mind)
{
	return json_sprintf("%lld", (long long) mind->npc_id);
}

static void
relink(Minds *minds, Mind *mind)
{
	mind->bound = false;
	mind->relinked = false;
	call(minds, mind, MIND_RELINKING, "relink_mind", json_pack("{s:o}", "entity_id", entity_of(mind)));
}

static bool
has_traits(const Mind *mind)
{
	json_t *traits = reference_traits(mind->asked.observations);
	bool	has = json_array_size(traits) > 0;

	json_decref(traits);
	return has;
}

static void
create(Minds *minds, Mind *mind)
{
	call(minds, mind, MIND_CREATING, "create_mind",
		 json_pack("{s:o, s:{s:o, s:[]}}", "entity_id", entity_of(mind), "config", "traits",
				   reference_traits(mind->asked.observations), "initial_long_term_memories"));
}

static void
decide(Minds *minds, Mind *mind)
{
	const json_t *observations = mind->asked.observations;
	json_t		 *observation = reference_observation(observations, mind->npc_id);
	json_t		 *events = reference_events(observations, mind->npc_id, &mind->told, minds->now_ms);

	mind->has_news = true;
	call(minds, mind, MIND_DECIDING, MCP_DECIDE_TOOL,
		 json_pack("{s:o, s:o}", "observation", observation, "events", events));
}

/* Asks the next question, if there is one; else the mind is IDLE. */
static void
start(Minds *minds, Mind *mind)
{
	mind->step = MIND_IDLE;
	mind->call_id = 0;
	if (mind->asked.request_id == 0)
	{
		mind->asked = mind->waiting;
		mind->waiting = (Question) {0};
	}
	if (mind->asked.request_id == 0)
		return;
	if (mind->bound)
		decide(minds, mind);
	else
		relink(minds, mind);
}


/* ------------------------------------------------------------------ answers */

/* Notes that the mind is bound, and asks the question for which it was bound unless that was cancelled. */
static void
bound(Minds *minds, Mind *mind)
{
	mind->bound = true;
	if (mind->asked.cancelled)
		forget_question(minds, &mind->asked);
	start(minds, mind);
}

static void
relink_answered(Minds *minds, Mind *mind, ReferenceVerdict verdict, const char *problem)
{
	mind->relinked = verdict == REFERENCE_DONE;
	if (mind->relinked && !has_traits(mind))
		bound(minds, mind);
	else if (mind->relinked && minds->consolidates)
		call(minds, mind, MIND_SAVING, "consolidate_memories", json_object());
	else if (mind->relinked || verdict == REFERENCE_UNKNOWN)
		create(minds, mind);
	else
		fail(minds, mind, "relink_mind", problem);
}

/* Notes which invitations a decision answers: the mind need not be told that these have ended. */
static void
note_answered_bids(Mind *mind, const json_t *decision)
{
	const char	 *action = json_string_value(json_object_get(decision, "action"));
	const json_t *parameters = json_object_get(decision, "parameters");
	const json_t *ids = json_object_get(parameters, "ids");
	size_t		  i;
	json_t		 *id;

	if (strcmp(action, "respond_to_interaction_bid") == 0)
		reference_told_bid_answered(&mind->told, json_integer_value(json_object_get(parameters, "bid_id")));
	if (strcmp(action, "batch_reject_interaction_bids") != 0)
		return;
	if (json_is_string(ids))
		reference_told_bids_answered(&mind->told);
	json_array_foreach (ids, i, id)
		reference_told_bid_answered(&mind->told, json_integer_value(id));
}

/* Reports a decision; nothing may be touched after this, as the port may ask for the next one. */
static void
decision_made(Minds *minds, Mind *mind, const json_t *decision)
{
	int64_t request_id = mind->asked.request_id;
	char   *text = json_dumps(decision, JSON_PRINTED);

	if (text == NULL)
	{
		fail(minds, mind, MCP_DECIDE_TOOL, "out of memory");
		return;
	}
	note_answered_bids(mind, decision);
	forget_question(minds, &mind->asked);
	start(minds, mind);
	minds->ports.answered(minds->owner, request_id, text, strlen(text));
	free(text);
}

/* Notes that the server, which was started afresh, knows neither the mind nor what the mind was told. */
static void
lost(Mind *mind)
{
	mind->bound = false;
	reference_told_forget(&mind->told);
}

static void
decide_answered(Minds *minds, Mind *mind, const json_t *result, const char *error)
{
	char			 problem[REFERENCE_PROBLEM_SIZE] = "";
	json_t			*decision = NULL;
	ReferenceVerdict verdict =
		error != NULL ? reference_error(error, problem)
					  : reference_decision(result, mind->asked.request_id, mind->npc_id, &decision, problem);

	if (verdict == REFERENCE_DONE)
		decision_made(minds, mind, decision);
	else
	{
		if (verdict == REFERENCE_UNKNOWN)
			lost(mind);
		if (verdict == REFERENCE_UNKNOWN && !mind->asked.retried && !mind->asked.cancelled)
		{
			mind->asked.retried = true;
			relink(minds, mind);
		}
		else
			fail(minds, mind, MCP_DECIDE_TOOL, problem);
	}
	json_decref(decision);
}

static void
release_answered(Minds *minds, Mind *mind)
{
	mind->bound = false;
	start(minds, mind);
	if (mind->step == MIND_IDLE)
		forget_mind(minds, mind);
}

static bool
no_such_tool(ReferenceVerdict verdict, const char *problem)
{
	return verdict == REFERENCE_UNKNOWN && strcasestr(problem, "tool") != NULL;
}

static void
step_answered(Minds *minds, Mind *mind, const json_t *result, const char *error)
{
	char			 problem[REFERENCE_PROBLEM_SIZE] = "";
	ReferenceVerdict verdict =
		error != NULL ? reference_error(error, problem) : reference_verdict(result, problem);

	switch (mind->step)
	{
		case MIND_RELINKING:
			relink_answered(minds, mind, verdict, problem);
			break;
		case MIND_SAVING:
			minds->consolidates = !no_such_tool(verdict, problem);
			create(minds, mind);
			break;
		case MIND_CREATING:
			if (verdict == REFERENCE_DONE || mind->relinked)
				bound(minds, mind);
			else
				fail(minds, mind, "create_mind", problem);
			break;
		case MIND_CONSOLIDATING:
			minds->consolidates = !no_such_tool(verdict, problem);
			start(minds, mind);
			break;
		case MIND_RELEASING:
			minds->releases = !no_such_tool(verdict, problem);
			release_answered(minds, mind);
			break;
		case MIND_IDLE:
		case MIND_DECIDING:
			break;
	}
}

/* Returns why a call failed, or NULL when it did not. */
static const char *
error_of(const MindAnswer *answer)
{
	const char *message = json_string_value(json_object_get(answer->error, "message"));

	if (answer->error == NULL)
		return answer->unreadable;
	return message != NULL ? message : "it refused";
}

static bool
minds_answered(void *state, int64_t call_id, const MindAnswer *answer, int64_t now_ms)
{
	Minds	   *minds = state;
	const char *error = error_of(answer);

	minds->now_ms = now_ms;
	for (int i = 0; i < minds->count; i++)
	{
		Mind *mind = minds->minds[i];

		if (mind->step == MIND_IDLE || mind->call_id != call_id)
			continue;
		if (mind->step == MIND_DECIDING)
			decide_answered(minds, mind, answer->result, error);
		else
			step_answered(minds, mind, answer->result, error);
		return true;
	}
	return false;
}


/* ----------------------------------------------------------------- requests */

/* Returns a new reference to a request's observations, or NULL if they lack what the server insists on. */
static json_t *
read_observations(const json_t *request)
{
	json_t *observations = json_object_get(request, "observations");
	json_t *told = reference_observation(observations, 0);

	if (told == NULL)
		return NULL;
	json_decref(told);
	return json_incref(observations);
}

static bool
is_asked(const Mind *mind, int64_t request_id)
{
	return (mind->asked.request_id == request_id && !mind->asked.cancelled) ||
		   mind->waiting.request_id == request_id;
}

static bool
put(Minds *minds, Mind *mind, int64_t request_id, json_t *observations)
{
	int64_t replaced = mind->waiting.request_id;

	if (is_asked(mind, request_id))
		return false;
	forget_question(minds, &mind->waiting);
	mind->waiting = (Question) {.request_id = request_id, .observations = json_incref(observations)};
	mind->used_at = minds->now_ms;
	mind->clock = reference_clock(observations);
	if (mind->clock > minds->clock)
		minds->clock = mind->clock;
	minds->in_flight++;
	if (mind->step == MIND_IDLE)
		start(minds, mind);
	if (replaced != 0)
		minds->ports.failed(minds->owner, replaced, "superseded");
	return true;
}

static bool
minds_decide(void *state, int64_t request_id, int64_t npc_id, const char *text, size_t length, int64_t now_ms)
{
	Minds  *minds = state;
	json_t *request = json_loadb(text, length, 0, NULL);
	json_t *observations = read_observations(request);
	int64_t world_id = json_integer_value(json_object_get(request, "world_id"));
	Mind   *mind = find_mind(minds, npc_id);
	bool	taken = false;

	minds->now_ms = now_ms;
	if (observations != NULL && request_id != 0 && minds->in_flight < MCP_MAX_IN_FLIGHT)
	{
		if (mind == NULL)
			mind = add_mind(minds, world_id, npc_id, reference_clock(observations));
		taken = mind != NULL && put(minds, mind, request_id, observations);
	}
	json_decref(observations);
	json_decref(request);
	return taken;
}

/* Cancels a request.  If it is asked already, its call goes on, and the answer counts as late. */
static bool
minds_cancel(void *state, int64_t request_id, const char *reason)
{
	Minds *minds = state;

	for (int i = 0; i < minds->count; i++)
	{
		Mind *mind = minds->minds[i];

		if (mind->waiting.request_id == request_id)
		{
			forget_question(minds, &mind->waiting);
			return true;
		}
		if (mind->asked.request_id == request_id && !mind->asked.cancelled)
		{
			mind->asked.cancelled = true;
			minds->in_flight--;
			return true;
		}
	}
	return false;
}


/* ------------------------------------------------------------- housekeeping */

/* Gives up a call that nobody waits for and that was not answered, and goes on with the mind's next question. */
static void
give_up(Minds *minds, Mind *mind)
{
	minds->ports.abandon(minds->owner, mind->call_id, "it takes too long");
	mind->bound = false;
	forget_question(minds, &mind->asked);
	start(minds, mind);
}

static bool
is_stuck(const Minds *minds, const Mind *mind)
{
	bool waited_for = mind->asked.request_id != 0 && !mind->asked.cancelled;

	return mind->step != MIND_IDLE && !waited_for && minds->now_ms - mind->called_at >= REFERENCE_PATIENCE_MS;
}

static bool
is_unused(const Minds *minds, const Mind *mind)
{
	return minds->now_ms - mind->used_at >= REFERENCE_RELEASE_MS &&
		   minds->clock - mind->clock >= REFERENCE_RELEASE_S;
}

/* Consolidates or releases an IDLE mind if it is time to; returns true when a call was made. */
static bool
keep_house(Minds *minds, Mind *mind)
{
	bool unused = is_unused(minds, mind);
	bool day_over =
		day_of(mind->clock) > mind->day && minds->now_ms - mind->consolidated_at >= REFERENCE_CONSOLIDATE_MS;

	if (mind->has_news && minds->consolidates && (day_over || unused))
	{
		mind->day = day_of(mind->clock);
		mind->consolidated_at = minds->now_ms;
		mind->has_news = false;
		return call(minds, mind, MIND_CONSOLIDATING, "consolidate_memories", json_object());
	}
	return unused && minds->releases && call(minds, mind, MIND_RELEASING, "cleanup_mind", json_object());
}

static void
minds_tick(void *state, int64_t now_ms)
{
	Minds *minds = state;
	bool   busy = false;

	minds->now_ms = now_ms;
	for (int i = 0; i < minds->count; i++)
	{
		Mind *mind = minds->minds[i];

		if (is_stuck(minds, mind))
			give_up(minds, mind);
		busy = busy || mind->step == MIND_CONSOLIDATING || mind->step == MIND_RELEASING;
	}
	for (int i = 0; i < minds->count && !busy; i++)
		if (minds->minds[i]->step == MIND_IDLE && minds->minds[i]->bound)
			busy = keep_house(minds, minds->minds[i]);
}

static int
minds_in_flight(const void *state)
{
	return ((const Minds *) state)->in_flight;
}

const MindDialect reference_dialect = {
	.is_spoken = reference_is_spoken,
	.create = minds_create,
	.free = minds_free,
	.decide = minds_decide,
	.cancel = minds_cancel,
	.answered = minds_answered,
	.tick = minds_tick,
	.in_flight = minds_in_flight,
};
