/*
 * interaction_columns.h
 *	  The columns that define an interaction type besides its name, a line each, in the order in which
 *	  define_interaction_type() takes them. A line has the column's kind and name, and what the kind needs
 *	  besides:
 *
 *	INTERACTION_GIVEN: a member of the definition; the rules see what is made of it
 *		TEXT			the most characters, default
 *		WORD			the words it is one of, default
 *		OPTIONAL		the words it is one of if it is not NULL
 *		RATES, DELTAS	an object by need: its change per second, or over the whole duration; clients see both as one
 *		OBJECT			a JSON object, {} by default
 *	INTERACTION_NUMBER: a member of InteractionType (sim/types.h), which the rules see as it is
 *		FLAG			default
 *		WHOLE			least, most, default
 *		SECONDS			least, most (in microseconds); NULL is 0
 *
 * Each line makes the row that is read and written, what operators write through the view, the input
 * and its replay, and what clients see. The columns of the table and of the view and the argument of
 * the function are written in sql/38_interaction_types.sql, and what the column is for in a rule.
 * Inputs that are older than the line mean the default.
 */
/* There is no #ifndef: whoever includes it defines INTERACTION_GIVEN and INTERACTION_NUMBER, of kind, member, … */

/* clang-format off */
INTERACTION_GIVEN(TEXT, description, DESCRIPTION_MAX_CHARS, "")
INTERACTION_GIVEN(WORD, target, interaction_targets, "item")		/* with what NPCs do it */
INTERACTION_GIVEN(OPTIONAL, component, item_component_names)		/* items with it offer it; NULL: items that are usable for it */
INTERACTION_GIVEN(RATES, need_rates)								/* besides what the item gives */
INTERACTION_GIVEN(DELTAS, need_deltas)
INTERACTION_NUMBER(SECONDS, duration, DURATION_MIN, DURATION_MAX)	/* 0: until it is left */
INTERACTION_NUMBER(FLAG, needs_adjacency, true)						/* else the target must be in sight */
INTERACTION_NUMBER(FLAG, locks_movement, true)
INTERACTION_NUMBER(FLAG, moves_onto_item, false)					/* the NPC goes onto the item's cell */
INTERACTION_NUMBER(WHOLE, min_participants, 1, PARTICIPANTS_MAX, 1)
INTERACTION_NUMBER(WHOLE, max_participants, 1, PARTICIPANTS_MAX, 1)
INTERACTION_GIVEN(OBJECT, parameters)								/* of act_in_interaction */
/* clang-format on */
