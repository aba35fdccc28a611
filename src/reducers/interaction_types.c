/*
 * interaction_types.c
 *	  Types of interactions: define_interaction_type and the view interaction_types.
 *
 * A type is data: what it says is checked here, once, and again by the CHECKs of
 * the table. Whoever has an image of the world loads it anew, since everything in it
 * points to kinds. Interactions under way go on as they began.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/reducers.h"
#include "reducers/type_edits.h"
#include "spi.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"
#include "tables/type_definitions.h"

PG_FUNCTION_INFO_V1(npcsim_edit_interaction_types);

static const char *const targets[] = {"item", "npc", NULL};

static SpiStatement interaction_type_now =
	{"SELECT * FROM npcsim.interaction_types WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

static void
refuse_definition(const char *detail, const char *hint)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid interaction type"),
			errdetail("%s", detail), errhint("%s", hint));
}

static void
check_participants(int32 value, const char *column)
{
	if (value < 1 || value > PARTICIPANTS_MAX)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"%s\" is out of range", column),
				errdetail("It is %d.", value), errhint("It can be 1 to %d.", PARTICIPANTS_MAX));
}

/* Whether it uses items up; its component is one that there is. */
static bool
uses_up(const InteractionDefinition *definition)
{
	return definition->component != NULL && item_component_by_name(definition->component)->uses_up;
}

/* What makes no sense together. */
static void
check_terms(const InteractionDefinition *definition)
{
	bool with_npcs = strcmp(definition->target, "npc") == 0;
	bool consumes = uses_up(definition);

	if (definition->min_participants > definition->max_participants)
		refuse_definition("\"min_participants\" is above \"max_participants\".",
						  "Raise one or lower the other.");
	if (with_npcs && definition->component != NULL)
		refuse_definition("An interaction with NPCs is offered by no component of an item.",
						  "Leave \"component\" NULL, or let \"target\" be item.");
	if (with_npcs && definition->min_participants < 2)
		refuse_definition("Nobody interacts with NPCs alone.", "Let \"min_participants\" be 2 or more.");
	if (definition->moves_onto_item &&
		(with_npcs || !definition->needs_adjacency || definition->max_participants > 1))
		refuse_definition(
			"Only one NPC, next to an item, can go onto it.",
			"Let \"moves_onto_item\" be false, or \"target\" item, \"needs_adjacency\" true and "
			"\"max_participants\" 1.");
	if (consumes && (definition->duration > 0 || definition->max_participants > 1))
		refuse_definition("What is consumed has its own time and one who consumes it.",
						  "Leave \"duration\" NULL and \"max_participants\" 1.");
}

static void
check_definition(const InteractionDefinition *definition)
{
	InteractionType type = {0};

	check_type_name(definition->name, "interaction");
	check_type_description(definition->description);
	check_word(definition->target, "target", targets);
	if (definition->component != NULL)
		check_word(definition->component, "component", item_component_names);
	type.duration = definition->duration;
	check_participants(definition->min_participants, "min_participants");
	check_participants(definition->max_participants, "max_participants");
	check_object(definition->parameters, "parameters");
	interaction_type_from_jsonb(definition->need_rates, definition->need_deltas, definition->parameters,
								&type);
	check_terms(definition);
}

/* What an interaction is with stays. */
static void
refuse_other_target(WorldLock *lock, const InteractionDefinition *definition)
{
	World				  *world = world_image(lock);
	const InteractionType *type = world_interaction_type(world, definition->name);

	if (type != NULL && strcmp(interaction_target_name(type->target), definition->target) != 0)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("an interaction type keeps its target"),
				errdetail("\"%s\" is with \"%s\".", type->name, interaction_target_name(type->target)),
				errhint("Define a type of another name."));
}

static const Argument definition_arguments[] = {
	TEXT_ARGUMENT(InteractionDefinition, name, TYPE_NAME_SIZE - 1),
	TEXT_ARGUMENT(InteractionDefinition, description, 0),
	WORD_ARGUMENT(InteractionDefinition, target, targets),
	WORD_ARGUMENT(InteractionDefinition, component, item_component_names, .optional = true),
	OBJECT_ARGUMENT(InteractionDefinition, need_rates),
	OBJECT_ARGUMENT(InteractionDefinition, need_deltas),
	SCALED_ARGUMENT(InteractionDefinition, duration, DURATION_MIN, DURATION_MAX, SIM_SECOND, .unit = "s",
					.optional = true),
	FLAG_ARGUMENT(InteractionDefinition, needs_adjacency),
	FLAG_ARGUMENT(InteractionDefinition, locks_movement),
	FLAG_ARGUMENT(InteractionDefinition, moves_onto_item),
	NUMBER_ARGUMENT(InteractionDefinition, min_participants, 1, PARTICIPANTS_MAX),
	NUMBER_ARGUMENT(InteractionDefinition, max_participants, 1, PARTICIPANTS_MAX),
	OBJECT_ARGUMENT(InteractionDefinition, parameters),
};

/* New or changed. */
static bool
define_interaction_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const InteractionDefinition *definition = arguments;

	if (!lock->replaying)
		refuse_other_target(lock, definition);
	check_definition(definition);
	leave_image(lock);
	interaction_type_row_write(lock->world_id, definition);
	world_changed(lock, CHANGE_INTERACTION_TYPES, 0);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer */
	return true;
}

const Reducer reducer_define_interaction_type = {
	WORLD_REDUCER(define_interaction_type, define_interaction_type),
	REDUCER_ARGUMENTS(InteractionDefinition, definition_arguments),
};

REDUCER_FUNCTION(define_interaction_type);

typedef struct DeleteInteractionType
{
	const char *name;
} DeleteInteractionType;

static const Argument delete_arguments[] = {
	TEXT_ARGUMENT(DeleteInteractionType, name, TYPE_NAME_SIZE - 1),
};

static bool
delete_interaction_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	leave_image(lock);
	interaction_type_row_delete(lock->world_id, ((const DeleteInteractionType *) arguments)->name);
	world_changed(lock, CHANGE_INTERACTION_TYPES, 0);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer */
	return true;
}

const Reducer reducer_delete_interaction_type = {
	WORLD_REDUCER(delete_interaction_type, delete_interaction_type),
	REDUCER_ARGUMENTS(DeleteInteractionType, delete_arguments),
};

static const EditColumn interaction_type_columns[] = {
	{"world_id", 0, NULL},
	{"name", 0, NULL},
	{"description", 0, NULL},
	{"target", 0, NULL},
	{"component", 0, NULL},
	{"need_rates", 0, NULL},
	{"need_deltas", 0, NULL},
	{"duration", 0, NULL},
	{"needs_adjacency", 0, NULL},
	{"locks_movement", 0, NULL},
	{"moves_onto_item", 0, NULL},
	{"min_participants", 0, NULL},
	{"max_participants", 0, NULL},
	{"parameters", 0, NULL},
	{"occupies_item", 0, "It follows from the target."},
	{"uses_up_item", 0, "It follows from the component: what is consumable is used up."},
};

/* µs */
static int64
duration_written(const Edit *edit)
{
	bool   isnull;
	double duration = DatumGetFloat8(edit_new(edit, "duration", &isnull));

	if (isnull)
		return 0;
	check_float8(duration, "duration", (double) DURATION_MIN / SIM_SECOND, (double) DURATION_MAX / SIM_SECOND,
				 "s");
	return (int64) rint(duration * SIM_SECOND);
}

static InteractionDefinition
definition_written(const Edit *edit, char *name)
{
	InteractionDefinition definition = {.name = name,
										.description = text_written(edit, "description", ""),
										.target = text_written(edit, "target", "item"),
										.component = text_written(edit, "component", NULL),
										.need_rates = object_written(edit, "need_rates"),
										.need_deltas = object_written(edit, "need_deltas"),
										.duration = duration_written(edit),
										.needs_adjacency = flag_written(edit, "needs_adjacency", true),
										.locks_movement = flag_written(edit, "locks_movement", true),
										.moves_onto_item = flag_written(edit, "moves_onto_item", false),
										.parameters = object_written(edit, "parameters")};
	int32				  fewest = strcmp(definition.target, "npc") == 0 ? 2 : 1;

	definition.min_participants = number_written(edit, "min_participants", fewest);
	definition.max_participants =
		number_written(edit, "max_participants", Max(definition.min_participants, fewest));
	return definition;
}

static void
show_definition(Edit *edit, const InteractionDefinition *definition)
{
	bool with_item = strcmp(definition->target, "item") == 0;

	edit_show(edit, "description", CStringGetTextDatum(definition->description));
	edit_show(edit, "target", CStringGetTextDatum(definition->target));
	edit_show(edit, "need_rates", JsonbPGetDatum(definition->need_rates));
	edit_show(edit, "need_deltas", JsonbPGetDatum(definition->need_deltas));
	edit_show(edit, "needs_adjacency", BoolGetDatum(definition->needs_adjacency));
	edit_show(edit, "locks_movement", BoolGetDatum(definition->locks_movement));
	edit_show(edit, "moves_onto_item", BoolGetDatum(definition->moves_onto_item));
	edit_show(edit, "occupies_item", BoolGetDatum(with_item));
	edit_show(edit, "uses_up_item", BoolGetDatum(uses_up(definition)));
	edit_show(edit, "min_participants", Int32GetDatum(definition->min_participants));
	edit_show(edit, "max_participants", Int32GetDatum(definition->max_participants));
	edit_show(edit, "parameters", JsonbPGetDatum(definition->parameters));
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE ON interaction_types */
Datum
npcsim_edit_interaction_types(PG_FUNCTION_ARGS)
{
	Edit				  edit;
	char				 *name;
	WorldLock			 *lock;
	InteractionDefinition definition;

	edit_begin(&edit, fcinfo);
	lock = edited_type(&edit, &name);
	edit_touch(lock);
	if (edit.kind == EDIT_INSERT)
		refuse_duplicate_type(&interaction_type_now, lock->world_id, name, "interaction");
	else if (!type_is_as_read(&edit, &interaction_type_now, lock->world_id, name))
		return PointerGetDatum(NULL);
	if (edit.kind == EDIT_DELETE)
	{
		if (interaction_type_is_used(lock->world_id, name))
			refuse_used_type(lock->world_id, name, "NPCs are in such an interaction, or are asked to be.",
							 "Try again when none is.");
		reducer_run(lock, &reducer_delete_interaction_type, &(DeleteInteractionType) {.name = name}, NULL);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_type_renaming(&edit, "interaction");
	edit_groups(&edit, interaction_type_columns, lengthof(interaction_type_columns));
	definition = definition_written(&edit, name);
	reducer_run(lock, &reducer_define_interaction_type, &definition, NULL);
	show_definition(&edit, &definition);
	return edit_end(&edit);
}
