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
 * What becomes of a line longer than the limit: LINES_DROP throws it away and
 * reports its length once it ends; LINES_CUT hands it out in pieces.
 */
typedef enum LinesPolicy
{
	LINES_DROP,
	LINES_CUT
} LinesPolicy;

/* So much is kept of a line that is dropped. */
#define LINES_HEAD_SIZE 256

/*
 * A whole line without its line end.  text is NULL for a dropped line of len
 * bytes, of which "head" has the beginning.  The callback may not call lines_feed() or lines_free().
 */
typedef void (*LinesHandler)(void *arg, char *text, size_t len);

typedef struct Lines
{
	Text		 line;					/* the unfinished one */
	size_t		 limit;					/* longest line */
	size_t		 dropped;				/* bytes of the line that is being dropped */
	char		 head[LINES_HEAD_SIZE]; /* how that line begins */
	size_t		 head_len;
	LinesPolicy	 policy;
	LinesHandler handler;
	void		*arg;
} Lines;

extern void lines_init(Lines *lines, size_t limit, LinesPolicy policy, LinesHandler handler, void *arg);

extern void lines_feed(Lines *lines, const char *data, size_t len);

/* Hands out what stands behind the last line end. */
extern void lines_end(Lines *lines);
extern void lines_free(Lines *lines);

#endif /* NPCSIM_AGENT_LINES_H */
