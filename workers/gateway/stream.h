/*
 * stream.h
 *	  What happens in a world, or is said there: rows that are told once, in
 *	  order, and never change.
 *
 * A stream keeps its last rows, bounded in number and bytes.  Rows have
 * positions: "total" counts all there ever were since the copy was made, those
 * included that are not kept any more or never came.  So what a client misses
 * is a difference of positions.
 */
#ifndef NPCSIM_GATEWAY_STREAM_H
#define NPCSIM_GATEWAY_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fragment.h"

#define STREAM_MAX_ROWS	 4096
#define STREAM_MAX_BYTES (256 * 1024)

/* Revisions whose position is known. */
#define STREAM_MAX_MARKS 4096

typedef struct StreamRow
{
	Fragment *text;
	bool	  placed; /* cameras apply */
	double	  x;
	double	  y;
} StreamRow;

/* How many rows there were at a revision, and until the next mark's. */
typedef struct StreamMark
{
	int64_t revision;
	int64_t total;
} StreamMark;

typedef struct Stream
{
	int64_t	   total;
	StreamRow *rows; /* from "first" on, the oldest first */
	size_t	   first;
	size_t	   end;
	size_t	   room;
	size_t	   bytes;
	StreamMark marks[STREAM_MAX_MARKS]; /* a ring */
	size_t	   first_mark;
	size_t	   mark_count;
} Stream;

/* "rows" may be NULL; what is no object in it is left out. */
extern Stream *stream_create(const json_t *rows, int64_t revision);
extern void	   stream_free(Stream *stream);

/* From a delta: its rows, and how many came before them that it has not. */
extern void stream_append(Stream *stream, const json_t *rows, int64_t dropped, int64_t revision);

/* The position of the oldest row that is kept; "total" when there is none. */
extern int64_t stream_oldest(const Stream *stream);

/* The row at a position from stream_oldest() to "total" - 1. */
extern const StreamRow *stream_row(const Stream *stream, int64_t position);

/* "total" at an earlier revision; -1 when that is not known any more. */
extern int64_t stream_total_at(const Stream *stream, int64_t revision);

#endif /* NPCSIM_GATEWAY_STREAM_H */
