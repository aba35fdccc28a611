/*
 * loop.h
 *	  File descriptors and timers in libwebsockets' event loop.
 */
#ifndef NPCSIM_AGENT_LOOP_H
#define NPCSIM_AGENT_LOOP_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Loop
{
	struct lws_context *context;
	int					epoll_fd;
} Loop;

/* events are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR; the last two come unasked */
typedef void (*WatchHandler)(void *arg, uint32_t events);

/* A watched descriptor.  Its owner opens and closes it; fd is -1 while it is not watched. */
typedef struct Watch
{
	int			 fd;
	uint32_t	 events;
	WatchHandler handler;
	void		*arg;
} Watch;

typedef void (*TimerHandler)(void *arg);

/* Must be zero before its first use, and cancelled before its memory goes. */
typedef struct Timer
{
	lws_sorted_usec_list_t sul;
	TimerHandler		   handler;
	void				  *arg;
} Timer;

/* The protocol whose connection wakes the loop; to be listed in the vhost's protocols. */
#define LOOP_PROTOCOL_NAME "npcsim-loop"
extern int loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

extern bool loop_open(Loop *loop, struct lws_context *context, struct lws_vhost *vhost);
extern void loop_close(Loop *loop);

/* A handler may stop any watch, its own too.  With no events a watch rests and sees no hang-up either. */
extern bool watch_start(Loop *loop, Watch *watch, int fd, uint32_t events, WatchHandler handler, void *arg);
extern void watch_change(Loop *loop, Watch *watch, uint32_t events);
extern void watch_stop(Loop *loop, Watch *watch);

/* Calls handler once, from the loop, in ms milliseconds; 0 is as soon as the loop is back. */
extern void timer_set(Loop *loop, Timer *timer, int64_t ms, TimerHandler handler, void *arg);
extern void timer_cancel(Timer *timer);

#endif /* NPCSIM_AGENT_LOOP_H */
