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

/* The C types of columns that are read further, by their kinds (sim/interaction_columns.h); NULL is NULL in the row. */
typedef const char *InteractionGivenTEXT;
typedef const char *InteractionGivenWORD;
typedef const char *InteractionGivenOPTIONAL;
typedef Jsonb	   *InteractionGivenRATES;
typedef Jsonb	   *InteractionGivenDELTAS;
typedef Jsonb	   *InteractionGivenOBJECT;

/* What an interaction type is defined by, as its row has it. */
typedef struct InteractionDefinition
{
	const char *name;
#define INTERACTION_GIVEN(kind_, member_, ...)	InteractionGiven##kind_ member_;
#define INTERACTION_NUMBER(kind_, member_, ...) InteractionNumber##kind_ member_;
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
} InteractionDefinition;

/* An image keeps no more of the definition than is used in it (engine/load.c). */
typedef struct InteractionRow
{
	InteractionType		  type;
	InteractionDefinition definition;
} InteractionRow;

/* The types of a world in order of number, and pointers to them as the functions of sim/types.h take them. */
typedef struct InteractionRows
{
	InteractionRow		   *rows;
	const InteractionType **types;
	int						count;
} InteractionRows;

/* Reads them in the current memory context, as the active snapshot sees them. SPI must be connected. */
extern void interaction_rows_load(int64 world_id, InteractionRows *result);

/* Writes a type that is new, or takes the place of the one of that name. What it says was checked before. */
extern void interaction_type_row_write(int64 world_id, const InteractionDefinition *definition);

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

/* The names of targets by InteractionTarget, "item" and "npc"; NULL follows the last. */
extern const char *const interaction_targets[];

#endif /* NPCSIM_INTERACTION_TYPES_H */
