/*
 * world.c
 *	  The worlds that clients here are connected to, and those that run: polls,
 *	  clocks, and the copies that snapshots and deltas keep current.
 *
 * The copy of a world:
 *
 *	 ABSENT --(somebody watches)--> LOADING --(world_snapshot)--> CURRENT
 *	   ^----(a minute without)---------|    <--(resync, bad delta)----|
 *
 * Invariants:
 * - At most one snapshot or delta per world is on its way ("fetching"); a
 *	 wake-up meanwhile sets fetch_again, so notifications never pile up.
 * - A world is freed only when it has no members and no queries under way.
 * - A query that the database does not answer is sent again after a back-off;
 *	 and the poll every second notices what a lost notification was about.
 */
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"

#define POLL_INTERVAL_MS 1000
#define IDLE_KEEP_MS	 60000

/* The least time between two deltas of a standby, which sends no notifications. */
#define STANDBY_INTERVAL_MS 200

/* On a standby a clock may stand for npcsim.clock_write_interval, 60 s at most, in a world in which nothing happens. */
#define STANDBY_STALE_MS 65000

/* The least time between two polls that changes of worlds without a copy cause. */
#define UNWATCHED_POLL_MS 250

#define STALE_AFTER_MS 5000

/* A running world whose clock stands for longer than this and two ticks counts as held. */
#define HELD_AFTER_MS 700

/* The database closes a gateway's sessions after 30 s without a poll. */
#define REGISTRATION_LAPSES_MS 20000

/* When two ticks of the loop are further apart than this, the process was suspended, and that time does not count. */
#define LONGEST_STEP_MS 2000

#define MAX_WORLDS 1000

/* How many worlds without clients are kept because they run; the rest of MAX_WORLDS is for those that clients join. */
#define MAX_WORLDS_LOOKED_AT 500

static struct
{
	struct lws_context *context;
	const Settings	   *settings;
	const char		   *gateway_id;
	const WorldEvents  *events;
	World			   *first;
	int					count;
	bool				registered;
	bool				silent;	 /* the database does not answer */
	int64_t				told_at; /* when clients are next told that the database is unreachable */
	bool				polling;
	bool				poll_failed; /* the database refused the last one */
	bool				poll_again;
	int64_t				poll_at;
	int64_t				asked_at;  /* when the last one was sent */
	int64_t				polled_at; /* the last one that was answered */
	int64_t				ticked_at;
	uint64_t registration; /* the number of registrations, by which answers from before are recognised */
} worlds;

static void fetch(World *world);

void
worlds_start(struct lws_context *context, const Settings *settings, const char *gateway_id,
			 const WorldEvents *events)
{
	memset(&worlds, 0, sizeof(worlds));
	worlds.context = context;
	worlds.settings = settings;
	worlds.gateway_id = gateway_id;
	worlds.events = events;
	worlds.ticked_at = now_ms();
}

static void
forget_shared(World *world)
{
	pages_release(world->shared_delta.pages);
	world->shared_delta.pages = NULL;
	world->shared_delta.valid = false;
}

static void
drop_copy(World *world)
{
	forget_shared(world);
	copy_free(world->copy);
	world->copy = NULL;
	world->copy_state = COPY_ABSENT;
	world->behind_since = 0;
	world->fetch_at = 0;
}

static void
free_world(World *world)
{
	World **place = &worlds.first;

	assert(world->members == 0 && world->queries == 0 && world->watches == NULL);
	assert(world->compute == NULL && world->submit == NULL);
	while (*place != world)
		place = &(*place)->next;
	*place = world->next;
	worlds.count--;
	lws_sul_cancel(&world->fetch_timer);
	drop_copy(world);
	frame_release(world->shared_clock.frame);
	free(world);
}

void
worlds_stop(void)
{
	while (worlds.first != NULL)
		free_world(worlds.first);
}

World *
world_find(int64_t id)
{
	World *world = worlds.first;

	while (world != NULL && world->id != id)
		world = world->next;
	return world;
}

World *
worlds_first(void)
{
	return worlds.first;
}

int
worlds_count(void)
{
	return worlds.count;
}

/* Returns the world of that id, made if it is new; NULL when there are "most" worlds already. */
static World *
find_or_create(int64_t id, int most)
{
	World *world = world_find(id);

	if (world != NULL || worlds.count >= most)
		return world;
	world = mem_alloc(sizeof(World));
	world->id = id;
	strcpy(world->status, "unknown");
	world->clock_moved_at = now_ms();
	world->next = worlds.first;
	worlds.first = world;
	worlds.count++;
	return world;
}

World *
world_join(int64_t id)
{
	World *world = find_or_create(id, MAX_WORLDS);

	if (world != NULL)
		world->members++;
	return world;
}

void
world_leave(World *world)
{
	assert(world->members > 0);
	if (--world->members == 0)
		world->idle_since = now_ms();
}

/* ------------------------------------------------------------------------
 * the clock
 * ------------------------------------------------------------------------ */

bool
worlds_are_reachable(void)
{
	return worlds.registered && !worlds.silent && now_ms() - worlds.polled_at <= STALE_AFTER_MS;
}

bool
world_is_running(const World *world)
{
	return strcmp(world->status, "running") == 0;
}

/*
 * Returns true if a running world's clock has stood for longer than longest_ms
 * and two ticks: somebody holds the world's lock then, or no worker serves it.
 */
static bool
clock_stands(const World *world, int64_t now, int64_t longest_ms)
{
	double tick_ms;

	if (!world_is_running(world) || world->speed <= 0)
		return false;
	tick_ms = world->tick_rate > 0 ? 1000.0 / (world->tick_rate * world->speed) : 0;
	return (double) (now - world->clock_moved_at) > (double) longest_ms + 2 * tick_ms;
}

double
world_clock_now(const World *world, int64_t now)
{
	int64_t passed = now - world->clock_at_ms;

	/* the clock is extrapolated over two polls at most */
	if (passed > 2 * POLL_INTERVAL_MS)
		passed = 2 * POLL_INTERVAL_MS;
	if (!world_is_running(world) || world->held || passed < 0 || !worlds_are_reachable())
		return world->clock;
	return world->clock + world->speed * (double) passed / 1000.0;
}

static void
clock_changed(World *world)
{
	world->clock_serial++;
	worlds.events->clock_changed(world);
}

static void
tell_all_clocks(void)
{
	for (World *world = worlds.first; world != NULL; world = world->next)
		clock_changed(world);
}

void
world_take_clock(World *world, const json_t *source)
{
	const char *status = json_member_string(source, "status");
	const char *epoch = json_member_string(source, "epoch");
	int64_t		now = now_ms();
	double		clock = world->clock;
	double		speed = world->speed;
	int64_t		revision;
	bool		other_epoch;
	bool		changed;

	json_member_number(source, "clock", &clock);
	json_member_number(source, "speed", &speed);
	if (status == NULL || strlen(status) >= sizeof(world->status))
		status = world->status;
	if (epoch == NULL || strlen(epoch) >= sizeof(world->epoch))
		epoch = world->epoch;

	other_epoch = strcmp(epoch, world->epoch) != 0;
	changed = other_epoch || speed != world->speed || strcmp(status, world->status) != 0;

	if (json_member_integer(source, "revision", &revision) && (other_epoch || revision > world->revision))
		world->revision = revision;
	/* an answer that another has overtaken must not turn the clock back */
	if (clock > world->clock || other_epoch)
	{
		changed = changed || world->held;
		world->held = false;
		world->clock_moved_at = now;
		world->clock = clock;
		world->clock_at_ms = now;
	}
	world->speed = speed;
	if (status != world->status)
	{
		if (strcmp(status, world->status) != 0)
		{
			world->clock_moved_at = now;
			world->clock_at_ms = now; /* the clock stood until now, or stands from now on */
			world->held = false;
		}
		strcpy(world->status, status);
	}
	if (epoch != world->epoch)
		strcpy(world->epoch, epoch);
	if (changed)
		clock_changed(world);
}

Frame *
world_clock_frame(World *world, int64_t revision)
{
	SharedClock *shared = &world->shared_clock;

	if (shared->frame == NULL || shared->serial != world->clock_serial || shared->revision != revision ||
		shared->clock != world->clock)
	{
		Text text = {0};
		bool known = worlds_are_reachable();

		/* while the database is out of reach the clock is shown as standing */
		text_add_string(&text, "{\"type\":\"clock\",\"clock\":");
		text_add_json_real(&text, world->clock);
		text_add_string(&text, ",\"speed\":");
		text_add_json_real(&text, known && !world->held ? world->speed : 0);
		text_add_string(&text, ",\"status\":");
		text_add_json_string(&text, known ? world->status : "unreachable");
		text_add_format(&text, ",\"revision\":%" PRId64 ",\"epoch\":", revision);
		text_add_json_string(&text, world->epoch);
		text_add(&text, "}", 1);
		frame_release(shared->frame);
		shared->frame = frame_create(text.data, text.length);
		shared->serial = world->clock_serial;
		shared->revision = revision;
		shared->clock = world->clock;
		text_free(&text);
	}
	return frame_hold(shared->frame);
}

/* ------------------------------------------------------------------------
 * the copy
 * ------------------------------------------------------------------------ */

static void
fetch_failed(World *world, const char *what, const char *why)
{
	int delay = 200 << (world->fetch_failures > 4 ? 4 : world->fetch_failures);

	log_line(LOG_WARNING, "world %" PRId64 ": %s: %s", world->id, what, why);
	world->fetch_failures++;
	world->fetch_at = now_ms() + delay;
	world->fetch_again = true; /* if there is no registration now, the next one fetches */
}

/* Has the world loaded afresh, because the copy is of no use any more. */
static void
reload(World *world)
{
	forget_shared(world);
	world->copy_state = COPY_LOADING;
	world->fetch_again = true;
}

static void
take_snapshot(World *world, const char *json)
{
	char	   message[200];
	json_t	  *snapshot = json_parse_trusted(json, message, sizeof(message));
	WorldCopy *copy = snapshot != NULL ? copy_create(snapshot, message, sizeof(message)) : NULL;

	if (copy == NULL)
		fetch_failed(world, "world_snapshot", message);
	else
	{
		drop_copy(world);
		world->copy = copy;
		world->copy_state = COPY_CURRENT;
		world->fetch_failures = 0;
		/* a poll that has overtaken the snapshot may have told a later state, which world_take_clock() keeps */
		world_take_clock(world, snapshot);
		worlds.events->reloaded(world);
	}
	json_decref(snapshot);
}

static void
take_delta(World *world, const char *json)
{
	char	message[200];
	json_t *delta = json_parse_trusted(json, message, sizeof(message));
	int64_t before = world->copy->revision;

	if (delta == NULL)
	{
		fetch_failed(world, "world_delta", message);
		return;
	}
	if (json_is_true(json_object_get(delta, "resync")))
		reload(world);
	else if (!copy_apply(world->copy, delta, message, sizeof(message)))
	{
		fetch_failed(world, "world_delta", message);
		reload(world);
	}
	else
	{
		world->fetch_failures = 0;
		world_take_clock(world, delta);
		if (world->copy->revision > before)
			worlds.events->changed(world);
	}
	json_decref(delta);
}

static void
note_lag(World *world)
{
	if (world->copy_state != COPY_CURRENT || world->copy->revision >= world->revision)
		world->behind_since = 0;
	else if (world->behind_since == 0)
		world->behind_since = now_ms();
}

static void
world_is_gone(World *world)
{
	if (world->gone)
		return;
	world->gone = true;
	worlds.events->gone(world);
}

static void
fetched(void *argument, const DbReply *reply)
{
	World	   *world = argument;
	const char *json = reply_text(reply);
	bool		loading = world->copy_state == COPY_LOADING;

	world->queries--;
	world->fetching = false;
	if (world->copy_state == COPY_ABSENT)
		return;
	if (strcmp(reply->sqlstate, SQLSTATE_NO_WORLD) == 0)
		world_is_gone(world); /* the world was dropped since the last poll */
	else if (json == NULL)
		fetch_failed(world, loading ? "world_snapshot" : "world_delta",
					 reply->result != NULL ? "gave NULL" : reply->message);
	else if (loading)
		take_snapshot(world, json);
	else
		take_delta(world, json);
	note_lag(world);
	if (world->watches != NULL && db_is_standby())
		world->fetch_again = true;
	if (world->fetch_again)
		fetch(world);
}

static void
fetch_timer_fired(lws_sorted_usec_list_t *timer)
{
	World *world = lws_container_of(timer, World, fetch_timer);

	world->fetch_timer_set = false;
	fetch(world);
}

static void
fetch_later(World *world, int64_t delay_ms)
{
	if (world->fetch_timer_set)
		return;
	world->fetch_timer_set = true;
	lws_sul_schedule(worlds.context, 0, &world->fetch_timer, fetch_timer_fired, delay_ms * 1000);
}

/* Returns the least real time between two deltas, in milliseconds. */
static int64_t
delta_interval(const World *world)
{
	double	rate = world->copy->tick_rate;
	int64_t tick = rate >= 1 && rate <= 1000 ? (int64_t) (1000 / rate) : 1000;

	return db_is_standby() && tick < STANDBY_INTERVAL_MS ? STANDBY_INTERVAL_MS : tick;
}

static void
fetch(World *world)
{
	int64_t now = now_ms();

	if (world->copy_state == COPY_ABSENT || !worlds.registered || world->gone)
		return;
	if (world->fetching)
	{
		world->fetch_again = true;
		return;
	}
	if (world->fetch_at > now)
	{
		fetch_later(world, world->fetch_at - now);
		return;
	}
	/* deltas are fetched at most once per tick, however many revisions the tick had */
	world->fetch_at = world->copy_state == COPY_CURRENT ? now + delta_interval(world) : 0;
	world->fetch_again = false;
	world->fetching = true;
	world->queries++;
	if (world->copy_state == COPY_LOADING)
		call_world_snapshot(world->id, fetched, world);
	else
		call_world_delta(world->id, world->copy->revision, world->copy->epoch, fetched, world);
}

void
world_want_copy(World *world)
{
	if (world->copy_state != COPY_ABSENT)
		return;
	world->copy_state = COPY_LOADING;
	world->watched_at = now_ms();
	fetch(world);
}

void
world_wake(World *world)
{
	if (world->copy_state != COPY_ABSENT)
		fetch(world);
	else if (world->members > 0 && worlds.poll_at > worlds.asked_at + UNWATCHED_POLL_MS)
		worlds.poll_at = worlds.asked_at + UNWATCHED_POLL_MS;
}

/* ------------------------------------------------------------------------
 * polls
 * ------------------------------------------------------------------------ */

static void
take_polled_world(const json_t *row)
{
	int64_t	 now = now_ms();
	int64_t	 id;
	World	*world;
	uint64_t serial;

	/* a world that the poll did not ask for is told because it runs */
	if (!json_member_integer(row, "world_id", &id) ||
		(world = find_or_create(id, MAX_WORLDS_LOOKED_AT)) == NULL)
		return;
	serial = world->clock_serial;
	json_member_number(row, "tick_rate", &world->tick_rate);
	world_take_clock(world, row);
	if (world_is_running(world) && world->members == 0)
		world->idle_since = now;
	world->held = clock_stands(world, now, HELD_AFTER_MS);
	if (world->clock_serial == serial)
		clock_changed(world); /* clients are told the clock at least once a second, that is, by each poll */
	if (world->copy_state == COPY_CURRENT &&
		(world->copy->revision != world->revision || strcmp(world->copy->epoch, world->epoch) != 0))
		fetch(world);
	note_lag(world);
}

static void
take_poll(const json_t *poll)
{
	const json_t *rows = json_object_get(poll, "worlds");
	const json_t *gone = json_object_get(poll, "gone");
	const json_t *ended = json_object_get(poll, "ended_sessions");

	for (size_t i = 0; i < json_array_size(rows); i++)
		take_polled_world(json_array_get(rows, i));
	for (size_t i = 0; i < json_array_size(gone); i++)
	{
		World *world = world_find(json_integer_value(json_array_get(gone, i)));

		if (world != NULL)
			world_is_gone(world);
	}
	for (size_t i = 0; i < json_array_size(ended); i++)
	{
		const json_t *row = json_array_get(ended, i);
		const char	 *reason = json_member_string(row, "reason");
		int64_t		  session_id;

		if (json_member_integer(row, "session_id", &session_id))
			worlds.events->session_ended(session_id, reason != NULL ? reason : "",
										 json_member_string(row, "message"));
	}
	worlds.events->polled();
}

static void
polled(void *argument, const DbReply *reply)
{
	uint64_t	registration = (uint64_t) (uintptr_t) argument;
	const char *json = reply_text(reply);
	char		message[200];
	json_t	   *poll;

	worlds.polling = false;
	if (registration != worlds.registration)
		return; /* it was sent before the present registration */
	if (json == NULL)
	{
		worlds.poll_failed = !reply->lost;
		if (!reply->lost)
			log_line(LOG_WARNING, "gateway_poll: %s", reply->result != NULL ? "gave NULL" : reply->message);
		if (strcmp(reply->sqlstate, SQLSTATE_NOT_REGISTERED) == 0)
			worlds.events->registration_lapsed();
		return;
	}
	poll = json_parse_trusted(json, message, sizeof(message));
	if (poll == NULL)
	{
		log_line(LOG_WARNING, "gateway_poll: %s", message);
		return;
	}
	worlds.polled_at = now_ms();
	worlds.poll_failed = false;
	take_poll(poll);
	json_decref(poll);
}

static void
poll_now(int64_t now)
{
	int64_t ids[MAX_WORLDS];
	int		count = 0;

	for (World *world = worlds.first; world != NULL; world = world->next)
	{
		if (!world->gone)
			ids[count++] = world->id;
	}
	worlds.polling = true;
	worlds.asked_at = now;
	worlds.poll_again = false;
	worlds.poll_at = now + POLL_INTERVAL_MS;
	call_gateway_poll(worlds.gateway_id, ids, count, polled, (void *) (uintptr_t) worlds.registration);
}

void
worlds_poll_soon(void)
{
	if (!worlds.registered)
		return;
	if (worlds.polling)
		worlds.poll_again = true;
	else
		poll_now(now_ms());
}

void
worlds_registered(void)
{
	int64_t now = now_ms();

	worlds.registered = true;
	worlds.registration++;
	worlds.polled_at = now;
	worlds.polling = false;
	for (World *world = worlds.first; world != NULL; world = world->next)
	{
		world->fetch_at = 0;
		world->fetch_failures = 0;
		fetch(world);
	}
	poll_now(now);
}

void
worlds_unregistered(void)
{
	if (!worlds.registered)
		return;
	worlds.registered = false;
	tell_all_clocks();
}

void
worlds_silent(bool is_silent)
{
	if (worlds.silent == is_silent)
		return;
	worlds.silent = is_silent;
	tell_all_clocks();
}

bool
worlds_are_registered(void)
{
	return worlds.registered;
}

void
worlds_tick(int64_t now)
{
	int64_t passed = now - worlds.ticked_at;
	World  *world = worlds.first;
	bool	reachable;

	worlds.ticked_at = now;
	if (passed > LONGEST_STEP_MS)
	{
		worlds.polled_at += passed;
		passed = LONGEST_STEP_MS;
	}
	reachable = worlds_are_reachable();
	while (world != NULL)
	{
		World *next = world->next;

		if (reachable && world_is_running(world))
			world->running_ms += passed;
		if (world->watches != NULL)
			world->watched_at = now;
		else if (world->copy_state == COPY_CURRENT && !world->fetching &&
				 now - world->watched_at > IDLE_KEEP_MS)
			drop_copy(world);
		if (world->members == 0 && world->queries == 0 && world->compute == NULL && world->submit == NULL &&
			(world->gone || now - world->idle_since > IDLE_KEEP_MS))
			free_world(world);
		world = next;
	}
	/* while there are no polls clients are told the standing clock every second all the same */
	if (!reachable && now >= worlds.told_at)
	{
		worlds.told_at = now + POLL_INTERVAL_MS;
		tell_all_clocks();
	}
	if (!worlds.registered)
		return;
	if (now - worlds.polled_at > REGISTRATION_LAPSES_MS)
		worlds.events->registration_lapsed();
	else if (!worlds.polling && (worlds.poll_again || now >= worlds.poll_at))
		poll_now(now);
}

void
worlds_add_stale(Text *text, int64_t now)
{
	if (worlds.poll_failed)
		text_add_string(text, "gateway_poll: the database refuses it\n");
	else if (now - worlds.polled_at > STALE_AFTER_MS)
		text_add_format(text, "gateway_poll: no answer for %" PRId64 " s\n", (now - worlds.polled_at) / 1000);
	for (World *world = worlds.first; world != NULL; world = world->next)
	{
		if (world->gone || !world_is_running(world))
			continue;
		if (clock_stands(world, now, db_is_standby() ? STANDBY_STALE_MS : STALE_AFTER_MS))
			text_add_format(text, "world %" PRId64 ": its clock has not moved for %" PRId64 " s\n", world->id,
							(now - world->clock_moved_at) / 1000);
		if (world->behind_since && now - world->behind_since > STALE_AFTER_MS)
			text_add_format(text, "world %" PRId64 ": deltas are %" PRId64 " s behind\n", world->id,
							(now - world->behind_since) / 1000);
	}
}
