/*
 * market_play.c
 *	  Plays a market event by event.
 *
 * NPCs ask, questions wait for a free slot of their player and are handed out by priority, players answer as many at a time as they truly
 * can, answers come, fail, or come too late; every 10 s proofs are stepped, every minute NPCs are divided and change
 * hands.  Questions of NPCs whose player is away go to sources that remember nothing.  All of it by the kernel's own functions.  Chance is drawn
 * by (market and entity, number of the question), so that a lie changes what follows from it and little else.
 */
#include "market_play.h"

#include "market/moves.h"
#include "market/sources.h"

#include <stdlib.h>
#include <string.h>

/* ---- the way of a question ---- */

static void work(Market *market, int32_t who);

static int32_t
fails_now(const Market *market, const Player *player)
{
	if (player->lie == LIE_FAILS_A_FIFTH && player->fails < 200)
		return 200;
	if (player->lie == LIE_FAILS_WHEN_IDLE && player->busy < player->workers && player->fails < 200)
		return 200;
	if (player->lie == LIE_FAILS_HALF_AT_FIRST && market->now < 15 * MINUTE && player->fails < 500)
		return 500;
	return player->fails;
}

/* Begins to answer a question that was handed out. */
static void
begin_work(Market *market, int32_t who, int32_t index)
{
	Player *player = &market->players[who];
	Npc	   *npc = &market->npcs[index];
	bool	fails = question_draw(market, index, 1, 1000) < (uint32_t) fails_now(market, player);
	bool	accepted = question_draw(market, index, 2, 1000) < (uint32_t) player->accepted;
	int64_t span = player->service / 2 + player->service * question_draw(market, index, 3, 1001) / 1000;

	npc->state = QUESTION_WORKED_ON;
	player->busy++;
	market_push(market, market->now + span, EVENT_ANSWER, index, npc->number, !fails && accepted);
}

/* Whether a player will have begun what it gets now early enough. */
static bool
can_answer_in_time(const Player *player)
{
	return player->queued * player->service / player->workers < TIME_OUT / 2;
}

/* A player has got a question: it works on it, lets it wait, or refuses it. */
static void
receive(Market *market, int32_t who, int32_t index)
{
	Player *player = &market->players[who];
	Npc	   *npc = &market->npcs[index];
	bool	refuses = (player->lie == LIE_REFUSES_DULL && npc->dull) ||
				   (player->lie == LIE_EVERY_SECOND && player->questions % 2 == 0) ||
				   ((player->lie == LIE_FAILS_AT_ONCE || player->overload != OVERLOAD_TIMES_OUT) &&
					!can_answer_in_time(player));

	player->questions++;
	player->in_flight++;
	npc->handed_to = who;
	npc->state = QUESTION_QUEUED;
	if (refuses)
	{
		/* It is worked on by nobody: the answer is that there is none. */
		market_push(market, market->now + SIM_SECOND / 10, EVENT_ANSWER, index, npc->number, -1);
		return;
	}
	player->queue[(player->queue_first + player->queued++) % NPCS_MOST] = index;
	work(market, who);
}

static void
work(Market *market, int32_t who)
{
	Player *player = &market->players[who];

	while (player->busy < player->workers && player->queued > 0)
	{
		int32_t index = player->queue[player->queue_first];

		player->queue_first = (player->queue_first + 1) % NPCS_MOST;
		player->queued--;
		/* What has timed out meanwhile was withdrawn. */
		if (market->npcs[index].state == QUESTION_QUEUED && market->npcs[index].handed_to == who)
			begin_work(market, who, index);
	}
}

/* The place among what waits for this player of what is handed out next. */
static int
first_of(const Market *market, const Player *player)
{
	int		best = 0;
	int64_t highest = -1;

	for (int i = 0; i < player->waiting_count; i++)
	{
		const Npc *npc = &market->npcs[player->waiting[i]];
		Question   question = npc->question;
		int64_t	   priority;

		question.waiting = market->now - npc->opened;
		priority = question_priority(&question);
		if (priority <= highest)
			continue;
		highest = priority;
		best = i;
	}
	return best;
}

static void
hand_out(Market *market, int32_t who)
{
	Player *player = &market->players[who];

	while (player->present && player->in_flight < player->slots && player->waiting_count > 0)
	{
		int		place = first_of(market, player);
		int32_t index = player->waiting[place];

		player->waiting[place] = player->waiting[--player->waiting_count];
		receive(market, who, index);
	}
}

static void
stop_waiting(Market *market, int32_t index)
{
	Npc		*npc = &market->npcs[index];
	int32_t *waiting = npc->pooled ? market->pooled : market->players[npc->holder].waiting;
	int		 count = npc->pooled ? market->pooled_count : market->players[npc->holder].waiting_count;
	int		 place = 0;

	while (place < count && waiting[place] != index)
		place++;
	if (place == count)
		return;
	memmove(waiting + place, waiting + place + 1, (size_t) (count - place - 1) * sizeof(waiting[0]));
	*(npc->pooled ? &market->pooled_count : &market->players[npc->holder].waiting_count) -= 1;
}

/* A question that its player cannot be asked: to one that remembers nothing, if there is one with a free slot. */
static bool
hand_out_pooled(Market *market, int32_t index)
{
	Source	sources[3 * PLAYERS_MOST];
	int32_t players[3 * PLAYERS_MOST];
	int		count = 0;
	int		chosen;

	for (int32_t who = 0; who < market->player_count; who++)
	{
		const Player *player = &market->players[who];

		for (int name = 0; name < (player->lie == LIE_OTHER_NAMES ? 3 : 1); name++)
		{
			players[count] = who;
			sources[count++] = (Source) {.id = who * 3 + name,
										 .active = player->present,
										 .stateless = player->stateless || player->lie == LIE_STATELESS,
										 .slots = player->slots,
										 .in_flight = player->in_flight,
										 .p95 = RESPONSE_UNKNOWN,
										 .charged = player->charged,
										 .proof = player->proof.npcs,
										 .reliability = reliability(player->asked, player->halves)};
		}
	}
	chosen = source_for_pooled(sources, count);
	if (chosen == NO_SOURCE)
		return false;
	market->players[players[chosen]].charged += question_charge(market->npcs[index].credit);
	receive(market, players[chosen], index);
	return true;
}

static void
hand_out_all_pooled(Market *market)
{
	int handed = 0;

	while (handed < market->pooled_count && hand_out_pooled(market, market->pooled[handed]))
		handed++;
	market->pooled_count -= handed;
	memmove(market->pooled, market->pooled + handed,
			(size_t) market->pooled_count * sizeof(market->pooled[0]));
}

/* A slot may be free: what waits for this player, and then what waits for anybody, is handed out. */
static void
use_slots(Market *market, int32_t who)
{
	work(market, who);
	hand_out(market, who);
	if (market->players[who].in_flight < market->players[who].slots)
		hand_out_all_pooled(market);
}

static void
ask(Market *market, int32_t index)
{
	Npc *npc = &market->npcs[index];

	npc->number++;
	npc->opened = market->now;
	npc->credit = decision_credit(npc->last_question, npc->came, market->now);
	npc->last_question = market->now;
	npc->state = QUESTION_WAITS;
	npc->handed_to = NOBODY;
	npc->pooled = false;
	npc->late = false;
	npc->dull = question_draw(market, index, 4, 10) < 3;
	npc->question =
		(Question) {.class = question_draw(market, index, 5, 10) == 0 ? QUESTION_BID : QUESTION_REST,
					.players = npc->dull ? 0 : (int32_t) question_draw(market, index, 6, 3)};
	market_push(market, market->now + TIME_OUT, EVENT_TIME_OUT, index, npc->number, 0);
	if (npc->holder != NOBODY && market->players[npc->holder].present)
	{
		Player *player = &market->players[npc->holder];

		player->waiting[player->waiting_count++] = index;
		hand_out(market, npc->holder);
	}
	else
	{
		npc->pooled = true;
		market->pooled[market->pooled_count++] = index;
		hand_out_all_pooled(market);
	}
}

/* The NPC asks again a while after it asked last, or at once when that took longer. */
static void
ask_again(Market *market, int32_t index)
{
	Npc	   *npc = &market->npcs[index];
	int64_t at = npc->opened + market->interval * 9 / 10 +
				 market->interval / 5 * question_draw(market, index, 7, 1001) / 1000;

	npc->state = QUESTION_NONE;
	market_push(market, at > market->now ? at : market->now, EVENT_ASK, index, npc->number, 0);
}

static void
answer(Market *market, const Event *event)
{
	Npc	   *npc = &market->npcs[event->who];
	int32_t who = npc->handed_to;
	Player *player;

	if (npc->number != event->number || who == NOBODY)
		return;
	player = &market->players[who];
	player->in_flight--;
	if (npc->state == QUESTION_WORKED_ON)
		player->busy--;
	if (npc->cut_off)
		npc->cut_off = false;
	else if (player->present)
	{
		ProofOutcome outcome = event->outcome <= 0 ? PROOF_MISSED : npc->late ? PROOF_LATE : PROOF_ANSWERED;

		count_outcome(player, npc, market->now, outcome);
		if (outcome != PROOF_MISSED)
		{
			*(npc->pooled ? &player->credit_pooled : &player->credit) += npc->credit;
			player->answered++;
			npc->decided = npc->decided || !npc->pooled;
		}
	}
	ask_again(market, event->who);
	use_slots(market, who);
}

static void
leave(Market *market, int32_t who)
{
	Player *player = &market->players[who];
	bool	forgiven = cut_off_forgiven(&player->cut_offs, market->now);

	for (int32_t i = 0; i < market->npc_count; i++)
	{
		Npc *npc = &market->npcs[i];
		bool waits =
			npc->state == QUESTION_WAITS && npc->holder == who && market->now - npc->opened > 10 * SIM_SECOND;

		waits = waits && !npc->pooled;
		if (npc->cut_off || (!waits && (npc->state == QUESTION_NONE || npc->handed_to != who)))
			continue;
		if (!forgiven)
			count_outcome(player, npc, market->now, PROOF_MISSED);
		npc->cut_off = true;
	}
}

static void
time_out(Market *market, const Event *event)
{
	Npc	   *npc = &market->npcs[event->who];
	Player *player = npc->handed_to != NOBODY				 ? &market->players[npc->handed_to]
					 : !npc->pooled && npc->holder != NOBODY ? &market->players[npc->holder]
															 : NULL;

	if (npc->number != event->number || npc->state == QUESTION_NONE)
		return;
	if (npc->state == QUESTION_WORKED_ON)
	{
		npc->late = true;
		return;
	}
	if (npc->state == QUESTION_WAITS)
		stop_waiting(market, event->who);
	if (npc->state == QUESTION_QUEUED)
	{
		player->in_flight--;
		npc->handed_to = NOBODY;
	}
	if (player != NULL && player->present && !npc->cut_off)
	{
		if (player->lie == LIE_CUTS_OFF)
			leave(market, (int32_t) (player - market->players));
		else
			count_outcome(player, npc, market->now, PROOF_MISSED);
	}
	npc->cut_off = false;
	ask_again(market, event->who);
	if (player != NULL)
		use_slots(market, (int32_t) (player - market->players));
}

/* ---- the market ---- */

static bool
is_gone(const Market *market, const Player *player)
{
	return !player->present && market->now - player->left_at > ABSENCE_GRACE;
}

static void
rebalance(Market *market)
{
	static HeldNpc held[NPCS_MOST];
	Claimant	   claimants[PLAYERS_MOST];
	Holder		   holders[PLAYERS_MOST];

	for (int i = 0; i < market->player_count; i++)
	{
		Player *player = &market->players[i];

		claimants[i] = (Claimant) {.id = i,
								   .demand = is_gone(market, player) ? 0 : demand_of(player),
								   .proof = player->proof.npcs,
								   .weight = CLAIMANT_WEIGHT};
	}
	market_divide(claimants, market->player_count, market->npc_count);
	for (int i = 0; i < market->player_count; i++)
		holders[i] = (Holder) {.share = claimants[i].share, .gone = is_gone(market, &market->players[i])};
	for (int i = 0; i < market->npc_count; i++)
	{
		const Npc *npc = &market->npcs[i];

		held[i] = (HeldNpc) {.id = i, .holder = npc->holder, .since = npc->came, .decided = npc->decided};
	}
	market_moves(held, market->npc_count, holders, market->player_count, market->now, TENURE);
	for (int i = 0; i < market->npc_count; i++)
	{
		Npc *npc = &market->npcs[i];

		if (held[i].to == npc->holder)
			continue;
		if (npc->state == QUESTION_WAITS)
		{
			/* Its question goes with it. */
			stop_waiting(market, i);
			npc->pooled = held[i].to == NO_PLAYER;
			if (npc->pooled)
				market->pooled[market->pooled_count++] = i;
			else
				market->players[held[i].to].waiting[market->players[held[i].to].waiting_count++] = i;
		}
		npc->holder = held[i].to;
		npc->came = market->now;
		npc->decided = false;
	}
	for (int i = 0; i < market->player_count; i++)
	{
		market->players[i].held = holders[i].held;
		hand_out(market, i);
	}
	hand_out_all_pooled(market);
}

static void
watch(Market *market, Player *player, int64_t span)
{
	int64_t can = worth(market, player);

	player->held_time += player->held * span;
	player->shown_time += player->proof.npcs * span;
	if ((int64_t) player->proof.npcs * 1000 <= can * 5 / 4 + 1000)
		player->over_since = 0;
	else if (player->over_since == 0)
		player->over_since = market->now;
	else
		player->over_most = max_int64(player->over_most, market->now - player->over_since);
	if (player->ready_at == 0 && player->proof.npcs >= target(market, player) * 8 / 10)
		player->ready_at = market->now;
}

/* Whether a question waits although somebody could have taken it. */
static void
look_for_idle(Market *market)
{
	for (int i = 0; i < market->player_count; i++)
	{
		const Player *player = &market->players[i];

		if (!player->present || player->in_flight >= player->slots)
			continue;
		for (int n = 0; n < player->waiting_count; n++)
			market->idle_waits += market->now - market->npcs[player->waiting[n]].opened > 3 * SIM_SECOND;
		if ((player->stateless || player->lie == LIE_STATELESS) && player->proof.npcs > 0)
			for (int n = 0; n < market->pooled_count; n++)
				market->idle_waits += market->now - market->npcs[market->pooled[n]].opened > 3 * SIM_SECOND;
	}
}

static void
step(Market *market)
{
	for (int i = 0; i < market->player_count; i++)
	{
		Player *player = &market->players[i];

		if (player->present)
			proof_step(&player->proof, demand_of(player), player->held, market->now);
		watch(market, player, 10 * SIM_SECOND);
	}
	look_for_idle(market);
	market_push(market, market->now + 10 * SIM_SECOND, EVENT_STEP, 0, 0, 0);
}

static void
come(Market *market, int32_t who)
{
	market->players[who].present = true;
	use_slots(market, who);
}

static void
go(Market *market, int32_t who)
{
	Player *player = &market->players[who];

	leave(market, who);
	player->present = false;
	player->left_at = market->now;
}

void
market_play(Market *market, int64_t until)
{
	while (market->event_count > 0 && market->events[0].at < until)
	{
		Event event = market_pop(market);

		market->now = event.at;
		switch ((EventKind) event.kind)
		{
			case EVENT_ASK:
				if (market->npcs[event.who].number == event.number)
					ask(market, event.who);
				break;
			case EVENT_TIME_OUT:
				time_out(market, &event);
				break;
			case EVENT_ANSWER:
				answer(market, &event);
				break;
			case EVENT_STEP:
				step(market);
				break;
			case EVENT_REBALANCE:
				rebalance(market);
				market_push(market, market->now + MINUTE, EVENT_REBALANCE, 0, 0, 0);
				break;
			case EVENT_COME:
				come(market, event.who);
				break;
			case EVENT_GO:
				go(market, event.who);
				break;
		}
	}
	market->now = until;
}

void
market_begin(Market *market)
{
	for (int i = 0; i < market->player_count; i++)
	{
		market->players[i].present = true;
		proof_step(&market->players[i].proof, demand_of(&market->players[i]), 0, 0);
	}
	for (int32_t i = 0; i < market->npc_count; i++)
	{
		Npc *npc = &market->npcs[i];

		npc->holder = NOBODY;
		market_push(market, market->interval / 1000 * question_draw(market, i, 0, 1000), EVENT_ASK, i, 0, 0);
	}
	market_push(market, 0, EVENT_REBALANCE, 0, 0, 0);
	market_push(market, 10 * SIM_SECOND, EVENT_STEP, 0, 0, 0);
}
