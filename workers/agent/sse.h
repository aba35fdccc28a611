/*
 * sse.h
 *	  Reads a stream of server-sent events, in bounded memory.
 */
#ifndef NPCSIM_AGENT_SSE_H
#define NPCSIM_AGENT_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"

#define SSE_NAME_SIZE 64
#define SSE_ID_SIZE	  256

/*
 * Takes a whole event.  If it is longer than the limit, data is NULL and len
 * the least length it had.  The handler may not free the reader.
 */
typedef void (*SseHandler)(void *arg, const char *name, const char *data, size_t len);

typedef struct Sse
{
	Text	   line;
	Text	   data;
	size_t	   limit;	/* bytes that a line, or the data of an event, may have */
	bool	   started; /* the first line was read, so no byte order mark can come */
	bool	   skip_lf; /* a carriage return ended the last line, so a line feed belongs to it */
	bool	   has_data;
	bool	   overflow; /* the event is too long; it is read to its end and dropped */
	char	   name[SSE_NAME_SIZE];
	char	   last_id[SSE_ID_SIZE]; /* the id of the last event that had one, or "" */
	long	   retry_ms; /* how long the server wants us to wait before we reconnect; -1 = it did not say */
	SseHandler handler;
	void	  *arg;
} Sse;

extern void sse_init(Sse *sse, size_t limit, SseHandler handler, void *arg);

extern void sse_feed(Sse *sse, const char *data, size_t len);

/* Prepares for a new connection that goes on with the stream: an unfinished event is forgotten, the last id is kept. */
extern void sse_restart(Sse *sse);
extern void sse_free(Sse *sse);

#endif /* NPCSIM_AGENT_SSE_H */
