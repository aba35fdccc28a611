/*
 * ongoing.h
 *	  Reads ongoing interactions and open bids, and writes them as minds are told of them.
 *
 * It reads the caller's snapshot. Functions are called between spi_begin() and spi_end(), and results
 * are in their memory.
 */
#ifndef NPCSIM_ONGOING_H
#define NPCSIM_ONGOING_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "reducers/npc_rows.h"
#include "reducers/type_texts.h"

/* An ongoing interaction. */
typedef struct Run
{
	int64				   id;
	const InteractionText *text;
	int64				   target_id;
	int64				   started_at;
	int64				   participants[PARTICIPANTS_MAX];
	const char *names[PARTICIPANTS_MAX]; /* of the participants; the caller fills it in; NULL = not known */
	int64		acted_at[PARTICIPANTS_MAX]; /* when each of them last acted; -1 = not yet */
	int			participant_count;
	Jsonb	   *acts; /* NULL: none, or they were not asked for */
} Run;

typedef struct Runs
{
	Run *runs; /* in order of id */
	int	 count;
} Runs;

/* An open bid. */
typedef struct OpenBid
{
	int64				   id;
	const InteractionText *text;
	int64				   bidder_id;
	int64				   target_id;
	int64				   invited[PARTICIPANTS_MAX];
	bool				   awaited[PARTICIPANTS_MAX]; /* was asked, and has not answered */
	int					   invited_count;
	int64				   due_at; /* until when, once somebody was asked */
} OpenBid;

typedef struct OpenBids
{
	OpenBid *bids; /* in order of id */
	int		 count;
} OpenBids;

/*
 * Reads interactions by their ids (sorted, without duplicates); those whose type the world does not have are
 * left out. Acts are read of those in 'heard' alone (sorted, too).
 */
extern void read_runs(int64 world_id, const TypeTexts *texts, const int64 *ids, int count, const int64 *heard,
					  int heard_count, Runs *runs);
/* Returns NULL if it was not read. */
extern const Run *find_run(const Runs *runs, int64 id);

/* Whether one more NPC can take part. */
static inline bool
run_is_joinable(const Run *run)
{
	return run->participant_count < run->text->type->max_participants;
}

/* Returns when a participant may act again; -1 = it has not acted yet. */
extern int64 run_may_act_at(const Run *run, int64 npc_id);

/* Reads the bids that NPCs among 'viewers' made, or are to answer. */
extern void read_bids(int64 world_id, const TypeTexts *texts, const NpcRows *viewers, OpenBids *bids);

/* Whether the NPC has yet to answer it. */
extern bool bid_awaits(const OpenBid *bid, int64 npc_id);

/* Writes ,"current_interaction":{…} of an NPC or item in sight; 'named' adds the names of participants. */
extern void json_seen_run(StringInfo out, const Run *run, bool named);
/*
 * Writes the conversation of a participant; null if its interaction has no messages, or it is in none (run
 * NULL).
 */
extern void json_conversation(StringInfo out, const Run *run);
/* Writes ,"pending_bid":{…}, if the NPC made a bid. */
extern void json_pending_bid(StringInfo out, const OpenBids *bids, int64 npc_id);
/* Writes ,"bids":[…], if there are any for the NPC to answer; names of bidders are in 'npcs'. */
extern void json_bids(StringInfo out, const OpenBids *bids, int64 npc_id, const NpcRows *npcs);

#endif /* NPCSIM_ONGOING_H */
