/*
 * world.h
 *	  The worlds that somebody here is connected to, and those that run.
 *
 * A World has the clock, status and revision that the database last told, and
 * a copy of the rows while somebody watches.  It lives while it has members
 * (clients) or runs, and a minute longer.
 */
#ifndef NPCSIM_GATEWAY_WORLD_H
#define NPCSIM_GATEWAY_WORLD_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "copy.h"
#include "db.h"
#include "delta.h"
#include "frame.h"
#include "settings.h"

struct Watch;
struct WorldCompute;
struct WorldSubmit;

typedef enum CopyState
{
	COPY_ABSENT,  /* nobody watches */
	COPY_LOADING, /* world_snapshot is on its way */
	COPY_CURRENT
} CopyState;

/* The last delta that was built for a client that sees everything. */
typedef struct SharedDelta
{
	bool	 valid;
	uint32_t tables;
	int64_t	 from;
	int64_t	 to;
	int		 page;	   /* bytes of a page */
	bool	 is_empty; /* nothing changed in these tables */
	Pages	*pages;	   /* NULL: none, or too many */
} SharedDelta;

typedef struct SharedClock
{
	uint64_t serial;
	int64_t	 revision;
	double	 clock;
	Frame	*frame;
} SharedClock;

typedef struct World
{
	int64_t id;
	int		members;
	int		queries; /* under way, and about to come back to it */
	int64_t idle_since;
	int64_t watched_at; /* when somebody last watched */
	bool	gone;		/* the database has no such world */

	/* what the database last told */
	double	 clock;
	int64_t	 clock_at_ms; /* when it arrived */
	double	 speed;
	char	 status[24];
	int64_t	 revision;
	char	 epoch[COPY_EPOCH_SIZE];
	uint64_t clock_serial; /* grows when everybody is to be told the clock */
	int64_t	 running_ms;   /* real time that it was seen running */
	int64_t	 clock_moved_at;
	double	 tick_rate;	   /* ticks per second of world time; 0 = not told yet */
	bool	 held;		   /* it runs, and its clock stands */
	int64_t	 behind_since; /* copy older than revision; 0 = is not */

	CopyState			   copy_state;
	WorldCopy			  *copy;
	bool				   fetching;	/* a snapshot or delta is on its way */
	bool				   fetch_again; /* woken meanwhile */
	int64_t				   fetch_at;	/* not before: after a failure, or a delta within this tick */
	bool				   fetch_timer_set;
	lws_sorted_usec_list_t fetch_timer;
	int					   fetch_failures;

	struct Watch *watches;
	SharedDelta	  shared_delta;
	SharedClock	  shared_clock;

	struct WorldCompute *compute; /* compute.c's */
	struct WorldSubmit	*submit;  /* submit.c's */
	struct World		*next;
} World;

typedef struct WorldEvents
{
	void (*clock_changed)(World *world); /* everybody in it is to be told */
	void (*changed)(World *world);		 /* the copy has a new revision */
	void (*reloaded)(World *world);		 /* the copy is another one */
	void (*gone)(World *world);
	void (*session_ended)(int64_t session_id, const char *reason);
	void (*polled)(void);

	/* the database has not heard from this gateway for too long */
	void (*registration_lapsed)(void);
} WorldEvents;

extern void worlds_start(struct lws_context *context, const Settings *settings, const char *gateway_id,
						 const WorldEvents *events);
extern void worlds_stop(void);

/* The world of that id, made when it is new; release it with world_leave. */
extern World *world_join(int64_t id);
extern void	  world_leave(World *world);

/* NULL when nobody here is in that world. */
extern World *world_find(int64_t id);
extern World *worlds_first(void);

/* Takes clock, speed, status, revision and epoch from a frame or a poll. */
extern void world_take_clock(World *world, const json_t *source);

extern bool world_is_running(const World *world);

/* The clock of now; stands while the world does. */
extern double world_clock_now(const World *world, int64_t now);

/* The copy is needed: fetches it when it is absent. */
extern void world_want_copy(World *world);

/* The world has something new (or may have). */
extern void world_wake(World *world);

/* The clock frame that says this revision. */
extern Frame *world_clock_frame(World *world, int64_t revision);

/* Registered with the database: everything is read again. */
extern void worlds_registered(void);
extern void worlds_unregistered(void);
extern bool worlds_are_registered(void);

/* The database does not answer, or does again: until then the worlds stand, as far as one can tell. */
extern void worlds_silent(bool is_silent);

/* Registered, and the database answers. */
extern bool worlds_are_reachable(void);

/* Asks for gateway_poll now instead of within the second. */
extern void worlds_poll_soon(void);

extern void worlds_tick(int64_t now);

/* Empty when every running world is fresh; else what is stale. */
extern void worlds_add_stale(Text *text, int64_t now);

extern int worlds_count(void);

#endif /* NPCSIM_GATEWAY_WORLD_H */
