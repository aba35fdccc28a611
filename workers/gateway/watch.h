/*
 * watch.h
 *	  A client's subscription: what the client has, and the frames that bring it
 *	  up to date.
 */
#ifndef NPCSIM_GATEWAY_WATCH_H
#define NPCSIM_GATEWAY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "views.h"
#include "world.h"

struct Client;
struct Pages;
struct Snapshot;

/* What a watch does next. */
typedef enum WatchPhase
{
	WATCH_WAITING,	/* it waits for the world's copy */
	WATCH_STARTING, /* it makes a snapshot */
	WATCH_RESUMING, /* it makes a delta of what changed since the client was here, and of what is present */
	WATCH_PAGING,	/* it sends the pages of a snapshot */
	WATCH_TELLING,	/* it sends the pages of a delta */
	WATCH_FOLLOWING /* it makes a delta as soon as there is something new */
} WatchPhase;

typedef struct Watch
{
	struct Client	*client;
	World			*world;
	WatchPhase		 phase;
	char			 id[96]; /* JSON text of the subscription's id, or "" */
	uint32_t		 tables; /* bits of TableId */
	bool			 has_camera;
	Rectangle		 camera;	   /* as the client gave it */
	bool			 camera_moved; /* it moved since the last delta */
	int64_t			 seen;		   /* the revision that the client has */
	int64_t			 complete_at;  /* the revision from which on the client had all of this camera's view */
	int64_t			 since; /* WATCH_WAITING and WATCH_RESUMING: the revision that the client says it has */
	char			 since_epoch[COPY_EPOCH_SIZE];
	int64_t			 told[STREAM_COUNT]; /* the positions up to which it was told the streams */
	uint8_t			*has; /* a bit for each slot whose entity the client has; only with a camera */
	uint32_t		 has_bytes;
	struct Snapshot *snapshot; /* WATCH_PAGING only */
	struct Pages	*pages;	   /* WATCH_TELLING only */
	int				 next_page;
	struct Watch	*previous; /* in the same world */
	struct Watch	*next;
} Watch;

/* Drops the pages that were not sent yet. */
extern void watch_drop_pages(Watch *watch);

/* Chooses between resuming and a snapshot, since the world's copy is there now. */
extern void watch_begin(Watch *watch);

/* Returns the client's view, by which it is recognised when it comes back (views.h). */
extern View watch_view(const Watch *watch);

/* Returns the next frame for this client, or NULL when it has everything. */
extern Frame *watch_next_frame(Watch *watch);

/* True if there is nothing to send now, so that a clock frame may be sent, which says this revision. */
extern bool	   watch_is_current(const Watch *watch);
extern int64_t watch_revision(const Watch *watch);

/* Wake the clients of a world whose copy has a new revision, or was loaded afresh so that all begin again. */
extern void watches_changed(World *world);
extern void watches_reloaded(World *world);

#endif /* NPCSIM_GATEWAY_WATCH_H */
