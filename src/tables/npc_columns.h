/*
 * npc_columns.h
 *	  The columns of NPCs that are numbers and are also read without a world's image, a line each: the C
 *	  type and name of the member of Npc (tables/npcs.h) and of NpcRow (reducers/npc_rows.h), the column
 *	  and its type, and attributes:
 *
 *		NULL_IS(none)			NULL in the row is 'none' in memory
 *		SHOWN(group, kind)		clients are shown it when the group (NpcGroup) changes, as a kind of value (reducers/npc_shown.h)
 *		EDITED(least, most)		operators write it, by UPDATE of the view npcs; of those of npc_identities, which are SHOWN
 *
 * Reading, writing, frames, edits and their replay follow from the line. The column is in its table
 * (sql/20_npcs.sql) and, if it is to be seen there, in the view npcs (sql/70_views.sql).
 */
/*
 * There is no #ifndef: whoever includes it defines IDENTITY_NUMBER and STATE_NUMBER (ctype, member, column,
 * type, attributes).
 */

/* npc_identities: who it is */
IDENTITY_NUMBER(int64, controller, "controller_player_id", INT8OID, NULL_IS(0) SHOWN(IDENTITY, id))

/* npc_states: what it does */
STATE_NUMBER(NpcState, state, "state", INT2OID, SHOWN(STATUS, state))
STATE_NUMBER(int64, event_at, "event_at", INT8OID, NULL_IS(SIM_NEVER))
STATE_NUMBER(int64, last_decision_at, "last_decision_at", INT8OID, NULL_IS(-1))
STATE_NUMBER(int64, interaction_id, "interaction_id", INT8OID, NULL_IS(0) SHOWN(STATUS, id))
STATE_NUMBER(int64, target_id, "target_id", INT8OID, NULL_IS(0)) /* what it walks to */
STATE_NUMBER(int64, state_counter, "state_counter", INT8OID, )
