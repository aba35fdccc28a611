/*
 * ongoing.h
 *	  Interactions and bids under way, as minds are told of them.
 *
 * All is read in the caller's snapshot, between spi_begin and spi_end; memory of the SPI context.
 */
#ifndef NPCSIM_ONGOING_H
#define NPCSIM_ONGOING_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "reducers/npc_rows.h"
#include "reducers/type_texts.h"

/* An interaction under way. */
typedef struct Run
{
	int64				   id;
	const InteractionText *text;
	int64				   target_id;
	int64				   started_at;
	int64				   participants[PARTICIPANTS_MAX];
	const char
		  *names[PARTICIPANTS_MAX];	   /* of the participants, for the caller to fill in; NULL = not known */
	int64  acted_at[PARTICIPANTS_MAX]; /* when each of them last did something in it; -1 = not yet */
	int	   participant_count;
	Jsonb *acts; /* NULL: none, or they were not asked for */
} Run;

typedef struct Runs
{
	Run *runs; /* in order of id */
	int	 count;
} Runs;

/* A bid under way. */
typedef struct OpenBid
{
	int64				   id;
	const InteractionText *text;
	int64				   bidder_id;
	int64				   target_id;
	int64				   invited[PARTICIPANTS_MAX];
	bool				   awaited[PARTICIPANTS_MAX]; /* was asked, and has not answered */
	int					   invited_count;
	int64				   due_at; /* until then, once somebody was asked */
} OpenBid;

typedef struct OpenBids
{
	OpenBid *bids; /* in order of id */
	int		 count;
} OpenBids;

/* Those with these ids (sorted, without doubles) of a kind the world has; acts of those in 'heard' (likewise) alone. */
extern void read_runs(int64 world_id, const TypeTexts *texts, const int64 *ids, int count, const int64 *heard,
					  int heard_count, Runs *runs);
/* NULL if it is not among them. */
extern const Run *find_run(const Runs *runs, int64 id);

/* There is room for one more. */
static inline bool
run_is_joinable(const Run *run)
{
	return run->participant_count < run->text->type->max_participants;
}

/* When one of those who take part may do something in it; -1 = it may since it began. */
extern int64 run_may_act_at(const Run *run, int64 npc_id);

/* Those that NPCs among 'viewers' made, or are to answer. */
extern void read_bids(int64 world_id, const TypeTexts *texts, const NpcRows *viewers, OpenBids *bids);

/* Whether the NPC is to answer it. */
extern bool bid_awaits(const OpenBid *bid, int64 npc_id);

/* ,"current_interaction":{…} of somebody or something in sight; participants are named where not all of them are in sight. */
extern void json_seen_run(StringInfo out, const Run *run, bool named);
/* What one who takes part (run NULL: in nothing) hears: null where nothing is said. */
extern void json_conversation(StringInfo out, const Run *run);
/* ,"pending_bid":{…}, if the NPC made one. */
extern void json_pending_bid(StringInfo out, const OpenBids *bids, int64 npc_id);
/* ,"bids":[…], if there are any for the NPC to answer; names of bidders are in 'npcs'. */
extern void json_bids(StringInfo out, const OpenBids *bids, int64 npc_id, const NpcRows *npcs);

#endif /* NPCSIM_ONGOING_H */
