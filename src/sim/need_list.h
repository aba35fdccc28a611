/*
 * need_list.h
 *	  The needs of NPCs, a line each: NEED_CONSTANT and its name. A need has two columns of npc_states,
 *	  NAME and NAME_rate, and one of the view npcs. All of them begin full and decay alike.
 *
 * They are told and looked at in this order.
 */
/* There is no #ifndef: whoever includes it defines NEED(constant, name). */

NEED(HUNGER, hunger)
NEED(HYGIENE, hygiene)
NEED(FUN, fun)
NEED(ENERGY, energy)
