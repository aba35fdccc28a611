/*
 * watch.h
 *	  A client's subscription: what it has, and the frames that bring it up to
 *	  date.
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

/* What a watch is about to send. */
typedef enum WatchPhase
{
	WATCH_WAITING,	/* for the copy */
	WATCH_STARTING, /* a snapshot is to be made */
	WATCH_RESUMING, /* what changed since, and who is present */
	WATCH_PAGING,	/* a snapshot is on its way, page by page */
	WATCH_TELLING,	/* a delta is */
	WATCH_FOLLOWING /* deltas */
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
	bool			 camera_moved; /* since the last delta */
	int64_t			 seen;		   /* the revision it has */
	int64_t			 complete_at;  /* from this revision on it had this camera's view whole */
	int64_t			 since;		   /* WATCH_WAITING and WATCH_RESUMING: what it says it has */
	char			 since_epoch[COPY_EPOCH_SIZE];
	int64_t			 told[STREAM_COUNT]; /* positions up to which it was told each stream */
	uint8_t			*has;				 /* a bit per slot; only with a camera */
	uint32_t		 has_bytes;
	struct Snapshot *snapshot;
	struct Pages	*pages; /* WATCH_TELLING */
	int				 next_page;
	struct Watch	*previous; /* of the same world */
	struct Watch	*next;
} Watch;

/* What is on its way is not sent further. */
extern void watch_drop_pages(Watch *watch);

/* The copy is there: begins with what the client needs. */
extern void watch_begin(Watch *watch);

/* What it sees, to be recognised by when it comes back. */
extern View watch_view(const Watch *watch);

/* The next frame for this client, or NULL when it has everything. */
extern Frame *watch_next_frame(Watch *watch);

/* Has it nothing to send now?  Then a clock frame may be, with this revision. */
extern bool	   watch_is_current(const Watch *watch);
extern int64_t watch_revision(const Watch *watch);

/* The world's copy has a new revision, or was loaded afresh. */
extern void watches_changed(World *world);
extern void watches_reloaded(World *world);

#endif /* NPCSIM_GATEWAY_WATCH_H */
