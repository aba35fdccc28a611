/*
 * sse.c
 *	  Reads a stream of server-sent events, in bounded memory.
 *
 * As the HTML standard has it: lines end with LF, CR or CRLF; an empty line
 * ends an event; several data lines are joined with a line feed; a line that
 * begins with a colon is a comment; an event without data is none.
 */
#include "sse.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE	 4096
#define RETRY_DIGITS 6

void
SseInit(Sse *sse, size_t limit, SseHandler handler, void *arg)
{
	memset(sse, 0, sizeof(*sse));
	sse->limit = limit;
	sse->retry_ms = -1;
	sse->handler = handler;
	sse->arg = arg;
}

/* Keeps one byte free behind the text. */
static bool
Append(SseBuffer *buffer, const char *data, size_t len)
{
	size_t size = buffer->size > 0 ? buffer->size : FIRST_SIZE;

	while (size < buffer->len + len + 1)
		size *= 2;
	if (size > buffer->size)
	{
		char *text = realloc(buffer->text, size);

		if (text == NULL)
			return false;
		buffer->text = text;
		buffer->size = size;
	}
	memcpy(buffer->text + buffer->len, data, len);
	buffer->len += len;
	return true;
}

static void
Clear(SseBuffer *buffer)
{
	buffer->len = 0;
	if (buffer->size > 16 * FIRST_SIZE)
	{
		free(buffer->text);
		buffer->text = NULL;
		buffer->size = 0;
	}
}

static void
Dispatch(Sse *sse)
{
	const char *name = sse->name[0] != '\0' ? sse->name : "message";

	if (sse->overflow)
		sse->handler(sse->arg, name, NULL, sse->limit + 1);
	else if (sse->has_data)
	{
		sse->data.text[sse->data.len] = '\0';
		sse->handler(sse->arg, name, sse->data.text, sse->data.len);
	}
	Clear(&sse->data);
	sse->has_data = sse->overflow = false;
	sse->name[0] = '\0';
}

static void
SetText(char *target, size_t size, const char *value, size_t len)
{
	if (len >= size || memchr(value, '\0', len) != NULL)
		return;
	memcpy(target, value, len);
	target[len] = '\0';
}

static bool
AddData(Sse *sse, const char *value, size_t len)
{
	if (sse->overflow || sse->data.len + len + 1 > sse->limit)
	{
		sse->overflow = true;
		return true;
	}
	if (sse->has_data && !Append(&sse->data, "\n", 1))
		return false;
	sse->has_data = true;
	return Append(&sse->data, value, len);
}

static bool
TakeField(Sse *sse, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t		field = colon != NULL ? (size_t) (colon - line) : len;
	const char *value = colon != NULL ? colon + 1 : line + len;
	size_t		value_len;

	if (value < line + len && *value == ' ')
		value++;
	value_len = (size_t) (line + len - value);

	if (field == 4 && memcmp(line, "data", 4) == 0)
		return AddData(sse, value, value_len);
	if (field == 5 && memcmp(line, "event", 5) == 0)
		SetText(sse->name, sizeof(sse->name), value, value_len);
	else if (field == 2 && memcmp(line, "id", 2) == 0)
		SetText(sse->last_id, sizeof(sse->last_id), value, value_len);
	else if (field == 5 && memcmp(line, "retry", 5) == 0 && value_len > 0 && value_len <= RETRY_DIGITS)
	{
		long ms = 0;

		for (size_t i = 0; i < value_len; i++)
		{
			if (value[i] < '0' || value[i] > '9')
				return true;
			ms = ms * 10 + (value[i] - '0');
		}
		sse->retry_ms = ms;
	}
	return true;
}

static bool
TakeLine(Sse *sse)
{
	bool good = true;

	if (sse->line.len == 0)
		Dispatch(sse);
	else
		good = TakeField(sse, sse->line.text, sse->line.len);
	Clear(&sse->line);
	return good;
}

bool
SseFeed(Sse *sse, const char *data, size_t len)
{
	const char *end = data + len;

	while (data < end)
	{
		const char *stop = data;

		if (sse->skip_lf)
		{
			sse->skip_lf = false;
			if (*data == '\n')
			{
				data++;
				continue;
			}
		}
		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		if (stop > data)
		{
			size_t part = (size_t) (stop - data);

			/* the rest of a line that is too long is read over */
			if (sse->line.len + part > sse->limit)
			{
				sse->overflow = true;
				part = sse->limit - sse->line.len;
			}
			if (!Append(&sse->line, data, part))
				return false;
		}
		if (stop < end)
		{
			if (!sse->started && sse->line.len >= 3 && memcmp(sse->line.text, "\xef\xbb\xbf", 3) == 0)
			{
				sse->line.len -= 3;
				memmove(sse->line.text, sse->line.text + 3, sse->line.len);
			}
			sse->started = true;
			if (!TakeLine(sse))
				return false;
			sse->skip_lf = *stop == '\r';
			stop++;
		}
		data = stop;
	}
	return true;
}

void
SseRestart(Sse *sse)
{
	Clear(&sse->line);
	Clear(&sse->data);
	sse->started = sse->skip_lf = sse->has_data = sse->overflow = false;
	sse->name[0] = '\0';
}

void
SseFree(Sse *sse)
{
	free(sse->line.text);
	free(sse->data.text);
	memset(&sse->line, 0, sizeof(sse->line));
	memset(&sse->data, 0, sizeof(sse->data));
}
