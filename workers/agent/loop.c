/*
 * loop.c
 *	  File descriptors and timers in libwebsockets' event loop.
 *
 * Our descriptors (pipes of the child, libcurl's sockets, signals) live in an
 * epoll set of their own, and libwebsockets watches that set as one more
 * descriptor: an epoll descriptor is readable while one of its members is
 * ready.  So whatever a library does with its sockets between two turns of
 * the loop never disturbs libwebsockets' own tables.
 *
 * Events are fetched one at a time, so that a handler may stop or free any
 * other watch: no event for it has been fetched yet.
 */
#include "loop.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* How many events are handled before libwebsockets serves the gateway's connection again. */
#define EVENTS_PER_TURN 64

static Loop *active_loop;

static void
handle_events(Loop *loop)
{
	for (int i = 0; i < EVENTS_PER_TURN; i++)
	{
		struct epoll_event event;
		Watch			  *watch;

		if (epoll_wait(loop->epoll_fd, &event, 1, 0) != 1)
			break;
		watch = event.data.ptr;
		watch->handler(watch->arg, event.events);
	}
}

int
loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	if (reason == LWS_CALLBACK_RAW_RX_FILE && active_loop != NULL)
		handle_events(active_loop);
	return 0;
}

bool
loop_open(Loop *loop, struct lws_context *context, struct lws_vhost *vhost)
{
	lws_sock_file_fd_type adopted;

	loop->context = context;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return false;

	/* libwebsockets closes what it adopts, so it gets a duplicate */
	adopted.filefd = dup(loop->epoll_fd);
	if (adopted.filefd < 0 ||
		lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, adopted, LOOP_PROTOCOL_NAME, NULL) == NULL)
	{
		loop_close(loop);
		return false;
	}
	active_loop = loop;
	return true;
}

void
loop_close(Loop *loop)
{
	active_loop = NULL;
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

bool
watch_start(Loop *loop, Watch *watch, int fd, uint32_t events, WatchHandler handler, void *arg)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->fd = fd;
	watch->events = events;
	watch->handler = handler;
	watch->arg = arg;
	if (events == 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return true;
	watch->fd = -1;
	return false;
}

void
watch_change(Loop *loop, Watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};
	int				   operation = EPOLL_CTL_MOD;

	if (watch->fd < 0 || watch->events == events)
		return;
	if (events == 0)
		operation = EPOLL_CTL_DEL; /* epoll reports hang-ups to a member with no events, too, without end */
	else if (watch->events == 0)
		operation = EPOLL_CTL_ADD;
	watch->events = events;
	epoll_ctl(loop->epoll_fd, operation, watch->fd, &event);
}

void
watch_stop(Loop *loop, Watch *watch)
{
	if (watch->fd < 0)
		return;
	if (watch->events != 0)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
}

static void
timer_fired(lws_sorted_usec_list_t *sul)
{
	Timer *timer = lws_container_of(sul, Timer, sul);

	timer->handler(timer->arg);
}

void
timer_set(Loop *loop, Timer *timer, int64_t ms, TimerHandler handler, void *arg)
{
	timer->handler = handler;
	timer->arg = arg;
	lws_sul_schedule(loop->context, 0, &timer->sul, timer_fired, ms > 0 ? ms * LWS_US_PER_MS : 1);
}

void
timer_cancel(Timer *timer)
{
	if (timer->handler != NULL)
		lws_sul_cancel(&timer->sul);
}
