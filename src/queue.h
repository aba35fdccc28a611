/*
 * queue.h
 *	  Questions to minds that are open, in shared memory, so that handing them out costs the same in small and in
 *	  large worlds.
 *
 * The queue is a hint. Whether a question is open is in its row of decision_slots, which is looked at when it is
 * handed out. What the queue promises is that no open question is missing from one that is complete.
 *
 * All functions are about worlds of MyDatabaseId, and may be called where the library was not preloaded: there
 * is no queue then, and nothing is noted.
 */
#ifndef NPCSIM_QUEUE_H
#define NPCSIM_QUEUE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/lwlock.h"

#include "sim/sim.h"

#define QUESTION_TRIED_MAX 4

/* An open question, with what its place in the order depends on. */
typedef struct QueuedQuestion
{
	int64		npc_id;
	int64		request_id;
	int64		player_id;
	TimestampTz opened_at;
	/* When it was put into the queue, counted over all questions; 0 = it was not read from there. */
	uint64	serial;
	CellBox where; /* the NPC stands or walks in; empty (min beyond max) = not known */
	int16	reason;
	bool	in_interaction;			   /* of the NPC */
	int64	tried[QUESTION_TRIED_MAX]; /* sources that had it in vain, the last first; 0 = none */
} QueuedQuestion;

/* Which questions somebody wants: those for some players, and for the pool those of players who cannot be asked. */
typedef struct QuestionFilter
{
	const int64 *player_ids; /* sorted */
	int			 player_count;
	bool		 pooled;	  /* those for the pool, too, and for players who are not among: */
	const int64 *askable_ids; /* sorted */
	int			 askable_count;
} QuestionFilter;

extern bool question_is_wanted(const QuestionFilter *filter, int64 player_id);
/* Whether the player's question is for the pool: it is put to that, or its player cannot be asked. */
extern bool question_is_pooled(const QuestionFilter *filter, int64 player_id);

/* ---- what a transaction does to questions, noted now and put into the queue when it commits ---- */

extern void queue_note_opened(int64 world_id, const QueuedQuestion *question);
/* The NPC of a question that may be open moved, or began or ended to take part in an interaction. */
extern void queue_note_moved(int64 world_id, int64 npc_id, CellBox where, bool in_interaction);
/* The question, and older ones of the NPC, are not open any more. */
extern void queue_note_closed(int64 world_id, int64 npc_id, int64 request_id);
/* The NPC's question was found not to be open, or is handed out, as it was in the queue when this serial was read. */
extern void queue_note_gone(int64 world_id, int64 npc_id, uint64 serial);
/*
 * Questions of the world (0: of any) may have been opened by somebody else, or it is gone: what is known of it is
 * forgotten.
 */
extern void queue_note_doubt(int64 world_id);

/*
 * Puts what was noted into the queue. It is done at commit by itself; who lets somebody else go on at that moment
 * calls it before.
 */
extern void queue_commit(void);

/* Returns the serial of the NPC's question, if the queue has it; else 0. */
extern uint64 queue_serial(int64 world_id, int64 npc_id);

/* ---- reading and filling ---- */

/*
 * Whether this transaction may go by the queue: there is one, the transaction has written nothing that it would
 * not find there, and sees what was committed before each of its statements.
 */
extern bool queue_may_be_used(void);

/*
 * Returns the questions that are wanted, palloc'd in no particular order, with their number
 * in *count; NULL if the queue of the world is not complete. What commits after this call is not in it, so that the
 * caller looks at rows with a later snapshot.
 */
extern QueuedQuestion *queue_read(int64 world_id, const QuestionFilter *filter, int *count);

/* A filling of a world's queue from the table. */
typedef struct QueueFilling
{
	int64  world_id;
	uint64 life;  /* of the queue */
	uint64 since; /* the serial when it began */
} QueueFilling;

/*
 * Begins to fill a world's queue: what is opened from now on is put into it. Returns false if it is of no use,
 * because it lately did not fit into memory.
 */
extern bool queue_begin_filling(int64 world_id, QueueFilling *filling);
/*
 * Puts all open questions of the world into the queue, as a snapshot showed them that was taken after the beginning,
 * and drops what was there before and is not among them. Returns false if they did not fit into memory.
 */
extern bool queue_fill(const QueueFilling *filling, const QueuedQuestion *questions, int count);

/* ---- start and end ---- */

extern Size queue_size(void);
extern void queue_startup(LWLock *lock);
/* Forgets the queues of a database that is gone. */
extern void queue_forget_database(Oid database);

#endif /* NPCSIM_QUEUE_H */
