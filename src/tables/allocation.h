/*
 * allocation.h
 *	  What the market goes by when it says who holds which NPC: a world's settings, its players with what they lend, and its NPCs as rows.
 *
 * All functions are called between spi_begin() and spi_end(), take no lock, and results are in their memory.
 */
#ifndef NPCSIM_TABLES_ALLOCATION_H
#define NPCSIM_TABLES_ALLOCATION_H

#include "postgres.h"

typedef struct MarketTerms
{
	bool  market;		 /* allocation is 'market' */
	int32 absence_grace; /* real seconds, as the next */
	int32 pause_grace;
	int32 min_tenure;	  /* world seconds */
	int32 tokens_per_npc; /* and day, estimated */
	int32 max_npcs_per_player;
	int64 tokens_per_npc_least; /* and day; 0 = there is no least */
	char *on_shortage;			/* one of shortage_names */
	int64 settings_revision;
} MarketTerms;

/* Returns false if there is no such world. */
extern bool market_terms_read(int64 world_id, MarketTerms *terms);

/* A player who has declared something, or who has NPCs. */
typedef struct MarketPlayer
{
	int64 id;
	int64 person_id;   /* 0 = none is known */
	int64 declared;	   /* tokens a day, of all accounts of the person in the world */
	int64 offered;	   /* its own part of them */
	int64 warned_at;   /* that it offers too little, a TimestampTz; 0 = it is not */
	int32 reliability; /* thousandths: what became of the latest questions to it */
	int32 proof;	   /* how many NPCs it has shown it can serve; -1 = nothing is known yet */
	bool  owner;	   /* of the world */
	int64
		measured; /* what it gave in the last day, tokens; 0 of who declares less than the largest tier takes */
	bool  suspended; /* it may not lend for a while */
	bool  banned;
	bool  present;	 /* it lends compute now */
	bool  paused;	 /* the source from which it lent last is paused: it has said that it is away */
	bool  stateless; /* its minds remember nothing */
	int64 seen_at; /* when it could be asked last, a TimestampTz, unless it is present; DT_NOBEGIN = never */
} MarketPlayer;

/* Returns them, and this player (0: none) in any case, in order of id. */
extern MarketPlayer *market_players_read(int64 world_id, int64 player_id, int *count);

typedef struct MarketNpc
{
	int64 id;
	int64 controller; /* 0 = nobody */
	bool  assigned;	  /* by an operator: see npc_is_assigned() */
	int64 since;	  /* world time in microseconds at which it came to its controller */
	bool  decided;	  /* its controller's mind has decided for it */
} MarketNpc;

/* Returns all of a world in order of id. */
extern MarketNpc *market_npcs_read(int64 world_id, int *count);

typedef struct WatchedBy
{
	int64 id;
	int32 players;	 /* whose cameras see it */
	bool  spectated; /* a spectator's does */
} WatchedBy;

/* Returns those that somebody sees, in order of id. */
extern WatchedBy *market_seen_read(int64 world_id, int *count);

/* Notes since when a player is warned; 0 = it is not. */
extern void market_warning_write(int64 player_id, int64 warned_at);

#endif /* NPCSIM_TABLES_ALLOCATION_H */
