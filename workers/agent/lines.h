/*
 * lines.h
 *	  Cuts a stream of bytes into lines, in bounded memory.
 */
#ifndef NPCSIM_AGENT_LINES_H
#define NPCSIM_AGENT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"

/*
 * What is done with a line longer than the limit: LINES_DROP drops it and
 * reports its length once it ends; LINES_CUT hands it out in pieces.
 */
typedef enum LinesPolicy
{
	LINES_DROP,
	LINES_CUT
} LinesPolicy;

/* How many bytes are kept of the beginning of a dropped line. */
#define LINES_HEAD_SIZE 256

/*
 * Takes a whole line without its line end, which it may change but not keep.
 * "text" is NULL for a dropped line of len bytes, whose beginning is in "head".
 * Empty lines are not handed out.  The handler may not call lines_feed() or
 * lines_free().
 */
typedef void (*LinesHandler)(void *arg, char *text, size_t len);

typedef struct Lines
{
	Text		 line;					/* the unfinished line */
	size_t		 limit;					/* bytes that a line may have */
	size_t		 dropped;				/* bytes of the line that is being dropped; 0 = none */
	char		 head[LINES_HEAD_SIZE]; /* the beginning of the dropped line */
	size_t		 head_len;
	LinesPolicy	 policy;
	LinesHandler handler;
	void		*arg;
} Lines;

extern void lines_init(Lines *lines, size_t limit, LinesPolicy policy, LinesHandler handler, void *arg);

extern void lines_feed(Lines *lines, const char *data, size_t len);

/* Hands out the unfinished line, since no more will come. */
extern void lines_end(Lines *lines);
extern void lines_free(Lines *lines);

#endif /* NPCSIM_AGENT_LINES_H */
