/*
 * choices.h
 *	  Lists what an NPC may do now, so that its mind can choose by number.
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
	char *words[CHOICES_MAX];	/* the text of each, in quotes */
	int	  better[CHOICES_MAX];	/* how many the built-in mind ranks above each */
	bool  is_ranked[CHOICES_MAX];
	int	  count;
} OfferedChoices;

/* How the built-in mind ranks what a viewer may do (ranking_make()). */
typedef struct Ranking
{
	int16 keys[CHOICES_MAX];
	int	  count;
} Ranking;

/* Lists what a viewer may do, most useful first. The scene must have its terrain. */
extern void offer_choices(const Scene *scene, int viewer, OfferedChoices *choices, Ranking *ranking);

/* Ranks what a viewer may do, without words. The scene must have its terrain. */
extern void rank_choices(const Scene *scene, int viewer, Ranking *ranking);

/*
 * Appends ,"choices":[…] with as many as fit into 'room' bytes, the first ones; the others are removed from
 * the list.
 */
extern void json_choices(StringInfo out, OfferedChoices *choices, int room);

/* Returns the actions as an array, which is stored with the request. */
extern StringInfo offered_actions(const OfferedChoices *choices);

/*
 * Returns the decision that a choice by number stands for: the action chosen from those that were offered
 * with the request (NULL: none were), with those members of the decision that go with any action: its plan,
 * when to ask again, its own words. NULL with the reason in *flaw.
 */
extern Jsonb *decision_chosen(Jsonb *decision, Jsonb *offered, const char **flaw);

/* Whether the decision is a choice by number. */
extern bool decision_is_choice(Jsonb *decision);

#endif /* NPCSIM_REDUCERS_CHOICES_H */
