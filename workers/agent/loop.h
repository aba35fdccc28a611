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

/* Takes the events that came: EPOLLIN, EPOLLOUT, and EPOLLHUP and EPOLLERR, which come without being asked for. */
typedef void (*WatchHandler)(void *arg, uint32_t events);

/* A watched descriptor.  Its owner opens and closes the descriptor; fd is -1 while it is not watched. */
typedef struct Watch
{
	int			 fd;
	uint32_t	 events;
	WatchHandler handler;
	void		*arg;
} Watch;

typedef void (*TimerHandler)(void *arg);

/* A timer must be zeroed before its first use, and cancelled before its memory is freed. */
typedef struct Timer
{
	lws_sorted_usec_list_t sul;
	TimerHandler		   handler;
	void				  *arg;
} Timer;

/* The protocol by which libwebsockets watches our descriptors; the vhost's protocols must list it with loop_callback(). */
#define LOOP_PROTOCOL_NAME "npcsim-loop"
extern int loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

extern bool loop_open(Loop *loop, struct lws_context *context, struct lws_vhost *vhost);
extern void loop_close(Loop *loop);

/*
 * Watch a descriptor for events.  A handler may stop any watch, its own too.  A watch for no events is idle and hears of no
 * hang-up either.  watch_start() returns false if the system does not allow it.
 */
extern bool watch_start(Loop *loop, Watch *watch, int fd, uint32_t events, WatchHandler handler, void *arg);
extern void watch_change(Loop *loop, Watch *watch, uint32_t events);
extern void watch_stop(Loop *loop, Watch *watch);

/*
 * Has the handler called once, from the loop, in ms milliseconds (0: in the loop's next turn).  A timer that is set already is
 * set anew.
 */
extern void timer_set(Loop *loop, Timer *timer, int64_t ms, TimerHandler handler, void *arg);
extern void timer_cancel(Timer *timer);

#endif /* NPCSIM_AGENT_LOOP_H */
