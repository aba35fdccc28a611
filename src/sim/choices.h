/*
 * choices.h
 *	  Lists what an NPC may do now, most useful first by the built-in mind's own ranking.
 *
 * It is for minds that choose from a list rather than spell out an action: each choice is complete,
 * and legal in the NPC's state.
 */
#ifndef NPCSIM_CHOICES_H
#define NPCSIM_CHOICES_H

#include "sim/mind.h"

#define CHOICES_MAX 24

/* How long the choice to wait lasts, so that a mind that chooses from a list does not stand for ever. */
#define CHOICE_WAIT (10 * SIM_SECOND)

/* An invitation that the NPC has not answered yet. */
typedef struct SeenBid
{
	int64_t bid_id;
	bool	acceptable; /* the bidder is near enough */
	bool	wanted;		/* the built-in mind would accept: mind_accepts() */
} SeenBid;

/* An interaction with another NPC that can be reached, who is free for it, or is in it and can be joined. */
typedef struct SeenPartner
{
	int64_t				   npc_id;
	const InteractionType *interaction;
} SeenPartner;

typedef struct ChoiceView
{
	/* It has the items that can be reached, and no wish to talk, which is a matter of chance. */
	MindView		   mind;
	const SeenBid	  *bids;
	int				   bid_count;
	const SeenPartner *partners; /* nearest first */
	int				   partner_count;
	bool			   may_speak;  /* the interaction takes an act now */
	bool			   may_wander; /* there is a cell to go to */
	/* The next cells, by Direction; all false for a walker, who is elsewhere soon. */
	bool is_free[4];
} ChoiceView;

/*
 * Ranks the choices and returns how many there are, at most CHOICES_MAX: of too many things in sight the last
 * are left out.
 *
 * Answers to invitations come first, since they do not wait; then what mind_decide() answers; then, for an
 * NPC on foot, what serves low needs (neediest first, then nearest), walking about, company, what serves
 * other needs, and standing; in an interaction, staying and leaving.
 *
 * better[i] is how many of them the built-in mind ranks above the i-th. That is i, but for what it ranks equal: things that serve needs
 * equally, between which only the way decides, and company.
 */
extern int choices_rank(const ChoiceView *view, Action choices[CHOICES_MAX], int better[CHOICES_MAX]);

/*
 * A ranking in few bytes, which is kept with a question: a key of each choice in order, ~key of one that is equal to the one before it.
 * Keys are 15 bits, so that an action that is none of the choices is taken for one of them once in a thousand times.
 */
extern int ranking_make(const Action *choices, const int *better, int count, int16_t ranking[CHOICES_MAX]);

extern int16_t choice_key(const Action *action);

/* Returns how many choices rank above the one of this key; -1 if there is none. */
extern int ranking_better(const int16_t *ranking, int count, int16_t key);

/*
 * Whether it says anything of a mind how an action ranks. It does not for what cannot be wrong: to stand, to walk about, to go on, to
 * talk, to answer invitations; nor for walks, which lead to anything.
 */
extern bool choice_is_ranked(const Action *action);

#endif /* NPCSIM_CHOICES_H */
