/*
 * interact.c
 *	  Interactions from their beginning to their end: joining, acting in them, leaving. All functions act
 *	  at world->now.
 *
 * Whether an NPC may take part is decided before (action_interact.c, bids.c).
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/entities.h"
#include "engine/image.h"
#include "errors.h"
#include "json.h"
#include "sim/random.h"
#include "sim/talk.h"
#include "tables/interaction_types.h"

static WorldItem *
interaction_item(World *world, const Interaction *interaction)
{
	return interaction->type->target == TARGET_ITEM ? world_item(world, interaction->target_id) : NULL;
}

/* Returns when the interaction ends by itself; SIM_NEVER if it does not. */
static int64
ends_at(World *world, const Interaction *interaction)
{
	const WorldItem *item = interaction_item(world, interaction);
	int64			 lasts =
		interaction_lasts(interaction->type, item != NULL ? item->type : NULL, interaction->share_at_start);

	return lasts == SIM_NEVER ? SIM_NEVER : interaction->started_at + lasts;
}

static int
place_of(const Interaction *interaction, const Npc *npc)
{
	int place = 0;

	while (place < interaction->participant_count && interaction->participants[place].npc_id != npc->id)
		place++;
	Assert(place < interaction->participant_count);
	return place;
}

/* Appends ,"participants":[…] if several can take part. */
static void
append_participants(StringInfo members, const Interaction *interaction)
{
	int64 ids[PARTICIPANTS_MAX];

	if (interaction->type->max_participants == 1)
		return;
	for (int i = 0; i < interaction->participant_count; i++)
		ids[i] = interaction->participants[i].npc_id;
	json_literal(members, ",\"participants\":");
	json_ids(members, ids, interaction->participant_count);
}

/* Returns "interaction":…,"interaction_id":…,"target_id":…[,"participants":…] */
static char *
members_of(const Interaction *interaction)
{
	StringInfoData members;

	initStringInfo(&members);
	appendStringInfo(&members, "\"interaction\":\"%s\",\"interaction_id\":%lld,\"target_id\":%lld",
					 interaction->type->name, (long long) interaction->id,
					 (long long) interaction->target_id);
	append_participants(&members, interaction);
	return members.data;
}

/* Records an event of the interaction, with what its ids do not say. */
static void
record(World *world, WorldEventKind kind, const Npc *npc, const Interaction *interaction)
{
	StringInfoData members;

	initStringInfo(&members);
	appendStringInfo(&members, "\"interaction\":\"%s\"", interaction->type->name);
	append_participants(&members, interaction);
	world_event(world, kind, npc->id, interaction->target_id, interaction->id, members.data);
	pfree(members.data);
}

/* Tells all participants but one what that one did. */
static void
tell_others(World *world, const Interaction *interaction, const Npc *npc, const char *what,
			const char *more_members)
{
	char *members = NULL;

	for (int i = 0; i < interaction->participant_count; i++)
	{
		Npc *other = world_npc(world, interaction->participants[i].npc_id);

		if (other == npc || !npc_is_minded(other))
			continue;
		if (members == NULL)
			members = psprintf("\"interaction\":\"%s\",\"interaction_id\":%lld,\"kind\":\"%s\","
							   "\"npc_id\":%lld,%s%s",
							   interaction->type->name, (long long) interaction->id, what,
							   (long long) npc->id, json_text_member("name", npc->name), more_members);
		npc_tell(world, other, MIND_INTERACTION_OBSERVATION, members);
	}
}

/* ---- needs ---- */

static void
set_rates(World *world, Npc *npc, const int32 *interaction_rates)
{
	needs_rebase(&npc->needs, world->now);
	for (int need = 0; need < NEED_COUNT; need++)
		npc->needs.rate[need] = -npc->decay + (interaction_rates != NULL ? interaction_rates[need] : 0);
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
}

/*
 * Fills in the interaction's rates; returns whether it can change needs. Most conversations cannot, and then
 * nothing of the needs is written.
 */
static bool
changes_needs(World *world, const Interaction *interaction, int32 rates[NEED_COUNT])
{
	const WorldItem *item = interaction_item(world, interaction);

	interaction_need_rates(interaction->type, item != NULL ? item->type : NULL, rates);
	if (interaction->type->target == TARGET_ITEM)
		return true;
	for (int need = 0; need < NEED_COUNT; need++)
		if (rates[need] != 0)
			return true;
	return false;
}

/*
 * Whether its needs do anything but decay. This is asked of the NPC, since the interaction's type may have
 * been redefined after it began.
 */
static bool
needs_are_changed(const Npc *npc)
{
	for (int need = 0; need < NEED_COUNT; need++)
		if (npc->needs.rate[need] != -npc->decay)
			return true;
	return false;
}

/* ---- taking part ---- */

/* Sets the next event of a participant, unless the interaction ends before that. */
static void
set_event(World *world, Npc *npc, const Interaction *interaction, NpcEvent kind, int64 at)
{
	int64 end = ends_at(world, interaction);

	if (at >= end)
	{
		kind = EVENT_INTERACTION_END;
		at = end;
	}
	npc->event_at = at;
	npc->event_kind = at == SIM_NEVER ? EVENT_NONE : kind;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
}

/*
 * Sets when the built-in mind, if it speaks for the NPC, says something next. No other NPC speaks by itself.
 */
static void
set_next_words(World *world, Npc *npc, const Interaction *interaction, int64 pause)
{
	bool speaks = npc->decider == DECIDER_BUILT_IN && interaction_is_talk(interaction->type);

	set_event(world, npc, interaction, EVENT_SPEAK, speaks ? world->now + pause : SIM_NEVER);
}

void
npc_plan_talk(World *world, Npc *npc)
{
	Interaction *interaction = npc_interaction(world, npc);

	/* What its own mind had it do is done first. */
	if (interaction != NULL && npc->event_kind != EVENT_ACT)
		set_next_words(world, npc, interaction, TALK_INTERVAL);
	npc_settle(world, npc);
}

static void
enter(World *world, Interaction *interaction, Npc *npc, Decider decider)
{
	WorldItem *item = interaction_item(world, interaction);
	int32	   rates[NEED_COUNT];

	npc_stand(world, npc);
	npc_become(world, npc, NPC_INTERACTING, decider);
	interaction->participants[interaction->participant_count++] =
		(Participant) {.npc_id = npc->id, .acted_at = -1};
	npc->interaction_id = interaction->id;
	npc->target_id =
		interaction->target_id != npc->id ? interaction->target_id : interaction->participants[0].npc_id;
	if (changes_needs(world, interaction, rates))
		set_rates(world, npc, rates);
	if (interaction->type->moves_onto_item && item != NULL)
	{
		npc->leg[0] = item->cell;
		npc->departed_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_MOTION);
	}
}

/* Finishes the entry of an NPC, when all who enter with it are in. */
static void
settle_in(World *world, Interaction *interaction, Npc *npc, int64 pause)
{
	set_next_words(world, npc, interaction, pause);
	npc_tell(world, npc, MIND_INTERACTION_STARTED, members_of(interaction));
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

Interaction *
interaction_begin(World *world, const InteractionType *type, int64 target_id, WorldItem *item,
				  Npc **participants, const Decider *deciders, int count)
{
	Interaction *interaction = image_new_interaction(world, world_new_id(world->lock));

	interaction->number = type->number;
	interaction->type = type;
	interaction->initiator_id = participants[0]->id;
	interaction->target_id = target_id;
	interaction->started_at = world->now;
	interaction->last_act_at = -1;
	interaction->share_at_start = item != NULL ? item->share_left : 0;
	interaction->born = true;
	thing_touch(world, ENTITY_interactions, interaction);
	for (int i = 0; i < count; i++)
		enter(world, interaction, participants[i], deciders[i]);
	if (item != NULL)
	{
		item->occupied_by = participants[0]->id;
		item_is_used(world, item, interaction);
		item_touch(world, item);
	}
	record(world, WORLD_EVENT_INTERACTION_STARTED, participants[0], interaction);
	for (int i = 0; i < count; i++)
		settle_in(world, interaction, participants[i], i * TALK_GREETING_STEP);
	return interaction;
}

void
interaction_join(World *world, Interaction *interaction, Npc *npc, Decider decider)
{
	enter(world, interaction, npc, decider);
	thing_touch(world, ENTITY_interactions, interaction);
	record(world, WORLD_EVENT_INTERACTION_JOINED, npc, interaction);
	settle_in(world, interaction, npc, 0);
	tell_others(world, interaction, npc, "joined", "");
}

/* ---- leaving ---- */

/* The NPC gets off the chair, to a free cell beside it if there is one. */
static void
stand_up(World *world, Npc *npc, Cell chair)
{
	Cell beside;

	if (!grid_free_neighbour(world->grid, chair, chair, &beside))
		return;
	npc->leg[0] = beside;
	npc->leg_length = 1;
	npc->departed_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_MOTION);
}

/* Drops an act that was held for later, and tells the NPC's mind why. */
static void
drop_held_act(World *world, Npc *npc, const char *why)
{
	npc_forget_terms(world, npc);
	npc_tell(world, npc, MIND_ERROR,
			 psprintf("\"action\":\"%s\",%s", action_name(ACTION_ACT_IN_INTERACTION),
					  json_text_member("message", why)));
}

/* Takes the NPC out of the interaction and makes it idle; the caller decides what it does then. */
static void
step_out(World *world, Interaction *interaction, Npc *npc)
{
	WorldItem *item = interaction_item(world, interaction);

	if (npc->goal_terms != NULL)
		drop_held_act(world, npc, "it was over before that could be done");
	if (needs_are_changed(npc))
		set_rates(world, npc, NULL);
	if (interaction_is_talk(interaction->type))
		npc->conversed_at = world->now;
	npc->interaction_id = 0;
	npc->target_id = 0;
	if (item != NULL && interaction->type->moves_onto_item)
		stand_up(world, npc, item->cell);
	npc_become(world, npc, NPC_IDLE, DECIDER_NONE);
}

static MindEvent
told_of(InteractionEnd how)
{
	switch (how)
	{
		case INTERACTION_FINISHED:
			return MIND_INTERACTION_FINISHED;
		case INTERACTION_CANCELLED:
			break;
	}
	return MIND_INTERACTION_CANCELLED;
}

static WorldEventKind
recorded_of(InteractionEnd how)
{
	switch (how)
	{
		case INTERACTION_FINISHED:
			return WORLD_EVENT_INTERACTION_FINISHED;
		case INTERACTION_CANCELLED:
			break;
	}
	return WORLD_EVENT_INTERACTION_CANCELLED;
}

/* Ends the interaction for all participants: for the first in the way given, for the others as finished. */
static void
end_for_all(World *world, Interaction *interaction, Npc *first, InteractionEnd how, int64 pause)
{
	Npc		  *gone[PARTICIPANTS_MAX] = {first};
	int		   count = 1;
	WorldItem *item = interaction_item(world, interaction);

	for (int i = 0; i < interaction->participant_count; i++)
		if (interaction->participants[i].npc_id != first->id)
			gone[count++] = world_npc(world, interaction->participants[i].npc_id);
	for (int i = 0; i < count; i++)
	{
		InteractionEnd its = i == 0 ? how : INTERACTION_FINISHED;

		record(world, recorded_of(its), gone[i], interaction);
		npc_tell(world, gone[i], told_of(its), members_of(interaction));
		step_out(world, interaction, gone[i]);
	}
	if (item != NULL)
	{
		item->occupied_by = 0;
		item_was_used(world, item, interaction);
		item_touch(world, item);
	}
	thing_drop(world, ENTITY_interactions, interaction);
	for (int i = 0; i < count; i++)
		npc_go_on(world, gone[i], i == 0 ? pause : MIND_PAUSE);
}

/* One participant leaves, and the others go on. */
static void
leave(World *world, Interaction *interaction, Npc *npc, int64 pause)
{
	WorldItem *item = interaction_item(world, interaction);
	int		   place = place_of(interaction, npc);

	record(world, WORLD_EVENT_INTERACTION_LEFT, npc, interaction);
	npc_tell(world, npc, told_of(INTERACTION_CANCELLED), members_of(interaction));
	interaction->participant_count--;
	memmove(&interaction->participants[place], &interaction->participants[place + 1],
			(interaction->participant_count - place) * sizeof(Participant));
	thing_touch(world, ENTITY_interactions, interaction);
	if (item != NULL && item->occupied_by == npc->id)
	{
		item->occupied_by = interaction->participants[0].npc_id;
		item_touch(world, item);
	}
	step_out(world, interaction, npc);
	tell_others(world, interaction, npc, "left", "");
	npc_go_on(world, npc, pause);
}

void
npc_end_interaction(World *world, Npc *npc, InteractionEnd how, int64 pause)
{
	Interaction *interaction = npc_interaction(world, npc);

	if (interaction == NULL)
		elog(ERROR, "NPC %lld of world %lld is in no interaction", (long long) npc->id,
			 (long long) world->id);
	if (how == INTERACTION_FINISHED ||
		interaction->participant_count - 1 < interaction->type->min_participants)
		end_for_all(world, interaction, npc, how, pause);
	else
		leave(world, interaction, npc, pause);
}

void
interaction_break_off(World *world, Interaction *interaction, const char *why)
{
	for (int i = 0; i < interaction->participant_count; i++)
		npc_fail_plan(world, world_npc(world, interaction->participants[i].npc_id), why);
	end_for_all(world, interaction, world_npc(world, interaction->participants[0].npc_id),
				INTERACTION_CANCELLED, 0);
}

/* ---- acting ---- */

Refusal
interaction_check_act(const InteractionType *type, Jsonb *act)
{
	const char *flaw;

	/* The types of an image are members of their InteractionRows. */
	interaction_act((const InteractionRow *) type, &act->root, &flaw);
	return flaw != NULL ? impossible(flaw) : NOT_REFUSED;
}

/*
 * Returns what others are told of an act: its message and, if there is more, its parameters. 'message' is
 * NULL if there is none.
 */
static char *
act_members(const InteractionType *type, Jsonb *act, char **message)
{
	StringInfoData members;
	JsonbValue	  *text = NULL;

	*message = NULL;
	initStringInfo(&members);
	if (type->takes_messages)
		text = getKeyJsonValueFromContainer(&act->root, MESSAGE_PARAMETER, strlen(MESSAGE_PARAMETER), NULL);
	if (text != NULL)
	{
		*message = pnstrdup(text->val.string.val, text->val.string.len);
		appendStringInfo(&members, ",%s", json_text_member("message", *message));
	}
	if (text == NULL || JB_ROOT_COUNT(act) > 1)
	{
		json_literal(&members, ",\"parameters\":");
		json_jsonb(&members, act);
	}
	return members.data;
}

/* The minds of the other participants are to be asked, so that they can answer. */
static void
call_others(World *world, const Interaction *interaction, const Npc *npc)
{
	for (int i = 0; i < interaction->participant_count; i++)
		if (interaction->participants[i].npc_id != npc->id)
			npc_call_mind(world, world_npc(world, interaction->participants[i].npc_id), REASON_MESSAGE);
}

static void
note_act(World *world, Interaction *interaction, Npc *npc, Jsonb *act)
{
	char		  *message;
	char		  *members = act_members(interaction->type, act, &message);
	StringInfoData noted;

	initStringInfo(&noted);
	json_literal(&noted, "{\"at\":");
	json_millionths(&noted, world->now);
	appendStringInfo(&noted, ",\"npc_id\":%lld,%s%s}", (long long) npc->id,
					 json_text_member("name", npc->name), members);
	if (interaction->acts != NULL && interaction->acts->count == ACTS_KEPT)
		json_list_drop_first(&interaction->acts);
	json_list_append(&interaction->acts, noted.data, world->context);
	interaction->act_count++;
	interaction->last_act_at = world->now;
	interaction->participants[place_of(interaction, npc)].acted_at = world->now;
	thing_touch(world, ENTITY_interactions, interaction);
	if (message != NULL)
		world_message(world, npc->id, interaction->id, message);
	tell_others(world, interaction, npc, message != NULL ? "message" : "acted", members);
	call_others(world, interaction, npc);
	pfree(noted.data);
}

/* Returns when a participant may act in the interaction again. */
static int64
may_act_at(const Interaction *interaction, const Npc *npc)
{
	int64 last = interaction->participants[place_of(interaction, npc)].acted_at;

	return last < 0 ? interaction->started_at : last + ACT_COOLDOWN;
}

Refusal
npc_act(World *world, Npc *npc, Jsonb *act)
{
	Interaction *interaction = npc_interaction(world, npc);
	const char	*flaw;
	Jsonb		*complete = interaction_act((const InteractionRow *) interaction->type, &act->root, &flaw);

	if (flaw != NULL)
		return impossible(flaw);
	if (may_act_at(interaction, npc) > world->now)
		return impossible(psprintf("at least %d s lie between two acts of one participant",
								   (int) (ACT_COOLDOWN / SIM_SECOND)));
	note_act(world, interaction, npc, complete);
	return NOT_REFUSED;
}

/* ---- acting later ---- */

Refusal
npc_act_or_hold(World *world, Npc *npc, Jsonb *act)
{
	Interaction *interaction = npc_interaction(world, npc);
	int64		 at = may_act_at(interaction, npc);
	Refusal		 refusal;

	if (at <= world->now || at >= ends_at(world, interaction))
		return npc_act(world, npc, act);
	refusal = interaction_check_act(interaction->type, act);
	if (is_refused(refusal))
		return refusal;
	npc_forget_terms(world, npc);
	npc->goal_terms = json_copy(act, world->context);
	npc_touch(world, npc, NPC_DIRTY_MIND);
	set_event(world, npc, interaction, EVENT_ACT, at);
	return NOT_REFUSED;
}

int64
npc_acts_at(const Npc *npc)
{
	return npc->event_kind == EVENT_ACT ? npc->event_at : -1;
}

void
npc_act_held(World *world, Npc *npc)
{
	Jsonb  *act = npc->goal_terms != NULL ? json_copy(npc->goal_terms, CurrentMemoryContext) : NULL;
	Refusal refusal = NOT_REFUSED;

	npc_forget_terms(world, npc);
	set_next_words(world, npc, npc_interaction(world, npc), TALK_INTERVAL);
	/* It is NULL if the NPC has another mind by now, which said nothing. */
	if (act != NULL)
		refusal = npc_act(world, npc, act);
	/* The interaction may take other parameters by now. */
	if (is_refused(refusal))
		drop_held_act(world, npc, refusal.message);
	npc_settle(world, npc);
}

/* ---- the built-in mind's words ---- */

bool
npc_lets_think(World *world, Npc *npc)
{
	int64 until = npc_thinks_until(world, npc);

	if (until <= world->now)
		return false;
	/* It is looked at again soon, so that it speaks when the answer is there. */
	set_event(world, npc, npc_interaction(world, npc), npc->event_kind, Min(until, world->now + SIM_SECOND));
	npc_settle(world, npc);
	return true;
}

void
npc_speak(World *world, Npc *npc)
{
	Interaction *interaction = npc_interaction(world, npc);
	bool		 greeted = interaction->participants[place_of(interaction, npc)].acted_at >= 0;
	uint32		 chance = sim_random_below(world->seed, npc->id, npc->draws++, 1000);
	uint32		 choice = (uint32) sim_random(world->seed, npc->id, npc->draws++);
	Utterance	 utterance = talk_next(greeted, interaction->act_count, chance);
	char		*words = pstrdup(talk_words(utterance, choice));
	JsonbValue	 said = {.type = jbvString, .val.string = {.val = words, .len = (int) strlen(words)}};
	Refusal		 refusal = npc_act(world, npc, interaction_words(&said));

	/*
	 * A conversation that takes more than words cannot be had by the built-in mind, and would last for ever
	 * in silence.
	 */
	if (is_refused(refusal) || utterance == UTTERANCE_FAREWELL)
		set_event(world, npc, interaction, EVENT_LEAVE, world->now + TALK_FAREWELL_TIME);
	else
		set_next_words(world, npc, interaction, TALK_INTERVAL);
	npc_settle(world, npc);
}
