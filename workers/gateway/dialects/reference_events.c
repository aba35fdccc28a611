/*
 * reference_events.c
 *	  Translates an NPC's events for the reference game's mind server.
 *
 * An event that lacks what the server insists on, or whose type is not known
 * here, is left out.  What happened to the NPC without its mind, and has no
 * type of its own in the reference game, is told as an ERROR.
 */
#include "dialects/reference_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dialects/reference_observation.h"

#define SPEAKERS 5000 /* half of the shortest tick in microseconds: see tell_message() */

/* The translation of one question's events. */
typedef struct Telling
{
	const json_t  *observations;
	int64_t		   npc_id;
	ReferenceTold *told;
	int64_t		   now_ms;
	double		   clock;
	int64_t		   first_stamp; /* the least time stamp of events in this question */
	json_t		  *events;
} Telling;

typedef json_t *(*PayloadOf)(Telling *telling, const json_t *event);

static void
add(Telling *telling, int64_t stamp, const char *type, json_t *payload)
{
	if (payload != NULL)
		json_array_append_new(telling->events, json_pack("{s:I, s:s, s:o}", "timestamp", (json_int_t) stamp,
														 "event_type", type, "payload", payload));
}

static double
time_of(const Telling *telling, const json_t *event)
{
	const json_t *at = json_object_get(event, "at");

	return json_is_number(at) ? json_number_value(at) : telling->clock;
}

static const char *
text(const json_t *event, const char *name)
{
	return json_string_value(json_object_get(event, name));
}

/*
 * Returns {"interaction_name": the event's, name: value}, or NULL if the event has no interaction or the value is NULL.  It
 * takes over the reference to the value.
 */
static json_t *
about_interaction(const json_t *event, const char *name, json_t *value)
{
	const char *interaction = text(event, "interaction");

	if (interaction == NULL || value == NULL)
	{
		json_decref(value);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "interaction_name", interaction, name, value);
}

/* Adds a member unless payload or value is NULL, and takes over the reference to the value. */
static void
add_member(json_t *payload, const char *name, json_t *value)
{
	if (payload != NULL && value != NULL)
		json_object_set_new(payload, name, value);
	else
		json_decref(value);
}

static json_t *
copy_of_text(const json_t *event, const char *name)
{
	const char *value = text(event, name);

	return value != NULL ? json_string(value) : NULL;
}


/* --------------------------------------------------------------------- bids */

static ReferenceToldBid *
find_bid(ReferenceTold *told, int64_t id)
{
	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
		if (told->bids[i].state != REFERENCE_BID_NONE && told->bids[i].id == id)
			return &told->bids[i];
	return NULL;
}

/* Returns the place for another bid: one where none is open, else that of the one told longest ago. */
static ReferenceToldBid *
bid_room(ReferenceTold *told)
{
	ReferenceToldBid *bid;

	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
	{
		bid = &told->bids[told->next_bid];
		told->next_bid = (told->next_bid + 1) % REFERENCE_TOLD_BIDS;
		if (bid->state != REFERENCE_BID_OPEN)
			return bid;
	}
	bid = &told->bids[told->next_bid];
	told->next_bid = (told->next_bid + 1) % REFERENCE_TOLD_BIDS;
	return bid;
}

/* Remembers a bid that is told; returns false if it is not to be told, because the mind knows that it has ended. */
static bool
remember_bid(Telling *telling, const json_t *event)
{
	int64_t			  id = json_integer_value(json_object_get(event, "bid_id"));
	ReferenceToldBid *bid = find_bid(telling->told, id);

	if (bid != NULL)
		return bid->state == REFERENCE_BID_OPEN;
	bid = bid_room(telling->told);
	*bid = (ReferenceToldBid) {.state = REFERENCE_BID_OPEN,
							   .id = id,
							   .bidder_id = json_integer_value(json_object_get(event, "bidder_id")),
							   .at = time_of(telling, event),
							   .told_ms = telling->now_ms};
	snprintf(bid->interaction, sizeof(bid->interaction), "%s", text(event, "interaction"));
	return true;
}

static json_t *
bid_received(Telling *telling, const json_t *event)
{
	json_t *bidder = reference_entity_id(json_object_get(event, "bidder_id"));
	json_t *payload =
		about_interaction(event, "bid_id", reference_entity_id(json_object_get(event, "bid_id")));

	if (bidder == NULL || payload == NULL || !json_is_integer(json_object_get(event, "bid_id")) ||
		!remember_bid(telling, event))
	{
		json_decref(bidder);
		json_decref(payload);
		return NULL;
	}
	add_member(payload, "bidder_id", bidder);
	add_member(payload, "bidder_name", copy_of_text(event, "bidder_name"));
	return payload;
}

static json_t *
bid_pending(Telling *telling, const json_t *event)
{
	json_t *payload =
		about_interaction(event, "bid_id", reference_entity_id(json_object_get(event, "bid_id")));

	add_member(payload, "bidder_id", json_sprintf("%" PRId64, telling->npc_id));
	add_member(payload, "provider_id", reference_entity_id(json_object_get(event, "target_id")));
	return payload;
}

/* Translates that a bid of the NPC itself was rejected; it is none of those that the mind has to answer. */
static json_t *
bid_rejected(Telling *telling, const json_t *event)
{
	json_t *reason = copy_of_text(event, "reason");
	json_t *payload = about_interaction(event, "reason", reason != NULL ? reason : json_string(""));

	add_member(payload, "bid_id", reference_entity_id(json_object_get(event, "bid_id")));
	return payload;
}

static json_t *
bid_cancelled(Telling *telling, const json_t *event)
{
	const json_t	 *id = json_object_get(event, "bid_id");
	json_t			 *payload = about_interaction(event, "bid_id", reference_entity_id(id));
	ReferenceToldBid *bid = find_bid(telling->told, json_integer_value(id));

	if (bid != NULL)
		bid->state = REFERENCE_BID_OVER;
	add_member(payload, "reason", copy_of_text(event, "reason"));
	return payload;
}

/* Tells that bids have ended whose end was never told, since no bid stays open for so long. */
static void
cancel_old_bids(Telling *telling)
{
	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
	{
		ReferenceToldBid *bid = &telling->told->bids[i];

		if (bid->state != REFERENCE_BID_OPEN || telling->clock - bid->at <= REFERENCE_BID_LASTS_S ||
			telling->now_ms - bid->told_ms <= REFERENCE_BID_LASTS_MS)
			continue;
		bid->state = REFERENCE_BID_OVER;
		add(telling, reference_whole(telling->clock), "INTERACTION_BID_CANCELED",
			json_pack("{s:s, s:o, s:s}", "interaction_name", bid->interaction, "bid_id",
					  json_sprintf("%" PRId64, bid->id), "reason", "the invitation is no longer open"));
	}
}

void
reference_told_bid_answered(ReferenceTold *told, int64_t bid_or_bidder_id)
{
	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
	{
		ReferenceToldBid *bid = &told->bids[i];

		/* it is forgotten and not marked as over, so that it is told again if the answer does not reach the world */
		if (bid->state == REFERENCE_BID_OPEN &&
			(bid->id == bid_or_bidder_id || bid->bidder_id == bid_or_bidder_id))
			bid->state = REFERENCE_BID_NONE;
	}
}

void
reference_told_bids_answered(ReferenceTold *told)
{
	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
		if (told->bids[i].state == REFERENCE_BID_OPEN)
			told->bids[i].state = REFERENCE_BID_NONE;
}

void
reference_told_forget(ReferenceTold *told)
{
	*told = (ReferenceTold) {.last_stamp = told->last_stamp};
}

int
reference_told_open_bids(const ReferenceTold *told)
{
	int open = 0;

	for (int i = 0; i < REFERENCE_TOLD_BIDS; i++)
		open += told->bids[i].state == REFERENCE_BID_OPEN;
	return open;
}


/* ------------------------------------------------------------ conversations */

/* Returns what identifies a message, which is the same whenever it is told again, as an event or in the history. */
static ReferenceToldMessage
identify(double at, const json_t *npc, bool spoken)
{
	int64_t id = json_integer_value(npc);

	return (ReferenceToldMessage) {.said_us = reference_whole(at * 1e6 + 0.5), .npc_id = spoken ? id : -id};
}

/* Returns the message as it was told, or NULL when it was not. */
static const ReferenceToldMessage *
find_message(const ReferenceTold *told, const ReferenceToldMessage *message)
{
	for (int i = 0; i < REFERENCE_TOLD_MESSAGES; i++)
		if (told->messages[i].npc_id == message->npc_id && told->messages[i].said_us == message->said_us)
			return &told->messages[i];
	return NULL;
}

/*
 * Remembers a message that is told, and returns it with its key and stamp.  The
 * key is the microsecond at which it was said plus a number less than the
 * shortest tick: one that stands for the speaker, or, from SPEAKERS on, for the
 * NPC about whom the system spoke.  The server takes messages with the same key
 * for one, so a spoken message gets a key of its own, higher than those of
 * messages spoken before.  The stamp is the game minute, or the next one that
 * no message has.
 */
static const ReferenceToldMessage *
tell_message(ReferenceTold *told, const ReferenceToldMessage *message, double at)
{
	const ReferenceToldMessage *before = find_message(told, message);
	ReferenceToldMessage *new = &told->messages[told->next_message];
	bool spoken = message->npc_id > 0;

	if (before != NULL)
		return before;
	told->next_message = (told->next_message + 1) % REFERENCE_TOLD_MESSAGES;
	*new = *message;
	new->key = new->said_us + (spoken ? new->npc_id % SPEAKERS : -new->npc_id % SPEAKERS + SPEAKERS);
	if (spoken)
	{
		if (new->key <= told->last_key)
			new->key = told->last_key + 1;
		told->last_key = new->key;
	}
	new->stamp = reference_whole(at);
	if (new->stamp <= told->last_stamp)
		new->stamp = told->last_stamp + 1;
	told->last_stamp = new->stamp;
	return new;
}

static void
add_participant(json_t *participants, json_t *id)
{
	size_t	i;
	json_t *other;
	bool	known = false;

	json_array_foreach (participants, i, other)
		known = known || json_equal(other, id);
	if (id != NULL && !known)
		json_array_append_new(participants, id);
	else
		json_decref(id);
}

/* Returns the known participants: the NPC, those whom it observes in the conversation now, and the one in the event. */
static json_t *
participants(const Telling *telling, const json_t *present)
{
	const json_t *there =
		json_object_get(json_object_get(telling->observations, "conversation"), "participants");
	json_t *ids = json_array();
	size_t	i;
	json_t *participant;

	add_participant(ids, json_sprintf("%" PRId64, telling->npc_id));
	json_array_foreach (there, i, participant)
		add_participant(ids,
						reference_entity_id(json_is_object(participant) ? json_object_get(participant, "id")
																		: participant));
	add_participant(ids, reference_entity_id(present));
	return ids;
}

/* Returns the text of a message, spoken or of the system ("Zoe joined the conversation"), or NULL when there is none. */
static json_t *
said(const char *kind, const json_t *event)
{
	const char *name = text(event, "name");

	if (strcmp(kind, "message") == 0)
		return copy_of_text(event, "message");
	if (strcmp(kind, "joined") == 0 || strcmp(kind, "left") == 0)
		return json_sprintf("%s %s the conversation", name != NULL ? name : "somebody", kind);
	return NULL;
}

/* Returns a message of the history without its key, or NULL when it lacks something. */
static json_t *
history_entry(const char *kind, const json_t *event)
{
	const char *name = text(event, "name");
	json_t	   *speaker = reference_entity_id(json_object_get(event, "npc_id"));
	json_t	   *message = said(kind, event);
	json_t	   *entry = NULL;

	if (speaker != NULL && message != NULL)
		entry = json_pack("{s:O, s:s, s:O}", "speaker_id", speaker, "speaker_name",
						  name != NULL ? name : json_string_value(speaker), "message", message);
	if (strcmp(kind, "message") != 0)
		add_member(entry, "is_system", json_true());
	json_decref(speaker);
	json_decref(message);
	return entry;
}

/*
 * Tells an event of a conversation: {"interaction_id", "interaction_name",
 * "participants", "initiator_id", "conversation_history": [one message, or none]}
 */
static void
tell_conversation(Telling *telling, const json_t *event)
{
	const char	 *kind = text(event, "kind");
	const json_t *npc = json_object_get(event, "npc_id");
	double		  at = time_of(telling, event);
	int64_t		  stamp = reference_whole(at);
	json_t		 *history = json_array();
	json_t		 *payload = about_interaction(event, "interaction_id",
											  reference_entity_id(json_object_get(event, "interaction_id")));

	if (kind != NULL && strcmp(kind, "started") == 0)
		add_member(payload, "initiator_id", reference_entity_id(npc));
	else
	{
		ReferenceToldMessage		message = identify(at, npc, kind != NULL && strcmp(kind, "message") == 0);
		const ReferenceToldMessage *told = find_message(telling->told, &message);
		json_t					   *entry = kind != NULL ? history_entry(kind, event) : NULL;

		/* a message that tell_history() has told in this question is not told again */
		if (payload != NULL && entry != NULL && (told == NULL || told->stamp < telling->first_stamp))
		{
			told = tell_message(telling->told, &message, at);
			stamp = told->stamp;
			add_member(entry, "timestamp", json_integer(told->key));
		}
		else
		{
			json_decref(payload);
			payload = NULL;
		}
		json_array_append_new(history, entry);
	}
	add_member(payload, "participants",
			   participants(telling, kind != NULL && strcmp(kind, "left") == 0 ? NULL : npc));
	add_member(payload, "conversation_history", history);
	add(telling, stamp, "INTERACTION_OBSERVATION", payload);
}

/*
 * Tells the messages of the present conversation that were not told yet: those
 * of others, the NPC's own, those from before it joined, and all of them when
 * the server has forgotten.  Events of these messages are not told besides.
 */
static void
tell_history(Telling *telling)
{
	const json_t *conversation = json_object_get(telling->observations, "conversation");
	const char	 *name = text(conversation, "interaction");
	json_t		 *id = reference_entity_id(json_object_get(conversation, "interaction_id"));
	json_t		 *history = json_array();
	int64_t		  stamp = 0;
	size_t		  i;
	json_t		 *message;

	json_array_foreach (json_object_get(conversation, "messages"), i, message)
	{
		double				 at = time_of(telling, message);
		ReferenceToldMessage which = identify(at, json_object_get(message, "npc_id"), true);
		json_t				*entry =
			 find_message(telling->told, &which) != NULL ? NULL : history_entry("message", message);

		if (entry != NULL)
		{
			const ReferenceToldMessage *told = tell_message(telling->told, &which, at);

			stamp = told->stamp;
			add_member(entry, "timestamp", json_integer(told->key));
			json_array_append_new(history, entry);
		}
	}
	if (id != NULL && json_array_size(history) > 0)
		add(telling, stamp, "INTERACTION_OBSERVATION",
			json_pack("{s:O, s:s, s:o, s:O}", "interaction_id", id, "interaction_name",
					  name != NULL ? name : "conversation", "participants", participants(telling, NULL),
					  "conversation_history", history));
	json_decref(id);
	json_decref(history);
}


/* ------------------------------------------------------------- other events */

static json_t *
interaction_event(Telling *telling, const json_t *event)
{
	(void) telling;
	return about_interaction(event, "interaction_id",
							 reference_entity_id(json_object_get(event, "interaction_id")));
}

static json_t *
movement_completed(Telling *telling, const json_t *event)
{
	static const char *const statuses[][2] = {{"arrived", "ARRIVED"},
											  {"stopped_short", "STOPPED_SHORT"},
											  {"blocked", "BLOCKED"}};
	const char				*ours = text(event, "status");
	const char				*status = NULL;
	json_t					*intended = reference_cell(json_object_get(event, "intended_destination"));
	json_t					*actual = reference_cell(json_object_get(event, "actual_destination"));

	for (size_t i = 0; ours != NULL && i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(ours, statuses[i][0]) == 0)
			status = statuses[i][1];
	/* the server insists on both cells; an NPC that did not move has its position for them */
	if (actual == NULL)
		actual = reference_cell(json_object_get(telling->observations, "position"));
	if (intended == NULL)
		intended = json_incref(actual);
	if (status == NULL || actual == NULL)
	{
		json_decref(intended);
		json_decref(actual);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o}", "status", status, "intended_destination", intended,
					 "actual_destination", actual);
}

/* Returns the payload of an ERROR: some words, then what one member of the event says. */
static json_t *
error_about(const json_t *event, const char *words, const char *member)
{
	const char *said = text(event, member);

	return said != NULL ? json_pack("{s:o}", "message", json_sprintf("%s%s", words, said)) : NULL;
}

static json_t *
error(Telling *telling, const json_t *event)
{
	(void) telling;
	return error_about(event, "", "message");
}

static json_t *
plan_failed(Telling *telling, const json_t *event)
{
	(void) telling;
	return error_about(event, "what you had begun could not be carried on: ", "reason");
}

/* Returns how often an event happened, as repeated events are told as one. */
static long long
times(const json_t *event)
{
	const json_t *number = json_object_get(event, "times");

	return json_is_integer(number) ? (long long) json_integer_value(number) : 1;
}

static json_t *
decided_for_you(Telling *telling, const json_t *event)
{
	const char *action = text(event, "action");

	(void) telling;
	if (action == NULL || times(event) == 1)
		return error_about(event,
						   "no decision of yours came in time, so you did without thinking: ", "action");
	return json_pack(
		"{s:o}", "message",
		json_sprintf("no decision of yours came in time, so you did without thinking, %lld times: %s",
					 times(event), action));
}

static json_t *
decision_failed(Telling *telling, const json_t *event)
{
	(void) telling;
	return error_about(event, "when you were last asked what to do, deciding failed: ", "reason");
}

static json_t *
decision_timed_out(Telling *telling, const json_t *event)
{
	(void) telling;
	(void) event;
	return json_pack("{s:s}", "message", "when you were last asked what to do, you did not decide in time");
}

static void
tell(Telling *telling, const json_t *event)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
		PayloadOf	payload;
	} types[] = {
		{"interaction_bid_pending", "INTERACTION_BID_PENDING", bid_pending},
		{"interaction_bid_rejected", "INTERACTION_BID_REJECTED", bid_rejected},
		{"interaction_bid_received", "INTERACTION_BID_RECEIVED", bid_received},
		{"interaction_bid_cancelled", "INTERACTION_BID_CANCELED", bid_cancelled},
		{"interaction_started", "INTERACTION_STARTED", interaction_event},
		{"interaction_finished", "INTERACTION_FINISHED", interaction_event},
		{"interaction_cancelled", "INTERACTION_CANCELED", interaction_event},
		{"movement_completed", "MOVEMENT_COMPLETED", movement_completed},
		{"error", "ERROR", error},
		{"plan_failed", "ERROR", plan_failed},
		{"decided_for_you", "ERROR", decided_for_you},
		{"decision_failed", "ERROR", decision_failed},
		{"decision_timed_out", "ERROR", decision_timed_out},
	};
	const char *type = text(event, "type");

	if (type == NULL)
		return;
	if (strcmp(type, "interaction_observation") == 0)
		tell_conversation(telling, event);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i].ours) == 0)
			add(telling, reference_whole(time_of(telling, event)), types[i].theirs,
				types[i].payload(telling, event));
}

json_t *
reference_events(const json_t *observations, int64_t npc_id, ReferenceTold *told, int64_t now_ms)
{
	const json_t *ours = json_object_get(observations, "events");
	size_t		  count = json_array_size(ours);
	Telling		  telling = {.observations = observations,
							 .npc_id = npc_id,
							 .told = told,
							 .now_ms = now_ms,
							 .clock = reference_clock(observations),
							 .first_stamp = told->last_stamp + 1,
							 .events = json_array()};

	if (telling.events == NULL)
		return NULL;
	/* the history comes first, so that a reply is told after what it replies to */
	tell_history(&telling);
	for (size_t i = count > REFERENCE_MAX_EVENTS ? count - REFERENCE_MAX_EVENTS : 0; i < count; i++)
		tell(&telling, json_array_get(ours, i));
	cancel_old_bids(&telling);
	return telling.events;
}
