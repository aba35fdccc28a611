/*
 * submit.c
 *	  Submits answers and failures to the database, in batches.
 *
 * Each world has its own queues and at most one batch of each on its way, so
 * that a world whose lock somebody holds delays no other.  Answers that arrive
 * within submit_delay of the first one, or while a batch is on its way, share
 * the next batch.
 *
 * A batch that failed for a passing reason (a lock, a lost connection) is sent
 * again as it is: the database applies an answer at most once and says
 * "duplicate" the second time.  One that failed for good is sent again element
 * by element, so that each gets its own verdict.  Answers wait while the
 * database is out of reach.
 *
 * Invariants:
 * - A queue has at most MAX_WAITING elements of MAX_WAITING_BYTES together; an
 *	 answer beyond that is refused at once, with a decision_result.
 * - An answer is sent at most MAX_ATTEMPTS times, with RETRY_MS between.
 */
#include "submit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "counts.h"
#include "report.h"
#include "world.h"

/* The size of a batch is bounded because it holds the world's lock, for which ticks wait. */
#define MAX_BATCH 64

#define MAX_WAITING			 8192
#define MAX_WAITING_BYTES	 (16 * 1024 * 1024)
#define MAX_BATCH_BYTES		 (1024 * 1024)
#define MAX_ATTEMPTS		 240
#define MAX_FAILURE_ATTEMPTS 10
#define RETRY_MS			 500
#define MAX_REASON			 500

typedef struct Item
{
	Client		*client; /* a reference; NULL for failures */
	int64_t		 player_id;
	int64_t		 request_id;
	char		*text; /* the answer, or why there is none */
	size_t		 length;
	int			 attempts;
	bool		 alone; /* it is sent in a batch of its own */
	struct Item *next;
} Item;

typedef struct ItemQueue
{
	Item   *first;
	Item   *last;
	int		count;
	size_t	bytes;		/* the sum of their texts' lengths */
	Item   *sent;		/* the batch on its way, in order */
	int64_t not_before; /* when the next batch may be sent, after a failure */
} ItemQueue;

typedef struct WorldSubmit
{
	World				  *world;
	ItemQueue			   answers;
	ItemQueue			   failures;
	bool				   timer_set;
	lws_sorted_usec_list_t timer;
} WorldSubmit;

static struct lws_context *submit_context;

static void flush(WorldSubmit *mine);

void
submit_start(struct lws_context *context)
{
	submit_context = context;
}

static void
free_item(Item *item)
{
	if (item->client != NULL)
		client_release(item->client);
	free(item->text);
	free(item);
}

static void
free_items(Item *item)
{
	while (item != NULL)
	{
		Item *next = item->next;

		free_item(item);
		item = next;
	}
}

static void
free_queue(ItemQueue *queue)
{
	free_items(queue->first);
	free_items(queue->sent);
	memset(queue, 0, sizeof(*queue));
}

void
submit_stop(void)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		WorldSubmit *mine = world->submit;

		if (mine == NULL)
			continue;
		lws_sul_cancel(&mine->timer);
		free_queue(&mine->answers);
		free_queue(&mine->failures);
		free(mine);
		world->submit = NULL;
	}
}

static void
append(ItemQueue *queue, Item *item)
{
	item->next = NULL;
	if (queue->last != NULL)
		queue->last->next = item;
	else
		queue->first = item;
	queue->last = item;
	queue->count++;
	queue->bytes += item->length;
	assert(queue->count <= MAX_WAITING + MAX_BATCH);
}

/* Puts the batch that was sent back to the front of the queue, to be sent again, each item by itself if "alone". */
static void
put_back(ItemQueue *queue, bool alone)
{
	Item *last = queue->sent;

	if (last == NULL)
		return;
	for (;;)
	{
		last->alone = last->alone || alone;
		queue->count++;
		queue->bytes += last->length;
		if (last->next == NULL)
			break;
		last = last->next;
	}
	last->next = queue->first;
	if (queue->first == NULL)
		queue->last = last;
	queue->first = queue->sent;
	queue->sent = NULL;
}

/* Moves the next batch from the queue to "sent" and returns how many items it has. */
static int
take_batch(ItemQueue *queue)
{
	Item **end = &queue->sent;
	size_t bytes = 0;
	int	   count = 0;

	assert(queue->sent == NULL);
	while (queue->first != NULL && count < MAX_BATCH)
	{
		Item *item = queue->first;

		if (count > 0 && (item->alone || queue->sent->alone || bytes + item->length > MAX_BATCH_BYTES))
			break;
		queue->first = item->next;
		if (queue->first == NULL)
			queue->last = NULL;
		queue->count--;
		queue->bytes -= item->length;
		item->next = NULL;
		item->attempts++;
		*end = item;
		end = &item->next;
		bytes += item->length;
		count++;
	}
	return count;
}

/* ------------------------------------------------------------------------
 * results
 * ------------------------------------------------------------------------ */

static void
tell_rejected(const Item *item, const char *code, const char *reason)
{
	Text text = {0};

	if (item->client->kind == CLIENT_MCP_SERVER)
	{
		report_outcome(item->client, item->request_id, 0, "rejected", code, reason);
		return;
	}
	text_add_string(&text, "{\"type\":\"decision_result\"");
	if (item->request_id)
		text_add_format(&text, ",\"request_id\":%" PRId64, item->request_id);
	text_add_string(&text, ",\"status\":\"rejected\",\"code\":");
	text_add_json_string(&text, code);
	text_add_string(&text, ",\"reason\":");
	text_add_json_string(&text, reason);
	text_add(&text, "}", 1);
	client_send_text(item->client, &text);
	text_free(&text);
}

/* Removes the first item of the batch and frees it. */
static void
finish_first(ItemQueue *queue)
{
	Item *item = queue->sent;

	queue->sent = item->next;
	free_item(item);
}

static void
take_results(ItemQueue *queue, const DbReply *reply)
{
	int rows = PQntuples(reply->result);

	for (int row = 0; queue->sent != NULL; row++)
	{
		const Item *item = queue->sent;
		const char *result = row < rows ? reply_column(reply, row, "result") : NULL;

		if (result == NULL)
			tell_rejected(item, "XX000", "the database gave no result");
		else if (item->client->kind == CLIENT_PLAYER)
			client_send(item->client, result, strlen(result));
		else
			report_result(item->client, result);
		finish_first(queue);
	}
}

/* Has the batch sent again later after a passing failure; items that were sent too often are refused. */
static void
postpone(ItemQueue *queue, const DbReply *reply, int attempts)
{
	ItemQueue again = {0};

	while (queue->sent != NULL)
	{
		Item *item = queue->sent;

		if (item->attempts < attempts)
		{
			queue->sent = item->next;
			append(&again, item);
			continue;
		}
		if (item->client != NULL)
			tell_rejected(item, reply->sqlstate, reply->message);
		finish_first(queue);
	}
	queue->sent = again.first;
	put_back(queue, false);
	queue->not_before = now_ms() + RETRY_MS;
}

static void
answers_submitted(void *argument, const DbReply *reply)
{
	WorldSubmit *mine = argument;
	ItemQueue	*queue = &mine->answers;

	mine->world->queries--;
	if (reply->result != NULL)
		take_results(queue, reply);
	else if (reply->retry)
		postpone(queue, reply, MAX_ATTEMPTS);
	else if (queue->sent != NULL && queue->sent->next != NULL)
		put_back(queue, true);
	else if (queue->sent != NULL)
	{
		tell_rejected(queue->sent, reply->sqlstate, reply->message);
		finish_first(queue);
	}
	flush(mine);
}

static void
failures_submitted(void *argument, const DbReply *reply)
{
	WorldSubmit *mine = argument;
	ItemQueue	*queue = &mine->failures;

	mine->world->queries--;
	if (reply->result == NULL && reply->retry)
		postpone(queue, reply, MAX_FAILURE_ATTEMPTS);
	else if (reply->result == NULL && queue->sent != NULL && queue->sent->next != NULL)
		put_back(queue, true);
	else
	{
		static LogThrottle throttle = {.what = "failures that could not be told"};

		if (reply->result == NULL)
			log_throttled(&throttle, now_ms(), LOG_WARNING, "world %" PRId64 ": fail_decisions: %s",
						  mine->world->id, reply->message);
		free_items(queue->sent);
		queue->sent = NULL;
	}
	flush(mine);
}

/* ------------------------------------------------------------------------
 * batches
 * ------------------------------------------------------------------------ */

static void
send_answers(WorldSubmit *mine)
{
	int64_t		players[MAX_BATCH];
	const char *texts[MAX_BATCH];
	int			count = take_batch(&mine->answers);
	int			i = 0;

	for (const Item *item = mine->answers.sent; item != NULL; item = item->next, i++)
	{
		players[i] = item->player_id;
		texts[i] = item->text;
	}
	assert(i == count);
	counts.decision_batches++;
	mine->world->queries++;
	call_submit_npc_decisions(mine->world->id, players, texts, count, answers_submitted, mine);
}

static void
send_failures(WorldSubmit *mine)
{
	int64_t		players[MAX_BATCH];
	int64_t		requests[MAX_BATCH];
	const char *reasons[MAX_BATCH];
	int			count = take_batch(&mine->failures);
	int			i = 0;

	for (const Item *item = mine->failures.sent; item != NULL; item = item->next, i++)
	{
		players[i] = item->player_id;
		requests[i] = item->request_id;
		reasons[i] = item->text;
	}
	assert(i == count);
	mine->world->queries++;
	call_fail_decisions(mine->world->id, players, requests, reasons, count, failures_submitted, mine);
}

static bool
may_send(const ItemQueue *queue, int64_t now)
{
	return queue->first != NULL && queue->sent == NULL && now >= queue->not_before;
}

static void
flush(WorldSubmit *mine)
{
	int64_t now = now_ms();

	if (!worlds_are_registered())
		return;
	if (may_send(&mine->answers, now))
		send_answers(mine);
	if (may_send(&mine->failures, now))
		send_failures(mine);
}

static void
timer_fired(lws_sorted_usec_list_t *timer)
{
	WorldSubmit *mine = lws_container_of(timer, WorldSubmit, timer);

	mine->timer_set = false;
	flush(mine);
}

static void
enqueue(World *world, bool is_answer, Item *item)
{
	WorldSubmit *mine = world->submit;

	if (mine == NULL)
	{
		mine = mem_alloc(sizeof(WorldSubmit));
		mine->world = world;
		world->submit = mine;
	}
	append(is_answer ? &mine->answers : &mine->failures, item);
	if (!mine->timer_set)
	{
		mine->timer_set = true;
		lws_sul_schedule(submit_context, 0, &mine->timer, timer_fired,
						 (lws_usec_t) client_settings()->submit_delay_ms * 1000 + 1);
	}
}

static Item *
create_item(Client *client, int64_t request_id, const char *text, size_t length)
{
	Item *item = mem_alloc(sizeof(Item));

	item->player_id = client->player_id;
	item->request_id = request_id;
	item->length = length;
	item->text = mem_alloc(length + 1);
	memcpy(item->text, text, length);
	return item;
}

void
submit_answer(Client *client, int64_t request_id, const char *text, size_t length)
{
	World *world = client->world;
	Item  *item = create_item(client, request_id, text, length);

	item->client = client_hold(client);
	if (world->submit != NULL && (world->submit->answers.count >= MAX_WAITING ||
								  world->submit->answers.bytes + length > MAX_WAITING_BYTES))
	{
		tell_rejected(item, "53400", "too many answers are waiting for the world");
		free_item(item);
		return;
	}
	enqueue(world, true, item);
}

void
submit_failure(Client *client, int64_t request_id, const char *reason)
{
	World *world = client->world;

	/* a failure can be dropped, since the database has a time-out of its own for the request */
	if (world->submit != NULL && world->submit->failures.count >= MAX_WAITING)
		return;
	enqueue(world, false, create_item(client, request_id, reason, text_cut(reason, MAX_REASON)));
}

void
submit_registered(void)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		WorldSubmit *mine = world->submit;

		if (mine == NULL)
			continue;
		free_items(mine->failures.first);
		mine->failures.first = NULL;
		mine->failures.last = NULL;
		mine->failures.count = 0;
		mine->failures.bytes = 0;
		mine->answers.not_before = 0;
		flush(mine);
	}
}

void
submit_tick(void)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		WorldSubmit *mine = world->submit;

		if (mine == NULL)
			continue;
		flush(mine);
		if (world->members == 0 && !mine->timer_set && mine->answers.first == NULL &&
			mine->answers.sent == NULL && mine->failures.first == NULL && mine->failures.sent == NULL)
		{
			free(mine);
			world->submit = NULL;
		}
	}
}
