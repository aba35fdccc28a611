/*
 * session_ends.c
 *	  Ends sessions: when their client disconnects, when they are replaced or banned, and when their
 *	  gateway is silent.
 *
 * Requests that a session has not answered are open again when it ends; requests that somebody else
 * has locked at that moment are left to expire_sessions(), which opens every request whose session is
 * gone.
 */
#include "postgres.h"

#include "commands/async.h"
#include "fmgr.h"

#include "queue.h"
#include "reducers/session_ends.h"
#include "spi.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_expire_sessions);

/* Has requests that were opened handed out again: wakes the gateways of their worlds. */
static void
hand_out_again(const OpenSlot *slots, int count)
{
	int64 *world_ids = palloc(sizeof(int64) * Max(count, 1));
	int	   worlds;

	for (int i = 0; i < count; i++)
	{
		queue_note_opened(slots[i].world_id, &slots[i].question);
		world_ids[i] = slots[i].world_id;
	}
	worlds = id_list_sort(world_ids, count);
	for (int i = 0; i < worlds; i++)
		Async_Notify("npcsim_decisions", psprintf(INT64_FORMAT, world_ids[i]));
}

/* Opens the requests of sessions that we have locked. */
static void
reopen_requests(const SessionRow *sessions, int found, const int64 *ids, int count)
{
	int64	 *worlds = palloc(sizeof(int64) * Max(found, 1));
	OpenSlot *reopened;
	int		  reopened_count;

	for (int i = 0; i < found; i++)
		worlds[i] = sessions[i].world_id;
	reopened = slots_reopen(worlds, id_list_sort(worlds, found), ids, count, &reopened_count);
	hand_out_again(reopened, reopened_count);
}

void
sessions_end_of_ids(const int64 *ids, int count, const char *reason)
{
	SessionRow *sessions;
	int			found;

	if (count == 0)
		return;
	sessions = sessions_lock(ids, count, &found);
	if (reason == NULL)
		sessions_delete(ids, count);
	else
	{
		for (int i = 0; i < found; i++)
			Async_Notify("npcsim_sessions", sessions[i].gateway_id);
		sessions_end(ids, count, reason);
	}
	reopen_requests(sessions, found, ids, count);
}

void
sessions_give_nothing(const int64 *ids, int count, bool take_back)
{
	SessionRow *sessions;
	int			found;

	if (count == 0)
		return;
	sessions = sessions_lock(ids, count, &found);
	if (take_back)
		reopen_requests(sessions, found, ids, count);
}

static void
tell_gateways(char **gateway_ids, int count)
{
	for (int i = 0; i < count; i++)
		Async_Notify("npcsim_sessions", gateway_ids[i]);
}

void
sessions_end_of_player(int64 player_id, const char *reason)
{
	char **gateways;
	int	   count;

	spi_begin();
	gateways = sessions_end_of_player_rows(player_id, reason, &count);
	tell_gateways(gateways, count);
	spi_end();
}

void
sessions_end_computing(int64 player_id, const char *reason)
{
	char **gateways;
	int	   count;

	spi_begin();
	gateways = sessions_end_computing_rows(player_id, reason, &count);
	tell_gateways(gateways, count);
	spi_end();
}

void
sessions_end_of_world(int64 world_id)
{
	char **gateways;
	int	   count;

	spi_begin();
	gateways = sessions_end_of_world_rows(world_id, "dropped", &count);
	tell_gateways(gateways, count);
	spi_end();
}

/* Ends the sessions of gateways whose database session ended. */
static void
end_sessions_of_gone(void)
{
	int	   count;
	Datum  gone = gateways_gone(&count);
	int64 *ids;

	if (count == 0)
		return;
	ids = sessions_of_gateways_lock(gone, &count);
	sessions_end_of_ids(ids, count, "silent");
}

int
sessions_back_up(int64 world_id, const int64 *request_ids, const int64 *player_ids, int count, int64 *opened)
{
	int		  reopened_count;
	OpenSlot *reopened = slots_reopen_backed_up(world_id, request_ids, player_ids, count, &reopened_count);

	hand_out_again(reopened, reopened_count);
	for (int i = 0; i < reopened_count; i++)
		opened[i] = reopened[i].question.request_id;
	return reopened_count;
}

void
sessions_expire(void)
{
	int		  count;
	int64	 *silent;
	OpenSlot *reopened;

	end_sessions_of_gone();
	silent = sessions_of_silent_lock(&count);
	sessions_end_of_ids(silent, count, "silent");
	reopened = slots_reopen_orphans(&count);
	hand_out_again(reopened, count);
	sessions_forget();
}

/* expire_sessions() */
Datum
npcsim_expire_sessions(PG_FUNCTION_ARGS)
{
	spi_begin();
	sessions_expire();
	spi_end();
	PG_RETURN_VOID();
}
