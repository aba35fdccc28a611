/*
 * queue.h
 *	  A bounded queue of messages.
 *
 * Each message has room in front (libwebsockets writes the frame's header
 * there) and a byte behind (a line feed or a terminator).
 */
#ifndef NPCSIM_AGENT_QUEUE_H
#define NPCSIM_AGENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_HEADROOM 32

/* What a message counts for beyond its text, so that the limit bounds many small ones, too. */
#define MESSAGE_OVERHEAD 64

typedef struct Message
{
	struct Message *next;
	size_t			len;  /* of the text */
	size_t			sent; /* bytes that were written already, the one behind the text included */
	char			room[];
} Message;

typedef struct Queue
{
	Message *head;
	Message *tail;
	size_t	 bytes; /* text and overhead of all messages */
	size_t	 limit;
} Queue;

#define MessageText(message) ((message)->room + MESSAGE_HEADROOM)

extern void queue_init(Queue *queue, size_t limit);

/*
 * Appends a copy of the text.  Returns false, and has done nothing, if it does
 * not fit under the limit or memory ran out.
 */
extern bool queue_push(Queue *queue, const char *text, size_t len);

/* Removes and frees the first message. */
extern void queue_pop(Queue *queue);
extern void queue_clear(Queue *queue);

/* Returns true if it is more than half full: whoever fills the queue should stop. */
extern bool queue_is_high(const Queue *queue);

/* Returns true if it is less than a quarter full: whoever stopped should go on. */
extern bool queue_is_low(const Queue *queue);

#endif /* NPCSIM_AGENT_QUEUE_H */
