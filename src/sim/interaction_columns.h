/*
 * interaction_columns.h
 *	  The columns that define an interaction type besides its name, a line each, in the order in which
 *	  define_interaction_type() takes them: kind, name, and what else the kind needs.
 *
 *		INTERACTION_GIVEN: the definition has it; the rules have what is made of it
 *			TEXT			most characters, default
 *			WORD			the words it is one of, default
 *			OPTIONAL		the words it is one of, or NULL
 *			RATES, DELTAS	an object by need: what it brings per second, or over its whole duration; shown as one
 *			OBJECT			a JSON object, {} by default
 *		INTERACTION_NUMBER: the rules see it as it is, a member of InteractionType (sim/types.h)
 *			FLAG			default
 *			WHOLE			least, most, default
 *			SECONDS			least, most (in microseconds), or NULL, which is 0
 *
 * The row that is read and written, what operators write through the view, the input and its replay, and what clients
 * see are derived from the line. sql/38_interaction_types.sql has the column, that of the view, and the argument of the
 * function; a rule has what it is for. Inputs from before there was such a line mean the default.
 */
/* There is no #ifndef: whoever includes it defines INTERACTION_GIVEN and INTERACTION_NUMBER (kind, member, what else). */

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
