/*
 * decision_slots.h
 *	  Requests to minds as rows: decision_slots.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_DECISION_SLOTS_H
#define NPCSIM_TABLES_DECISION_SLOTS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "queue.h"
#include "tables/npcs.h"

/* ---- requests that are open ---- */

typedef struct OpenSlot
{
	int64		   world_id;
	QueuedQuestion question;
	/* Of the NPC's track; NULL = it has none. */
	ArrayType *cells;
	int64	   departed_at;
	char	  *reason; /* name of question.reason */
	ArrayType *tried;  /* sources; NULL = none */
} OpenSlot;

/*
 * Returns the open requests of a world that are put to these players (NULL: to anybody), by the caller's snapshot.
 */
extern OpenSlot *slots_open(int64 world_id, const int64 *player_ids, int player_count, int *count);
/* Return those of the NPCs that have one: by the caller's snapshot, or as of now. */
extern OpenSlot *slots_open_of(int64 world_id, const int64 *npc_ids, int npc_count, int *count);
extern OpenSlot *slots_open_now(int64 world_id, const int64 *npc_ids, int npc_count, int *count);

/* Fills in where the NPC is at a moment. Returns false if it is nowhere. */
extern bool open_slot_cell(const OpenSlot *slot, int64 now, Cell *cell);

/* A request that is handed out to a session. */
typedef struct SentSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id;
	int64 session_id;
	int32 timeout_ms;
	int32 told_events;
	/* The state_counter of what the NPC did when its mind was told. */
	int64 told_state;
	int64 source_id;   /* 0 = none */
	int64 credit_most; /* world µs for which its source has been connected, and that one answer is paid for */
	Datum choices;	   /* the actions that are offered, a JSON text; 0 = none are */
	/* How the built-in mind ranks what the NPC may do now (sim/choices.h); NULL = the answer will not be judged by it. */
	const int16 *ranking;
	int			 ranked;
	int64		 player_id; /* whose mind is asked */
	/* How fast the NPC's own budget is spent, if it has one (market/pacing.h). */
	bool  has_pace;
	int64 pace_saved;
	int64 pace_as_of;
	int64 pace_reserve;
	int64 credit; /* result: what an accepted answer is paid */
} SentSlot;

/*
 * Marks requests as sent that are still open and that nobody else has locked. Returns these with request,
 * world and credit alone.
 */
extern SentSlot *slots_send(const SentSlot *slots, int count, int *sent);

/*
 * Open requests again that were sent to sessions, and log that they were cut off: to given sessions in given worlds, or to sessions
 * that have ended or are silent. Rows that somebody else has locked are skipped. Return the requests that were opened.
 */
extern OpenSlot *slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids,
							  int session_count, int *count);
extern OpenSlot *slots_reopen_orphans(int *count);
/* Opens again what timed out with sources of kind hybrid, for the operators' API, and logs that it was passed on. The world is locked. Returns what was opened. */
extern OpenSlot *slots_reopen_backed_up(int64 world_id, const int64 *request_ids, const int64 *player_ids,
										int request_count, int *count);

/* Whose mind was asked about an NPC last. */
typedef struct MetMind
{
	int64 npc_id;
	int64 player_id;
	int64 request_id; /* the first question that it was asked, since another one was; 0 = there was none */
} MetMind;

/* Returns those of the NPCs (ids ascending, each once) whose mind was ever asked, by id, by the caller's snapshot. */
extern MetMind *slots_met(int64 world_id, const int64 *npc_ids, int npc_count, int *count);

/* ---- answers, and their absence ---- */

/* Why a question has no answer. Only a timeout has a name of its own; any other reason is told in words. */
typedef enum Failure
{
	FAILURE_TOLD,
	FAILURE_TIMED_OUT
} Failure;

#define TIMED_OUT_NAME "timeout" /* in reports of failures, in inputs and in the log */

extern Failure failure_of(const char *reason);

/* A slot as it was when the world was locked. */
typedef struct Slot
{
	int64		  npc_id;
	int64		  request_id;
	RequestStatus status;
	char		 *reason;
	int64		  player_id;	   /* whom it is for, as the world knows it */
	int64		  asked_player_id; /* whom it was handed to last; player_id if it was not */
	int64		  state_counter;   /* of what the NPC did when its mind was told */
	/* The mind knows so many of the events since the last question, including dropped ones. */
	int			told_events;
	TimestampTz opened_at_real;
	TimestampTz sent_at_real;
	bool		answered;  /* with a final answer, before or in this batch */
	int64		source_id; /* it was sent to; 0 = none */
	int64		credit;	   /* NPC-microseconds that an accepted answer is paid; 0 if it was never sent */
	Jsonb	   *choices;   /* the actions that were offered; NULL = none were */
	ArrayType  *ranking;   /* how they, and what else there was, were ranked then; NULL = that is not known */
	/* The last player but this one whom the NPC's questions were put to; 0 = there is none. */
	int64 former_player_id;
} Slot;

/* Returns the slots of those of the NPCs that have one. */
extern Slot *slots_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count);

/* An answer that counts towards budgets. */
typedef struct AnsweredSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id; /* the one the slot holds, or an older one */
	int64 tokens;
} AnsweredSlot;

extern void slots_note_answers(const AnsweredSlot *answers, int count);

/* A request that nobody will answer any more. */
typedef struct ExpiredSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id;
	int64 player_id;
	char *reason;
	bool  absent; /* nobody was there to answer */
} ExpiredSlot;

/*
 * Returns requests that were sent long ago, or are open and were never fetched, by world, then NPC; at most
 * 1,000. Only running worlds count, and not the time before a world was last started, so that pauses do not
 * count.
 */
extern ExpiredSlot *slots_expired(const char *home, int *count);

#endif /* NPCSIM_TABLES_DECISION_SLOTS_H */
