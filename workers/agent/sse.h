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
 * A whole event.  data is NULL, and len what it would have been at least, if
 * it was longer than the limit.  The callback may not free the reader.
 */
typedef void (*SseHandler)(void *arg, const char *name, const char *data, size_t len);

typedef struct Sse
{
	Text	   line;
	Text	   data;
	size_t	   limit;	/* longest line, and longest data of an event */
	bool	   started; /* a byte order mark may not come any more */
	bool	   skip_lf; /* a carriage return ended the line before */
	bool	   has_data;
	bool	   overflow; /* the event is too long; it is read to its end and dropped */
	char	   name[SSE_NAME_SIZE];
	char	   last_id[SSE_ID_SIZE]; /* "" if the server gave none */
	long	   retry_ms;			 /* the server's wish, -1 if it has none */
	SseHandler handler;
	void	  *arg;
} Sse;

extern void sse_init(Sse *sse, size_t limit, SseHandler handler, void *arg);

extern void sse_feed(Sse *sse, const char *data, size_t len);

/* A new connection goes on with the stream: an unfinished event is forgotten, the last id is not. */
extern void sse_restart(Sse *sse);
extern void sse_free(Sse *sse);

#endif /* NPCSIM_AGENT_SSE_H */
