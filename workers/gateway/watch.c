/*
 * watch.c
 *	  A client's subscription: what the client has, and the frames that bring it
 *	  up to date.
 *
 *	 WAITING --(copy is there)--> STARTING --> PAGING --> FOLLOWING <--> TELLING
 *	    \________________________ RESUMING _________________________________/
 *	    STARTING again: the world was loaded afresh, or a delta grew too large
 *
 * A delta is made when the socket takes it, from the difference between what
 * the client has ("seen", "has") and what the copy holds now; so a slow client
 * gets fewer deltas, each with the latest state of every entity.  Its pages are
 * sent one behind the other, with nothing else of the watch in between.
 *
 * Streams are not merged: all rows since "told" are sent in order, and those
 * that the copy does not keep any more are counted.  After a snapshot they
 * begin anew, with the last messages and no events.
 *
 * Invariants:
 * - "told" is where the streams were at revision "seen".
 * - FOLLOWING: the client has, up to "seen", everything in its sight; TELLING:
 *	 it will have when the last of "pages" is sent.
 * - "has" has a bit for every placed entity the client was sent and not told
 *	 to drop; without a camera it has everything and there are no bits.
 * - copy_forget_removed is only called for revisions that every watch of the
 *	 world has seen, so a bit never stands for another entity of the same slot.
 */
#include "watch.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "client.h"
#include "delta.h"
#include "snapshot.h"
#include "views.h"

/* An entity that a client has leaves its view only this many cells beyond it, so that it does not come and go at the edge. */
#define LEAVE_MARGIN 10.0

/* How many messages a snapshot has. */
#define LAST_MESSAGES 50

static bool
has_slot(const Watch *watch, uint32_t slot)
{
	return slot / 8 < watch->has_bytes && (watch->has[slot / 8] >> (slot % 8)) & 1;
}

static void
set_slot(Watch *watch, uint32_t slot, bool value)
{
	if (slot / 8 >= watch->has_bytes)
	{
		uint32_t bytes = (slot / 8 + 64) & ~63u;

		if (!value)
			return;
		watch->has = mem_resize(watch->has, bytes);
		memset(watch->has + watch->has_bytes, 0, bytes - watch->has_bytes);
		watch->has_bytes = bytes;
	}
	if (value)
		watch->has[slot / 8] |= (uint8_t) (1u << (slot % 8));
	else
		watch->has[slot / 8] &= (uint8_t) ~(1u << (slot % 8));
}

static void
clear_slots(Watch *watch)
{
	if (watch->has != NULL)
		memset(watch->has, 0, watch->has_bytes);
}

static bool
wants_table(const Watch *watch, TableId table)
{
	return (watch->tables >> table) & 1;
}

/* ------------------------------------------------------------------------
 * the camera's view
 * ------------------------------------------------------------------------ */

static Rectangle
widened(const Watch *watch, double by)
{
	Rectangle rectangle = watch->camera;

	rectangle.min_x -= by;
	rectangle.min_y -= by;
	rectangle.max_x += by;
	rectangle.max_y += by;
	return rectangle;
}

typedef struct Sight
{
	bool	  limited; /* there is a camera, so that what follows counts */
	Rectangle inner;   /* an entity comes into view here */
	Rectangle outer;   /* one that the client has leaves the view beyond this */
	double	  clock;
} Sight;

static Sight
sight_of(const Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = {0};

	sight.limited = watch->has_camera;
	sight.clock = world_clock_now(watch->world, now_ms());
	if (sight.limited)
	{
		sight.inner = widened(watch, copy->view_buffer);
		sight.outer = widened(watch, copy->view_buffer + LEAVE_MARGIN);
	}
	return sight;
}

static bool
is_visible(const Sight *sight, const Entity *entity, bool had)
{
	if (!sight->limited || !entity->placed)
		return true;
	return entity_meets(entity, had ? &sight->outer : &sight->inner, sight->clock);
}

/* Returns true if the client had the entity at revision "seen". */
static bool
client_had(const Watch *watch, const Entity *entity)
{
	if (watch->has_camera && entity->placed)
		return has_slot(watch, entity->slot);
	return entity->created <= watch->seen;
}

/* ------------------------------------------------------------------------
 * deltas
 * ------------------------------------------------------------------------ */

/* Adds to a delta what this entity means for a client: it comes into view, has changed, leaves, or is gone. */
static void
consider(Watch *watch, const Sight *sight, const Entity *entity, Delta *delta)
{
	bool had;
	bool visible;

	if (!wants_table(watch, entity->table))
		return;
	had = client_had(watch, entity);
	visible = !entity->removed && is_visible(sight, entity, had);

	if (visible && !had)
		delta_add_entity(delta, entity, -1);
	else if (visible && entity->revision > watch->seen)
		delta_add_entity(delta, entity, watch->seen);
	else if (!visible && had)
		delta_add(delta, entity->table, entity->removed ? DELTA_REMOVE : DELTA_LEAVE, entity->key->text,
				  entity->key->length);
	if (watch->has_camera && entity->placed && visible != had)
		set_slot(watch, entity->slot, visible);
}

static bool
is_in_sight(const Sight *sight, const StreamRow *row)
{
	return !sight->limited || !row->placed || rectangle_has(&sight->inner, row->x, row->y);
}

/* Adds the rows of a stream from a position on, and how many of them are not kept any more. */
static void
add_stream(const Watch *watch, const Sight *sight, TableId table, int64_t from, Delta *delta)
{
	const Stream *stream = watch->world->copy->streams[table - FIRST_STREAM];
	int64_t		  oldest = stream_oldest(stream);

	if (from < oldest)
	{
		delta_drop(delta, table, oldest - from);
		from = oldest;
	}
	for (; from < stream->total; from++)
	{
		const StreamRow *row = stream_row(stream, from);

		if (is_in_sight(sight, row))
			delta_add(delta, table, DELTA_UPSERT, row->text->text, row->text->length);
	}
}

static void
add_streams(const Watch *watch, const Sight *sight, Delta *delta)
{
	for (int table = FIRST_STREAM; table < TABLE_COUNT; table++)
	{
		if (wants_table(watch, (TableId) table))
			add_stream(watch, sight, (TableId) table, watch->told[table - FIRST_STREAM], delta);
	}
}

/* Notes that the client is up to date in all streams. */
static void
mark_told(Watch *watch)
{
	for (int stream = 0; stream < STREAM_COUNT; stream++)
		watch->told[stream] = watch->world->copy->streams[stream]->total;
}

/*
 * Cuts a delta into pages and frees it.  Returns NULL if it has more bytes than may be queued for a client: then a snapshot is
 * sent, which takes less memory since it makes its pages one by one.
 */
static Pages *
cut(const Watch *watch, Delta *delta, const char *id)
{
	Pages *pages = NULL;

	if (delta_size(delta) <= (size_t) client_settings()->max_queue)
		pages = delta_cut(delta, id, watch->world->copy->revision, watch->world->clock,
						  (size_t) watch->client->page);
	delta_free(delta);
	return pages;
}

/* Returns what changed from "seen" to the copy's revision, or NULL when there is nothing to tell. */
static Delta *
make_delta(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = sight_of(watch);
	Delta			*delta = mem_alloc(sizeof(Delta));

	/* when the camera moved, entities that did not change may have come into view, so all are looked at */
	for (const Entity *entity = copy->newest; entity != NULL; entity = entity->older)
	{
		if (entity->revision <= watch->seen && !watch->camera_moved)
			break;
		consider(watch, &sight, entity, delta);
	}
	add_streams(watch, &sight, delta);
	if (watch->camera_moved)
		watch->complete_at = copy->revision + 1; /* it may have had this very revision with the old view */
	watch->camera_moved = false;
	if (!delta->any)
	{
		delta_free(delta);
		return NULL;
	}
	return delta;
}

/*
 * Does the same for a client without a camera.  The pages are made once for all
 * clients that are at the same revision and want the same tables; they are kept
 * with the world.
 */
static const SharedDelta *
share_delta(Watch *watch)
{
	SharedDelta *shared = &watch->world->shared_delta;
	int64_t		 revision = watch->world->copy->revision;
	int			 page = watch->client->page;

	if (!shared->valid || shared->tables != watch->tables || shared->from != watch->seen ||
		shared->to != revision || shared->page != page)
	{
		Delta *delta = make_delta(watch);

		pages_release(shared->pages);
		shared->valid = true;
		shared->tables = watch->tables;
		shared->from = watch->seen;
		shared->to = revision;
		shared->page = page;
		shared->is_empty = delta == NULL;
		shared->pages = delta != NULL ? cut(watch, delta, "") : NULL;
	}
	watch->camera_moved = false;
	return shared;
}

/* ------------------------------------------------------------------------
 * snapshots and resumption
 * ------------------------------------------------------------------------ */

static double
distance_from_centre(const Watch *watch, const Sight *sight, const Entity *entity)
{
	const WorldCopy *copy = watch->world->copy;
	double			 centre_x = copy->size_x / 2;
	double			 centre_y = copy->size_y / 2;
	double			 x;
	double			 y;

	if (!entity->placed)
		return -1; /* rows without a position, such as types, come first, since the others refer to them */
	if (watch->has_camera)
	{
		centre_x = (watch->camera.min_x + watch->camera.max_x) / 2;
		centre_y = (watch->camera.min_y + watch->camera.max_y) / 2;
	}
	entity_position(entity, sight->clock, &x, &y);
	return hypot(x - centre_x, y - centre_y);
}

/* Adds the last messages in their order, behind all rows. */
static void
add_last_messages(const Watch *watch, const Sight *sight)
{
	const Stream *stream = watch->world->copy->streams[TABLE_MESSAGES - FIRST_STREAM];
	int64_t		  first = stream->total - LAST_MESSAGES;

	if (!wants_table(watch, TABLE_MESSAGES))
		return;
	if (first < stream_oldest(stream))
		first = stream_oldest(stream);
	for (; first < stream->total; first++)
	{
		const StreamRow *row = stream_row(stream, first);

		if (is_in_sight(sight, row))
			snapshot_add_text(watch->snapshot, TABLE_MESSAGES, row->text);
	}
}

static void
start_snapshot(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = sight_of(watch);

	snapshot_free(watch->snapshot);
	watch->snapshot = snapshot_create(copy->revision, watch->tables, watch->client->page);
	clear_slots(watch);
	for (const Entity *entity = copy->newest; entity != NULL; entity = entity->older)
	{
		if (entity->removed || !wants_table(watch, entity->table) || !is_visible(&sight, entity, false))
			continue;
		snapshot_add(watch->snapshot, entity, distance_from_centre(watch, &sight, entity));
		if (watch->has_camera && entity->placed)
			set_slot(watch, entity->slot, true);
	}
	snapshot_sort(watch->snapshot);
	add_last_messages(watch, &sight);
	mark_told(watch);
	watch->seen = copy->revision;
	watch->complete_at = copy->revision;
	watch->since = 0;
	watch->camera_moved = false;
	watch->phase = WATCH_PAGING;
}

static Frame *
next_page(Watch *watch)
{
	bool   is_last;
	Frame *frame = snapshot_next_page(watch->snapshot, watch->id, watch->world->clock, &is_last);

	if (is_last)
		watch_drop_pages(watch);
	return frame;
}

/*
 * Returns what a client that was away is sent: all of the rows that it may not
 * have, of the others the groups that changed, and the ids of what is present.
 * An entity that has moved since may have been out of its view then, so all of
 * it is sent.
 */
static Delta *
make_resumption(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = sight_of(watch);
	Delta			*delta = mem_alloc(sizeof(Delta));

	delta->has_present = true;
	clear_slots(watch);
	for (const Entity *entity = copy->newest; entity != NULL; entity = entity->older)
	{
		bool	had = entity->created <= watch->since;
		GroupId place = entity->table == TABLE_NPCS ? GROUP_MOTION : GROUP_ROW;

		if (entity->removed || !wants_table(watch, entity->table) || !is_visible(&sight, entity, false))
			continue;
		if (sight.limited && entity->placed)
		{
			set_slot(watch, entity->slot, true);
			had = had && entity->group_revision[place] <= watch->since;
		}
		if (!had)
			delta_add_entity(delta, entity, -1);
		else if (entity->revision > watch->since)
			delta_add_entity(delta, entity, watch->since);
		/* the ids of players are not among those of what is present, because they are numbered by themselves */
		if (entity->key_is_integer && entity->table != TABLE_PLAYERS)
			delta_add_present(delta, entity);
	}
	add_streams(watch, &sight, delta);
	watch->since = 0;
	watch->camera_moved = false;
	return delta;
}

View
watch_view(const Watch *watch)
{
	return (View) {watch->client->player_id, watch->world->id, watch->tables, watch->camera,
				   watch->complete_at};
}

/* Returns true if it is known what changed since the client was here, and the client had this view then. */
static bool
can_resume(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	View			 view = watch_view(watch);

	if (watch->since <= 0 || watch->since < copy->base || watch->since > copy->revision ||
		strcmp(watch->since_epoch, copy->epoch) != 0)
		return false;
	for (int table = FIRST_STREAM; table < TABLE_COUNT; table++)
	{
		int64_t *told = &watch->told[table - FIRST_STREAM];

		*told = stream_total_at(copy->streams[table - FIRST_STREAM], watch->since);
		if (wants_table(watch, (TableId) table) && *told < 0)
			return false;
	}
	if (!watch->has_camera)
		return true;
	watch->complete_at = views_complete_at(&view);
	return watch->complete_at > 0 && watch->since >= watch->complete_at;
}

void
watch_begin(Watch *watch)
{
	assert(watch->world->copy_state == COPY_CURRENT);
	watch->phase = can_resume(watch) ? WATCH_RESUMING : WATCH_STARTING;
}

/* ------------------------------------------------------------------------
 * frames
 * ------------------------------------------------------------------------ */

static void
forget_what_all_have_seen(World *world)
{
	int64_t seen = world->copy->revision;

	for (const Watch *watch = world->watches; watch != NULL; watch = watch->next)
	{
		if ((watch->phase == WATCH_FOLLOWING || watch->phase == WATCH_PAGING ||
			 watch->phase == WATCH_TELLING) &&
			watch->seen < seen)
			seen = watch->seen;
	}
	copy_forget_removed(world->copy, seen);
}

static Frame *
next_delta_page(Watch *watch)
{
	Frame *frame = frame_hold(watch->pages->frames[watch->next_page++]);

	if (watch->next_page == watch->pages->count)
		watch_drop_pages(watch);
	return frame;
}

/* Returns the first page of a delta, or of a snapshot where the delta was too large (pages NULL). */
static Frame *
tell(Watch *watch, Pages *pages)
{
	watch->seen = watch->world->copy->revision;
	mark_told(watch);
	if (pages == NULL)
	{
		start_snapshot(watch);
		return next_page(watch);
	}
	watch->pages = pages;
	watch->next_page = 0;
	watch->phase = WATCH_TELLING;
	return next_delta_page(watch);
}

/* Makes a delta and returns its first page, or NULL when there is nothing to tell. */
static Frame *
follow(Watch *watch)
{
	Delta			  *delta = NULL;
	const SharedDelta *shared = NULL;

	if (watch->has_camera)
		delta = make_delta(watch);
	else
		shared = share_delta(watch);
	if (shared != NULL ? shared->is_empty : delta == NULL)
	{
		watch->seen = watch->world->copy->revision;
		mark_told(watch);
		return NULL;
	}
	if (shared != NULL)
		return tell(watch, shared->pages != NULL ? pages_hold(shared->pages) : NULL);
	return tell(watch, cut(watch, delta, ""));
}

void
watch_drop_pages(Watch *watch)
{
	pages_release(watch->pages);
	watch->pages = NULL;
	snapshot_free(watch->snapshot);
	watch->snapshot = NULL;
	if (watch->phase == WATCH_TELLING || watch->phase == WATCH_PAGING)
		watch->phase = WATCH_FOLLOWING;
}

Frame *
watch_next_frame(Watch *watch)
{
	if (watch_is_current(watch))
		return NULL;
	switch (watch->phase)
	{
		case WATCH_WAITING:
			return NULL;
		case WATCH_STARTING:
			start_snapshot(watch);
			return next_page(watch);
		case WATCH_RESUMING:
			return tell(watch, cut(watch, make_resumption(watch), watch->id));
		case WATCH_PAGING:
			return next_page(watch);
		case WATCH_TELLING:
			return next_delta_page(watch);
		case WATCH_FOLLOWING:
			return follow(watch);
	}
	return NULL;
}

bool
watch_is_current(const Watch *watch)
{
	switch (watch->phase)
	{
		case WATCH_WAITING:
			return true;
		case WATCH_STARTING:
		case WATCH_RESUMING:
		case WATCH_PAGING:
		case WATCH_TELLING:
			return false;
		case WATCH_FOLLOWING:
			return watch->seen == watch->world->copy->revision && !watch->camera_moved;
	}
	return true;
}

int64_t
watch_revision(const Watch *watch)
{
	return watch->phase == WATCH_FOLLOWING ? watch->seen : watch->since;
}

void
watches_changed(World *world)
{
	for (Watch *watch = world->watches; watch != NULL; watch = watch->next)
	{
		if (!watch_is_current(watch))
			client_wake(watch->client);
	}
	forget_what_all_have_seen(world);
}

void
watches_reloaded(World *world)
{
	for (Watch *watch = world->watches; watch != NULL; watch = watch->next)
	{
		/* a watch that waits may resume; the others cannot, because their bits are for slots of the old copy */
		if (watch->phase != WATCH_WAITING)
			watch->since = 0;
		watch_drop_pages(watch);
		clear_slots(watch);
		watch_begin(watch);
		client_wake(watch->client);
	}
}
