/*
 * suspects.h
 *	  Looks for players whose answers are dishonest: foreign, unasked for, or implausible again and again.
 *
 * Whoever looks locks the rows of player_suspicion by the ids of players, all of them before it suspends anybody, and holds the world or
 * the mark of the fold. So nobody waits for what somebody else has who waits for it.
 */
#ifndef NPCSIM_REDUCERS_SUSPECTS_H
#define NPCSIM_REDUCERS_SUSPECTS_H

#include "postgres.h"

#include "reducers/answers.h"

/*
 * Looks for answers that are dishonest among those that were judged: who gives them for NPCs that were never its own, or many that nobody asked
 * for, is suspended. It comes before anything is written to the players' rows. SPI must be connected.
 */
extern void answers_watch(const Answer *answers, int count);

/* Answers whose plausibility is known, in the order in which they came. */
typedef struct RankedAnswer
{
	int64 world_id;
	int64 player_id;
	int32 plausibility; /* thousandths */
	int	  place;		/* in that order */
} RankedAnswer;

typedef struct RankedAnswers
{
	RankedAnswer *answers;
	int			  count;
	int			  room;
} RankedAnswers;

/* Begins a list, in the present memory context, where it stays. */
extern void ranked_answers_begin(RankedAnswers *ranked);
extern void ranked_answers_note(RankedAnswers *ranked, int64 world_id, int64 player_id, int32 plausibility);

/*
 * Takes the answers into account: suspicion of their players grows or shrinks, who is suspect is flagged, and whoever gives one hopeless answer
 * after the other is suspended. Called by the fold alone, once and at its end. SPI must be connected.
 */
extern void ranked_answers_judge(RankedAnswers *ranked);

#endif /* NPCSIM_REDUCERS_SUSPECTS_H */
