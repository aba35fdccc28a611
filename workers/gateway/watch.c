/*
 * watch.c
 *	  A client's subscription: what it has, and the frames that bring it up to
 *	  date.
 *
 *	 WAITING --(copy is there)--> STARTING --> PAGING --> FOLLOWING
 *	    \________________________ RESUMING _________________/  ^
 *	    STARTING again: the world was loaded afresh, or a delta grew too large
 *
 * A frame is made when the socket takes it, from the difference between what
 * the client has ("seen", "has") and what the copy holds now; so a client that
 * is slow gets fewer deltas, each with the latest of every entity.
 *
 * Streams are not merged: the rows since "told" come one after the other, and
 * those that the copy does not keep any more are counted.  A snapshot begins
 * them anew, with the last messages and no events.
 *
 * Invariants:
 * - "told" is where the streams were at revision "seen".
 * - FOLLOWING: the client has, up to "seen", everything in its sight.
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

#include "client.h"
#include "snapshot.h"
#include "views.h"

/* What a client has leaves its view this many cells beyond it. */
#define LEAVE_MARGIN 10.0

/* Messages of a snapshot. */
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
	if (watch->has)
		memset(watch->has, 0, watch->has_bytes);
}

static bool
wants_table(const Watch *watch, TableId table)
{
	return (watch->tables >> table) & 1;
}

/* ------------------------------------------------------------------------
 * what the camera sees
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
	bool	  limited; /* by a camera */
	Rectangle inner;
	Rectangle outer; /* what the client has leaves beyond this one */
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

/* Did the client have the entity when it was at "seen"? */
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

typedef struct DeltaTexts
{
	Text	upsert[TABLE_COUNT];
	Text	remove[TABLE_COUNT];
	Text	leave[TABLE_COUNT];
	int64_t dropped[STREAM_COUNT];
	bool	any;
} DeltaTexts;

static void
add_separated(Text *text, const Fragment *key)
{
	if (text->length > 0)
		text_add(text, ",", 1);
	text_add(text, key->text, key->length);
}

static void
add_upsert(DeltaTexts *texts, const Entity *entity, int64_t changed_after)
{
	Text *text = &texts->upsert[entity->table];

	texts->any = true;
	if (text->length > 0)
		text_add(text, ",", 1);
	if (entity->table == TABLE_TERRAIN)
	{
		const Fragment *runs = entity->group[GROUP_ROW];

		text_add_string(text, "{\"blocked\":[");
		text_add(text, runs->text, runs->length);
		text_add_string(text, "]}");
	}
	else
		add_entity_row(text, entity, changed_after);
}

/* What this entity means for a client that follows. */
static void
consider(Watch *watch, const Sight *sight, const Entity *entity, DeltaTexts *texts)
{
	bool had;
	bool visible;

	if (!wants_table(watch, entity->table))
		return;
	had = client_had(watch, entity);
	visible = !entity->removed && is_visible(sight, entity, had);

	if (visible && !had)
		add_upsert(texts, entity, -1);
	else if (visible && entity->revision > watch->seen)
		add_upsert(texts, entity, watch->seen);
	else if (!visible && had)
	{
		texts->any = true;
		add_separated(entity->removed ? &texts->remove[entity->table] : &texts->leave[entity->table],
					  entity->key);
	}
	if (watch->has_camera && entity->placed && visible != had)
		set_slot(watch, entity->slot, visible);
}

static bool
is_in_sight(const Sight *sight, const StreamRow *row)
{
	return !sight->limited || !row->placed || rectangle_has(&sight->inner, row->x, row->y);
}

/* The rows of a stream from a position on, as far as they are kept. */
static void
add_stream(const Watch *watch, const Sight *sight, TableId table, int64_t from, DeltaTexts *texts)
{
	const Stream *stream = watch->world->copy->streams[table - FIRST_STREAM];
	int64_t		  oldest = stream_oldest(stream);
	Text		 *text = &texts->upsert[table];

	if (from < oldest)
	{
		texts->dropped[table - FIRST_STREAM] = oldest - from;
		texts->any = true;
		from = oldest;
	}
	for (; from < stream->total; from++)
	{
		const StreamRow *row = stream_row(stream, from);

		if (!is_in_sight(sight, row))
			continue;
		texts->any = true;
		add_separated(text, row->text);
	}
}

static void
add_streams(const Watch *watch, const Sight *sight, DeltaTexts *texts)
{
	for (int table = FIRST_STREAM; table < TABLE_COUNT; table++)
	{
		if (wants_table(watch, (TableId) table))
			add_stream(watch, sight, (TableId) table, watch->told[table - FIRST_STREAM], texts);
	}
}

/* It is up to date in all streams. */
static void
mark_told(Watch *watch)
{
	for (int stream = 0; stream < STREAM_COUNT; stream++)
		watch->told[stream] = watch->world->copy->streams[stream]->total;
}

static void
add_appended(Text *text, const DeltaTexts *texts, TableId table)
{
	const Text *rows = &texts->upsert[table];
	int64_t		dropped = texts->dropped[table - FIRST_STREAM];

	if (rows->length == 0 && dropped == 0)
		return;
	text_add_format(text, ",\"%s\":{\"append\":[", table_names[table]);
	if (rows->length > 0)
		text_add(text, rows->data, rows->length);
	text_add_format(text, "],\"dropped\":%" PRId64 "}", dropped);
}

static void
add_table(Text *text, DeltaTexts *texts, TableId table)
{
	Text					*lists[] = {&texts->upsert[table], &texts->remove[table], &texts->leave[table]};
	static const char *const names[] = {"upsert", "remove", "leave"};
	bool					 first = true;

	if (table >= FIRST_STREAM)
	{
		add_appended(text, texts, table);
		return;
	}
	if (lists[0]->length + lists[1]->length + lists[2]->length == 0)
		return;
	text_add_format(text, ",\"%s\":", table_names[table]);
	if (table == TABLE_WORLD || table == TABLE_TERRAIN)
	{
		text_add(text, lists[0]->data, lists[0]->length);
		return;
	}
	text_add(text, "{", 1);
	for (int i = 0; i < 3; i++)
	{
		if (lists[i]->length == 0)
			continue;
		text_add_format(text, "%s\"%s\":[", first ? "" : ",", names[i]);
		text_add(text, lists[i]->data, lists[i]->length);
		text_add(text, "]", 1);
		first = false;
	}
	text_add(text, "}", 1);
}

static void
begin_delta(Text *text, const Watch *watch, const char *id)
{
	text_add_string(text, "{\"type\":\"delta\"");
	if (*id)
		text_add_format(text, ",\"id\":%s", id);
	text_add_format(text, ",\"revision\":%" PRId64 ",\"clock\":", watch->world->copy->revision);
	text_add_json_real(text, watch->world->clock);
}

static Frame *
finish_delta(Text *text, DeltaTexts *texts)
{
	Frame *frame;

	for (int table = 0; table < TABLE_COUNT; table++)
	{
		add_table(text, texts, table);
		text_free(&texts->upsert[table]);
		text_free(&texts->remove[table]);
		text_free(&texts->leave[table]);
	}
	text_add(text, "}", 1);
	frame = frame_create(text->data, text->length);
	text_free(text);
	return frame;
}

static void
free_texts(DeltaTexts *texts)
{
	for (int table = 0; table < TABLE_COUNT; table++)
	{
		text_free(&texts->upsert[table]);
		text_free(&texts->remove[table]);
		text_free(&texts->leave[table]);
	}
}

/* The delta from "seen" to the copy's revision, or NULL when it is empty. */
static Frame *
make_delta(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = sight_of(watch);
	DeltaTexts		*texts = mem_alloc(sizeof(DeltaTexts));
	Frame			*frame = NULL;

	/* a moved camera concerns entities that did not change, too */
	for (const Entity *entity = copy->newest; entity; entity = entity->older)
	{
		if (entity->revision <= watch->seen && !watch->camera_moved)
			break;
		consider(watch, &sight, entity, texts);
	}
	add_streams(watch, &sight, texts);
	if (watch->camera_moved)
		watch->complete_at = copy->revision + 1; /* the last frame may say this one, too */
	watch->camera_moved = false;
	if (texts->any)
	{
		Text text = {0};

		begin_delta(&text, watch, "");
		frame = finish_delta(&text, texts);
	}
	else
		free_texts(texts);
	free(texts);
	return frame;
}

/* The same for a client without a camera, made once for all that are alike. */
static Frame *
make_shared_delta(Watch *watch)
{
	SharedDelta *shared = &watch->world->shared_delta;
	int64_t		 revision = watch->world->copy->revision;

	if (!shared->valid || shared->tables != watch->tables || shared->from != watch->seen ||
		shared->to != revision)
	{
		frame_release(shared->frame);
		shared->frame = make_delta(watch);
		shared->valid = true;
		shared->tables = watch->tables;
		shared->from = watch->seen;
		shared->to = revision;
	}
	watch->camera_moved = false;
	return shared->frame ? frame_hold(shared->frame) : NULL;
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
		return -1; /* what rows refer to comes first */
	if (watch->has_camera)
	{
		centre_x = (watch->camera.min_x + watch->camera.max_x) / 2;
		centre_y = (watch->camera.min_y + watch->camera.max_y) / 2;
	}
	entity_position(entity, sight->clock, &x, &y);
	return hypot(x - centre_x, y - centre_y);
}

/* The last messages, in their order, behind all rows. */
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
	watch->snapshot = snapshot_create(copy->revision, watch->tables);
	clear_slots(watch);
	for (const Entity *entity = copy->newest; entity; entity = entity->older)
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
	{
		snapshot_free(watch->snapshot);
		watch->snapshot = NULL;
		watch->phase = WATCH_FOLLOWING;
	}
	return frame;
}

/*
 * What a client that was away is sent: rows that it cannot have whole, of the
 * others the groups that changed, and who is present.  An entity that moved
 * since may have been out of its view then, so it comes whole.
 */
static Frame *
make_resumption(Watch *watch)
{
	const WorldCopy *copy = watch->world->copy;
	Sight			 sight = sight_of(watch);
	DeltaTexts		*texts = mem_alloc(sizeof(DeltaTexts));
	Text			 present = {0};
	Text			 text = {0};
	Frame			*frame;

	clear_slots(watch);
	for (const Entity *entity = copy->newest; entity; entity = entity->older)
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
			add_upsert(texts, entity, -1);
		else if (entity->revision > watch->since)
			add_upsert(texts, entity, watch->since);
		/* ids of players are of another counter */
		if (entity->key_is_integer && entity->table != TABLE_PLAYERS)
			add_separated(&present, entity->key);
	}
	add_streams(watch, &sight, texts);
	mark_told(watch);
	begin_delta(&text, watch, watch->id);
	text_add_string(&text, ",\"present\":[");
	if (present.length > 0)
		text_add(&text, present.data, present.length);
	text_add(&text, "]", 1);
	frame = finish_delta(&text, texts);
	text_free(&present);
	free(texts);
	watch->seen = copy->revision;
	watch->since = 0;
	watch->camera_moved = false;
	watch->phase = WATCH_FOLLOWING;
	return frame;
}

View
watch_view(const Watch *watch)
{
	return (View) {watch->client->player_id, watch->world->id, watch->tables, watch->camera,
				   watch->complete_at};
}

/* Is what changed since then known, and did it have this view then? */
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

	for (const Watch *watch = world->watches; watch; watch = watch->next)
	{
		if ((watch->phase == WATCH_FOLLOWING || watch->phase == WATCH_PAGING) && watch->seen < seen)
			seen = watch->seen;
	}
	copy_forget_removed(world->copy, seen);
}

/* A delta, a snapshot's first page instead of one that is too large, or NULL. */
static Frame *
follow(Watch *watch)
{
	Frame *frame;

	frame = watch->has_camera ? make_delta(watch) : make_shared_delta(watch);
	watch->seen = watch->world->copy->revision;
	mark_told(watch);
	if (frame && frame->length > (size_t) client_settings()->max_queue)
	{
		frame_release(frame);
		start_snapshot(watch);
		return next_page(watch);
	}
	return frame;
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
		{
			Frame *frame = make_resumption(watch);

			if (frame->length <= (size_t) client_settings()->max_queue)
				return frame;
			frame_release(frame);
			start_snapshot(watch);
			return next_page(watch);
		}
		case WATCH_PAGING:
			return next_page(watch);
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
	for (Watch *watch = world->watches; watch; watch = watch->next)
	{
		if (!watch_is_current(watch))
			client_wake(watch->client);
	}
	forget_what_all_have_seen(world);
}

void
watches_reloaded(World *world)
{
	for (Watch *watch = world->watches; watch; watch = watch->next)
	{
		/* one that waits may resume; the others had another copy's slots */
		if (watch->phase != WATCH_WAITING)
			watch->since = 0;
		snapshot_free(watch->snapshot);
		watch->snapshot = NULL;
		clear_slots(watch);
		watch_begin(watch);
		client_wake(watch->client);
	}
}
