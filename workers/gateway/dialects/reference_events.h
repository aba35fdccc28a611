/*
 * reference_events.h
 *	  Translates an NPC's events for the reference game's mind server.
 *
 * Two things are remembered from one question to the next, because events are
 * told again until a question that told them was answered:
 * - which time stamp a conversation's message was given: stamps are whole game
 *   minutes, yet each message of a mind has its own, later than the one before;
 * - which invitations were told and not yet taken back.  The server keeps
 *   them until they are answered or cancelled, so one whose end was never told
 *   is cancelled when it cannot be open any more.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_EVENTS_H
#define NPCSIM_GATEWAY_REFERENCE_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Bounds. */
#define REFERENCE_MAX_EVENTS	  64 /* how many events a question has, which are the newest */
#define REFERENCE_TOLD_MESSAGES	  (REFERENCE_MAX_EVENTS + 16)
#define REFERENCE_TOLD_BIDS		  16
#define REFERENCE_MAX_INTERACTION 64 /* bytes of an interaction's name that are remembered */
#define REFERENCE_BID_LASTS_S	  60 /* seconds of the world, twice as long as any bid is open */
#define REFERENCE_BID_LASTS_MS	  60000

typedef enum ReferenceBidState
{
	REFERENCE_BID_NONE,
	REFERENCE_BID_OPEN,
	REFERENCE_BID_OVER /* the mind knows that it has ended, so it is not told again */
} ReferenceBidState;

typedef struct ReferenceToldBid
{
	ReferenceBidState state;
	int64_t			  id;
	int64_t			  bidder_id;
	double			  at; /* seconds of the world */
	int64_t			  told_ms;
	char			  interaction[REFERENCE_MAX_INTERACTION];
} ReferenceToldBid;

typedef struct ReferenceToldMessage
{
	int64_t said_us; /* when it was said, in microseconds of the world */
	int64_t npc_id; /* the speaker; negative = the one about whom the system spoke; 0 = there is no message */
	int64_t key;	/* its time stamp in the conversation's history, by which the server knows it */
	int64_t stamp;	/* the time stamp of the event that told it */
} ReferenceToldMessage;

/* What one mind was told; all zeros = nothing. */
typedef struct ReferenceTold
{
	ReferenceToldMessage messages[REFERENCE_TOLD_MESSAGES];
	int					 next_message;
	int64_t				 last_key;
	int64_t				 last_stamp;
	ReferenceToldBid	 bids[REFERENCE_TOLD_BIDS];
	int					 next_bid;
} ReferenceTold;

/*
 * Returns the argument "events" as a new reference, or NULL when memory is
 * short.  The observations are those of a decision request; now_ms is of any
 * clock that does not go back.
 */
extern json_t *reference_events(const json_t *observations, int64_t npc_id, ReferenceTold *told,
								int64_t now_ms);

/* Note that the mind has answered a bid, or those of a bidder; or all that are open. */
extern void reference_told_bid_answered(ReferenceTold *told, int64_t bid_or_bidder_id);
extern void reference_told_bids_answered(ReferenceTold *told);

/* Forgets what was told, because the server has forgotten everything; only time stamps go on. */
extern void reference_told_forget(ReferenceTold *told);

/* Returns how many bids the server takes to be open. */
extern int reference_told_open_bids(const ReferenceTold *told);

#endif /* NPCSIM_GATEWAY_REFERENCE_EVENTS_H */
