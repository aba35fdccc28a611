/*
 * reducer_list.h
 *	  The reducers, which are everything that comes to a world from outside or that clients may call: a
 *	  line each, reducer_NAME being its description (reducer.h). A description without a line here does
 *	  not build.
 *
 * npcsim.client_reducers shows clients' calls in this order.
 */
/* There is no #ifndef: whoever includes it defines REDUCER(name). */

/* clients */
REDUCER(request_npc_decision)
REDUCER(request_npc_assignment)
REDUCER(send_chat)
REDUCER(map_ping)
REDUCER(declare_compute)
REDUCER(pause_compute_source)
REDUCER(drain_compute_source)
REDUCER(resume_compute_source)
REDUCER(explain_npc)
REDUCER(explain_assignment)
REDUCER(explain_decision)
REDUCER(start_world)
REDUCER(pause_world)
REDUCER(set_world_speed)
/* players */
REDUCER(create_player)
REDUCER(rotate_player_token)
/* worlds */
REDUCER(create_world)
REDUCER(drop_world)
REDUCER(lock_world)
REDUCER(tick_world)
REDUCER(populate_world)
REDUCER(set_terrain)
REDUCER(define_item_type)
REDUCER(delete_item_type)
REDUCER(define_interaction_type)
REDUCER(delete_interaction_type)
REDUCER(set_decision_policy)
REDUCER(set_idle_interval)
REDUCER(set_need_decay)
REDUCER(set_built_in_fallback)
REDUCER(rules)
REDUCER(begin_with)
REDUCER(adopt_world)
/* NPCs and items */
REDUCER(create_npc)
REDUCER(remove_npc)
REDUCER(assign_npc_to_player)
REDUCER(set_npc_assigned)
REDUCER(controllers)
REDUCER(rename_npc)
REDUCER(place_npc)
REDUCER(set_need)
REDUCER(set_traits)
REDUCER(set_npc_number)
REDUCER(set_npc_dormant)
REDUCER(fall_back)
REDUCER(set_npc_traced)
REDUCER(apply_npc_action)
REDUCER(create_item)
REDUCER(remove_item)
REDUCER(set_item_properties)
/* minds */
REDUCER(presence)
REDUCER(pace)
REDUCER(budget)
REDUCER(decision)
REDUCER(decision_refused)
REDUCER(decision_failed)
