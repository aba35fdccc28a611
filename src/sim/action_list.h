/*
 * action_list.h
 *	  The actions that an NPC can be told to do, an entry each. It is included wherever ACTION() is
 *	  defined.
 *
 *	  ACTION(SHOUT, shout, 12, …)		ACTION_SHOUT, stored as 12, is told of by the name "shout"
 *
 * What follows are members of ActionEntry (sim/actions.h): the names by which minds mean it, its
 * parameters, the states in which it is legal. How it is read and carried out is in shout_rules, a
 * table of functions in a file of src/engine (engine/actions.h).
 *
 * Numbers are stored: a new action has the next one.
 */
/* clang-format off */
ACTION(MOVE_TO, move_to, 1,
	   .parameters = {{"x", PARAMETER_NUMBER}, {"y", PARAMETER_NUMBER}, {"destination", PARAMETER_CELL}},
	   .legal_in = ON_FOOT)
ACTION(MOVE_DIRECTION, move_direction, 2,
	   .parameters = {{"direction", PARAMETER_WORD}},
	   .legal_in = ON_FOOT,
	   .is_ranked = true)
ACTION(INTERACT_WITH, interact_with, 3,		/* walks there first if needed */
	   .form_of_interaction = "start_conversation",
	   .parameters = {{"target_id", PARAMETER_ID}, {"entity_id", PARAMETER_ID}, {"target_ids", PARAMETER_IDS},
					  {"interaction_name", PARAMETER_WORD}, {"interaction", PARAMETER_WORD},
					  {"participants", PARAMETER_IDS}, {"message", PARAMETER_TEXT}},
	   .legal_in = ON_FOOT,
	   .is_ranked = true)					/* with items; with NPCs it is talk */
ACTION(APPROACH, approach, 4,				/* walks next to it, no more */
	   .forms = {"move_to_item", "move_to_npc"},
	   .parameters = {{"target_id", PARAMETER_ID}, {"entity_id", PARAMETER_ID}},
	   .legal_in = ON_FOOT)
ACTION(WANDER, wander, 5,
	   .legal_in = ON_FOOT,
	   .choice = "walk around and look for more")
ACTION(WAIT, wait, 6,						/* an NPC that waits for the answer to its bid may wait */
	   .parameters = {{"duration", PARAMETER_NUMBER}},
	   .legal_in = ON_FOOT | IN_STATE(REQUESTING),
	   .keeps_plan_in = IN_STATE(REQUESTING),
	   .subject = SUBJECT_STATE,
	   .choice = "stand still for a while")
ACTION(CONTINUE, continue, 7,
	   .legal_in = ANYWHERE,
	   .keeps_plan_in = ANYWHERE,
	   .subject = SUBJECT_STATE)
ACTION(ACT_IN_INTERACTION, act_in_interaction, 8,
	   .parameters = {{"message", PARAMETER_TEXT}},
	   .takes_any_parameter = true,			/* those of the interaction */
	   .legal_in = IN_STATE(INTERACTING),
	   .keeps_plan_in = ANYWHERE,
	   .subject = SUBJECT_INTERACTION,
	   .choice = "say this, or your own message")
ACTION(CANCEL_INTERACTION, cancel_interaction, 9,
	   .legal_in = IN_STATE(INTERACTING),
	   .subject = SUBJECT_INTERACTION,
	   .is_ranked = true)
ACTION(RESPOND_TO_BID, respond_to_interaction_bid, 10,
	   .parameters = {{"bid_id", PARAMETER_ID}, {"accept", PARAMETER_FLAG}, {"reason", PARAMETER_TEXT}},
	   .legal_in = ANYWHERE,
	   .keeps_plan_in = ANYWHERE,
	   .subject = SUBJECT_INVITATION,
	   .takes_no_time = true)
ACTION(REJECT_BIDS, batch_reject_interaction_bids, 11,
	   .parameters = {{"ids", PARAMETER_IDS}, {"reason", PARAMETER_TEXT}},
	   .legal_in = ANYWHERE,
	   .keeps_plan_in = ANYWHERE,
	   .subject = SUBJECT_INVITATION,
	   .takes_no_time = true)
/* clang-format on */
