/*
 * bids.c
 *	  Bids, which are invitations to interact: placed, put to the NPCs invited, answered by their minds or
 *	  for them, rejected, withdrawn. All functions act at world->now.
 *
 * A bid from outside is only placed; it is put to the NPCs invited in the next tick (at once when it
 * is placed in a tick). So whose minds can be asked, and how long they take, are looked up in ticks
 * alone: they are inputs.
 *
 * An NPC that waits for the answer to its own bid, or that interacts, is busy. A mind that could not
 * know this, because it came about while the mind thought, may bid for it or accept its bid all the
 * same: the bid is put when the other NPC is done, and the bidder joins what comes of that. Two NPCs
 * that invite one another have both agreed.
 *
 * Until a bid is decided everybody stays where it found them: the bidder waits, and an NPC that is
 * invited stops on its way, or does not set out, and goes on afterwards (npc_halt() in walk.c). The
 * built-in mind begins nothing for it meanwhile.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "engine/entities.h"
#include "engine/image.h"
#include "engine/response_times.h"
#include "errors.h"
#include "json.h"

/* The least world time in which an invitation must be answered. */
#define ANSWER_TIME (5 * SIM_SECOND)
/*
 * A bid that is put to minds again, because they changed, ends at the latest after this many times the time
 * to answer it.
 */
#define WINDOWS_MOST 10
/*
 * While the NPC that is invited waits for the answer to its own bid, this is how often it is looked at, and
 * for how long.
 */
#define BUSY_LOOK (SIM_SECOND / 2)
#define BUSY_TIME (5 * SIM_SECOND)
/* A mind that an NPC without a player shares with others is waited for so long, whoever it is. */
#define POOL_ANSWERS_WITHIN_S 10

/* ---- what minds are told ---- */

static char *
bid_members(const Bid *bid, const char *reason)
{
	return psprintf("\"bid_id\":%lld,\"interaction\":\"%s\",\"target_id\":%lld,%s", (long long) bid->id,
					bid->type->name, (long long) bid->target_id, json_text_member("reason", reason));
}

static void
tell_pending(World *world, Npc *bidder, const Bid *bid)
{
	StringInfoData members;

	if (!npc_is_minded(bidder))
		return;
	initStringInfo(&members);
	appendStringInfo(&members, "\"bid_id\":%lld,\"interaction\":\"%s\",\"target_id\":%lld,\"invited\":",
					 (long long) bid->id, bid->type->name, (long long) bid->target_id);
	json_ids(&members, bid->invited, bid->invited_count);
	npc_tell(world, bidder, MIND_BID_PENDING, members.data);
	pfree(members.data);
}

static void
tell_received(World *world, Npc *npc, const Bid *bid)
{
	StringInfoData members;
	const Npc	  *bidder = world_npc(world, bid->bidder_id);

	initStringInfo(&members);
	appendStringInfo(
		&members,
		"\"bid_id\":%lld,\"bidder_id\":%lld,%s,\"interaction\":\"%s\",\"target_id\":%lld,\"invited\":",
		(long long) bid->id, (long long) bid->bidder_id, json_text_member("bidder_name", bidder->name),
		bid->type->name, (long long) bid->target_id);
	json_ids(&members, bid->invited, bid->invited_count);
	json_literal(&members, ",\"answer_by\":");
	json_millionths(&members, bid->due_at);
	npc_tell(world, npc, MIND_BID_RECEIVED, members.data);
	npc_call_mind(world, npc, REASON_BID);
	npc_settle(world, npc);
	pfree(members.data);
}

/* Tells those who know of the bid, except one, that there is nothing left to answer. */
static void
tell_cancelled(World *world, const Bid *bid, const Npc *except, const char *reason)
{
	for (int i = 0; i < bid->invited_count; i++)
	{
		Npc *npc = world_npc(world, bid->invited[i]);

		if (npc != NULL && npc != except &&
			(bid->answers[i] == INVITATION_PUT || bid->answers[i] == INVITATION_ACCEPTED))
			npc_tell(world, npc, MIND_BID_CANCELLED, bid_members(bid, reason));
	}
}

/* ---- the end of a bid ---- */

/* NPCs that were invited go on, unless another bid still invites them. */
static void
let_go(World *world, const int64 *ids, int count)
{
	for (int i = 0; i < count; i++)
	{
		Npc *npc = world_npc(world, ids[i]);

		if (npc != NULL && npc_invited_until(world, npc) < 0)
			npc_walk_on(world, npc);
	}
}

static void
drop_bid(World *world, Bid *bid)
{
	int64 invited[PARTICIPANTS_MAX];
	int	  count = bid->invited_count;

	memcpy(invited, bid->invited, count * sizeof(int64));
	thing_drop(world, ENTITY_bids, bid);
	let_go(world, invited, count);
}

/*
 * Ends a bid without an interaction; 'by' is the NPC that rejected it, NULL if none did. The bidder goes on.
 */
static void
end_bid(World *world, Bid *bid, MindEvent event, const Npc *by, const char *reason)
{
	Npc *bidder = world_npc(world, bid->bidder_id);

	tell_cancelled(world, bid, by, reason);
	npc_tell(world, bidder, event, bid_members(bid, reason));
	drop_bid(world, bid);
	bidder->target_id = 0;
	npc_fail_plan(world, bidder, reason);
	npc_become_idle(world, bidder, MIND_PAUSE);
}

static void
reject_bid(World *world, Bid *bid, const Npc *by, const char *reason)
{
	end_bid(world, bid, MIND_BID_REJECTED, by, reason);
}

/* ---- putting it to the invited ---- */

static bool
near_enough(const World *world, const InteractionType *type, const Npc *bidder, const Npc *npc)
{
	return partner_in_reach(type, npc_cell(bidder, world->now), npc_cell(npc, world->now));
}

/* Returns why an NPC that is invited cannot take part as things are; NULL if it can. */
static const char *
obstacle(const World *world, const InteractionType *type, const Npc *bidder, const Npc *npc, int64 id)
{
	if (npc == NULL)
		return psprintf("NPC %lld is gone", (long long) id);
	if (!state_is_free(npc->state))
		return psprintf("NPC %lld is busy", (long long) id);
	if (!near_enough(world, type, bidder, npc))
		return psprintf("NPC %lld is too far away", (long long) id);
	return NULL;
}

static WorldItem *
bid_item(World *world, const Bid *bid)
{
	return bid->type->target == TARGET_ITEM ? world_item(world, bid->target_id) : NULL;
}

/* Returns what the built-in mind answers for an NPC. */
static bool
built_in_accepts(World *world, const Bid *bid, const Npc *npc)
{
	const WorldItem *item = bid_item(world, bid);
	int32			 rates[NEED_COUNT];
	int32			 needs[NEED_COUNT];

	interaction_need_rates(bid->type, item != NULL ? item->type : NULL, rates);
	for (int need = 0; need < NEED_COUNT; need++)
		needs[need] = need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of, world->now);
	return mind_accepts(bid->type, rates, needs);
}

static bool
has_mind(World *world, Npc *npc)
{
	return npc_is_minded(npc) && world->policy != POLICY_NONE && npc_mind_can_be_asked(world, npc) &&
		   !npc_is_pressed(world, npc);
}

static bool
all_accepted(const Bid *bid)
{
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->answers[i] != INVITATION_ACCEPTED && bid->answers[i] != INVITATION_ACCEPTED_FOR)
			return false;
	return true;
}

/* Everybody has accepted: the interaction begins, or the bid is rejected if it has become impossible. */
static void
begin_what_was_bid(World *world, Bid *bid)
{
	Npc					  *participants[PARTICIPANTS_MAX] = {world_npc(world, bid->bidder_id)};
	Decider				   deciders[PARTICIPANTS_MAX] = {participants[0]->decider};
	int					   count = 1;
	const InteractionType *type = bid->type;
	int64				   target_id = bid->target_id;
	WorldItem			  *item = bid_item(world, bid);
	Jsonb				  *act = bid->act;
	const char			  *reason = NULL;

	for (int i = 0; reason == NULL && i < bid->invited_count; i++)
	{
		deciders[count] = bid->answers[i] == INVITATION_ACCEPTED ? DECIDER_MIND : DECIDER_BUILT_IN;
		participants[count] = world_npc(world, bid->invited[i]);
		reason = obstacle(world, type, participants[0], participants[count++], bid->invited[i]);
	}
	if (reason == NULL && item != NULL)
	{
		BidVerdict verdict = item_answers_bid(item->type, item->share_left, item->occupied_by != 0,
											  item->cell, npc_cell(participants[0], world->now), type, count);

		if (verdict != BID_ACCEPTED)
			reason = bid_verdict_reason(verdict);
	}
	else if (reason == NULL && participants_verdict(type, count) != BID_ACCEPTED)
		reason = bid_verdict_reason(participants_verdict(type, count));
	if (reason != NULL)
	{
		reject_bid(world, bid, NULL, reason);
		return;
	}
	bid->act = NULL;
	drop_bid(world, bid);
	interaction_begin(world, type, target_id, item, participants, deciders, count);
	if (act != NULL)
	{
		npc_act(world, participants[0], act);
		pfree(act);
	}
}

bool
npc_did_not_know(const Npc *npc, const Npc *other)
{
	return npc_is_minded(npc) && npc->decider != DECIDER_BUILT_IN && other->state_since > npc->asked_at;
}

/*
 * The bidder joins the interaction in which the only NPC invited takes part by now, if 'unaware_id' (one of
 * the two) did not know of it. Returns whether it did.
 */
static bool
bidder_joins(World *world, Bid *bid, int64 unaware_id)
{
	Npc			*bidder = world_npc(world, bid->bidder_id);
	Npc			*npc = world_npc(world, bid->invited[0]);
	Interaction *running = npc != NULL ? npc_interaction(world, npc) : NULL;
	Jsonb		*act = bid->act;

	if (bid->invited_count != 1 || bid->type->target != TARGET_NPC ||
		!interaction_joinable(running, bid->type) ||
		!npc_did_not_know(unaware_id == bidder->id ? bidder : npc, npc) ||
		!near_enough(world, bid->type, bidder, npc))
		return false;
	bid->act = NULL;
	drop_bid(world, bid);
	interaction_join(world, running, bidder, bidder->decider);
	if (act != NULL)
	{
		npc_act(world, bidder, act);
		pfree(act);
	}
	return true;
}

/* Whether the only NPC invited waits for the answer to a bid of its own, which will be decided soon. */
static bool
waits_for_other_bid(World *world, const Bid *bid)
{
	const Npc *npc = bid->invited_count == 1 ? world_npc(world, bid->invited[0]) : NULL;

	return npc != NULL && npc->state == NPC_REQUESTING &&
		   npc_did_not_know(world_npc(world, bid->bidder_id), npc) &&
		   world->now < bid->made_at + world_patience(world, BUSY_TIME);
}

/*
 * Fills in the answers of those without a mind to ask. Returns false if one of them was a rejection, which
 * has ended the bid.
 */
static bool
ask_built_in_minds(World *world, Bid *bid)
{
	const Npc *bidder = world_npc(world, bid->bidder_id);

	for (int i = 0; i < bid->invited_count; i++)
	{
		Npc		   *npc = world_npc(world, bid->invited[i]);
		const char *reason;

		if (bid->answers[i] != INVITATION_NEW)
			continue;
		reason = obstacle(world, bid->type, bidder, npc, bid->invited[i]);
		if (reason == NULL && !has_mind(world, npc))
		{
			if (built_in_accepts(world, bid, npc))
				bid->answers[i] = INVITATION_ACCEPTED_FOR;
			else
				reason = psprintf("NPC %lld is not interested", (long long) npc->id);
		}
		if (reason != NULL)
		{
			reject_bid(world, bid, npc, reason);
			return false;
		}
	}
	return true;
}

/*
 * Returns the world time a mind has for its answer: as long as it usually takes, but no less than in the
 * reference game.
 */
static int64
answer_time(World *world, const Npc *npc)
{
	int64 seconds =
		npc->controller != 0 ? world_response_time(world, npc->controller) : POOL_ANSWERS_WITHIN_S;

	return Max(ANSWER_TIME, seconds * SIM_SECOND * world->lock->speed / 1000);
}

static void
put_bid(World *world, Bid *bid)
{
	int64 until = world->now;

	if (waits_for_other_bid(world, bid))
	{
		bid->due_at = world->now + BUSY_LOOK;
		thing_touch(world, ENTITY_bids, bid);
		bid_settle(world, bid);
		return;
	}
	if (bidder_joins(world, bid, bid->bidder_id) || !ask_built_in_minds(world, bid))
		return;
	if (all_accepted(bid))
	{
		begin_what_was_bid(world, bid);
		return;
	}
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->answers[i] == INVITATION_NEW || bid->answers[i] == INVITATION_PUT)
			until = Max(until, world->now + answer_time(world, world_npc(world, bid->invited[i])));
	until = Max(world->now, Min(until, bid->made_at + WINDOWS_MOST * (until - world->now)));
	bid->put_at = world->now;
	bid->due_at = until;
	thing_touch(world, ENTITY_bids, bid);
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->answers[i] == INVITATION_NEW)
		{
			bid->answers[i] = INVITATION_PUT;
			tell_received(world, world_npc(world, bid->invited[i]), bid);
		}
	bid_settle(world, bid);
}

/*
 * Tells the NPC's mind what was answered for it; 'reason' is that of a rejection, NULL if the bid was
 * accepted.
 */
static void
tell_answer(World *world, Npc *npc, const Bid *bid, const char *reason)
{
	npc_tell(world, npc, MIND_DECIDED_FOR_YOU,
			 psprintf("\"action\":\"%s\",\"bid_id\":%lld,\"accept\":%s%s%s",
					  action_name(ACTION_RESPOND_TO_BID), (long long) bid->id,
					  reason == NULL ? "true" : "false", reason == NULL ? "" : ",",
					  reason == NULL ? "" : json_text_member("reason", reason)));
}

/*
 * Whether the NPC's mind was asked since the bid was made and had it do something else. Then the bid is
 * rejected, so that nothing ends which that mind began.
 */
static bool
preferred_something_else(const Bid *bid, const Npc *npc)
{
	return npc->unanswered_since < 0 && npc->asked_at >= bid->made_at;
}

/* The built-in mind answers for the minds that left the bid unanswered in time. */
static void
answer_for_minds(World *world, Bid *bid)
{
	const Npc *bidder = world_npc(world, bid->bidder_id);

	for (int i = 0; i < bid->invited_count; i++)
	{
		Npc		   *npc = world_npc(world, bid->invited[i]);
		const char *reason;

		if (bid->answers[i] != INVITATION_PUT)
			continue;
		reason = obstacle(world, bid->type, bidder, npc, bid->invited[i]);
		if (reason == NULL && !built_in_accepts(world, bid, npc))
			reason = psprintf("NPC %lld is not interested", (long long) npc->id);
		if (preferred_something_else(bid, npc))
			reason = psprintf("NPC %lld does something else", (long long) npc->id);
		else
			tell_answer(world, npc, bid, reason);
		if (reason != NULL)
		{
			/* The NPC's own mind is told of the rejection, too. */
			reject_bid(world, bid, NULL, reason);
			return;
		}
		bid->answers[i] = INVITATION_ACCEPTED_FOR;
	}
	thing_touch(world, ENTITY_bids, bid);
	begin_what_was_bid(world, bid);
}

void
bid_due(World *world, Bid *bid)
{
	if (bid_is_new(bid))
		put_bid(world, bid);
	else
		answer_for_minds(world, bid);
}

/* Puts the bid to the NPCs invited now if this is a tick, else in the next one. */
static void
put_soon(World *world, Bid *bid)
{
	if (world->in_tick)
	{
		put_bid(world, bid);
		return;
	}
	bid->due_at = world->now;
	bid_settle(world, bid);
	thing_touch(world, ENTITY_bids, bid);
}

void
bid_place(World *world, Npc *bidder, const Action *action, Npc **invited, int count, Decider decider)
{
	Bid *bid;

	npc_stand(world, bidder);
	npc_become(world, bidder, NPC_REQUESTING, decider);
	bidder->target_id = action->target_id;
	bid = image_new_bid(world, world_new_id(world->lock));
	bid->type = action->interaction;
	bid->number = action->interaction->number;
	bid->bidder_id = bidder->id;
	bid->target_id = action->target_id;
	bid->invited_count = count;
	for (int i = 0; i < count; i++)
	{
		bid->invited[i] = invited[i]->id;
		bid->answers[i] = INVITATION_NEW;
	}
	if (action->act != NULL)
		bid->act = json_copy(action->act, world->context);
	bid->made_at = world->now;
	bid->due_at = world->now;
	bid->born = true;
	thing_touch(world, ENTITY_bids, bid);
	tell_pending(world, bidder, bid);
	npc_schedule(world, bidder, 0);
	npc_settle(world, bidder);
	for (int i = 0; i < count; i++)
		npc_halt(world, invited[i]);
	put_soon(world, bid);
}

/* ---- answers ---- */

static Refusal
no_such_bid(int64 id)
{
	return impossible(psprintf("there is no bid %lld for this NPC to answer", (long long) id));
}

static Refusal
accept_bid(World *world, Npc *npc, Bid *bid)
{
	if (bidder_joins(world, bid, npc->id))
		return NOT_REFUSED;
	if (!state_is_free(npc->state))
		return impossible(psprintf("who is %s cannot accept a bid", npc_state_name(npc->state)));
	if (!near_enough(world, bid->type, world_npc(world, bid->bidder_id), npc))
		return impossible(
			psprintf("NPC %lld, who made the bid, is too far away", (long long) bid->bidder_id));
	bid->answers[bid_place_of(bid, npc)] = INVITATION_ACCEPTED;
	thing_touch(world, ENTITY_bids, bid);
	if (all_accepted(bid))
		begin_what_was_bid(world, bid);
	return NOT_REFUSED;
}

/* Whether the NPC can still answer the bid. */
static bool
awaits(const Bid *bid, const Npc *npc)
{
	int place = bid_place_of(bid, npc);

	return place >= 0 && bid->answers[place] == INVITATION_PUT;
}

bool
npc_accepts_by_bidding(World *world, Npc *npc, const Npc *other, const InteractionType *type)
{
	int	   count;
	int64 *ids = world_bids(world, &count);
	Bid	  *meant = NULL;

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid->bidder_id == other->id && bid->type == type && bid_place_of(bid, npc) >= 0)
			meant = bid;
	}
	pfree(ids);
	return meant != NULL && !is_refused(accept_bid(world, npc, meant));
}

Refusal
npc_answer_bid(World *world, Npc *npc, const Action *action)
{
	Bid *bid = image_find(world->things[ENTITY_bids].by_id, action->bid_id);

	if (bid == NULL || !awaits(bid, npc))
		return no_such_bid(action->bid_id);
	if (action->accept)
		return accept_bid(world, npc, bid);
	reject_bid(world, bid, npc, action->text);
	return NOT_REFUSED;
}

static bool
is_meant(const Bid *bid, const Action *action)
{
	if (action->all_bids)
		return true;
	for (int i = 0; i < action->id_count; i++)
		if (action->ids[i] == bid->id || action->ids[i] == bid->bidder_id)
			return true;
	return false;
}

Refusal
npc_reject_bids(World *world, Npc *npc, const Action *action)
{
	int	   count;
	int64 *ids = world_bids(world, &count);
	int	   rejected = 0;

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid == NULL || !awaits(bid, npc) || !is_meant(bid, action))
			continue;
		reject_bid(world, bid, npc, action->text);
		rejected++;
	}
	pfree(ids);
	return rejected == 0 && !action->all_bids ? no_such_bid(action->ids[0]) : NOT_REFUSED;
}

/* ---- the speed of the world ---- */

void
world_stretch_bids(World *world, int32 before, int32 after)
{
	int	   count;
	int64 *ids = world_bids(world, &count);

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid_is_new(bid) || bid->put_at < 0)
			continue;
		bid->due_at = world_stretched(world, bid->due_at, before, after);
		bid->put_at = Max(0, world_stretched(world, bid->put_at, before, after));
		thing_touch(world, ENTITY_bids, bid);
		bid_settle(world, bid);
	}
	pfree(ids);
}

/* ---- NPCs and items that change or go ---- */

void
npc_drop_bids(World *world, Npc *npc, const char *why)
{
	int	   count;
	int64 *ids = world_bids(world, &count);

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid != NULL && bid->bidder_id == npc->id)
			end_bid(world, bid, MIND_BID_CANCELLED, NULL, why);
		else if (bid != NULL && bid_place_of(bid, npc) >= 0)
			reject_bid(world, bid, NULL, why);
	}
	pfree(ids);
}

void
item_drop_bids(World *world, int64 item_id, const char *why)
{
	int	   count;
	int64 *ids = world_bids(world, &count);

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid != NULL && bid->target_id == item_id)
			reject_bid(world, bid, NULL, why);
	}
	pfree(ids);
}

void
npc_renew_invitations(World *world, Npc *npc)
{
	int	   count;
	int64 *ids = world_bids(world, &count);

	for (int i = 0; i < count; i++)
	{
		Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		if (bid == NULL || !awaits(bid, npc))
			continue;
		bid->answers[bid_place_of(bid, npc)] = INVITATION_NEW;
		put_soon(world, bid);
	}
	pfree(ids);
}
