/*
 * books.h
 *	  The books of the market as rows: how much of decision_log was counted (market_folds, world_books), and what was counted
 *	  (source_minutes, source_outcomes, player_proofs).
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_BOOKS_H
#define NPCSIM_TABLES_BOOKS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "market/market.h"
#include "market/proof.h"

/* ---- how much was counted ---- */

/*
 * What was counted: the rows of all transactions before 'until', but for those that still ran.  By that no row is counted twice or
 * left out, whenever its transaction began or ended, and whatever the clock says.
 */
typedef struct FoldMark
{
	int64		until;
	int64	   *running; /* ascending */
	int			running_count;
	TimestampTz folded_at_real; /* 0 = never */
} FoldMark;

/* Whether there may be something to count: nothing is written where all stands still. */
extern bool fold_is_due(const char *home);

/*
 * Locks the mark of a home, which is made if there is none, so that one session counts at a time. Returns false if another does, and
 * we shall not wait.
 */
extern bool fold_mark_lock(const char *home, bool wait, FoldMark *mark);
/* Reads the mark of another home. Returns false if there is none. */
extern bool fold_mark_read(const char *home, FoldMark *mark);
/* Returns the mark behind which all transactions that are over by now lie. Ours still runs. */
extern FoldMark fold_mark_now(void);
/*
 * Moves a mark back so that at most about so many rows lie between an earlier mark and it.
 */
extern void fold_mark_bound(const FoldMark *from, FoldMark *to, int rows);
extern void fold_mark_write(const char *home, const FoldMark *mark);

/* Notes that a world was adopted: what it asked before, with lower ids, is not counted here. */
extern void world_books_begin(int64 world_id, int64 first_request_id);

/* ---- the log, as it is counted ---- */

/* The numbers are those of the list of names in books.c. */
typedef enum LoggedStatus
{
	LOGGED_OTHERWISE, /* by an earlier version */
	LOGGED_APPLIED,
	LOGGED_LATE,
	LOGGED_REJECTED,
	LOGGED_FAILED,
	LOGGED_TIMED_OUT,
	LOGGED_CUT_OFF,
	LOGGED_PASSED_ON
} LoggedStatus;

typedef struct LoggedRow
{
	int64		world_id;
	int64		player_id;
	int64		source_id;
	int64		request_id;
	int32		status;
	bool		sent;
	int64		took_ms;  /* from when it was sent */
	int64		asked_at; /* when it was sent, or opened; a moment */
	TimestampTz finished_at_real;
	int64		credit;
	int64		tokens;				 /* 0 also when they are not known */
	int64		tokens_per_decision; /* of its world */
	int64		plausibility;		 /* thousandths; -1 = it was not ranked */
	bool		waited; /* so long for a free slot that it was counted as missed before it was handed out */
	bool		pooled; /* the player was asked in place of the NPC's own */
} LoggedRow;

/*
 * Returns the rows between two marks, in the order in which they were finished: of the worlds at a home, or of one world (home NULL).
 */
extern LoggedRow *logged_rows_read(const FoldMark *from, const FoldMark *to, const char *home, int64 world_id,
								   int *count);

/* ---- what was counted ---- */

#define DECISION_TIMES 28

/* The place of a time in source_minutes.decision_times: the first that is at least so long, of 10 ms times √2, 2, 2 √2 and so on. */
extern int decision_time_place(int64 ms);

typedef struct SourceMinute
{
	/* the key */
	int64		world_id;
	int64		player_id;
	int64		source_id;
	TimestampTz minute;
	/* what is added */
	int64 asked;
	int64 accepted;
	int64 late;
	int64 refused;
	int64 failed;
	int64 timed_out;
	int64 cut_off;
	int64 passed_on;
	int64 credit;
	int64 tokens;
	int64 tokens_credited;
	int64 ranked;		/* answers whose plausibility is known */
	int64 plausibility; /* of all of them */
	int64 times[DECISION_TIMES];
} SourceMinute;

/* Reads how many NPCs a player has shown it can serve, 0 before the first step, and its reliability in thousandths. */
extern void lender_figures_read(int64 world_id, int64 player_id, int32 *proof, int32 *reliability);

extern void source_minutes_add(SourceMinute *const *minutes, int count);

/* Adds the time for which sessions have lent since a moment (0 = since they came), until now. Returns now. */
extern TimestampTz source_minutes_add_connected(TimestampTz since);

/* What became of a request of a source. */
typedef struct SourceOutcome
{
	int64		world_id;
	int64		player_id;
	int64		source_id;
	int64		request_id;
	TimestampTz finished_at_real;
	int16		halves; /* of an answer */
} SourceOutcome;

/* Adds outcomes to those of their sources, of which the last RELIABILITY_WINDOW are kept; a later one of a request replaces the earlier. */
extern void source_outcomes_add(const SourceOutcome *outcomes, int count);

/* What is kept of a player: what it has shown, and when closed sockets were forgiven. */
typedef struct PlayerProof
{
	int64	world_id;
	int64	player_id;
	Proof	proof;
	CutOffs cut_offs;
} PlayerProof;

/* A player who is not known has shown nothing. */
extern void player_proof_read(int64 world_id, int64 player_id, PlayerProof *proof);
extern void player_proof_write(const PlayerProof *proof);

/* A question that has waited for a free slot of its player, who lends, until it was missed. */
typedef struct WaitedQuestion
{
	int64		world_id;
	int64		player_id;
	TimestampTz opened_at_real;
} WaitedQuestion;

/* Returns those that were missed after one moment and by another, the oldest first. */
extern WaitedQuestion *waited_questions_read(TimestampTz since, TimestampTz now, int *count);

/* A player who lends at this moment. */
typedef struct Lender
{
	int64 world_id;
	int64 player_id;
	int64 declared; /* tokens a day */
	int32 tokens_per_npc;
	int32 npcs_most;
	int32 reliability; /* thousandths */
	int32 held;		   /* NPCs */
} Lender;

extern Lender *lenders_read(int *count);

#endif /* NPCSIM_TABLES_BOOKS_H */
