/*
 * market_play.h
 *	  Markets that are played event by event by the kernel's own functions, for test_sim_market.c.
 */
#ifndef MARKET_PLAY_H
#define MARKET_PLAY_H

#include "market/market.h"
#include "market/numbers.h"
#include "market/priority.h"
#include "market/proof.h"
#include "sim/random.h"

#define MINUTE		   (60 * SIM_SECOND)
#define HOUR		   (60 * MINUTE)
#define PLAYERS_MOST   50
#define NPCS_MOST	   2500
#define EVENTS_MOST	   (4 * NPCS_MOST + 1000)
#define TOKENS_PER_NPC 700
#define TENURE		   (10 * MINUTE)
#define ABSENCE_GRACE  (5 * MINUTE)
#define TIME_OUT	   MINUTE
#define LATE_FOR	   (30 * SIM_SECOND) /* in which an answer is accepted though it is late */
#define NOBODY		   (-1)

typedef enum Lie
{
	LIE_NONE,
	LIE_DECLARES_TEN_TIMES,
	LIE_DECLARES_HALF,
	LIE_SLOTS,				 /* ten times as many as it can use */
	LIE_FAILS_AT_ONCE,		 /* what it cannot do, of ten times as many slots */
	LIE_STATELESS,			 /* it says that its mind remembers nothing */
	LIE_OTHER_NAMES,		 /* each of three sources has all of its slots */
	LIE_REFUSES_DULL,		 /* what nobody watches */
	LIE_FAILS_A_FIFTH,		 /* of what it could answer */
	LIE_FAILS_WHEN_IDLE,	 /* a fifth, while it is not overloaded */
	LIE_FAILS_HALF_AT_FIRST, /* in the first quarter of an hour */
	LIE_EVERY_SECOND,		 /* answers exactly every second question */
	LIE_COMES_AND_GOES,		 /* five minutes each */
	LIE_PAUSES,				 /* three minutes of ten */
	LIE_CUTS_OFF,			 /* closes its socket whenever it would miss a question */
	LIE_COUNT
} Lie;

/* As the tests call them. */
extern const char *const lies[LIE_COUNT];

/* How overload shows. */
typedef enum Overload
{
	OVERLOAD_TIMES_OUT,
	OVERLOAD_FAILS,
	OVERLOAD_REFUSES
} Overload;

typedef struct Player
{
	int32_t	 workers; /* questions that it truly answers at a time */
	int64_t	 service; /* microseconds each takes, on average */
	int64_t	 declared;
	int32_t	 accepted; /* thousandths of its answers that are */
	int32_t	 fails;	   /* thousandths of the questions, whatever the load */
	bool	 stateless;
	Lie		 lie;
	Overload overload;

	int32_t	 slots;
	int32_t	 in_flight;
	int32_t	 busy;
	int32_t	 queue[NPCS_MOST]; /* what was handed out to it and waits for a worker: a ring */
	int32_t	 queued;
	int32_t	 queue_first;
	int32_t	 waiting[NPCS_MOST]; /* its NPCs whose questions wait to be handed out */
	int32_t	 waiting_count;
	bool	 present;
	int64_t	 left_at;
	uint64_t questions; /* that it was handed out, ever */
	Proof	 proof;
	CutOffs	 cut_offs;
	uint8_t	 window[RELIABILITY_WINDOW]; /* halves */
	int32_t	 window_at;
	int32_t	 asked;
	int32_t	 halves;
	int32_t	 held;
	int64_t	 charged;
	int64_t	 answered;

	int64_t credit; /* of its own NPCs */
	int64_t credit_pooled;
	int64_t held_time;	/* NPC-microseconds */
	int64_t over_since; /* P over 1.25 times what it can serve, and one NPC; 0: it is not */
	int64_t over_most;
	int64_t ready_at;	/* when it had shown 80 % of what it can serve; 0: it has not */
	int64_t shown_time; /* NPC-microseconds of proof */
} Player;

typedef enum QuestionState
{
	QUESTION_NONE,
	QUESTION_WAITS,
	QUESTION_QUEUED, /* at its player */
	QUESTION_WORKED_ON
} QuestionState;

typedef struct Npc
{
	int32_t		  holder;
	int64_t		  came;
	int64_t		  last_question;
	uint32_t	  number; /* of its question: events of earlier ones are stale */
	QuestionState state;
	int32_t		  handed_to;
	bool		  pooled;
	bool		  late; /* it timed out; the answer may still come */
	bool		  dull;
	bool		  cut_off;
	int64_t		  credit;
	Question	  question;
	int64_t		  opened;
	bool		  decided;
} Npc;

typedef enum EventKind
{
	EVENT_ASK,
	EVENT_TIME_OUT,
	EVENT_ANSWER,
	EVENT_STEP,
	EVENT_REBALANCE,
	EVENT_COME,
	EVENT_GO
} EventKind;

typedef struct Event
{
	int64_t	 at;
	int32_t	 kind;
	int32_t	 who;
	uint32_t number;
	int32_t	 outcome;
} Event;

typedef struct Market
{
	uint64_t seed;	 /* what the market is */
	uint64_t chance; /* what happens in it */
	int		 player_count;
	int		 npc_count;
	int64_t	 interval; /* from one question of an NPC to the next, microseconds */
	int64_t	 now;
	int		 event_count;
	int32_t	 pooled[NPCS_MOST]; /* whose questions wait for any source, the oldest first */
	int		 pooled_count;
	int64_t	 idle_waits; /* questions that waited over 3 s while a slot that may take it was free */
	Player	 players[PLAYERS_MOST];
	Npc		 npcs[NPCS_MOST];
	Event	 events[EVENTS_MOST];
} Market;

/* Begins a market: everybody comes, and NPCs begin to ask. Its players and the numbers of both were set. */
extern void market_begin(Market *market);
/* Goes on until a moment. */
extern void market_play(Market *market, int64_t until);

/* How many NPCs a player can truly serve, thousandths: as many as it can answer questions of. */
extern int64_t capacity(const Market *market, const Player *player);
/* The same by the questions that it answers so that it counts. */
extern int64_t worth(const Market *market, const Player *player);
/* How many it asks for by now. */
extern int32_t demand_of(const Player *player);
/* What it could serve and wants, NPCs. */
extern int64_t target(const Market *market, const Player *player);

/* ---- for those who play it: market_state.c ---- */

/* Numbers below 'bound': of the market, and of the present question of an NPC. */
extern uint32_t market_draw(const Market *market, int64_t entity, uint64_t counter, uint32_t bound);
extern uint32_t question_draw(const Market *market, int32_t npc, int which, uint32_t bound);

extern void	 market_push(Market *market, int64_t at, EventKind kind, int32_t who, uint32_t number,
						 int outcome);
extern Event market_pop(Market *market); /* the next one */

/* Counts what became of a question that a player had. */
extern void count_outcome(Player *player, const Npc *npc, int64_t now, ProofOutcome outcome);

#endif /* MARKET_PLAY_H */
