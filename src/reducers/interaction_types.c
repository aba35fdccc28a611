/*
 * interaction_types.c
 *	  The reducers of interaction types, define_interaction_type and delete_interaction_type, and the view
 *	  interaction_types.
 *
 * A type is data: it is checked here, once, and again by the CHECK constraints of the table. Every
 * image of the world is loaded anew, since everything in it points to types. Ongoing interactions go
 * on as they began.
 */
#include "postgres.h"

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

static SpiStatement interaction_type_now =
	{"SELECT * FROM npcsim.interaction_types WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

static void
refuse_definition(const char *detail, const char *hint)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid interaction type"),
			errdetail("%s", detail), errhint("%s", hint));
}

static bool
is_with_npcs(const InteractionDefinition *definition)
{
	return strcmp(definition->target, interaction_targets[TARGET_NPC]) == 0;
}

/* Whether the interaction uses items up. Its component must exist. */
static bool
uses_up(const InteractionDefinition *definition)
{
	return definition->component != NULL && item_component_by_name(definition->component)->uses_up;
}

/* Refuses properties that do not go together. */
static void
check_terms(const InteractionDefinition *definition)
{
	bool with_npcs = is_with_npcs(definition);
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

/* Each of these checks a column of its kind. */
#define CHECK_TEXT(member_, chars_, default_) check_text_or_empty(definition->member_, #member_, chars_);
#define CHECK_WORD(member_, words_, default_) check_word(definition->member_, #member_, words_);
#define CHECK_OPTIONAL(member_, words_) \
	if (definition->member_ != NULL) \
		check_word(definition->member_, #member_, words_);
#define CHECK_RATES(member_) /* interaction_type_from_jsonb() does */
#define CHECK_DELTAS(member_)
#define CHECK_OBJECT(member_)				  check_object(definition->member_, #member_);
#define CHECK_SECONDS(member_, least_, most_) /* it was checked before it was scaled */
#define CHECK_FLAG(member_, default_)
#define CHECK_WHOLE(member_, least_, most_, default_) \
	check_whole(definition->member_, #member_, least_, most_);

static void
check_definition(const InteractionDefinition *definition)
{
	InteractionType type = {0};

	check_type_name(definition->name, "interaction");
#define INTERACTION_GIVEN(kind_, ...)  CHECK_##kind_(__VA_ARGS__)
#define INTERACTION_NUMBER(kind_, ...) CHECK_##kind_(__VA_ARGS__)
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
	type.duration = definition->duration;
	interaction_type_from_jsonb(definition->need_rates, definition->need_deltas, definition->parameters,
								&type);
	check_terms(definition);
}

/* Refuses a definition that changes the target of a type. */
static void
refuse_other_target(WorldLock *lock, const InteractionDefinition *definition)
{
	World				  *world = world_image(lock);
	const InteractionType *type = world_interaction_type(world, definition->name);

	if (type != NULL && strcmp(interaction_targets[type->target], definition->target) != 0)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("an interaction type keeps its target"),
				errdetail("\"%s\" is with \"%s\".", type->name, interaction_targets[type->target]),
				errhint("Define a type of another name."));
}

/* Each of these makes the argument for a column of its kind. */
#define TEXT_COLUMN(member_, chars_, default_) \
	TEXT_ARGUMENT(InteractionDefinition, member_, 0, .has_default = true, .default_text = (default_)),
#define WORD_COLUMN(member_, words_, default_) \
	WORD_ARGUMENT(InteractionDefinition, member_, words_, .has_default = true, .default_text = (default_)),
#define OPTIONAL_COLUMN(member_, words_) \
	WORD_ARGUMENT(InteractionDefinition, member_, words_, .optional = true, .stored_as_null = true),
#define OBJECT_COLUMN(member_) \
	OBJECT_ARGUMENT(InteractionDefinition, member_, .has_default = true, .default_text = "{}"),
#define RATES_COLUMN(member_)  OBJECT_COLUMN(member_)
#define DELTAS_COLUMN(member_) OBJECT_COLUMN(member_)
#define FLAG_COLUMN(member_, default_) \
	FLAG_ARGUMENT(InteractionDefinition, member_, .has_default = true, .default_number = (default_)),
#define WHOLE_COLUMN(member_, least_, most_, default_) \
	NUMBER_ARGUMENT(InteractionDefinition, member_, least_, most_, .has_default = true, \
					.default_number = (default_)),
#define SECONDS_COLUMN(member_, least_, most_) \
	SCALED_ARGUMENT(InteractionDefinition, member_, least_, most_, SIM_SECOND, .unit = "s", \
					.optional = true, .stored_as_null = true),

static const Argument definition_arguments[] = {
	TEXT_ARGUMENT(InteractionDefinition, name, TYPE_NAME_SIZE - 1),
#define INTERACTION_GIVEN(kind_, ...)  kind_##_COLUMN(__VA_ARGS__)
#define INTERACTION_NUMBER(kind_, ...) kind_##_COLUMN(__VA_ARGS__)
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
};

/* Defines a new type, or redefines one. */
static bool
define_interaction_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const InteractionDefinition *definition = arguments;
	SubTransactionId			 outer;

	if (!lock->replaying)
		refuse_other_target(lock, definition);
	check_definition(definition);
	leave_image(lock);
	outer = world_begin_writing(lock);
	interaction_type_row_write(lock->world_id, definition);
	world_end_writing(lock, outer);
	world_changed(lock, CHANGE_INTERACTION_TYPES, 0);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer may have changed */
	return true;
}

const Reducer reducer_define_interaction_type = {
	WORLD_REDUCER(define_interaction_type, define_interaction_type),
	REDUCER_ARGUMENTS(InteractionDefinition, definition_arguments),
};

REDUCER_FUNCTION(define_interaction_type);

static bool
delete_interaction_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	SubTransactionId outer;

	leave_image(lock);
	outer = world_begin_writing(lock);
	interaction_type_row_delete(lock->world_id, ((const NamedType *) arguments)->name);
	world_end_writing(lock, outer);
	world_changed(lock, CHANGE_INTERACTION_TYPES, 0);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer may have changed */
	return true;
}

const Reducer reducer_delete_interaction_type = {
	WORLD_REDUCER(delete_interaction_type, delete_interaction_type),
	REDUCER_ARGUMENTS(NamedType, named_type_arguments),
};

static const EditColumn interaction_type_columns[] = {
	{"world_id", 0, NULL},
	{"name", 0, NULL},
#define INTERACTION_GIVEN(kind_, member_, ...)	{#member_, 0, NULL},
#define INTERACTION_NUMBER(kind_, member_, ...) {#member_, 0, NULL},
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
	{"occupies_item", 0, "It follows from the target."},
	{"uses_up_item", 0, "It follows from the component: what is consumable is used up."},
};

/* Sets the default numbers of participants: at least two with NPCs, and at most as many as at least. */
static void
set_participants(const Edit *edit, void *arguments)
{
	InteractionDefinition *definition = arguments;

	definition->target = text_written(edit, "target", interaction_targets[TARGET_ITEM]);
	if (is_with_npcs(definition))
		definition->min_participants = 2;
	definition->max_participants =
		Max(definition->min_participants, number_written(edit, "min_participants", 0));
}

static void
show_what_follows(Edit *edit, const void *arguments)
{
	const InteractionDefinition *definition = arguments;

	edit_show(edit, "occupies_item", BoolGetDatum(!is_with_npcs(definition)));
	edit_show(edit, "uses_up_item", BoolGetDatum(uses_up(definition)));
}

static void
refuse_used(int64 world_id, const char *name)
{
	if (interaction_type_is_used(world_id, name))
		refuse_used_type(world_id, name, "NPCs are in such an interaction, or are asked to be.",
						 "Try again when none is.");
}

static const TypeFamily interaction_types = {.what = "interaction",
											 .now = &interaction_type_now,
											 .columns = interaction_type_columns,
											 .column_count = lengthof(interaction_type_columns),
											 .define = &reducer_define_interaction_type,
											 .delete_ = &reducer_delete_interaction_type,
											 .refuse_used = refuse_used,
											 .set_defaults = set_participants,
											 .show = show_what_follows};

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of interaction_types. */
Datum
npcsim_edit_interaction_types(PG_FUNCTION_ARGS)
{
	return type_edit(fcinfo, &interaction_types);
}
