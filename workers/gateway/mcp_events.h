/*
 * mcp_events.h
 *	  An NPC's events as the reference game's mind server wants to be told them.
 *
 * Two things need remembering from one question to the next, because events
 * are told again until a question that told them was answered:
 * - which time stamp a conversation's message was given: stamps are whole game
 *   minutes, yet each message of a mind has its own, later than the one before;
 * - which invitations were told and not yet taken back.  The server keeps
 *   them until they are answered or cancelled, so one whose end was never told
 *   is cancelled when it cannot be open any more.
 */
#ifndef NPCSIM_GATEWAY_MCP_EVENTS_H
#define NPCSIM_GATEWAY_MCP_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* bounds */
#define MCP_MAX_EVENTS		64 /* of a question; the newest */
#define MCP_TOLD_MESSAGES	(MCP_MAX_EVENTS + 16)
#define MCP_TOLD_BIDS		16
#define MCP_MAX_INTERACTION 64 /* bytes of an interaction's name that are remembered */
#define MCP_BID_LASTS_S		60 /* of the world: twice the longest window */
#define MCP_BID_LASTS_MS	60000

typedef enum McpBidState
{
	MCP_BID_NONE,
	MCP_BID_OPEN,
	MCP_BID_OVER /* it is not told again */
} McpBidState;

typedef struct McpToldBid
{
	McpBidState state;
	int64_t		id;
	int64_t		bidder_id;
	double		at; /* seconds of the world */
	int64_t		told_ms;
	char		interaction[MCP_MAX_INTERACTION];
} McpToldBid;

typedef struct McpToldMessage
{
	int64_t said_us; /* when, in microseconds of the world */
	int64_t npc_id;	 /* who spoke, 0 = there is no message; negative: about whom something was said */
	int64_t key;	 /* that the server knows it by */
	int64_t stamp;	 /* of the event that told it */
} McpToldMessage;

/* What one mind was told.  Empty when all zero. */
typedef struct McpTold
{
	McpToldMessage messages[MCP_TOLD_MESSAGES];
	int			   next_message;
	int64_t		   last_key;
	int64_t		   last_stamp;
	McpToldBid	   bids[MCP_TOLD_BIDS];
	int			   next_bid;
} McpTold;

/*
 * The argument "events".  The observations are those of a decision request;
 * now_ms is of any clock that does not go back.  NULL when memory is short.
 */
extern json_t *mcp_events(const json_t *observations, int64_t npc_id, McpTold *told, int64_t now_ms);

/* The mind answered an invitation, or all of a bidder; or all that are open. */
extern void mcp_told_bid_answered(McpTold *told, int64_t bid_or_bidder_id);
extern void mcp_told_bids_answered(McpTold *told);

/* The server has forgotten everything: stamps go on, the rest is told anew. */
extern void mcp_told_forget(McpTold *told);

/* How many invitations the server holds for open. */
extern int mcp_told_open_bids(const McpTold *told);

#endif /* NPCSIM_GATEWAY_MCP_EVENTS_H */
