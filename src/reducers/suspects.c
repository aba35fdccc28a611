/*
 * suspects.c
 *	  Looks for players whose answers are dishonest, and get_player_suspicion_score().
 *
 * Answers that nobody asked the player for are seen when they come. How plausible the others are is logged with them, and looked at when
 * the log is folded; what follows from it is the market's rule (market/suspicion.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "guc.h"
#include "market/suspicion.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/suspects.h"
#include "reducers/trust.h"
#include "spi.h"
#include "tables/client_calls.h"
#include "tables/trust.h"

PG_FUNCTION_INFO_V1(npcsim_get_player_suspicion_score);

/* Answers that nobody asked the player for, beyond those that it was asked for. What it was asked it may answer twice, and late. */
#define UNASKED_ANSWERS	   "(unasked_answers)"
#define UNASKED_AT_ONCE	   128
#define UNASKED_PER_SECOND 1.0

#define FIRST_ROOM 256

/* ---- answers that nobody asked for ---- */

/* What the answers of a batch tell of a player. */
typedef struct Watched
{
	int64			 world_id;
	int64			 player_id;
	int				 foreign;
	int				 unasked; /* more than there were of those that were asked for */
	SuspicionVerdict verdict; /* on the foreign ones */
} Watched;

/* Counts answers for NPCs that never were the player's. */
static void
count_foreign(Watched *watched)
{
	Suspicion suspicion;

	suspicion_row_lock(watched->world_id, watched->player_id, &suspicion);
	for (int i = 0; i < watched->foreign && watched->verdict != SUSPICION_SUSPEND; i++)
		watched->verdict = suspicion_foreign(&suspicion, market_now());
	if (watched->verdict == SUSPICION_SUSPEND)
		suspicion_release(&suspicion);
	suspicion_row_write(watched->world_id, watched->player_id, &suspicion);
}

static void
act_on_foreign(const Watched *watched)
{
	note_incident(watched->world_id, watched->player_id, VIOLATION_FOREIGN,
				  psprintf("%d answers for NPCs that were never put to it", watched->foreign));
	if (watched->verdict == SUSPICION_SUSPEND)
		player_suspend(watched->world_id, watched->player_id, "answers for NPCs that were never put to it");
}

static void
watch_flood(const Watched *watched)
{
	if (call_allowance_charge(watched->player_id, UNASKED_ANSWERS, watched->unasked, UNASKED_AT_ONCE,
							  UNASKED_PER_SECOND))
		return;
	note_incident(watched->world_id, watched->player_id, VIOLATION_FLOOD, "answers that nobody asked it for");
	player_suspend(watched->world_id, watched->player_id, "floods of answers that nobody asked it for");
}

static int
compare_watched(const void *a, const void *b)
{
	const Watched *left = a;
	const Watched *right = b;

	return left->player_id < right->player_id ? -1 : left->player_id > right->player_id;
}

/* Sums up the answers by player, in order of id. Returns how many players there are. */
static int
sum_up(const Answer *answers, int count, Watched *watched)
{
	int players = 0;

	for (int i = 0; i < count; i++)
		if (answers[i].world_id != 0 && answers[i].status != ANSWER_PENDING)
			watched[players++] = (Watched) {.world_id = answers[i].world_id,
											.player_id = answers[i].player_id,
											.foreign = answers[i].foreign,
											.unasked = answers[i].unasked ? 1 : -1};
	qsort(watched, players, sizeof(Watched), compare_watched);
	count = players;
	players = 0;
	for (int i = 0; i < count; i++)
	{
		if (players > 0 && watched[players - 1].player_id == watched[i].player_id)
		{
			watched[players - 1].foreign += watched[i].foreign;
			watched[players - 1].unasked += watched[i].unasked;
		}
		else
			watched[players++] = watched[i];
	}
	return players;
}

void
answers_watch(const Answer *answers, int count)
{
	Watched *watched = palloc(Max(count, 1) * sizeof(Watched));
	int		 players = sum_up(answers, count, watched);

	for (int i = 0; i < players; i++)
		if (watched[i].foreign > 0)
			count_foreign(&watched[i]);
	for (int i = 0; i < players; i++)
	{
		if (watched[i].foreign > 0)
			act_on_foreign(&watched[i]);
		if (watched[i].unasked > 0 && watched[i].verdict != SUSPICION_SUSPEND)
			watch_flood(&watched[i]);
	}
}

/* ---- answers that are implausible ---- */

void
ranked_answers_begin(RankedAnswers *ranked)
{
	*ranked = (RankedAnswers) {.answers = palloc(FIRST_ROOM * sizeof(RankedAnswer)), .room = FIRST_ROOM};
}

void
ranked_answers_note(RankedAnswers *ranked, int64 world_id, int64 player_id, int32 plausibility)
{
	if (ranked->count == ranked->room)
	{
		ranked->room *= 2;
		ranked->answers = repalloc(ranked->answers, ranked->room * sizeof(RankedAnswer));
	}
	ranked->answers[ranked->count] = (RankedAnswer) {.world_id = world_id,
													 .player_id = player_id,
													 .plausibility = plausibility,
													 .place = ranked->count};
	ranked->count++;
}

static int
compare_ranked(const void *a, const void *b)
{
	const RankedAnswer *left = a;
	const RankedAnswer *right = b;

	if (left->player_id != right->player_id)
		return left->player_id < right->player_id ? -1 : 1;
	return left->place - right->place;
}

/* What is to be done about a player when all were looked at. */
typedef struct Suspect
{
	int64			 world_id;
	int64			 player_id;
	int32			 score; /* thousandths */
	SuspicionVerdict verdict;
} Suspect;

/* Whether an answer says something of a player who gave no cause for suspicion yet. */
static bool
gives_cause(const RankedAnswer *answer)
{
	return answer->plausibility < SUSPICION_BAD;
}

/* Looks at the answers of one player. Returns what is to be done. */
static Suspect
judge_player(const RankedAnswer *answers, int count)
{
	Suspect	  suspect = {.world_id = answers[0].world_id, .player_id = answers[0].player_id};
	Suspicion suspicion;
	Suspicion before;
	int		  i = 0;

	if (!suspicion_row_lock_known(suspect.world_id, suspect.player_id, &suspicion))
	{
		while (i < count && !gives_cause(&answers[i]))
			i++;
		if (i == count)
			return suspect;
		suspicion_row_lock(suspect.world_id, suspect.player_id, &suspicion);
	}
	before = suspicion;
	for (; i < count && suspect.verdict != SUSPICION_SUSPEND; i++)
	{
		SuspicionVerdict verdict =
			suspicion_answer(&suspicion, answers[i].plausibility,
							 answers[i].plausibility != PLAUSIBILITY_HALF, market_now());

		suspect.verdict = Max(suspect.verdict, verdict);
	}
	suspect.score = suspicion_at(&suspicion, market_now());
	if (suspect.verdict == SUSPICION_SUSPEND)
		suspicion_release(&suspicion);
	if (suspicion.score != before.score || suspicion.hopeless != before.hopeless)
		suspicion_row_write(suspect.world_id, suspect.player_id, &suspicion);
	return suspect;
}

static void
act_on(const Suspect *suspect)
{
	switch (suspect->verdict)
	{
		case SUSPICION_NONE:
			break;
		case SUSPICION_FLAG:
			note_incident(suspect->world_id, suspect->player_id, VIOLATION_IMPLAUSIBLE,
						  psprintf("its score is %.1f", suspect->score / 1000.0));
			break;
		case SUSPICION_SUSPEND:
			player_suspend(suspect->world_id, suspect->player_id,
						   psprintf("%d answers in a row that were among the worst there were",
									HOPELESS_IN_A_ROW));
			break;
	}
}

void
ranked_answers_judge(RankedAnswers *ranked)
{
	Suspect *suspects = palloc(Max(ranked->count, 1) * sizeof(Suspect));
	int		 players = 0;

	qsort(ranked->answers, ranked->count, sizeof(RankedAnswer), compare_ranked);
	for (int first = 0, end; first < ranked->count; first = end)
	{
		for (end = first + 1;
			 end < ranked->count && ranked->answers[end].player_id == ranked->answers[first].player_id; end++)
			;
		suspects[players++] = judge_player(&ranked->answers[first], end - first);
	}
	for (int i = 0; i < players; i++)
		act_on(&suspects[i]);
	pfree(suspects);
}

/* get_player_suspicion_score(player_id) → what it is now. */
Datum
npcsim_get_player_suspicion_score(PG_FUNCTION_ARGS)
{
	int64	  player_id = arg_id(fcinfo, 0, "player_id");
	PlayerRow player;
	Suspicion suspicion;
	int32	  score;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	suspicion_row_read(player.world_id, player_id, &suspicion);
	score = suspicion_at(&suspicion, market_now());
	spi_end();
	PG_RETURN_FLOAT8(score / 1000.0);
}
