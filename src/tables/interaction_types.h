/*
 * interaction_types.h
 *	  The interactions of a world as rows: interaction_type_rows.
 */
#ifndef NPCSIM_INTERACTION_TYPES_H
#define NPCSIM_INTERACTION_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/types.h"

/* Longest an interaction can last, and shortest. */
#define DURATION_MIN INT64_C(1000)
#define DURATION_MAX (86400 * SIM_SECOND)

/* Parameters of act_in_interaction an interaction may have, and characters of a text. */
#define PARAMETERS_MAX 8
#define ACT_TEXT_CHARS 500
/* A text of that name is said aloud. */
#define MESSAGE_PARAMETER "message"

typedef struct InteractionRow
{
	InteractionType type;
	char		   *description;
	Jsonb		   *parameters;
} InteractionRow;

/*
 * All of a world, in order of number, in the current memory context, and pointers to their types as the
 * functions of sim/types.h take them. In the caller's snapshot when read_only. SPI must be connected.
 */
typedef struct InteractionRows
{
	InteractionRow		   *rows;
	const InteractionType **types;
	int						count;
} InteractionRows;

extern void interaction_rows_load(int64 world_id, bool read_only, InteractionRows *result);

/*
 * What the jsonb columns say, added to the type, whose duration is known. Raises 22023 when they do not describe
 * an interaction.
 */
extern void interaction_type_from_jsonb(Jsonb *need_rates, Jsonb *need_deltas, Jsonb *parameters,
										InteractionType *type);

/* {"message": what is said} */
extern Jsonb *interaction_words(JsonbValue *message);
/*
 * What somebody wants to do inside an interaction ('given': values of its parameters, NULL = none), with the defaults of
 * what is not given: a JSON object. NULL if it is no such thing, and *failure says why.
 */
extern Jsonb *interaction_act(const InteractionRow *row, JsonbContainer *given, const char **failure);

extern const char *interaction_target_name(InteractionTarget target); /* "item", "npc" */

#endif /* NPCSIM_INTERACTION_TYPES_H */
