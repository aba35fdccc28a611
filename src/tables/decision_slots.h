/*
 * decision_slots.h
 *	  Requests to minds as rows: decision_slots.
 *
 * All of it within spi_begin and spi_end, whose memory results are in.
 */
#ifndef NPCSIM_TABLES_DECISION_SLOTS_H
#define NPCSIM_TABLES_DECISION_SLOTS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "tables/npcs.h"

/* ---- requests that are open ---- */

typedef struct OpenSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id;
	int64 player_id;
	char *reason;
} OpenSlot;

/* Those of players in worlds, the oldest first; by the caller's snapshot. */
extern OpenSlot *slots_open(const int64 *world_ids, int world_count, const int64 *player_ids,
							int player_count, int *count);

/* A request that is handed out. */
typedef struct SentSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id;
	int64 session_id;
	int32 timeout_ms;
	int32 told_events;
	int64 told_state; /* state_counter of what the NPC did when its mind was told */
	Datum choices;	  /* actions that are offered, a JSON text; 0 = none are */
} SentSlot;

/* Marks as sent those that are open still and that nobody else has locked; of the result, world and request are known. */
extern SentSlot *slots_send(const SentSlot *slots, int count, int *sent);

/*
 * Opens requests again that were sent to sessions: those of sessions in worlds, or those whose session is no longer there
 * or silent. Rows that somebody else has locked are passed by. The worlds of those that were opened, ascending.
 */
extern int64 *slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids,
						   int session_count, int *count);
extern int64 *slots_reopen_orphans(int *count);

/* ---- answers, and their absence ---- */

/* Why a question has no answer: one reason has a name of its own, any other is what was said. */
typedef enum Failure
{
	FAILURE_TOLD,
	FAILURE_TIMED_OUT
} Failure;

#define TIMED_OUT_NAME "timeout" /* to who reports failures, in inputs and in the log */

extern Failure failure_of(const char *reason);

/* A row, as it was when the world was locked. */
typedef struct Slot
{
	int64		  npc_id;
	int64		  request_id;
	RequestStatus status;
	char		 *reason;
	int64		  player_id;
	int64		  state_counter; /* of what the NPC did when its mind was told */
	int told_events; /* the mind knows so many of the events since the last question, dropped ones counted */
	TimestampTz opened_at_real;
	TimestampTz sent_at_real;
	bool		answered; /* finally, before or in this batch */
	Jsonb	   *choices;  /* actions that were offered with the request; NULL = none were */
} Slot;

/* Those of NPCs of a world that there are. */
extern Slot *slots_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count);

/* An answer that counts. */
typedef struct AnsweredSlot
{
	int64 world_id;
	int64 npc_id;
	int64 request_id; /* that the slot holds, or an older one */
	int64 tokens;
} AnsweredSlot;

extern void slots_note_answers(const AnsweredSlot *answers, int count);

/* A request that nobody will answer. */
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
 * Sent long ago, or open and never fetched. Only of running worlds, and not for the time before a world was last started:
 * pauses do not count. By world, then NPC; at most 1,000.
 */
extern ExpiredSlot *slots_expired(const char *home, int *count);

#endif /* NPCSIM_TABLES_DECISION_SLOTS_H */
