/*
 * takers.c
 *	  Which session gets a question: one of the NPC's player or, when that player cannot be asked, one of the pool.
 */
#include "postgres.h"

#include "reducers/takers.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"

void
takers_want(Takers *takers, const int64 *world_ids, int world_count)
{
	QuestionFilter *filter = &takers->filter;
	int64		   *player_ids = palloc(sizeof(int64) * takers->count);
	int64		   *askable = NULL;

	for (int i = 0; i < takers->count; i++)
	{
		player_ids[i] = takers->sessions[i].player_id;
		filter->pooled = filter->pooled || takers->sessions[i].pooled;
	}
	filter->player_ids = player_ids;
	filter->player_count = id_list_sort(player_ids, takers->count);
	for (int i = 0; i < world_count && filter->pooled; i++)
	{
		int	   found;
		int64 *players = sessions_askable_players(world_ids[i], &found);

		askable = askable == NULL ? palloc(sizeof(int64) * Max(found, 1))
								  : repalloc(askable, sizeof(int64) * (filter->askable_count + found + 1));
		memcpy(askable + filter->askable_count, players, sizeof(int64) * found);
		filter->askable_count += found;
	}
	if (askable != NULL)
		filter->askable_count = id_list_sort(askable, filter->askable_count);
	filter->askable_ids = askable;
}

/*
 * Returns the player's session with the most free slots; NULL if none is free. One that had the question in vain gets it once more only if
 * the player has no other here.
 */
static Taker *
own_session_for(const Takers *takers, const QueuedQuestion *question)
{
	Taker *best = NULL;
	bool   untried = false;
	int	   low = 0;
	int	   high = takers->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (takers->sessions[middle].player_id < question->player_id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < takers->count && takers->sessions[low].player_id == question->player_id; low++)
	{
		Taker *session = &takers->sessions[low];
		bool   new_to_it = !question_was_tried(question, session->source_id);

		if (session->gone || (untried && !new_to_it))
			continue;
		if (new_to_it && !untried)
			best = NULL;
		untried = new_to_it;
		if (session->free > 0 && (best == NULL || session->free > best->free))
			best = session;
	}
	return best;
}

/* Puts together the sources of the pool. */
static void
read_pool(Takers *takers)
{
	takers->pool = palloc(sizeof(PoolSource) * Max(takers->count, 1));
	takers->pool_sessions = palloc(sizeof(Taker *) * Max(takers->count, 1));
	for (int i = 0; i < takers->count; i++)
	{
		Taker *session = &takers->sessions[i];

		if (!session->pooled || session->of_server)
			continue;
		takers->pool_sessions[takers->pool_count] = session;
		takers->pool[takers->pool_count++] = (PoolSource) {.source_id = session->source_id,
														   .world_id = session->world_id,
														   .player_id = session->player_id};
	}
	pool_read(takers->pool, takers->pool_count);
}

static Taker *
pooled_session_for(Takers *takers, const OpenQuestion *open)
{
	int chosen;

	if (takers->pool == NULL)
		read_pool(takers);
	for (int i = 0; i < takers->pool_count; i++)
		takers->pool[i].slots =
			takers->pool_sessions[i]->gone || takers->pool_sessions[i]->unaffordable == open
				? 0
				: takers->pool_sessions[i]->free;
	chosen = pool_choose(takers->pool, takers->pool_count, open->world_id, &open->question);
	return chosen == NOBODY_IN_POOL ? NULL : takers->pool_sessions[chosen];
}

/* Returns a session of the operators' API that may take a question, if that is bought; NULL if there is none. */
static Taker *
server_session_for(const Takers *takers, const OpenQuestion *open)
{
	for (int i = 0; i < takers->count; i++)
	{
		Taker *session = &takers->sessions[i];

		if (session->of_server && session->pooled && !session->gone && session->free > 0 &&
			session->world_id == open->world_id && session->unaffordable != open &&
			!question_was_tried(&open->question, session->source_id))
			return session;
	}
	return NULL;
}

/* Returns the session that gets a question; NULL if none may take it now. What its player had in vain the operators' API may take, too. */
Taker *
taker_for(Takers *takers, const OpenQuestion *open)
{
	Taker *session = own_session_for(takers, &open->question);
	bool   in_vain = session != NULL && question_was_tried(&open->question, session->source_id);
	Taker *server = NULL;

	if (session == NULL && question_is_pooled(&takers->filter, open->question.player_id))
	{
		session = pooled_session_for(takers, open);
		in_vain = session == NULL;
	}
	if (in_vain)
		server = server_session_for(takers, open);
	if (server != NULL)
		return server;
	return session != NULL && session->world_id == open->world_id ? session : NULL;
}
