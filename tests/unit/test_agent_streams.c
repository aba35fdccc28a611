/*
 * test_agent_streams.c
 *	  Tests how npcsim-agent cuts streams into lines and events, and queues messages.
 *
 * @link workers/agent/lines.c workers/agent/sse.c workers/agent/queue.c
 */
#include "workers/agent/lines.h"
#include "workers/agent/queue.h"
#include "workers/agent/sse.h"

#include <stdlib.h>

#include "tap.h"

static char seen[4096];

static void
SeeLine(void *arg, char *text, size_t len)
{
	size_t at = strlen(seen);

	if (text == NULL)
		snprintf(seen + at, sizeof(seen) - at, "<%zu>|", len);
	else
		snprintf(seen + at, sizeof(seen) - at, "%.*s|", (int) len, text);
}

/* The same whether the bytes come together or one by one. */
static void
CheckLines(LinesPolicy policy, const char *input, const char *want, const char *name)
{
	for (int step = 0; step < 2; step++)
	{
		Lines  lines;
		size_t len = strlen(input);

		seen[0] = '\0';
		lines_init(&lines, 8, policy, SeeLine, NULL);
		if (step == 0)
			lines_feed(&lines, input, len);
		for (size_t i = 0; step == 1 && i < len; i++)
			lines_feed(&lines, input + i, 1);
		lines_end(&lines);
		lines_free(&lines);
		tap_is_str(seen, want, "%s, %s", name, step == 0 ? "at once" : "byte by byte");
	}
}

static void
TestLines(void)
{
	CheckLines(LINES_DROP, "one\ntwo\n", "one|two|", "lines end at line feeds");
	CheckLines(LINES_DROP, "one\r\ntwo\r\n", "one|two|", "a carriage return before one is taken off");
	CheckLines(LINES_DROP, "one\n\n\ntwo", "one|two|", "empty lines are none, a last line needs no end");
	CheckLines(LINES_DROP, "12345678\n123456789\nok\n", "12345678|<9>|ok|",
			   "a line too long is dropped and counted");
	CheckLines(LINES_DROP, "ok\n1234567890123456", "ok|<16>|", "also at the end");
	CheckLines(LINES_CUT, "12345678\n1234567890123456789\nok\n", "12345678|12345678|90123456|789|ok|",
			   "a line too long is cut");
}

static void
SeeEvent(void *arg, const char *name, const char *data, size_t len)
{
	size_t at = strlen(seen);

	if (data == NULL)
		snprintf(seen + at, sizeof(seen) - at, "%s<>|", name);
	else
		snprintf(seen + at, sizeof(seen) - at, "%s=%s(%zu)|", name, data, len);
}

static void
CheckEvents(const char *input, const char *want, const char *name)
{
	for (int step = 0; step < 2; step++)
	{
		Sse	   sse;
		size_t len = strlen(input);

		seen[0] = '\0';
		sse_init(&sse, 24, SeeEvent, NULL);
		if (step == 0)
			sse_feed(&sse, input, len);
		for (size_t i = 0; step == 1 && i < len; i++)
			sse_feed(&sse, input + i, 1);
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "id=%s retry=%ld", sse.last_id,
				 sse.retry_ms);
		sse_free(&sse);
		tap_is_str(seen, want, "%s, %s", name, step == 0 ? "at once" : "byte by byte");
	}
}

static void
TestSse(void)
{
	CheckEvents("data: {}\n\n", "message={}(2)|id= retry=-1", "an event without a name is a message");
	CheckEvents("event: endpoint\ndata: /m?s=1\n\ndata: x\n\n",
				"endpoint=/m?s=1(6)|message=x(1)|id= retry=-1", "a name is of one event only");
	CheckEvents("data: a\r\n\r\ndata:b\r\rdata:  c\n\n",
				"message=a(1)|message=b(1)|message= c(2)|id= retry=-1",
				"lines end with LF, CRLF or CR, and one blank after the colon does not count");
	CheckEvents("data: a\ndata\ndata: b\n\n", "message=a\n\nb(4)|id= retry=-1", "data lines are joined");
	CheckEvents(": ping\n\nevent: x\n\ndata: y\n\n", "message=y(1)|id= retry=-1",
				"comments and events without data are none");
	CheckEvents("id: 7\nretry: 250\ndata: a\n\nid\nretry: 1x\ndata: b\n\n",
				"message=a(1)|message=b(1)|id= retry=250",
				"ids and retry times are kept, an empty id too, nonsense is not");
	CheckEvents("id: 8\ndata: a\n\ndata: b\n\n", "message=a(1)|message=b(1)|id=8 retry=-1", "an id stays");
	CheckEvents("data: a\n\ndata: unfinished", "message=a(1)|id= retry=-1", "an unfinished event is none");
	CheckEvents("\xef\xbb\xbf"
				"data: a\n\n",
				"message=a(1)|id= retry=-1", "a byte order mark is read over");
	CheckEvents("data: 123456789012345678901234567890\n\ndata: ok\n\n",
				"message<>|message=ok(2)|id= retry=-1", "a line too long costs its event");
	CheckEvents("data: 123456789012\ndata: 123456789012\n\ndata: ok\n\n",
				"message<>|message=ok(2)|id= retry=-1", "data too long costs its event");
}

static void
TestQueue(void)
{
	Queue  queue;
	size_t each = 100 - MESSAGE_OVERHEAD;
	char   text[200];

	memset(text, 'x', sizeof(text));
	queue_init(&queue, 1000);
	for (int i = 0; i < 10; i++)
	{
		text[0] = (char) ('0' + i);
		if (!queue_push(&queue, text, each))
			tap_ok(false, "message %d fits", i);
		if (i == 4)
			tap_ok(!queue_is_high(&queue), "half full is not high");
		if (i == 5)
			tap_ok(queue_is_high(&queue), "more is");
	}
	tap_ok(!queue_push(&queue, text, 0), "a full queue refuses even an empty message");
	tap_is_int((long long) queue.bytes, 1000, "and stays as it was");
	for (int i = 0; i < 8; i++)
	{
		if (MessageText(queue.head)[0] != '0' + i)
			tap_ok(false, "message %d comes in its turn", i);
		queue_pop(&queue);
		if (i == 6)
			tap_ok(!queue_is_low(&queue), "three of ten left are not low");
	}
	tap_ok(queue_is_low(&queue), "two of ten left are low");
	queue_clear(&queue);
	tap_ok(queue.head == NULL && queue.tail == NULL && queue.bytes == 0, "a cleared queue is empty");
	tap_ok(!queue_push(&queue, text, 1000), "a message beyond the limit is refused");
	tap_ok(queue_push(&queue, text, each), "and others are taken after that");
	queue_clear(&queue);
}

int
main(void)
{
	TestLines();
	TestSse();
	TestQueue();
	return tap_done();
}
