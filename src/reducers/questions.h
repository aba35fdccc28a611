/*
 * questions.h
 *	  Open questions in the order in which they are handed out.
 */
#ifndef NPCSIM_QUESTIONS_H
#define NPCSIM_QUESTIONS_H

#include "postgres.h"

#include "lib/binaryheap.h"
#include "nodes/pg_list.h"

#include "queue.h"
#include "reducers/world_head.h"

typedef struct OpenQuestion
{
	int64		   world_id;
	QueuedQuestion question;
	int64		   waiting; /* real microseconds */
	int32		   players; /* whose cameras see the NPC */
	bool		   spectated;
	int64		   priority; /* question_priority() */
} OpenQuestion;

/* Returns below 0 if the first is handed out before the second, above 0 if after it. */
extern int question_order(const OpenQuestion *a, const OpenQuestion *b);

/* Open questions of worlds that run, to be taken from one by one. */
typedef struct OpenQuestions
{
	WorldHead  *heads; /* of these worlds, by id */
	int			head_count;
	binaryheap *order; /* OpenQuestion, the next one to be handed out first */
	/* private */
	bool later_snapshot;
} OpenQuestions;

/*
 * Reads the open questions of some worlds (sorted) that are wanted. Until questions_end()
 * the active snapshot is the one that they, and whatever is told with them, are read by.
 */
extern void questions_begin(OpenQuestions *open, const int64 *world_ids, int world_count,
							const QuestionFilter *filter);
/* Returns the next one to be handed out; NULL when there is none. */
extern OpenQuestion *questions_next(OpenQuestions *open);
/* Puts back what was returned, to be returned again. */
extern void questions_put_back(OpenQuestions *open, List *questions);
extern void questions_end(OpenQuestions *open);

/* Reads all open questions of a world from the table, in order. SPI must be connected. */
extern OpenQuestion *questions_of_world(const WorldHead *head, int *count);

/* Whether a source had the question in vain. */
extern bool question_was_tried(const QueuedQuestion *question, int64 source_id);

#endif /* NPCSIM_QUESTIONS_H */
