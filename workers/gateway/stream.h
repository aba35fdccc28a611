/*
 * stream.h
 *	  A stream of messages or events of a world: rows that are told once, in
 *	  order, and never change.
 *
 * A stream keeps its last rows, bounded in number and bytes.  Rows have
 * positions: "total" counts all rows since the copy was made, including those
 * that are not kept any more or never came.  So how many rows a client has
 * missed is a difference of positions.
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

/* The number of revisions whose position is kept. */
#define STREAM_MAX_MARKS 4096

typedef struct StreamRow
{
	Fragment *text;
	bool	  placed; /* it has a position, so that cameras apply to it */
	double	  x;
	double	  y;
} StreamRow;

/* How many rows there were at a revision, and at those after it up to the next mark's. */
typedef struct StreamMark
{
	int64_t revision;
	int64_t total;
} StreamMark;

typedef struct Stream
{
	int64_t	   total;
	StreamRow *rows; /* those from "first" to "end" - 1 are kept, the oldest first */
	size_t	   first;
	size_t	   end;
	size_t	   room;
	size_t	   bytes;
	StreamMark marks[STREAM_MAX_MARKS]; /* a ring */
	size_t	   first_mark;
	size_t	   mark_count;
} Stream;

/* Makes a stream of an array of rows, which may be NULL; elements that are no objects are left out. */
extern Stream *stream_create(const json_t *rows, int64_t revision);
extern void	   stream_free(Stream *stream);

/* Adds the rows of a delta, before which so many rows are missing. */
extern void stream_append(Stream *stream, const json_t *rows, int64_t dropped, int64_t revision);

/* Returns the position of the oldest row that is kept; "total" when none is. */
extern int64_t stream_oldest(const Stream *stream);

/* Returns the row at a position from stream_oldest() to "total" - 1. */
extern const StreamRow *stream_row(const Stream *stream, int64_t position);

/* Returns what "total" was at an earlier revision; -1 when that is not known any more. */
extern int64_t stream_total_at(const Stream *stream, int64_t revision);

#endif /* NPCSIM_GATEWAY_STREAM_H */
