/*
 * answers.h
 *	  Answers of minds, the slots of the requests they belong to, and the log.
 */
#ifndef NPCSIM_ANSWERS_H
#define NPCSIM_ANSWERS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "engine/world.h"
#include "tables/decision_log.h"
#include "tables/decision_slots.h"

typedef enum AnswerStatus
{
	ANSWER_PENDING, /* not judged yet */
	ANSWER_APPLIED,
	ANSWER_REJECTED,
	ANSWER_LATE, /* applied although its request was given up */
	ANSWER_DUPLICATE,
	ANSWER_FAILED /* there is none */
} AnswerStatus;

typedef struct Answer
{
	int64		 player_id;
	int64		 world_id; /* 0 = not known */
	int64		 request_id;
	int64		 npc_id;
	Jsonb		*decision; /* as it came, for the log; NULL = there is none, or none that can be kept */
	Jsonb		*effect;   /* what of it takes effect; of a choice by number not before that is known */
	const char	*flaw;	   /* why it cannot be taken at all, or NULL */
	int64		 tokens;   /* 0 when they are not known */
	bool		 tokens_known;
	bool		 tokens_valid;
	bool		 names_request; /* it has a request_id, and not only an npc_id */
	AnswerStatus status;
	int			 sqlstate;		/* of a rejection */
	const char	*reason;		/* of what is not plainly applied */
	int64		 state_counter; /* of the NPC when it was asked */
	int			 told_events;	/* how many of the NPC's events the mind knows by now */
	const char	*reason_asked;
	TimestampTz	 opened_at_real;
	TimestampTz	 sent_at_real; /* 0 = never */
	bool		 absent;	   /* nobody was there to answer */
	int64		 revision;
	int64		 clock; /* µs */
} Answer;

extern void answer_refuse(Answer *answer, Refusal refusal);
/* Whether a log line is written for it, and its tokens count: it is about a request that is known, the first of it. */
extern bool answer_is_logged(const Answer *answer);

/* Slots of the NPCs and requests that answers of a world name. SPI must be connected. */
extern Slot *answers_slots(World *world, const Answer *answers, int count, int *slot_count);
/* The one an answer belongs to, or NULL. */
extern Slot *slot_find(Slot *slots, int count, const Answer *answer);

/* Whether an answer is about an older request than the slot's (NULL: there is none), or about one that is nowhere. */
extern bool answer_is_past(const Answer *answer, const Slot *slot);
/* What the log knows of those requests. SPI must be connected. */
extern PastRequest *answers_past(int64 world_id, const Answer *answers, int count, Slot *slots,
								 int slot_count, int *past_count);
extern PastRequest *past_request_find(PastRequest *past, int count, const Answer *answer);

/* Writes what is final to decision_log, marks the slots and counts tokens. SPI must be connected. */
extern void answers_log(const Answer *answers, int count);

/* The decision_result frame as a datum of type json. */
extern Datum answer_json(const Answer *answer);

#endif /* NPCSIM_ANSWERS_H */
