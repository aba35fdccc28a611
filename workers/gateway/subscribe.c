/*
 * subscribe.c
 *	  Does what a client asks of its subscription: begins it, moves its camera and ends it (watch.c is what
 *	  it consists of).
 *
 * A client has one subscription at a time; a new one replaces it.  The database
 * is told cameras, too, because NPCs in view think earlier; it is told only the
 * latest one of a client, and of a player at most once a second.
 */
#include "subscribe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_input.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "views.h"

#define MAX_COORDINATE 1e6 /* in cells; the database takes no more */
/* How often the database is told where a camera is; there may be many spectators, and one counts as much as all. */
#define CAMERA_TELL_MS			 1000
#define SPECTATOR_CAMERA_TELL_MS 5000

static const FrameSource watch_frames = {watch_next_frame, watch_is_current, watch_revision};

static bool
read_camera(const json_t *source, Rectangle *camera, char *message, size_t size)
{
	static const char *const names[] = {"min_x", "min_y", "max_x", "max_y"};
	double					 values[4];

	for (int i = 0; i < 4; i++)
	{
		if (!json_member_number(source, names[i], &values[i]) || !(fabs(values[i]) <= MAX_COORDINATE))
		{
			snprintf(message, size, "camera: %s must be a number from -1000000 to 1000000", names[i]);
			return false;
		}
	}
	if (values[0] > values[2] || values[1] > values[3])
	{
		snprintf(message, size, "camera: min_x and min_y must not exceed max_x and max_y");
		return false;
	}
	*camera = (Rectangle) {values[0], values[1], values[2], values[3]};
	return true;
}

/* Reads the tables that are asked for.  Names that are not known are ignored, since a later version may have them. */
static bool
read_tables(const json_t *frame, uint32_t *tables, char *message, size_t size)
{
	const json_t *list = json_object_get(frame, "tables");

	*tables = (1u << TABLE_COUNT) - 1;
	if (list == NULL)
		return true;
	if (!json_is_array(list) || json_array_size(list) > 64)
	{
		snprintf(message, size, "tables must be an array of at most 64 names");
		return false;
	}
	*tables = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
	{
		const char *name = json_string_value(json_array_get(list, i));

		if (name == NULL)
		{
			snprintf(message, size, "tables must hold names");
			return false;
		}
		for (int table = 0; table < TABLE_COUNT; table++)
		{
			if (strcmp(name, table_names[table]) == 0)
				*tables |= 1u << table;
		}
	}
	return true;
}

static bool
read_since(const json_t *frame, Watch *watch, char *message, size_t size)
{
	const json_t *since = json_object_get(frame, "since");
	const json_t *epoch = json_object_get(frame, "epoch");

	if (epoch != NULL && !json_is_null(epoch) &&
		(!json_is_string(epoch) || json_string_length(epoch) >= sizeof(watch->since_epoch)))
	{
		snprintf(message, size, "epoch must be a text of at most %zu bytes", sizeof(watch->since_epoch) - 1);
		return false;
	}
	if (since == NULL || json_is_null(since))
		return true;
	if (!json_is_integer(since) || json_integer_value(since) < 0)
	{
		snprintf(message, size, "since must be a revision");
		return false;
	}
	/* without its epoch a revision means nothing, and the client gets a snapshot */
	if (json_is_string(epoch))
	{
		watch->since = json_integer_value(since);
		strcpy(watch->since_epoch, json_string_value(epoch));
	}
	return true;
}

static void
tell_camera(Client *client, int64_t now)
{
	const Watch *watch = client->watch;
	double		 rectangle[4];

	client->camera_untold = false;
	client->camera_told_at = now;
	if (!watch->has_camera)
		return;
	rectangle[0] = watch->camera.min_x;
	rectangle[1] = watch->camera.min_y;
	rectangle[2] = watch->camera.max_x;
	rectangle[3] = watch->camera.max_y;
	if (client->player_id != 0)
		call_update_player_camera(client->player_id, rectangle);
	else if (!db_is_standby())
		call_update_spectator_camera(client->session_id, rectangle);
}

void
watch_tick(Watch *watch, int64_t now)
{
	Client *client = watch->client;
	int64_t rest = client->player_id != 0 ? CAMERA_TELL_MS : SPECTATOR_CAMERA_TELL_MS;

	if (client->camera_untold && client->state == CLIENT_LIVE && now - client->camera_told_at >= rest)
		tell_camera(client, now);
}

bool
watch_subscribe(Client *client, const json_t *frame, char *message, size_t size)
{
	const json_t *camera = json_object_get(frame, "camera");
	const json_t *id = json_object_get(frame, "id");
	Watch		 *watch = mem_alloc(sizeof(Watch));
	World		 *world = client->world;
	bool		  good = true;

	if (camera != NULL && !json_is_null(camera))
	{
		watch->has_camera = true;
		good = read_camera(camera, &watch->camera, message, size);
	}
	good =
		good && read_tables(frame, &watch->tables, message, size) && read_since(frame, watch, message, size);
	if (!good)
	{
		free(watch);
		return false;
	}
	if (id != NULL)
	{
		Text text = {0};

		text_add_json(&text, id);
		if (text.length < sizeof(watch->id))
			strcpy(watch->id, text.data);
		text_free(&text);
	}

	watch_end(client); /* this keeps the view of the old subscription, so that the new one may resume it */
	watch->client = client;
	watch->world = world;
	watch->next = world->watches;
	if (world->watches != NULL)
		world->watches->previous = watch;
	world->watches = watch;
	client->watch = watch;
	client->frames = &watch_frames;
	client->camera_untold = watch->has_camera;

	watch->phase = WATCH_WAITING;
	if (world->copy_state == COPY_CURRENT)
		watch_begin(watch);
	else
		world_want_copy(world);
	client_wake(client);
	return true;
}

bool
watch_camera(Client *client, const json_t *frame, char *message, size_t size)
{
	Watch	 *watch = client->watch;
	Rectangle camera;

	if (watch == NULL)
	{
		snprintf(message, size, "camera: there is no subscription");
		return false;
	}
	if (!read_camera(frame, &camera, message, size))
		return false;
	/*
	 * A client that had no camera has no bits for what it has, and one that is
	 * about to resume did not have this view: both begin again with a snapshot.
	 * A snapshot on its way goes on, and what the new camera adds follows it.
	 */
	if (watch->phase == WATCH_RESUMING || (!watch->has_camera && watch->phase != WATCH_WAITING))
	{
		watch_drop_pages(watch);
		watch->phase = WATCH_STARTING;
	}
	watch->has_camera = true;
	watch->camera = camera;
	watch->camera_moved = true;
	client->camera_untold = true;
	client_wake(client);
	return true;
}

void
watch_end(Client *client)
{
	Watch *watch = client->watch;

	if (watch == NULL)
		return;
	if (watch->has_camera && (watch->phase == WATCH_FOLLOWING || watch->phase == WATCH_TELLING) &&
		!watch->camera_moved)
	{
		View view = watch_view(watch);

		views_remember(&view);
	}
	if (watch->previous != NULL)
		watch->previous->next = watch->next;
	else
		watch->world->watches = watch->next;
	if (watch->next != NULL)
		watch->next->previous = watch->previous;
	watch_drop_pages(watch);
	free(watch->has);
	free(watch);
	client->watch = NULL;
	client->camera_untold = false;
}
