/*
 * world.h
 *	  The worlds that clients here are connected to, and those that run: their
 *	  clocks, and the copies of those that are watched.
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

/* The last delta that was made for a client without a camera. */
typedef struct SharedDelta
{
	bool	 valid;
	uint32_t tables;
	int64_t	 from;
	int64_t	 to;
	int		 page;	   /* bytes of a page */
	bool	 is_empty; /* nothing changed in these tables */
	Pages	*pages;	   /* NULL = it is empty, or has more bytes than may be queued */
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
	int		queries; /* those under way whose answers come back to it */
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
	uint64_t clock_serial; /* it grows whenever all clients are to be told the clock */
	int64_t	 running_ms;   /* how long, in real time, it was seen running */
	int64_t	 clock_moved_at;
	double	 tick_rate;	   /* ticks per second of world time; 0 = not told yet */
	bool	 held;		   /* its status is running, but its clock stands */
	int64_t	 behind_since; /* since when the copy is older than "revision"; 0 = it is not */

	CopyState			   copy_state;
	WorldCopy			  *copy;
	bool				   fetching;	/* a snapshot or delta is on its way */
	bool				   fetch_again; /* it was woken meanwhile */
	int64_t				   fetch_at;	/* nothing is fetched before this time, after a failure or a delta */
	bool				   fetch_timer_set;
	lws_sorted_usec_list_t fetch_timer;
	int					   fetch_failures;

	struct Watch *watches;
	SharedDelta	  shared_delta;
	SharedClock	  shared_clock;

	struct WorldCompute *compute; /* compute.c's part, or NULL */
	struct WorldSubmit	*submit;  /* submit.c's part, or NULL */
	struct World		*next;
} World;

typedef struct WorldEvents
{
	void (*clock_changed)(World *world); /* all its clients are to be told the clock */
	void (*changed)(World *world);		 /* the copy has a new revision */
	void (*reloaded)(World *world);		 /* the copy was loaded afresh */
	void (*gone)(World *world);
	void (*session_ended)(int64_t session_id, const char *reason, const char *message);
	void (*polled)(void);

	/* the database has not heard from this gateway for too long */
	void (*registration_lapsed)(void);
} WorldEvents;

extern void worlds_start(struct lws_context *context, const Settings *settings, const char *gateway_id,
						 const WorldEvents *events);
extern void worlds_stop(void);

/* Returns the world of that id, made if it is new, until world_leave(); NULL when there are too many worlds. */
extern World *world_join(int64_t id);
extern void	  world_leave(World *world);

/* Returns the world of that id, or NULL when it is not known here. */
extern World *world_find(int64_t id);
extern World *worlds_first(void);

/* Takes clock, speed, status, revision and epoch from a frame or a poll. */
extern void world_take_clock(World *world, const json_t *source);

extern bool world_is_running(const World *world);

/* Returns the world's clock at "now", extrapolated from what the database last told; it stands while the world does. */
extern double world_clock_now(const World *world, int64_t now);

/* Begins to load the copy if there is none, because somebody watches. */
extern void world_want_copy(World *world);

/* Fetches what is new in the world, or polls if it has no copy, because the database has notified of a change. */
extern void world_wake(World *world);

/* Returns a reference to the frame "clock" that says this revision. */
extern Frame *world_clock_frame(World *world, int64_t revision);

/* After each registration all worlds are fetched again; without one nothing is fetched, and they count as unreachable. */
extern void worlds_registered(void);
extern void worlds_unregistered(void);
extern bool worlds_are_registered(void);

/* Hears that the database does not answer, so that the worlds' clocks are shown as standing, or answers again. */
extern void worlds_silent(bool is_silent);

/* Returns true if the gateway is registered and the database answers. */
extern bool worlds_are_reachable(void);

/* Polls now instead of within the second. */
extern void worlds_poll_soon(void);

extern void worlds_tick(int64_t now);

/* Adds a line for the poll and for each running world that is stale, for /healthz. */
extern void worlds_add_stale(Text *text, int64_t now);

extern int worlds_count(void);

#endif /* NPCSIM_GATEWAY_WORLD_H */
