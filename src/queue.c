/*
 * queue.c
 *	  Questions to minds that are open, in shared memory.
 *
 * Each world has a list of them, which is made when questions of the world are first asked for, and filled from
 * the table. From then on whoever opens a question, or opens it again, puts it there when the transaction commits.
 *
 *	 no queue --(queue_begin_filling)--> filling --(queue_fill)--> complete --(QUEUE_LASTS)--> to be filled anew
 *		^------------------------ forgotten, did not fit ------------------------/
 *
 * Invariants:
 *	- A complete queue has every question that was open when anybody's snapshot was taken before the queue was
 *	  read: a transaction becomes visible before it is put there, so who reads the queue first and takes a snapshot
 *	  then finds in the snapshot what the queue had, or later states of it. What is visible and not in the queue
 *	  yet follows within the same commit, before gateways are told of it.
 *	- A filling takes its snapshot after it began. What commits later puts itself into the queue, what committed
 *	  before is in the snapshot.
 *	- A question in the queue that is not open any more does no harm. It is removed by who closed it, by a claim
 *	  that comes across it, or by the next filling.
 *	- A serial is never given twice, so a question that was opened again is not taken for the one that was there.
 *	- A queue that does not fit is forgotten as a whole: its world is read from the table for a while.
 *	- The lock guards everything here; nothing under it waits, and at commit nothing under it fails.
 *
 * Where an NPC is is as fresh as its last change, except that a filling may be late by what happened meanwhile: the
 * order of questions then is off until the NPC's next change.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "queue.h"

/*
 * A queue is filled anew when it is so old, whoever looks after it: should a question ever be missing, it is found
 * then.
 */
#define QUEUE_LASTS_MS 60000
/* For so long a world is read from the table when its questions did not fit into memory. */
#define QUEUE_RESTS_MS 60000
/* A transaction that notes more has the queues of its database filled anew instead. */
#define NOTES_MOST 200000

typedef struct QueueKey
{
	int64  world_id;
	Oid	   database;
	uint32 unused; /* zero: keys are compared bytewise */
} QueueKey;

typedef struct WorldQueue
{
	QueueKey	key;
	uint64		life; /* another one after each time it was forgotten */
	bool		complete;
	TimestampTz filled_at;
	TimestampTz rests_until; /* because it did not fit */
	TimestampTz read_at;	 /* the least lately read one makes room for others */
	int			count;
	dlist_head	entries; /* QueueEntry */
} WorldQueue;

typedef struct EntryKey
{
	WorldQueue *queue;
	int64		npc_id;
} EntryKey;

typedef struct QueueEntry
{
	EntryKey	   key;
	dlist_node	   node;
	QueuedQuestion question;
	uint64		   found_in; /* the filling (its "since") that found it open last */
} QueueEntry;

typedef struct QueueState
{
	uint64 serial; /* the last that was given */
	uint64 life;
} QueueState;

static LWLock	  *queue_lock = NULL;
static HTAB		  *queues = NULL;
static HTAB		  *entries = NULL;
static QueueState *shared = NULL;

Size
queue_size(void)
{
	Size size = hash_estimate_size(guc_max_worlds, sizeof(WorldQueue));

	size = add_size(size, hash_estimate_size(guc_max_open_questions, sizeof(QueueEntry)));
	return add_size(size, MAXALIGN(sizeof(QueueState)));
}

void
queue_startup(LWLock *lock)
{
	HASHCTL of_worlds = {.keysize = sizeof(QueueKey), .entrysize = sizeof(WorldQueue)};
	HASHCTL of_questions = {.keysize = sizeof(EntryKey), .entrysize = sizeof(QueueEntry)};
	bool	found;

	queues =
		ShmemInitHash("npcsim queues", guc_max_worlds, guc_max_worlds, &of_worlds, HASH_ELEM | HASH_BLOBS);
	entries = ShmemInitHash("npcsim open questions", guc_max_open_questions, guc_max_open_questions,
							&of_questions, HASH_ELEM | HASH_BLOBS);
	shared = ShmemInitStruct("npcsim queue state", sizeof(QueueState), &found);
	if (!found)
		memset(shared, 0, sizeof(QueueState));
	queue_lock = lock;
}

bool
queue_may_be_used(void)
{
	return queue_lock != NULL && !TransactionIdIsValid(GetTopTransactionIdIfAny()) &&
		   !IsolationUsesXactSnapshot();
}

/* ---- the queues; the caller holds the lock ---- */

static WorldQueue *
find_queue(int64 world_id)
{
	QueueKey key = {.world_id = world_id, .database = MyDatabaseId};

	return hash_search(queues, &key, HASH_FIND, NULL);
}

static QueueEntry *
find_entry(WorldQueue *queue, int64 npc_id)
{
	EntryKey key = {.queue = queue, .npc_id = npc_id};

	return hash_search(entries, &key, HASH_FIND, NULL);
}

static void
drop_entry(WorldQueue *queue, QueueEntry *entry)
{
	dlist_delete(&entry->node);
	queue->count--;
	(void) hash_search(entries, &entry->key, HASH_REMOVE, NULL);
}

/* Drops all that is known of a world. Fillings that are under way are in vain. */
static void
forget_queue(WorldQueue *queue)
{
	dlist_mutable_iter place;

	dlist_foreach_modify(place, &queue->entries)
		drop_entry(queue, dlist_container(QueueEntry, node, place.cur));
	queue->complete = false;
	queue->life = ++shared->life;
}

static void
remove_queue(WorldQueue *queue)
{
	forget_queue(queue);
	(void) hash_search(queues, &queue->key, HASH_REMOVE, NULL);
}

static void
forget_all_of(Oid database, bool remove)
{
	HASH_SEQ_STATUS scan;
	WorldQueue	   *queue;

	hash_seq_init(&scan, queues);
	while ((queue = hash_seq_search(&scan)) != NULL)
	{
		if (queue->key.database != database)
			continue;
		if (remove)
			remove_queue(queue);
		else
			forget_queue(queue);
	}
}

static void
make_room(void)
{
	HASH_SEQ_STATUS scan;
	WorldQueue	   *queue;
	WorldQueue	   *oldest = NULL;

	if (hash_get_num_entries(queues) < guc_max_worlds)
		return;
	hash_seq_init(&scan, queues);
	while ((queue = hash_seq_search(&scan)) != NULL)
		if (oldest == NULL || queue->read_at < oldest->read_at)
			oldest = queue;
	remove_queue(oldest);
}

static WorldQueue *
make_queue(int64 world_id)
{
	QueueKey	key = {.world_id = world_id, .database = MyDatabaseId};
	WorldQueue *queue;
	bool		found;

	make_room();
	queue = hash_search(queues, &key, HASH_ENTER_NULL, &found);
	if (queue == NULL)
		return NULL;
	memset((char *) queue + sizeof(QueueKey), 0, sizeof(WorldQueue) - sizeof(QueueKey));
	queue->life = ++shared->life;
	dlist_init(&queue->entries);
	return queue;
}

/* Returns the entry of an NPC, which is new if there was none; NULL if it does not fit. */
static QueueEntry *
make_entry(WorldQueue *queue, int64 npc_id)
{
	EntryKey	key = {.queue = queue, .npc_id = npc_id};
	QueueEntry *entry = find_entry(queue, npc_id);
	bool		found;

	if (entry != NULL)
		return entry;
	/* The hash table itself would take more, at the expense of others who need shared memory. */
	if (hash_get_num_entries(entries) >= guc_max_open_questions ||
		(entry = hash_search(entries, &key, HASH_ENTER_NULL, &found)) == NULL)
		return NULL;
	memset((char *) entry + sizeof(EntryKey), 0, sizeof(QueueEntry) - sizeof(EntryKey));
	dlist_push_tail(&queue->entries, &entry->node);
	queue->count++;
	return entry;
}

static void
set_question(QueueEntry *entry, const QueuedQuestion *question)
{
	entry->question = *question;
	entry->question.serial = ++shared->serial;
}

/* Puts a question into the queue, unless a newer one of the NPC is there. Returns false if it does not fit. */
static bool
put_question(WorldQueue *queue, const QueuedQuestion *question)
{
	QueueEntry *entry = make_entry(queue, question->npc_id);

	if (entry == NULL)
		return false;
	if (entry->question.request_id <= question->request_id)
		set_question(entry, question);
	return true;
}

static void
put_to_rest(WorldQueue *queue)
{
	forget_queue(queue);
	queue->rests_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), QUEUE_RESTS_MS);
}

/* ---- what was noted ---- */

typedef enum NoteKind
{
	NOTE_OPENED,
	NOTE_MOVED,
	NOTE_CLOSED,
	NOTE_GONE,
	NOTE_DOUBT
} NoteKind;

typedef struct QueueNote
{
	NoteKind		 kind;
	SubTransactionId subxact; /* in which it was noted, or its parent once it ended */
	int64			 world_id;
	/* Of those that were not opened some members alone. */
	QueuedQuestion question;
} QueueNote;

/* In TopTransactionContext; NULL between transactions. */
static QueueNote *notes = NULL;
static int		  note_count = 0;
static int		  note_room = 0;

/* Their memory goes with the transaction. */
static void
forget_notes(void)
{
	notes = NULL;
	note_count = note_room = 0;
}

static void
carry_out(WorldQueue *queue, const QueueNote *note)
{
	const QueuedQuestion *question = &note->question;
	QueueEntry			 *entry;

	if (note->kind == NOTE_DOUBT)
	{
		forget_queue(queue);
		return;
	}
	if (note->kind == NOTE_OPENED)
	{
		if (!put_question(queue, question))
			put_to_rest(queue);
		return;
	}
	entry = find_entry(queue, question->npc_id);
	if (entry == NULL)
		return;
	switch (note->kind)
	{
		case NOTE_MOVED:
			entry->question.where = question->where;
			entry->question.in_interaction = question->in_interaction;
			break;
		case NOTE_CLOSED:
			if (entry->question.request_id <= question->request_id)
				drop_entry(queue, entry);
			break;
		case NOTE_GONE:
			if (entry->question.serial == question->serial)
				drop_entry(queue, entry);
			break;
		case NOTE_OPENED:
		case NOTE_DOUBT:
			break;
	}
}

/* Nothing here may fail, since the transaction is committed. */
void
queue_commit(void)
{
	WorldQueue *queue = NULL;
	int64		world_id = 0;

	if (note_count == 0)
		return;
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	for (int i = 0; i < note_count; i++)
	{
		if (notes[i].kind == NOTE_DOUBT && notes[i].world_id == 0)
		{
			forget_all_of(MyDatabaseId, false);
			continue;
		}
		if (i == 0 || notes[i].world_id != world_id)
		{
			world_id = notes[i].world_id;
			queue = find_queue(world_id);
		}
		if (queue != NULL)
			carry_out(queue, &notes[i]);
	}
	LWLockRelease(queue_lock);
	note_count = 0;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			if (note_count > 0)
				ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg(
							"a transaction that opened or handed out questions to minds cannot be prepared"),
						errdetail("Nobody would learn of them when it is committed."),
						errhint("Commit it in one phase."));
			break;
		case XACT_EVENT_COMMIT:
			queue_commit();
			/* A subtransaction that was rolled back may have left memory without notes. */
			forget_notes();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			forget_notes();
			break;
		default:
			break;
	}
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int kept = 0;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	/* What a subtransaction noted stands behind what was noted before it. */
	for (kept = note_count; kept > 0 && notes[kept - 1].subxact == mine; kept--)
		notes[kept - 1].subxact = parent;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		note_count = kept;
}

/* Returns a note to be filled in; NULL where there are no queues. */
static QueueNote *
new_note(NoteKind kind, int64 world_id)
{
	static bool registered = false;
	QueueNote  *note;

	if (queue_lock == NULL)
		return NULL;
	if (!registered)
	{
		RegisterXactCallback(on_transaction_end, NULL);
		RegisterSubXactCallback(on_subtransaction_end, NULL);
		registered = true;
	}
	if (note_count >= NOTES_MOST)
	{
		/* A last one, to which nothing is added. */
		if (notes[note_count - 1].kind == NOTE_DOUBT && notes[note_count - 1].world_id == 0)
			return NULL;
		kind = NOTE_DOUBT;
		world_id = 0;
	}
	if (note_count == note_room)
	{
		int room = Max(2 * note_room, 64);

		notes = notes == NULL ? MemoryContextAlloc(TopTransactionContext, room * sizeof(QueueNote))
							  : repalloc(notes, room * sizeof(QueueNote));
		note_room = room;
	}
	note = &notes[note_count++];
	*note = (QueueNote) {.kind = kind, .subxact = GetCurrentSubTransactionId(), .world_id = world_id};
	return note;
}

void
queue_note_opened(int64 world_id, const QueuedQuestion *question)
{
	QueueNote *note = new_note(NOTE_OPENED, world_id);

	if (note != NULL)
		note->question = *question;
}

void
queue_note_moved(int64 world_id, int64 npc_id, CellBox where, bool in_interaction)
{
	QueueNote *note = new_note(NOTE_MOVED, world_id);

	if (note != NULL)
		note->question =
			(QueuedQuestion) {.npc_id = npc_id, .where = where, .in_interaction = in_interaction};
}

void
queue_note_closed(int64 world_id, int64 npc_id, int64 request_id)
{
	QueueNote *note = new_note(NOTE_CLOSED, world_id);

	if (note != NULL)
		note->question = (QueuedQuestion) {.npc_id = npc_id, .request_id = request_id};
}

void
queue_note_gone(int64 world_id, int64 npc_id, uint64 serial)
{
	QueueNote *note = new_note(NOTE_GONE, world_id);

	if (note != NULL)
		note->question = (QueuedQuestion) {.npc_id = npc_id, .serial = serial};
}

void
queue_note_doubt(int64 world_id)
{
	(void) new_note(NOTE_DOUBT, world_id);
}

/* ---- reading and filling ---- */

uint64
queue_serial(int64 world_id, int64 npc_id)
{
	WorldQueue *queue;
	QueueEntry *entry = NULL;
	uint64		serial;

	if (queue_lock == NULL)
		return 0;
	LWLockAcquire(queue_lock, LW_SHARED);
	queue = find_queue(world_id);
	if (queue != NULL)
		entry = find_entry(queue, npc_id);
	serial = entry != NULL ? entry->question.serial : 0;
	LWLockRelease(queue_lock);
	return serial;
}

static bool
has_id(const int64 *ids, int count, int64 id)
{
	int low = 0;

	while (count > 0)
	{
		int half = count / 2;

		if (ids[low + half] < id)
		{
			low += half + 1;
			count -= half + 1;
		}
		else if (ids[low + half] > id)
			count = half;
		else
			return true;
	}
	return false;
}

bool
question_is_pooled(const QuestionFilter *filter, int64 player_id)
{
	return filter->pooled && !has_id(filter->askable_ids, filter->askable_count, player_id);
}

bool
question_is_wanted(const QuestionFilter *filter, int64 player_id)
{
	return has_id(filter->player_ids, filter->player_count, player_id) ||
		   question_is_pooled(filter, player_id);
}

QueuedQuestion *
queue_read(int64 world_id, const QuestionFilter *filter, int *count)
{
	TimestampTz		now = GetCurrentTimestamp();
	QueuedQuestion *questions = NULL;
	WorldQueue	   *queue;

	*count = 0;
	if (queue_lock == NULL)
		return NULL;
	LWLockAcquire(queue_lock, LW_SHARED);
	queue = find_queue(world_id);
	if (queue != NULL && queue->complete &&
		!TimestampDifferenceExceeds(queue->filled_at, now, QUEUE_LASTS_MS))
	{
		dlist_iter place;

		/* Others may write it, too, all of them about the same. */
		queue->read_at = now;
		questions = palloc(sizeof(QueuedQuestion) * Max(queue->count, 1));
		dlist_foreach(place, &queue->entries)
		{
			const QueueEntry *entry = dlist_container(QueueEntry, node, place.cur);

			if (question_is_wanted(filter, entry->question.player_id))
				questions[(*count)++] = entry->question;
		}
	}
	LWLockRelease(queue_lock);
	return questions;
}

bool
queue_begin_filling(int64 world_id, QueueFilling *filling)
{
	TimestampTz now = GetCurrentTimestamp();
	WorldQueue *queue;
	bool		begun;

	if (queue_lock == NULL)
		return false;
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue = find_queue(world_id);
	if (queue == NULL)
		queue = make_queue(world_id);
	begun = queue != NULL && queue->rests_until <= now;
	if (begun)
	{
		queue->read_at = now;
		*filling = (QueueFilling) {.world_id = world_id, .life = queue->life, .since = ++shared->serial};
	}
	LWLockRelease(queue_lock);
	return begun;
}

/* Puts in what a filling found; what came meanwhile is newer. Returns false if it does not fit. */
static bool
put_found(WorldQueue *queue, const QueueFilling *filling, const QueuedQuestion *questions, int count)
{
	for (int i = 0; i < count; i++)
	{
		QueueEntry *entry = make_entry(queue, questions[i].npc_id);

		if (entry == NULL)
			return false;
		if (entry->question.serial <= filling->since && entry->question.request_id != questions[i].request_id)
			set_question(entry, &questions[i]);
		entry->found_in = filling->since;
	}
	return true;
}

/* Drops what was there when the filling began and was not open by then. */
static void
drop_unfound(WorldQueue *queue, const QueueFilling *filling)
{
	dlist_mutable_iter place;

	dlist_foreach_modify(place, &queue->entries)
	{
		QueueEntry *entry = dlist_container(QueueEntry, node, place.cur);

		if (entry->question.serial <= filling->since && entry->found_in < filling->since)
			drop_entry(queue, entry);
	}
}

bool
queue_fill(const QueueFilling *filling, const QueuedQuestion *questions, int count)
{
	WorldQueue *queue;
	bool		fits = true;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue = find_queue(filling->world_id);
	if (queue != NULL && queue->life == filling->life)
	{
		fits = put_found(queue, filling, questions, count);
		if (fits)
		{
			drop_unfound(queue, filling);
			queue->complete = true;
			queue->filled_at = GetCurrentTimestamp();
		}
		else
			put_to_rest(queue);
	}
	LWLockRelease(queue_lock);
	return fits;
}

/* ---- the end ---- */

void
queue_forget_database(Oid database)
{
	if (queue_lock == NULL)
		return;
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	forget_all_of(database, true);
	LWLockRelease(queue_lock);
}
