/*
 * interaction_types.h
 *	  The interaction types of a world as rows: interaction_type_rows.
 */
#ifndef NPCSIM_INTERACTION_TYPES_H
#define NPCSIM_INTERACTION_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/types.h"

/* The shortest and the longest time an interaction can last, in microseconds. */
#define DURATION_MIN INT64_C(1000)
#define DURATION_MAX (86400 * SIM_SECOND)

/* The most parameters an interaction may have for act_in_interaction, and the most characters of a text. */
#define PARAMETERS_MAX 8
#define ACT_TEXT_CHARS 500
/* A text parameter of that name is said aloud. */
#define MESSAGE_PARAMETER "message"

/*
 * The C types of the definition's members, by the kinds of their columns (sim/interaction_columns.h). NULL is
 * NULL in the row.
 */
typedef const char *InteractionGivenTEXT;
typedef const char *InteractionGivenWORD;
typedef const char *InteractionGivenOPTIONAL;
typedef Jsonb	   *InteractionGivenRATES;
typedef Jsonb	   *InteractionGivenDELTAS;
typedef Jsonb	   *InteractionGivenOBJECT;

/* The definition of an interaction type, as its row has it. */
typedef struct InteractionDefinition
{
	const char *name;
#define INTERACTION_GIVEN(kind_, member_, ...)	InteractionGiven##kind_ member_;
#define INTERACTION_NUMBER(kind_, member_, ...) InteractionNumber##kind_ member_;
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
} InteractionDefinition;

/* An interaction type with its definition, of which an image keeps only what it uses (engine/load.c). */
typedef struct InteractionRow
{
	InteractionType		  type;
	InteractionDefinition definition;
} InteractionRow;

/*
 * The interaction types of a world by number, and pointers to them as the functions of sim/types.h take them.
 */
typedef struct InteractionRows
{
	InteractionRow		   *rows;
	const InteractionType **types;
	int						count;
} InteractionRows;

/*
 * Reads all interaction types of a world in the current memory context, as the active snapshot sees them. SPI
 * must be connected.
 */
extern void interaction_rows_load(int64 world_id, InteractionRows *result);

/*
 * Writes a type, which replaces the one of the same name if there is one. It must have been checked before.
 */
extern void interaction_type_row_write(int64 world_id, const InteractionDefinition *definition);

/*
 * Adds what the jsonb columns say to the type, whose duration is known. Raises 22023 if they do not describe
 * an interaction.
 */
extern void interaction_type_from_jsonb(Jsonb *need_rates, Jsonb *need_deltas, Jsonb *parameters,
										InteractionType *type);

/* Returns {"message": what is said}. */
extern Jsonb *interaction_words(JsonbValue *message);
/*
 * Checks what somebody wants to do in an interaction ('given': values of its parameters, NULL = none).
 * Returns it as a JSON object with the defaults of what is not given; NULL if it is invalid, with the reason
 * in *failure.
 */
extern Jsonb *interaction_act(const InteractionRow *row, JsonbContainer *given, const char **failure);

/* The names of targets by InteractionTarget, "item" and "npc"; NULL follows the last. */
extern const char *const interaction_targets[];

#endif /* NPCSIM_INTERACTION_TYPES_H */
