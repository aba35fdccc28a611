/*
 * choices.h
 *	  The list of what an NPC may do now, from which its mind chooses by
 *	  number.
 */
#ifndef NPCSIM_REDUCERS_CHOICES_H
#define NPCSIM_REDUCERS_CHOICES_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "reducers/scene.h"
#include "sim/choices.h"

typedef struct OfferedChoices
{
	char *actions[CHOICES_MAX]; /* members of an action: "action":"consume","target_id":19 */
	char *words[CHOICES_MAX];	/* what it is about, quoted */
	int	  count;
} OfferedChoices;

/* What a viewer may do, most useful first. The scene has its terrain. */
extern void offer_choices(const Scene *scene, int viewer, OfferedChoices *choices);

/* ,"choices":[…], as many as fit into so many bytes, the first ones; the others are taken off the list. */
extern void json_choices(StringInfo out, OfferedChoices *choices, int room);

/* Their actions, as an array: what is remembered with the request. */
extern StringInfo offered_actions(const OfferedChoices *choices);

/*
 * A decision by number, spelt out: the action chosen from those that were offered with the request (NULL: none were), and
 * of the decision what goes with any action: its plan, when to ask again, its own words. NULL with the reason in *flaw.
 */
extern Jsonb *decision_chosen(Jsonb *decision, Jsonb *offered, const char **flaw);

/* Whether the decision is one by number. */
extern bool decision_is_choice(Jsonb *decision);

#endif /* NPCSIM_REDUCERS_CHOICES_H */
