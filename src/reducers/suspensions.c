/*
 * suspensions.c
 *	  Tells worlds that a player, or one of its sources, was suspended from lending compute, or is back.
 *
 * Both are delivery, which takes no world's lock, and a suspension ends by itself. So workers look for what was not told yet. The world is
 * locked before the row, as everywhere, and nobody is waited for.
 */
#include "postgres.h"

#include "fmgr.h"

#include "engine/lock.h"
#include "spi.h"
#include "tables/suspensions.h"

PG_FUNCTION_INFO_V1(npcsim_tell_suspensions);

static void
record(WorldLock *lock, const SuspensionNews *news)
{
	WorldEvent event = {.kind = news->suspended ? WORLD_EVENT_SOURCE_SUSPENDED : WORLD_EVENT_SOURCE_BACK,
						.clock = lock->now,
						.player_id = news->player_id};

	if (news->source_id != 0)
		event.data = psprintf("{\"source_id\":" INT64_FORMAT "}", news->source_id);
	(void) world_record(lock, &event);
}

/* tell_suspensions() → how many were told */
Datum
npcsim_tell_suspensions(PG_FUNCTION_ARGS)
{
	int64			told = 0;
	int				count;
	SuspensionNews *news;

	spi_begin();
	news = suspension_news_read(world_home(), &count);
	for (int i = 0; i < count; i++)
	{
		WorldLock *lock = world_lock(news[i].world_id, WORLD_SKIP);

		if (lock == NULL || !suspension_news_told(&news[i]))
			continue;
		record(lock, &news[i]);
		world_flush(lock);
		told++;
	}
	spi_end();
	PG_RETURN_INT64(told);
}
