/*
 * fold.c
 *	  fold_decisions(): counts what was logged of decisions, in the background.
 *
 * The log is read once, by transactions that are over: what was counted is a mark in the database's row of market_folds, which is
 * written in the same transaction as what was counted.  So a fold that is killed counts nothing, and none counts twice.  Who
 * counts holds that row; nobody who decides, asks or answers waits for it.
 *
 * Rows of dumps have transactions of other clusters.  They are told by their requests: those of a world that was adopted have
 * lower ids than the first one it puts here.  What its old home had logged and not counted yet is counted when it is adopted.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "engine/lock.h"
#include "guc.h"
#include "market/market.h"
#include "market/proof.h"
#include "reducers/fold.h"
#include "reducers/suspects.h"
#include "spi.h"
#include "tables/books.h"
#include "tables/compute_sources.h"
#include "tables/id_lists.h"
#include "tables/paces.h"

PG_FUNCTION_INFO_V1(npcsim_fold_decisions);
PG_FUNCTION_INFO_V1(npcsim_reliability);

/* A round counts about so many rows of the log, and a call has so many rounds at most: the next call goes on. */
#define ROUND_ROWS	20000
#define ROUNDS_MOST 50

/* What a socket that closes cuts off within this time is one moment, however many sessions end. */
#define CUT_OFF_MOMENT (10 * SIM_SECOND)

typedef struct MinuteKey
{
	int64		world_id;
	int64		player_id;
	int64		source_id;
	TimestampTz minute;
} MinuteKey;

typedef struct MinuteEntry
{
	MinuteKey	 key;
	SourceMinute counts;
} MinuteEntry;

typedef struct PlayerKey
{
	int64 world_id;
	int64 player_id;
} PlayerKey;

typedef struct PlayerEntry
{
	PlayerKey	key;
	PlayerProof proof;
} PlayerEntry;

typedef struct PaceKey
{
	int64 kind;
	int64 id;
} PaceKey;

typedef struct PaceEntry
{
	PaceKey key;
	int64	tokens; /* that questions cost less than they were taken for */
} PaceEntry;

/* What a fold has counted and not written yet. */
typedef struct Fold
{
	HTAB		  *paces;
	HTAB		  *minutes;
	HTAB		  *players;
	SourceOutcome *outcomes;
	int			   outcome_count;
	RankedAnswers *ranked; /* those of all rounds */
} Fold;

/* ---- one row of the log ---- */

static SourceMinute *
minute_of(Fold *fold, const LoggedRow *row)
{
	TimestampTz	 at = row->finished_at_real;
	MinuteKey	 key = {row->world_id, row->player_id, row->source_id,
						at - (at % USECS_PER_MINUTE + USECS_PER_MINUTE) % USECS_PER_MINUTE};
	bool		 known;
	MinuteEntry *entry = hash_search(fold->minutes, &key, HASH_ENTER, &known);

	if (!known)
		entry->counts = (SourceMinute) {.world_id = key.world_id,
										.player_id = key.player_id,
										.source_id = key.source_id,
										.minute = key.minute};
	return &entry->counts;
}

static PlayerProof *
player_of(Fold *fold, int64 world_id, int64 player_id)
{
	PlayerKey	 key = {world_id, player_id};
	bool		 known;
	PlayerEntry *entry = hash_search(fold->players, &key, HASH_ENTER, &known);

	if (!known)
		player_proof_read(world_id, player_id, &entry->proof);
	return &entry->proof;
}

/* Whether what was cut off is left out of the figures; else it counts as not answered. */
static bool
is_forgiven(PlayerProof *player, TimestampTz at)
{
	int64 latest = player->cut_offs.latest[0];

	if (latest != 0 && at >= latest && at - latest < CUT_OFF_MOMENT)
		return true;
	return cut_off_forgiven(&player->cut_offs, at);
}

static void
count_outcome(Fold *fold, const LoggedRow *row, int16 halves)
{
	fold->outcomes[fold->outcome_count++] = (SourceOutcome) {.world_id = row->world_id,
															 .player_id = row->player_id,
															 .source_id = row->source_id,
															 .request_id = row->request_id,
															 .finished_at_real = row->finished_at_real,
															 .halves = halves};
}

/* Counts a question that is over, with what came of it. */
static void
count_asked(Fold *fold, PlayerProof *player, SourceMinute *minute, const LoggedRow *row, ProofOutcome outcome)
{
	minute->asked++;
	count_outcome(fold, row, (int16) outcome);
	/* What it can serve is learnt from the NPCs it has. */
	if (!row->waited && !row->pooled)
		proof_count(&player->proof, row->asked_at, row->finished_at_real, outcome);
}

static void
count_accepted(SourceMinute *minute, const LoggedRow *row)
{
	minute->accepted++;
	minute->credit += row->credit;
	minute->tokens_credited += row->tokens_per_decision;
	if (row->sent)
		minute->times[decision_time_place(row->took_ms)]++;
}

static void
settle_pace(Fold *fold, PaceKind kind, int64 id, int64 tokens)
{
	PaceKey	   key = {kind, id};
	bool	   known;
	PaceEntry *entry = hash_search(fold->paces, &key, HASH_ENTER, &known);

	entry->tokens = (known ? entry->tokens : 0) + tokens;
}

/*
 * Settles what a question cost with what was spent when it was handed out (spending.c). What timed out stays spent: its answer may
 * still come, and is settled then.
 */
static void
settle_spending(Fold *fold, const LoggedRow *row)
{
	if (!row->sent || (LoggedStatus) row->status == LOGGED_TIMED_OUT ||
		(LoggedStatus) row->status == LOGGED_OTHERWISE)
		return;
	settle_pace(fold, PACE_OF_PLAYER, row->player_id, row->tokens_per_decision - row->tokens);
	settle_pace(fold, PACE_OF_WORLD, row->world_id, row->tokens_per_decision - row->tokens);
}

static int
compare_settled(const void *a, const void *b)
{
	const PaceSettled *left = a;
	const PaceSettled *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

static void
write_settled(const Fold *fold)
{
	PaceSettled	   *settled = palloc(sizeof(PaceSettled) * Max(hash_get_num_entries(fold->paces), 1));
	HASH_SEQ_STATUS scan;
	PaceEntry	   *entry;
	int				count = 0;

	hash_seq_init(&scan, fold->paces);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (entry->tokens != 0)
			settled[count++] = (PaceSettled) {.kind = (PaceKind) entry->key.kind,
											  .id = entry->key.id,
											  .tokens = entry->tokens};
	qsort(settled, count, sizeof(PaceSettled), compare_settled);
	pace_rows_settle(settled, count);
}

static void
count_row(Fold *fold, const LoggedRow *row)
{
	SourceMinute *minute = minute_of(fold, row);
	PlayerProof	 *player = player_of(fold, row->world_id, row->player_id);

	minute->tokens += row->tokens;
	settle_spending(fold, row);
	if (row->plausibility >= 0)
	{
		minute->ranked++;
		minute->plausibility += row->plausibility;
		ranked_answers_note(fold->ranked, row->world_id, row->player_id, (int32) row->plausibility);
	}
	switch ((LoggedStatus) row->status)
	{
		case LOGGED_OTHERWISE:
			break;
		case LOGGED_APPLIED:
			count_asked(fold, player, minute, row, PROOF_ANSWERED);
			count_accepted(minute, row);
			break;
		case LOGGED_LATE:
			/* It was counted as asked when it was given up. */
			minute->late++;
			count_accepted(minute, row);
			count_outcome(fold, row, PROOF_LATE);
			break;
		case LOGGED_REJECTED:
			minute->refused++;
			count_asked(fold, player, minute, row, PROOF_MISSED);
			break;
		case LOGGED_FAILED:
			/* What nobody fetched was asked of nobody. */
			if (!row->sent)
				break;
			minute->failed++;
			count_asked(fold, player, minute, row, PROOF_MISSED);
			break;
		case LOGGED_TIMED_OUT:
			minute->timed_out++;
			count_asked(fold, player, minute, row, PROOF_MISSED);
			break;
		case LOGGED_PASSED_ON:
			minute->passed_on++;
			count_asked(fold, player, minute, row, PROOF_MISSED);
			break;
		case LOGGED_CUT_OFF:
			minute->cut_off++;
			if (!is_forgiven(player, row->finished_at_real))
				count_asked(fold, player, minute, row, PROOF_MISSED);
			break;
	}
}

/* ---- many of them ---- */

static HTAB *
make_table(const char *name, Size key_size, Size entry_size)
{
	HASHCTL control = {.keysize = key_size, .entrysize = entry_size, .hcxt = CurrentMemoryContext};

	return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static int
compare_minutes(const void *a, const void *b)
{
	return memcmp(*(SourceMinute *const *) a, *(SourceMinute *const *) b, sizeof(MinuteKey));
}

/* Has sources know how long their answers take. */
static void
measure_sources(SourceMinute *const *minutes, int count)
{
	int64 *ids = palloc(sizeof(int64) * Max(count, 1));
	int	   sources = 0;

	for (int i = 0; i < count; i++)
		if (minutes[i]->source_id != 0)
			ids[sources++] = minutes[i]->source_id;
	if (sources > 0)
		source_rows_measure(ids, id_list_sort(ids, sources));
}

/* Writes what was counted; rows always in the same order. */
static void
write_counts(Fold *fold)
{
	HASH_SEQ_STATUS scan;
	MinuteEntry	   *entry;
	PlayerEntry	   *player;
	SourceMinute  **minutes = palloc(sizeof(SourceMinute *) * Max(hash_get_num_entries(fold->minutes), 1));
	int				count = 0;

	hash_seq_init(&scan, fold->minutes);
	while ((entry = hash_seq_search(&scan)) != NULL)
		minutes[count++] = &entry->counts;
	qsort(minutes, count, sizeof(SourceMinute *), compare_minutes);
	source_minutes_add(minutes, count);
	measure_sources(minutes, count);
	source_outcomes_add(fold->outcomes, fold->outcome_count);
	hash_seq_init(&scan, fold->players);
	while ((player = hash_seq_search(&scan)) != NULL)
		player_proof_write(&player->proof);
}

/* Counts what lies between two marks, of the worlds at a home or of one world. Returns the number of rows. */
static int
count_between(const FoldMark *from, const FoldMark *to, const char *home, int64 world_id,
			  RankedAnswers *ranked)
{
	int		   count;
	LoggedRow *rows = logged_rows_read(from, to, home, world_id, &count);
	Fold	   fold = {
			  .paces = make_table("npcsim paces spent", sizeof(PaceKey), sizeof(PaceEntry)),
			  .minutes = make_table("npcsim minutes", sizeof(MinuteKey), sizeof(MinuteEntry)),
			  .players = make_table("npcsim proofs", sizeof(PlayerKey), sizeof(PlayerEntry)),
			  .outcomes = palloc(sizeof(SourceOutcome) * Max(count, 1)),
			  .ranked = ranked,
	  };

	for (int i = 0; i < count; i++)
		count_row(&fold, &rows[i]);
	if (count > 0)
	{
		write_counts(&fold);
		write_settled(&fold);
	}
	hash_destroy(fold.paces);
	hash_destroy(fold.minutes);
	hash_destroy(fold.players);
	return count;
}

/* Counts questions that have waited for a free slot of who lends until they were missed, between two moments. */
static void
count_waited(TimestampTz since, TimestampTz now)
{
	int				count;
	WaitedQuestion *waited = waited_questions_read(since, now, &count);

	for (int i = 0; i < count; i++)
	{
		PlayerProof player;

		player_proof_read(waited[i].world_id, waited[i].player_id, &player);
		proof_count(&player.proof, waited[i].opened_at_real, now, PROOF_MISSED);
		player_proof_write(&player);
	}
}

/* Looks at what each player who lends has shown. */
static void
step_proofs(void)
{
	int			count;
	Lender	   *lenders = lenders_read(&count);
	TimestampTz now = market_now();

	for (int i = 0; i < count; i++)
	{
		const Lender *lender = &lenders[i];
		PlayerProof	  player;

		player_proof_read(lender->world_id, lender->player_id, &player);
		proof_step(&player.proof,
				   market_demand(lender->declared, lender->tokens_per_npc, lender->reliability,
								 lender->npcs_most),
				   lender->held, now);
		player_proof_write(&player);
	}
}

static int64
fold_decisions(const char *home, FoldMark *mark)
{
	FoldMark	  now = fold_mark_now();
	int64		  counted = 0;
	RankedAnswers ranked;

	ranked_answers_begin(&ranked);
	for (int round = 0; round < ROUNDS_MOST; round++)
	{
		MemoryContext memory =
			AllocSetContextCreate(CurrentMemoryContext, "npcsim fold", ALLOCSET_DEFAULT_SIZES);
		MemoryContext before = MemoryContextSwitchTo(memory);
		FoldMark	  to = now;

		CHECK_FOR_INTERRUPTS();
		to.running = palloc(sizeof(int64) * Max(now.running_count, 1));
		memcpy(to.running, now.running, sizeof(int64) * now.running_count);
		fold_mark_bound(mark, &to, ROUND_ROWS);
		counted += count_between(mark, &to, home, 0, &ranked);
		MemoryContextSwitchTo(before);
		mark->until = to.until;
		mark->running = palloc(sizeof(int64) * Max(to.running_count, 1));
		memcpy(mark->running, to.running, sizeof(int64) * to.running_count);
		mark->running_count = to.running_count;
		MemoryContextDelete(memory);
		if (mark->until == now.until)
			break;
	}
	ranked_answers_judge(&ranked);
	return counted;
}

/* fold_decisions(wait) */
Datum
npcsim_fold_decisions(PG_FUNCTION_ARGS)
{
	const char *home = world_home();
	int64		counted = 0;
	FoldMark	mark;
	TimestampTz before;

	spi_begin();
	if (fold_is_due(home) && fold_mark_lock(home, PG_GETARG_BOOL(0), &mark))
	{
		counted = fold_decisions(home, &mark);
		before = mark.folded_at_real;
		mark.folded_at_real = source_minutes_add_connected(before);
		count_waited(before, mark.folded_at_real);
		fold_mark_write(home, &mark);
		step_proofs();
	}
	spi_end();
	PG_RETURN_INT64(counted);
}

void
fold_adopted(int64 world_id, const char *old_home, int64 next_request_id)
{
	FoldMark from;
	/* All rows that are there came with a dump or a copy, whatever their transactions are called. */
	FoldMark	  to = {.until = PG_INT64_MAX};
	RankedAnswers ranked;

	spi_begin();
	ranked_answers_begin(&ranked);
	if (fold_mark_read(old_home, &from))
		(void) count_between(&from, &to, NULL, world_id, &ranked);
	ranked_answers_judge(&ranked);
	world_books_begin(world_id, next_request_id);
	spi_end();
}

void
fold_stop(void)
{
	FoldMark mark;

	(void) fold_mark_lock(world_home(), true, &mark);
}

Datum
npcsim_reliability(PG_FUNCTION_ARGS)
{
	int64 asked = Min(Max(PG_GETARG_INT64(0), 0), PG_INT32_MAX / 4);
	int64 halves = Min(Max(PG_GETARG_INT64(1), 0), 2 * asked);

	PG_RETURN_INT32(reliability((int32) asked, (int32) halves));
}
