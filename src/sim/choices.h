/*
 * choices.h
 *	  What an NPC may do now, most useful first by the built-in mind's own ranking.
 *
 * For minds that choose from a list rather than spell out an action: each is complete, and legal in the NPC's state.
 */
#ifndef NPCSIM_CHOICES_H
#define NPCSIM_CHOICES_H

#include "sim/mind.h"

#define CHOICES_MAX 24

/* How long the choice to wait lasts: a mind that chooses from a list does not stand for ever. */
#define CHOICE_WAIT (10 * SIM_SECOND)

/* An invitation that waits for the NPC's answer. */
typedef struct SeenBid
{
	int64_t bid_id;
	bool	acceptable; /* the bidder is near enough */
	bool	wanted;		/* mind_accepts() */
} SeenBid;

/* Something to do with another NPC, who is free for it, or does it and can be joined, and can be got to. */
typedef struct SeenPartner
{
	int64_t				   npc_id;
	const InteractionType *interaction;
} SeenPartner;

typedef struct ChoiceView
{
	MindView	   mind; /* items that can be got to; without the wish to talk, which is a matter of chance */
	const SeenBid *bids;
	int			   bid_count;
	const SeenPartner *partners; /* nearest first */
	int				   partner_count;
	bool			   may_speak;  /* in the interaction it is in, by now */
	bool			   may_wander; /* there is anywhere to go */
	bool is_free[4]; /* the next cell, by Direction; all false for a walker, who is elsewhere soon */
} ChoiceView;

/*
 * Answers to invitations come first, since they do not wait; then what mind_decide() answers; then, for one on foot,
 * what serves low needs (neediest first, then nearest), walking about, company, what serves other needs, and standing; in an
 * interaction, staying and leaving. How many there are, at most CHOICES_MAX: of too many things in sight the last are left out.
 */
extern int choices_rank(const ChoiceView *view, Action choices[CHOICES_MAX]);

#endif /* NPCSIM_CHOICES_H */
