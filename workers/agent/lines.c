/*
 * lines.c
 *	  Cuts a stream of bytes into lines, in bounded memory.
 *
 * A line ends at a line feed; a carriage return before it is taken off.
 * Invariants: len <= limit; buf holds no line feed; dropped > 0 only while a
 * line that was too long has not ended yet, and then len == 0.
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

void
LinesInit(Lines *lines, size_t limit, LinesPolicy policy, LinesHandler handler, void *arg)
{
	memset(lines, 0, sizeof(*lines));
	lines->limit = limit;
	lines->policy = policy;
	lines->handler = handler;
	lines->arg = arg;
}

/* The buffer is one byte longer than the text, for handlers that want a terminator. */
static bool
Reserve(Lines *lines, size_t len)
{
	size_t size = lines->size > 0 ? lines->size : FIRST_SIZE;
	char  *buf;

	if (len + 1 <= lines->size)
		return true;
	while (size < len + 1)
		size *= 2;
	buf = realloc(lines->buf, size);
	if (buf == NULL)
		return false;
	lines->buf = buf;
	lines->size = size;
	return true;
}

static void
Emit(Lines *lines)
{
	size_t len = lines->len;

	if (len > 0 && lines->buf[len - 1] == '\r')
		len--;
	lines->len = 0;
	if (len > 0)
	{
		lines->buf[len] = '\0';
		lines->handler(lines->arg, lines->buf, len);
	}
}

static void
EmitDropped(Lines *lines)
{
	size_t dropped = lines->dropped;

	lines->dropped = 0;
	lines->handler(lines->arg, NULL, dropped);
}

/* Adds bytes of one line, none of them a line feed. */
static bool
Append(Lines *lines, const char *data, size_t len)
{
	while (len > 0)
	{
		size_t room = lines->limit - lines->len;
		size_t part = len < room ? len : room;

		if (lines->dropped > 0)
		{
			lines->dropped += len;
			return true;
		}
		if (part == 0)
		{
			if (lines->policy == LINES_CUT)
			{
				Emit(lines);
				continue;
			}
			lines->dropped = lines->len;
			lines->head_len = lines->len < LINES_HEAD_SIZE ? lines->len : LINES_HEAD_SIZE;
			memcpy(lines->head, lines->buf, lines->head_len);
			lines->len = 0;
			continue;
		}
		if (!Reserve(lines, lines->len + part))
		{
			lines->len = 0;
			return false;
		}
		memcpy(lines->buf + lines->len, data, part);
		lines->len += part;
		data += part;
		len -= part;
	}
	return true;
}

bool
LinesFeed(Lines *lines, const char *data, size_t len)
{
	while (len > 0)
	{
		const char *end = memchr(data, '\n', len);
		size_t		part = end != NULL ? (size_t) (end - data) : len;

		if (!Append(lines, data, part))
			return false;
		if (end == NULL)
			break;
		if (lines->dropped > 0)
			EmitDropped(lines);
		else
			Emit(lines);
		data += part + 1;
		len -= part + 1;
	}

	/* A buffer that one long line made large is not kept for ever. */
	if (lines->len == 0 && lines->size > 16 * FIRST_SIZE)
	{
		free(lines->buf);
		lines->buf = NULL;
		lines->size = 0;
	}
	return true;
}

void
LinesEnd(Lines *lines)
{
	if (lines->dropped > 0)
		EmitDropped(lines);
	else
		Emit(lines);
}

void
LinesFree(Lines *lines)
{
	free(lines->buf);
	lines->buf = NULL;
	lines->len = lines->size = lines->dropped = 0;
}
