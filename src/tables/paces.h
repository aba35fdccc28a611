/*
 * paces.h
 *	  What limits whom claims ask, as rows: budgets of tokens, how fast they are spent (paces, decision_slots), and how often sources
 *	  may be asked.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_PACES_H
#define NPCSIM_TABLES_PACES_H

#include "postgres.h"

#include "sim/needs.h"
#include "spi.h"

/* ---- what limits a player ---- */

typedef struct SpendingLimits
{
	int64 world_id;
	int64 declared;		 /* tokens a day that the player says it lends; 0 = it says nothing */
	int64 player_tokens; /* of the day, what the world grants it or it declared; 0 = no limit */
	int64 player_spent;	 /* so far */
	int64 world_tokens;	 /* 0 = no limit */
	int64 world_spent;
	int64 npc_tokens; /* of each NPC; 0 = no limit */
	int64 tokens_per_decision;
	int32 rate; /* of its source: thousandths of a decision a second; 0 = no limit */
} SpendingLimits;

/* The columns of player_accounts p, world_settings w, world_tokens t (or NULL) that fill one; without the rate. */
#define SPENDING_COLUMNS(struct_, member_) \
	SPI_COLUMN(struct_, member_.world_id, "w.id"), \
		SPI_COLUMN(struct_, member_.declared, "p.declared_tokens_per_day"), \
		SPI_COLUMN(struct_, member_.player_tokens, \
				   "coalesce(least(nullif(p.declared_tokens_per_day, 0), " \
				   "nullif(w.max_tokens_per_player_per_day, 0)), 0)"), \
		SPI_COLUMN(struct_, member_.player_spent, \
				   "npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day)"), \
		SPI_COLUMN(struct_, member_.world_tokens, "w.max_tokens_per_day"), \
		SPI_COLUMN(struct_, member_.world_spent, \
				   "npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day)"), \
		SPI_COLUMN(struct_, member_.npc_tokens, "w.max_tokens_per_npc_per_day"), \
		SPI_COLUMN(struct_, member_.tokens_per_decision, "w.tokens_per_decision")

/* Of a session s and its source k, of which each may have one. */
#define SOURCE_RATE "coalesce(least(nullif(k.decisions_per_second, 0), nullif(s.decisions_per_second, 0)), 0)"

/* Reads what limits a player, but for the rates of its sources. Returns false if there is no such player. */
extern bool spending_limits_read(int64 player_id, SpendingLimits *limits);

/* ---- how fast it is spent ---- */

/* In the order in which rows are locked. */
typedef enum PaceKind
{
	PACE_OF_PLAYER,
	PACE_OF_SOURCE,
	PACE_OF_WORLD
} PaceKind;

typedef struct PaceRow
{
	PaceKind kind;
	int64	 id;
	int64	 saved;
	int64	 as_of;
	int64	 reserve;
} PaceRow;

/* Fills in rows, of which kind and id are given, as they are; 0 where there is none yet. */
extern void pace_rows_read(PaceRow *rows, int count);
/* The same, locks them in order, and makes those that are missing. */
extern void pace_rows_lock(PaceRow *rows, int count);
extern void pace_rows_write(const PaceRow *rows, int count);

/* Questions that are over: they cost so many tokens less than they were taken for. */
typedef struct PaceSettled
{
	PaceKind kind;
	int64	 id;
	int64	 tokens;
} PaceSettled;

extern void pace_rows_settle(const PaceSettled *settled, int count);

/* ---- NPCs that may be asked ---- */

typedef struct AskedNpc
{
	int64 npc_id;
	int64 spent; /* tokens of the day */
	int64 pace_saved;
	int64 pace_as_of; /* 0 = nothing was spent yet */
	int64 pace_reserve;
	int16 waiting_reason; /* DecisionReason: what its mind is to be asked next */
	Needs needs;
} AskedNpc;

/* Returns those of the NPCs whose mind was ever asked, by id. */
extern AskedNpc *asked_npcs_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count);

#endif /* NPCSIM_TABLES_PACES_H */
