/*
 * queue.c
 *	  A bounded queue of messages.
 */
#include "queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
QueueInit(Queue *queue, size_t limit)
{
	memset(queue, 0, sizeof(*queue));
	queue->limit = limit;
}

bool
QueuePush(Queue *queue, const char *text, size_t len)
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
QueuePop(Queue *queue)
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
QueueClear(Queue *queue)
{
	while (queue->head != NULL)
		QueuePop(queue);
}

bool
QueueIsHigh(const Queue *queue)
{
	return queue->bytes > queue->limit / 2;
}

bool
QueueIsLow(const Queue *queue)
{
	return queue->bytes < queue->limit / 4;
}
