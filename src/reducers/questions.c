/*
 * questions.c
 *	  The order in which open questions are handed out, and the functions that show it to operators:
 *	  prioritize_npc_decisions(), calculate_decision_priority() and count_players_viewing_npc().
 *
 * The order is the market's (market/priority.h); of equal ones the question that was opened first comes first, then
 * the one with the smaller ids. A claim reads the questions from the queue in shared memory (queue.h), or from the
 * table where there is none; what operators are shown is read from the table. Both come to the same.
 *
 * A camera sees an NPC that is on one of its cells now. What the queue knows is the box in which an NPC walks:
 * the cell is looked up for those whose box lies partly in a camera's view.
 */
#include "postgres.h"

#include <math.h>

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "guc.h"
#include "market/priority.h"
#include "reducers/args.h"
#include "reducers/npcs.h"
#include "reducers/questions.h"
#include "spi.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_count_players_viewing_npc);
PG_FUNCTION_INFO_V1(npcsim_calculate_decision_priority);
PG_FUNCTION_INFO_V1(npcsim_prioritize_npc_decisions);

/* ---- viewers ---- */

typedef enum View
{
	VIEW_NONE,
	VIEW_PART,
	VIEW_WHOLE
} View;

/* Returns how much of a box a camera sees. */
static View
view_of(const CameraRow *camera, CellBox box)
{
	if (cell_box_is_empty(box) || box.max.x < camera->min_x || box.min.x > camera->max_x ||
		box.max.y < camera->min_y || box.min.y > camera->max_y)
		return VIEW_NONE;
	if (box.min.x >= camera->min_x && box.max.x <= camera->max_x && box.min.y >= camera->min_y &&
		box.max.y <= camera->max_y)
		return VIEW_WHOLE;
	return VIEW_PART;
}

/* Returns the cameras in a world; a standby has none, since it has no sessions. */
static CameraRow *
read_cameras(int64 world_id, int *count)
{
	*count = 0;
	return RecoveryInProgress() ? NULL : sessions_cameras(world_id, count);
}

/* Counts who sees a box, which is one cell. The cameras are in order of player. */
static int32
count_viewers(const CameraRow *cameras, int count, CellBox box, bool *spectated)
{
	int64 last = 0;
	int32 players = 0;

	*spectated = false;
	for (int i = 0; i < count; i++)
	{
		if (cameras[i].player_id == last && (last != 0 || *spectated))
			continue;
		if (view_of(&cameras[i], box) == VIEW_NONE)
			continue;
		last = cameras[i].player_id;
		if (last == 0)
			*spectated = true;
		else
			players++;
	}
	return players;
}

static bool
is_seen_in_part(const CameraRow *cameras, int count, CellBox box)
{
	for (int i = 0; i < count; i++)
		if (view_of(&cameras[i], box) == VIEW_PART)
			return true;
	return false;
}

static int
compare_slots(const void *a, const void *b)
{
	int64 left = ((const OpenSlot *) a)->question.npc_id;
	int64 right = ((const OpenSlot *) b)->question.npc_id;

	return left < right ? -1 : left > right;
}

/* Narrows the box of each question whose NPC a camera sees in part to the cell on which it is now. */
static void
narrow_boxes(const WorldHead *head, OpenQuestion *questions, int count, const CameraRow *cameras,
			 int camera_count)
{
	int64	 *ids = palloc(sizeof(int64) * Max(count, 1));
	int		  wanted = 0;
	int		  found;
	OpenSlot *slots;

	for (int i = 0; i < count; i++)
		if (is_seen_in_part(cameras, camera_count, questions[i].question.where))
			ids[wanted++] = questions[i].question.npc_id;
	if (wanted == 0)
		return;
	slots = slots_open_of(head->world_id, ids, wanted, &found);
	qsort(slots, found, sizeof(OpenSlot), compare_slots);
	for (int i = 0; i < count; i++)
	{
		OpenSlot  key = {.question.npc_id = questions[i].question.npc_id};
		OpenSlot *slot;
		Cell	  cell;

		if (!is_seen_in_part(cameras, camera_count, questions[i].question.where))
			continue;
		slot = bsearch(&key, slots, found, sizeof(OpenSlot), compare_slots);
		if (slot != NULL && open_slot_cell(slot, head->now, &cell))
			questions[i].question.where = (CellBox) {cell, cell};
		else
			questions[i].question.where = CELL_BOX_EMPTY;
	}
}

/* ---- the order ---- */

static QuestionClass
class_of(int16 reason)
{
	switch ((DecisionReason) reason)
	{
		case REASON_BID:
			return QUESTION_BID;
		case REASON_MESSAGE:
			return QUESTION_MESSAGE;
		case REASON_IDLE:
		case REASON_INTERVAL:
		case REASON_NEED:
		case REASON_PLAN_FAILED:
		case REASON_REQUESTED:
		case REASON_CHECK:
		case REASON_CARE:
		case REASON_NEED_WAITS:
			break;
	}
	return QUESTION_REST;
}

/* Fills in what the place of questions of one world in the order depends on. */
static void
rank(const WorldHead *head, OpenQuestion *questions, int count, TimestampTz now)
{
	int		   camera_count;
	CameraRow *cameras = count > 0 ? read_cameras(head->world_id, &camera_count) : NULL;

	if (cameras != NULL && camera_count > 0)
		narrow_boxes(head, questions, count, cameras, camera_count);
	for (int i = 0; i < count; i++)
	{
		OpenQuestion *open = &questions[i];

		open->waiting = Max(now - open->question.opened_at, 0);
		if (cameras != NULL)
			open->players = count_viewers(cameras, camera_count, open->question.where, &open->spectated);
		open->priority = question_priority(&(Question) {.class = class_of(open->question.reason),
														.waiting = open->waiting,
														.players = open->players,
														.spectated = open->spectated,
														.in_interaction = open->question.in_interaction});
	}
}

static int
compare_numbers(int64 a, int64 b)
{
	return a < b ? -1 : a > b;
}

int
question_order(const OpenQuestion *a, const OpenQuestion *b)
{
	int order = compare_numbers(b->priority, a->priority);

	if (order == 0)
		order = compare_numbers(a->question.opened_at, b->question.opened_at);
	if (order == 0)
		order = compare_numbers(a->world_id, b->world_id);
	if (order == 0)
		order = compare_numbers(a->question.npc_id, b->question.npc_id);
	return order;
}

static int
compare_in_heap(Datum a, Datum b, void *arg)
{
	return question_order((const OpenQuestion *) DatumGetPointer(b),
						  (const OpenQuestion *) DatumGetPointer(a));
}

static int
compare_questions(const void *a, const void *b)
{
	return question_order(a, b);
}

/* ---- questions to be handed out ---- */

/* What is known of a world's questions before the rows are looked at. */
typedef struct WorldReading
{
	int64			world_id;
	QueuedQuestion *queued; /* NULL = not from the queue */
	int				count;
	bool			fills; /* the queue is filled from the table */
	QueueFilling	filling;
} WorldReading;

static void
fill_queue(const QueueFilling *filling, const OpenSlot *slots, int count)
{
	QueuedQuestion *questions = palloc(sizeof(QueuedQuestion) * Max(count, 1));

	for (int i = 0; i < count; i++)
		questions[i] = slots[i].question;
	if (!queue_fill(filling, questions, count))
		ereport(LOG,
				errmsg("the open questions of world %lld do not fit into memory",
					   (long long) filling->world_id),
				errdetail("There are %d. They are read from the table for a minute, which takes longer.",
						  count),
				errhint("Raise npcsim.max_open_questions and restart the server."));
	pfree(questions);
}

/* Reads the questions of one world. Returns how many there are. */
static int
read_questions(const WorldReading *reading, const QuestionFilter *filter, OpenQuestion **questions)
{
	int64	  world_id = reading->world_id;
	int		  count = reading->count;
	OpenSlot *slots = NULL;
	int		  kept = 0;

	if (reading->queued == NULL)
		slots = reading->fills || filter->pooled
					? slots_open(world_id, NULL, 0, &count)
					: slots_open(world_id, filter->player_ids, filter->player_count, &count);
	if (reading->fills)
		fill_queue(&reading->filling, slots, count);
	*questions = palloc0(sizeof(OpenQuestion) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		const QueuedQuestion *question = slots == NULL ? &reading->queued[i] : &slots[i].question;

		if (slots == NULL || question_is_wanted(filter, question->player_id))
			(*questions)[kept++] = (OpenQuestion) {.world_id = world_id, .question = *question};
	}
	return kept;
}

/* Reads the heads of the worlds that run; the ids are sorted. Returns how many there are. */
static int
read_running_worlds(const int64 *ids, int count, WorldHead **heads)
{
	int found = read_world_heads(ids, count, heads);
	int running = 0;

	for (int i = 0; i < found; i++)
		if ((*heads)[i].running)
			(*heads)[running++] = (*heads)[i];
	return running;
}

static void
add_all(OpenQuestions *open, OpenQuestion *questions, int count)
{
	binaryheap *before = open->order;

	open->order =
		binaryheap_allocate(Max(count + (before == NULL ? 0 : before->bh_size), 1), compare_in_heap, NULL);
	while (before != NULL && !binaryheap_empty(before))
		binaryheap_add_unordered(open->order, binaryheap_remove_first(before));
	for (int i = 0; i < count; i++)
		binaryheap_add_unordered(open->order, PointerGetDatum(&questions[i]));
	binaryheap_build(open->order);
}

void
questions_begin(OpenQuestions *open, const int64 *world_ids, int world_count, const QuestionFilter *filter)
{
	WorldReading *readings = palloc0(sizeof(WorldReading) * Max(world_count, 1));
	TimestampTz	  now;

	memset(open, 0, sizeof(OpenQuestions));
	open->later_snapshot = queue_may_be_used();
	for (int i = 0; i < world_count; i++)
	{
		readings[i].world_id = world_ids[i];
		if (!open->later_snapshot)
			continue;
		readings[i].queued = queue_read(world_ids[i], filter, &readings[i].count);
		if (readings[i].queued == NULL)
			readings[i].fills = queue_begin_filling(world_ids[i], &readings[i].filling);
	}
	if (open->later_snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	open->head_count = read_running_worlds(world_ids, world_count, &open->heads);
	now = market_now();
	for (int i = 0, head = 0; i < world_count && head < open->head_count; i++)
	{
		OpenQuestion *questions;
		int			  count;

		if (readings[i].world_id != open->heads[head].world_id)
			continue;
		count = read_questions(&readings[i], filter, &questions);
		rank(&open->heads[head], questions, count, now);
		add_all(open, questions, count);
		head++;
	}
}

OpenQuestion *
questions_next(OpenQuestions *open)
{
	if (open->order == NULL || binaryheap_empty(open->order))
		return NULL;
	return (OpenQuestion *) DatumGetPointer(binaryheap_remove_first(open->order));
}

void
questions_put_back(OpenQuestions *open, List *questions)
{
	ListCell *cell;

	foreach (cell, questions)
		binaryheap_add(open->order, PointerGetDatum(lfirst(cell)));
}

void
questions_end(OpenQuestions *open)
{
	if (open->later_snapshot)
		PopActiveSnapshot();
}

bool
question_was_tried(const QueuedQuestion *question, int64 source_id)
{
	for (int i = 0; i < QUESTION_TRIED_MAX; i++)
		if (source_id != 0 && question->tried[i] == source_id)
			return true;
	return false;
}

/* ---- what operators are shown ---- */

/*
 * Reads open questions of a world from the table, in order: all, or those of NPCs. What is allocated is in SPI's memory.
 */
static OpenQuestion *
questions_shown(const WorldHead *head, const int64 *npc_ids, int npc_count, int *count)
{
	OpenSlot	 *slots = npc_ids == NULL ? slots_open(head->world_id, NULL, 0, count)
										  : slots_open_of(head->world_id, npc_ids, npc_count, count);
	OpenQuestion *questions = palloc0(sizeof(OpenQuestion) * Max(*count, 1));

	for (int i = 0; i < *count; i++)
		questions[i] = (OpenQuestion) {.world_id = head->world_id, .question = slots[i].question};
	rank(head, questions, *count, market_now());
	qsort(questions, *count, sizeof(OpenQuestion), compare_questions);
	return questions;
}

OpenQuestion *
questions_of_world(const WorldHead *head, int *count)
{
	return questions_shown(head, NULL, 0, count);
}

/* Returns where an NPC is; raises NS201 if there is no such NPC. */
static CellBox
present_cell(const WorldHead *head, int64 npc_id)
{
	Cell cell;

	if (!npc_track_cell(head->world_id, npc_id, head->now, &cell))
		refuse_unknown_npc(head->world_id, npc_id);
	return (CellBox) {cell, cell};
}

/* count_players_viewing_npc(world_id, npc_id): spectators are counted as one. */
Datum
npcsim_count_players_viewing_npc(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	int64	   npc_id = arg_id(fcinfo, 1, "npc_id");
	CellBox	   where;
	int		   count;
	CameraRow *cameras;
	bool	   spectated;
	int32	   viewers;

	spi_begin();
	where = present_cell(read_world_head(world_id), npc_id);
	cameras = read_cameras(world_id, &count);
	viewers = count_viewers(cameras, count, where, &spectated);
	spi_end();
	PG_RETURN_INT32(viewers + spectated);
}

/* calculate_decision_priority(world_id, npc_id): NULL if no question of the NPC is open. */
Datum
npcsim_calculate_decision_priority(PG_FUNCTION_ARGS)
{
	int64		  world_id = arg_id(fcinfo, 0, "world_id");
	int64		  npc_id = arg_id(fcinfo, 1, "npc_id");
	WorldHead	 *head;
	OpenQuestion *questions;
	int64		  priority = 0;
	int			  count;

	spi_begin();
	head = read_world_head(world_id);
	(void) present_cell(head, npc_id);
	questions = questions_shown(head, &npc_id, 1, &count);
	if (count > 0)
		priority = questions->priority;
	spi_end();
	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(priority);
}

static Datum
seconds(int64 microseconds)
{
	return Float8GetDatum(microseconds / 1e6);
}

/* prioritize_npc_decisions(world_id): its open questions in the order of handing out. */
Datum
npcsim_prioritize_npc_decisions(PG_FUNCTION_ARGS)
{
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	OpenQuestion  *questions;
	int			   count;

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	questions = questions_of_world(read_world_head(world_id), &count);
	for (int i = 0; i < count; i++)
	{
		const OpenQuestion *open = &questions[i];
		bool				nulls[8] = {[3] = open->question.player_id == 0};

		tuplestore_putvalues(result->setResult, result->setDesc,
							 (Datum[]) {Int64GetDatum(i + 1), Int64GetDatum(open->question.npc_id),
										Int64GetDatum(open->question.request_id),
										Int64GetDatum(open->question.player_id),
										CStringGetTextDatum(
											decision_reason_name((DecisionReason) open->question.reason)),
										seconds(open->waiting),
										Int32GetDatum(question_viewers(open->players, open->spectated)),
										Int64GetDatum(open->priority)},
							 nulls);
	}
	spi_end();
	return (Datum) 0;
}
