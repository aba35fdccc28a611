/*
 * sse.c
 *	  Reads a stream of server-sent events, in bounded memory.
 *
 * The format is the HTML standard's: lines end with LF, CR or CRLF; an empty
 * line ends an event; several data lines are joined with a line feed; a line
 * that begins with a colon is a comment; an event without data is ignored.
 */
#include "sse.h"

#include <string.h>

#define KEPT_SIZE	 65536
#define RETRY_DIGITS 6

void
sse_init(Sse *sse, size_t limit, SseHandler handler, void *arg)
{
	memset(sse, 0, sizeof(*sse));
	sse->limit = limit;
	sse->retry_ms = -1;
	sse->handler = handler;
	sse->arg = arg;
}

/* Empties a text, and frees its buffer if one long line made it large. */
static void
clear(Text *text)
{
	text_clear(text);
	if (text->capacity > KEPT_SIZE)
		text_free(text);
}

static void
dispatch(Sse *sse)
{
	const char *name = sse->name[0] != '\0' ? sse->name : "message";

	if (sse->overflow)
		sse->handler(sse->arg, name, NULL, sse->limit + 1);
	else if (sse->has_data)
	{
		text_add(&sse->data, "", 0); /* empty data may have no buffer yet, and the handler wants a string */
		sse->handler(sse->arg, name, sse->data.data, sse->data.length);
	}
	clear(&sse->data);
	sse->has_data = sse->overflow = false;
	sse->name[0] = '\0';
}

static void
set_text(char *target, size_t size, const char *value, size_t len)
{
	if (len >= size || memchr(value, '\0', len) != NULL)
		return;
	memcpy(target, value, len);
	target[len] = '\0';
}

static void
add_data(Sse *sse, const char *value, size_t len)
{
	if (sse->overflow || sse->data.length + len + 1 > sse->limit)
	{
		sse->overflow = true;
		return;
	}
	if (sse->has_data)
		text_add(&sse->data, "\n", 1);
	sse->has_data = true;
	text_add(&sse->data, value, len);
}

static void
take_field(Sse *sse, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t		field = colon != NULL ? (size_t) (colon - line) : len;
	const char *value = colon != NULL ? colon + 1 : line + len;
	size_t		value_len;

	if (value < line + len && *value == ' ')
		value++;
	value_len = (size_t) (line + len - value);

	if (field == 4 && memcmp(line, "data", 4) == 0)
		add_data(sse, value, value_len);
	else if (field == 5 && memcmp(line, "event", 5) == 0)
		set_text(sse->name, sizeof(sse->name), value, value_len);
	else if (field == 2 && memcmp(line, "id", 2) == 0)
		set_text(sse->last_id, sizeof(sse->last_id), value, value_len);
	else if (field == 5 && memcmp(line, "retry", 5) == 0 && value_len > 0 && value_len <= RETRY_DIGITS)
	{
		long ms = 0;

		for (size_t i = 0; i < value_len; i++)
		{
			if (value[i] < '0' || value[i] > '9')
				return;
			ms = ms * 10 + (value[i] - '0');
		}
		sse->retry_ms = ms;
	}
}

static void
take_line(Sse *sse)
{
	if (sse->line.length == 0)
		dispatch(sse);
	else
		take_field(sse, sse->line.data, sse->line.length);
	clear(&sse->line);
}

void
sse_feed(Sse *sse, const char *data, size_t len)
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

			/* what is beyond the limit of a line is dropped */
			if (sse->line.length + part > sse->limit)
			{
				sse->overflow = true;
				part = sse->limit - sse->line.length;
			}
			text_add(&sse->line, data, part);
		}
		if (stop < end)
		{
			if (!sse->started && sse->line.length >= 3 && memcmp(sse->line.data, "\xef\xbb\xbf", 3) == 0)
			{
				sse->line.length -= 3;
				memmove(sse->line.data, sse->line.data + 3, sse->line.length);
			}
			sse->started = true;
			take_line(sse);
			sse->skip_lf = *stop == '\r';
			stop++;
		}
		data = stop;
	}
}

void
sse_restart(Sse *sse)
{
	clear(&sse->line);
	clear(&sse->data);
	sse->started = sse->skip_lf = sse->has_data = sse->overflow = false;
	sse->name[0] = '\0';
}

void
sse_free(Sse *sse)
{
	text_free(&sse->line);
	text_free(&sse->data);
}
