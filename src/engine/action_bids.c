/*
 * action_bids.c
 *	  The actions by which NPCs answer invitations: respond_to_interaction_bid and
 *	  batch_reject_interaction_bids.
 */
#include "postgres.h"

#include "engine/actions.h"
#include "engine/decision_json.h"

/* Reads why a bid is rejected: "reason" in "parameters", else beside the action. */
static Refusal
read_reason(JsonbContainer *object, Action *action)
{
	JsonbValue *parameters = told_parameters(object);
	JsonbValue *reason = NULL;

	if (parameters != NULL)
		reason = getKeyJsonValueFromContainer(parameters->val.binary.data, "reason", strlen("reason"), NULL);
	if (reason == NULL || reason->type == jbvNull)
		reason = told_member(object, "reason");
	return told_text(reason, "rejecting a bid needs a reason", "the reason has more than 500 characters",
					 &action->text);
}

static Refusal
read_response(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *accept = told_member(object, "accept");

	if (!told_whole_number(told_member(object, "bid_id"), &action->bid_id) || action->bid_id <= 0)
		return unreadable("the answer to a bid needs its bid_id");
	if (accept == NULL || accept->type != jbvBool)
		return unreadable("the answer to a bid needs accept: true or false");
	action->accept = accept->val.boolean;
	return action->accept ? NOT_REFUSED : read_reason(object, action);
}

static Refusal
respond(World *world, Npc *npc, const Action *action, Decider decider)
{
	return npc_answer_bid(world, npc, action);
}

const ActionRules respond_to_interaction_bid_rules = {.read = read_response, .carry_out = respond};

static Refusal
read_rejections(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *ids = told_member(object, "ids");
	int64		read[ANSWERED_BIDS_MAX];
	int			count = 0;

	if (ids != NULL && ids->type == jbvBinary && JsonContainerIsArray(ids->val.binary.data) &&
		JsonContainerSize(ids->val.binary.data) == 1)
		ids = getIthJsonbValueFromContainer(ids->val.binary.data, 0);
	if (ids != NULL && ids->type == jbvString && ids->val.string.len == 1 && ids->val.string.val[0] == '*')
		action->all_bids = true;
	else if (ids == NULL || !told_ids(ids, read, ANSWERED_BIDS_MAX, &count) || count == 0)
		return unreadable("ids is neither \"*\" nor an array of 1 to 32 ids of bids or of bidders");
	action->id_count = (uint8) count;
	action->ids = told_ids_kept(read, count);
	return read_reason(object, action);
}

static Refusal
reject(World *world, Npc *npc, const Action *action, Decider decider)
{
	return npc_reject_bids(world, npc, action);
}

const ActionRules batch_reject_interaction_bids_rules = {.read = read_rejections, .carry_out = reject};
