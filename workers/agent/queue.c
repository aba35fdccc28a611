/*
 * queue.c
 *	  A bounded queue of messages.
 */
#include "queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
queue_init(Queue *queue, size_t limit)
{
	memset(queue, 0, sizeof(*queue));
	queue->limit = limit;
}

bool
queue_push(Queue *queue, const char *text, size_t len)
{
	size_t	 cost = len + MESSAGE_OVERHEAD;
	Message *message;

	if (cost > queue->limit - queue->bytes)
		return false;
	message = malloc(sizeof(Message) + MESSAGE_HEADROOM + len + 1);
	if (message == NULL)
		return false;
	message->next = NULL;
	message->len = len;
	message->sent = 0;
	memcpy(MessageText(message), text, len);
	MessageText(message)[len] = '\0';

	if (queue->tail != NULL)
		queue->tail->next = message;
	else
		queue->head = message;
	queue->tail = message;
	queue->bytes += cost;
	return true;
}

void
queue_pop(Queue *queue)
{
	Message *message = queue->head;

	assert(message != NULL);
	queue->head = message->next;
	if (queue->head == NULL)
		queue->tail = NULL;
	queue->bytes -= message->len + MESSAGE_OVERHEAD;
	free(message);
}

void
queue_clear(Queue *queue)
{
	while (queue->head != NULL)
		queue_pop(queue);
}

bool
queue_is_high(const Queue *queue)
{
	return queue->bytes > queue->limit / 2;
}

bool
queue_is_low(const Queue *queue)
{
	return queue->bytes < queue->limit / 4;
}
