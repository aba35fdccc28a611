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
#include "reducers/plausibility.h"
#include "tables/decision_log.h"
#include "tables/decision_slots.h"

typedef enum AnswerStatus
{
	ANSWER_PENDING, /* not judged yet */
	ANSWER_APPLIED,
	ANSWER_REJECTED,
	ANSWER_LATE, /* applied although its request was given up */
	ANSWER_DUPLICATE,
	ANSWER_FAILED /* there is no answer */
} AnswerStatus;

typedef struct Answer
{
	int64  player_id;
	int64  world_id; /* 0 = not known */
	int64  request_id;
	int64  npc_id;
	Jsonb *decision; /* as it came, for the log; NULL = none that can be kept */
	/*
	 * The part of it that takes effect; of a choice by number it is known only once the choice is looked up.
	 */
	Jsonb		*effect;
	const char	*flaw;	 /* why it cannot be carried out, or NULL */
	int64		 tokens; /* 0 if they are not known */
	bool		 tokens_known;
	bool		 tokens_valid;
	bool		 names_request; /* it has a request_id, and not only an npc_id */
	AnswerStatus status;
	int			 sqlstate;		/* of a rejection */
	const char	*reason;		/* of any status but plainly applied */
	int64		 state_counter; /* of the NPC when its mind was asked */
	/* The mind knows so many of the NPC's events. */
	int			 told_events;
	const char	*reason_asked;
	TimestampTz	 opened_at_real;
	TimestampTz	 sent_at_real; /* 0 = never */
	int64		 source_id;	   /* the request was sent to; 0 = none */
	int64		 credit;	   /* NPC-microseconds that it is paid if it is accepted */
	bool		 absent;	   /* nobody was there to answer */
	int64		 revision;
	int64		 clock;	  /* µs */
	RankedAction action;  /* what it decides, once it could be read */
	Ranking		*ranking; /* of what there was when the request was sent; NULL = it is not known */
	bool		 foreign; /* it is for an NPC that never was this player's */
	bool		 unasked; /* this player was not asked for it */
	bool		 pooled;  /* this player was asked in place of the NPC's own */
} Answer;

extern void answer_refuse(Answer *answer, Refusal refusal);
/*
 * Whether the answer is logged and its tokens count: it belongs to a known request, and is the first answer
 * to it.
 */
extern bool answer_is_logged(const Answer *answer);

/* Takes over what the slot knows of the request, which the log tells. */
extern void answer_take_request(Answer *answer, const Slot *slot);

/* Returns the slots of the NPCs and requests that answers of a world name. SPI must be connected. */
extern Slot *answers_slots(World *world, const Answer *answers, int count, int *slot_count);
/* Returns the slot an answer belongs to, or NULL. */
extern Slot *slot_find(Slot *slots, int count, const Answer *answer);

/* Whether an answer is about an older request than the slot's, or about one without a slot (NULL). */
extern bool answer_is_past(const Answer *answer, const Slot *slot);
/*
 * Returns what the log knows of the past requests among them, NULL if there are none. SPI must be connected.
 */
extern PastRequest *answers_past(int64 world_id, const Answer *answers, int count, Slot *slots,
								 int slot_count, int *past_count);
/* Returns the one that was put to the answer's player, else one that was put to another; NULL if there is none. */
extern PastRequest *past_request_find(PastRequest *past, int count, const Answer *answer);

/*
 * Writes answers that are judged to decision_log, marks the slots and counts tokens. SPI must be connected.
 */
extern void answers_log(const Answer *answers, int count);

/* Returns the name that answers have for the status in frames and in the log. */
extern const char *answer_status_name(AnswerStatus status);

/* Returns the decision_result frame as a datum of type json. */
extern Datum answer_json(const Answer *answer);

#endif /* NPCSIM_ANSWERS_H */
