/*
 * kinds.c
 *	  Kinds of items and of interactions: the starter set, define_item_type,
 *	  define_interaction_type, and the views item_types and interaction_types.
 *
 * A kind is data: what it says is checked here, once, and again by the CHECKs of
 * the tables. Whoever has an image of the world loads it anew, since everything in it
 * points to kinds. Interactions under way go on as they began.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/inputs.h"
#include "reducers/kinds.h"
#include "spi.h"
#include "tables/interaction_kinds.h"
#include "tables/item_kinds.h"
#include "tables/kind_json.h"

PG_FUNCTION_INFO_V1(npcsim_define_item_type);
PG_FUNCTION_INFO_V1(npcsim_define_interaction_type);
PG_FUNCTION_INFO_V1(npcsim_edit_item_types);
PG_FUNCTION_INFO_V1(npcsim_edit_interaction_types);

#define DESCRIPTION_MAX_CHARS 500

static const char *const targets[] = {"item", "npc", NULL};
static const char *const components[] = {"consumable", "sittable", NULL};

/* What the reference game has, and what serves the other needs; a world's operators may define more. */
static SpiStatement insert_starter_interactions =
	{"INSERT INTO npcsim.interaction_type_rows "
	 "(world_id, number, name, description, component, locks_movement, moves_onto_item) VALUES "
	 "($1, 1, 'consume', 'Use it up, little by little', 'consumable', false, false), "
	 "($1, 2, 'sit', 'Sit on it, until you leave', 'sittable', true, true), "
	 "($1, 3, 'wash', 'Wash, until you leave', NULL, true, false), "
	 "($1, 4, 'watch', 'Watch it, until you leave', NULL, false, false)",
	 1,
	 {INT8OID}};

static SpiStatement insert_starter_conversation =
	{"INSERT INTO npcsim.interaction_type_rows "
	 "(world_id, number, name, description, target, needs_adjacency, locks_movement, min_participants, "
	 "max_participants, parameters) VALUES "
	 "($1, 5, 'conversation', 'Talk to one another, until you leave', 'npc', false, true, 2, 10, "
	 "'{\"message\": {\"type\": \"string\", \"description\": \"What you say\"}}')",
	 1,
	 {INT8OID}};

static SpiStatement insert_starter_items =
	{"INSERT INTO npcsim.item_type_rows (world_id, name, description, components) VALUES "
	 "($1, 'apple', 'Something to eat', "
	 "'{\"consumable\": {\"consumption_time\": 5, \"need_deltas\": {\"hunger\": 25}}, "
	 "\"respawn\": {\"after\": 20}}'), "
	 "($1, 'chair', 'Somewhere to rest', '{\"sittable\": {\"need_rates\": {\"energy\": 10}}}'), "
	 "($1, 'bed', 'Somewhere to sleep', '{\"sittable\": {\"need_rates\": {\"energy\": 20}}}'), "
	 "($1, 'shower', 'Somewhere to wash', "
	 "'{\"usable\": {\"interactions\": [\"wash\"]}, \"need_modifying\": {\"need_rates\": {\"hygiene\": "
	 "15}}}'), "
	 "($1, 'television', 'Something to watch', "
	 "'{\"usable\": {\"interactions\": [\"watch\"]}, \"need_modifying\": {\"need_rates\": {\"fun\": 8}}}')",
	 1,
	 {INT8OID}};

static SpiStatement upsert_item_type =
	{"INSERT INTO npcsim.item_type_rows AS t (world_id, name, description, components) "
	 "VALUES ($1, $2, $3, $4) ON CONFLICT (world_id, name) "
	 "DO UPDATE SET description = excluded.description, components = excluded.components",
	 4,
	 {INT8OID, TEXTOID, TEXTOID, JSONBOID}};

static SpiStatement delete_item_type = {"DELETE FROM npcsim.item_type_rows WHERE world_id = $1 AND name = $2",
										2,
										{INT8OID, TEXTOID}};

static SpiStatement item_type_used = {"SELECT 1 FROM npcsim.items WHERE world_id = $1 AND item_type = $2",
									  2,
									  {INT8OID, TEXTOID}};

static SpiStatement item_type_awaited =
	{"SELECT 1 FROM npcsim.item_respawns WHERE world_id = $1 AND item_type = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement item_type_now = {"SELECT * FROM npcsim.item_types WHERE world_id = $1 AND name = $2",
									 2,
									 {INT8OID, TEXTOID}};

static SpiStatement interaction_type_now =
	{"SELECT * FROM npcsim.interaction_types WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

/* Numbers are counted up. The last one may be given again after it was deleted, but not while somebody walks to do what it meant. */
static SpiStatement upsert_interaction_type =
	{"INSERT INTO npcsim.interaction_type_rows AS t (world_id, name, number, description, target, component, "
	 "need_rates, need_deltas, duration, needs_adjacency, locks_movement, moves_onto_item, min_participants, "
	 "max_participants, parameters) "
	 "SELECT $1, $2, 1 + greatest((SELECT pg_catalog.max(o.number) FROM npcsim.interaction_type_rows o "
	 "WHERE o.world_id = $1), (SELECT pg_catalog.max(s.goal_interaction) FROM npcsim.npc_states s WHERE "
	 "s.world_id = $1), 0), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 "
	 "ON CONFLICT (world_id, name) DO UPDATE SET description = excluded.description, target = "
	 "excluded.target, component = excluded.component, need_rates = excluded.need_rates, need_deltas = "
	 "excluded.need_deltas, duration = excluded.duration, needs_adjacency = excluded.needs_adjacency, "
	 "locks_movement = excluded.locks_movement, moves_onto_item = excluded.moves_onto_item, "
	 "min_participants = excluded.min_participants, max_participants = excluded.max_participants, "
	 "parameters = excluded.parameters",
	 14,
	 {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, INT8OID, BOOLOID, BOOLOID, BOOLOID,
	  INT4OID, INT4OID, JSONBOID}};

static SpiStatement delete_interaction_type =
	{"DELETE FROM npcsim.interaction_type_rows WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement interaction_type_used =
	{"SELECT 1 FROM npcsim.interaction_runs r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2 "
	 "UNION ALL SELECT 1 FROM npcsim.interaction_bid_rows r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2",
	 2,
	 {INT8OID, TEXTOID}};

void
insert_starter_kinds(int64 world_id)
{
	spi_run(&insert_starter_interactions, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_conversation, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_items, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
}

/* ---- what both have in common ---- */

static void
check_kind_name(const char *name, const char *what)
{
	if (!kind_name_valid(name))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid name of an %s type", what),
				errdetail("It is \"%s\".", name),
				errhint("A letter a to z, then up to %d of a to z, 0 to 9 and _.", KIND_NAME_SIZE - 2));
}

static void
check_description(const char *description)
{
	if (description[0] != '\0')
		check_text(description, "description", DESCRIPTION_MAX_CHARS);
}

/*
 * Kinds are about to change: what the image has to write is written, and then it is dropped,
 * since its kinds are those of before.
 */
static void
leave_image(WorldLock *lock)
{
	if (lock->image != NULL)
		world_write(lock->image);
	world_forget(lock->world_id);
}

static uint64
count_named(SpiStatement *statement, int64 world_id, const char *name)
{
	uint64 rows;

	spi_begin();
	rows = spi_run_limit(statement, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
						 SPI_OK_SELECT, 1);
	spi_end();
	return rows;
}

static void
refuse_duplicate(SpiStatement *now, int64 world_id, const char *name, const char *what)
{
	if (count_named(now, world_id, name) > 0)
		ereport(
			ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
			errmsg("world %lld already has an %s type \"%s\"", (long long) world_id, what, name),
			errdetail("Names of types are unique in a world."),
			errhint("Choose another name, or UPDATE npcsim.%s_types … WHERE world_id = %lld AND name = %s.",
					what, (long long) world_id, quote_literal_cstr(name)));
}

/* False when the row is gone; 40001 when it is another than the one that was read. */
static bool
row_is_as_read(const Edit *edit, SpiStatement *now, int64 world_id, const char *name)
{
	bool found;

	spi_begin();
	found = spi_run(now, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
					SPI_OK_SELECT) == 1;
	for (int i = 0; found && i < edit->desc->natts; i++)
	{
		Oid	  output;
		bool  varlena;
		bool  was_null;
		bool  is_null;
		Datum was = heap_getattr(edit->old, i + 1, edit->desc, &was_null);
		Datum is = spi_datum(0, i + 1, &is_null);

		getTypeOutputInfo(TupleDescAttr(edit->desc, i)->atttypid, &output, &varlena);
		if (was_null != is_null ||
			(!was_null && strcmp(OidOutputFunctionCall(output, was), OidOutputFunctionCall(output, is)) != 0))
			ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("type \"%s\" has changed since it was read", name),
					errdetail("Its \"%s\" is another now.", NameStr(TupleDescAttr(edit->desc, i)->attname)),
					errhint("Try again."));
	}
	spi_end();
	return found;
}

static void
refuse_used(SpiStatement *used, int64 world_id, const char *name, const char *detail, const char *hint)
{
	if (count_named(used, world_id, name) > 0)
		ereport(ERROR, errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				errmsg("type \"%s\" of world %lld is in use", name, (long long) world_id),
				errdetail("%s", detail), errhint("%s", hint));
}

static void
delete_kind(SpiStatement *statement, WorldLock *lock, ChangeKind change, const char *input, const char *name)
{
	leave_image(lock);
	spi_begin();
	spi_run(statement, (Datum[]) {Int64GetDatum(lock->world_id), CStringGetTextDatum(name)}, NULL,
			SPI_OK_DELETE);
	spi_end();
	world_changed(lock, change, 0);
	input_begin(lock, input);
	input_text("name", name);
	input_end();
}

/* The world of a row, locked; its name is checked by whoever uses it. */
static WorldLock *
edited_world(const Edit *edit, char **name)
{
	int64 world_id;
	bool  isnull;

	if (edit->kind == EDIT_INSERT)
	{
		world_id = DatumGetInt64(edit_value(edit, "world_id"));
		check_id(world_id, "world_id");
		*name = edit_text(edit, "name");
	}
	else
	{
		world_id = edit_old_int64(edit, "world_id");
		*name = TextDatumGetCString(edit_old(edit, "name", &isnull));
	}
	return world_lock(world_id, WORLD_WAIT);
}

/* Columns that are NULL in an INSERT have their default. */
static char *
text_written(const Edit *edit, const char *column, char *if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : TextDatumGetCString(value);
}

static Jsonb *
object_written(const Edit *edit, const char *column)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return DatumGetJsonbP(isnull ? DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")) : value);
}

static bool
flag_written(const Edit *edit, const char *column, bool if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : DatumGetBool(value);
}

static int32
number_written(const Edit *edit, const char *column, int32 if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

/* ---- types of items ---- */

void
item_type_define(WorldLock *lock, const char *name, Jsonb *item_components, const char *description)
{
	ItemKind kind;

	check_kind_name(name, "item");
	check_description(description);
	item_kind_from_jsonb(item_components, &kind);
	leave_image(lock);
	spi_begin();
	spi_run(&upsert_item_type,
			(Datum[]) {Int64GetDatum(lock->world_id), CStringGetTextDatum(name),
					   CStringGetTextDatum(description), JsonbPGetDatum(item_components)},
			NULL, SPI_OK_INSERT);
	spi_end();
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	input_begin(lock, "define_item_type");
	input_text("name", name);
	input_jsonb("components", item_components);
	input_text("description", description);
	input_end();
}

void
item_type_delete(WorldLock *lock, const char *name)
{
	delete_kind(&delete_item_type, lock, CHANGE_ITEM_TYPES, "delete_item_type", name);
}

/* define_item_type(world_id, name, components, description): new or changed */
Datum
npcsim_define_item_type(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	char	  *name = arg_text(fcinfo, 1, "name", KIND_NAME_SIZE - 1);
	Jsonb	  *item_components = arg_object(fcinfo, 2, "components");
	WorldLock *lock;

	arg_not_null(fcinfo, 3, "description");
	lock = world_lock(world_id, WORLD_WAIT);
	item_type_define(lock, name, item_components, text_to_cstring(PG_GETARG_TEXT_PP(3)));
	world_flush(lock);
	PG_RETURN_VOID();
}

static const EditColumn item_type_columns[] = {
	{"world_id", 0, NULL},
	{"name", 0, NULL},
	{"description", 0, NULL},
	{"components", 0, NULL},
};

/* A type keeps its name and its world: other rows refer to it by them. */
static void
refuse_renaming(const Edit *edit, const char *what)
{
	if (edit_writes(edit, "world_id") || edit_writes(edit, "name"))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("an %s type keeps its name and its world", what),
				errdetail("\"world_id\" and \"name\" are its identity."),
				errhint("INSERT a type of the new name."));
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE ON item_types */
Datum
npcsim_edit_item_types(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	char	  *name;
	WorldLock *lock;

	edit_begin(&edit, fcinfo);
	lock = edited_world(&edit, &name);
	edit_touch(lock);
	if (edit.kind == EDIT_INSERT)
		refuse_duplicate(&item_type_now, lock->world_id, name, "item");
	else if (!row_is_as_read(&edit, &item_type_now, lock->world_id, name))
		return PointerGetDatum(NULL);
	if (edit.kind == EDIT_DELETE)
	{
		refuse_used(&item_type_used, lock->world_id, name, "There are items of it.",
					psprintf("Remove them first: DELETE FROM npcsim.world_items WHERE world_id = %lld AND "
							 "item_type = %s;",
							 (long long) lock->world_id, quote_literal_cstr(name)));
		refuse_used(&item_type_awaited, lock->world_id, name, "Items of it were used up and will come back.",
					"Remove them when they are back. Those of a type without \"respawn\" in its components "
					"do not come "
					"back.");
		item_type_delete(lock, name);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_renaming(&edit, "item");
	edit_groups(&edit, item_type_columns, lengthof(item_type_columns));
	item_type_define(lock, name, DatumGetJsonbP(edit_value(&edit, "components")),
					 text_written(&edit, "description", ""));
	if (!edit_writes(&edit, "description"))
		edit_show(&edit, "description", CStringGetTextDatum(text_written(&edit, "description", "")));
	return edit_end(&edit);
}

/* ---- types of interactions ---- */

typedef struct InteractionDefinition
{
	char  *name;
	char  *description;
	char  *target;
	char  *component; /* NULL = none */
	Jsonb *need_rates;
	Jsonb *need_deltas;
	bool   lasts; /* has a duration */
	double duration;
	bool   needs_adjacency;
	bool   locks_movement;
	bool   moves_onto_item;
	int32  min_participants;
	int32  max_participants;
	Jsonb *parameters;
} InteractionDefinition;

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

/* What makes no sense together. */
static void
check_terms(const InteractionDefinition *definition)
{
	bool with_npcs = strcmp(definition->target, "npc") == 0;
	bool consumes = definition->component != NULL && strcmp(definition->component, "consumable") == 0;

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
	if (consumes && (definition->lasts || definition->max_participants > 1))
		refuse_definition("What is consumed has its own time and one who consumes it.",
						  "Leave \"duration\" NULL and \"max_participants\" 1.");
}

static void
check_definition(const InteractionDefinition *definition)
{
	InteractionKind kind = {0};

	check_kind_name(definition->name, "interaction");
	check_description(definition->description);
	check_word(definition->target, "target", targets);
	if (definition->component != NULL)
		check_word(definition->component, "component", components);
	if (definition->lasts)
	{
		check_float8(definition->duration, "duration", (double) DURATION_MIN / SIM_SECOND,
					 (double) DURATION_MAX / SIM_SECOND, "s");
		kind.duration = (int64) rint(definition->duration * SIM_SECOND);
	}
	check_participants(definition->min_participants, "min_participants");
	check_participants(definition->max_participants, "max_participants");
	check_object(definition->parameters, "parameters");
	interaction_kind_from_jsonb(definition->need_rates, definition->need_deltas, definition->parameters,
								&kind);
	check_terms(definition);
}

static void
note_definition(WorldLock *lock, const InteractionDefinition *definition)
{
	input_begin(lock, "define_interaction_type");
	input_text("name", definition->name);
	input_text("description", definition->description);
	input_text("target", definition->target);
	input_text("component", definition->component);
	input_jsonb("need_rates", definition->need_rates);
	input_jsonb("need_deltas", definition->need_deltas);
	input_number("duration", definition->lasts ? (int64) rint(definition->duration * SIM_SECOND) : 0);
	input_flag("needs_adjacency", definition->needs_adjacency);
	input_flag("locks_movement", definition->locks_movement);
	input_flag("moves_onto_item", definition->moves_onto_item);
	input_number("min_participants", definition->min_participants);
	input_number("max_participants", definition->max_participants);
	input_jsonb("parameters", definition->parameters);
	input_end();
}

static void
define_interaction_type(WorldLock *lock, const InteractionDefinition *definition)
{
	char nulls[15] = "              ";

	check_definition(definition);
	leave_image(lock);
	if (definition->component == NULL)
		nulls[4] = 'n';
	if (!definition->lasts)
		nulls[7] = 'n';
	spi_begin();
	spi_run(&upsert_interaction_type,
			(Datum[]) {Int64GetDatum(lock->world_id), CStringGetTextDatum(definition->name),
					   CStringGetTextDatum(definition->description), CStringGetTextDatum(definition->target),
					   definition->component != NULL ? CStringGetTextDatum(definition->component) : (Datum) 0,
					   JsonbPGetDatum(definition->need_rates), JsonbPGetDatum(definition->need_deltas),
					   Int64GetDatum(definition->lasts ? (int64) rint(definition->duration * SIM_SECOND) : 0),
					   BoolGetDatum(definition->needs_adjacency), BoolGetDatum(definition->locks_movement),
					   BoolGetDatum(definition->moves_onto_item), Int32GetDatum(definition->min_participants),
					   Int32GetDatum(definition->max_participants), JsonbPGetDatum(definition->parameters)},
			nulls, SPI_OK_INSERT);
	spi_end();
	world_changed(lock, CHANGE_INTERACTION_TYPES, 0);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer */
	note_definition(lock, definition);
}

void
interaction_type_delete(WorldLock *lock, const char *name)
{
	delete_kind(&delete_interaction_type, lock, CHANGE_INTERACTION_TYPES, "delete_interaction_type", name);
	world_changed(lock, CHANGE_ITEM_TYPES, 0); /* what items offer */
}

void
interaction_type_define_again(WorldLock *lock, Jsonb *payload)
{
	int64				  duration = input_get_number(payload, "duration", 0, DURATION_MAX);
	InteractionDefinition definition =
		{.name = input_get_text(payload, "name"),
		 .description = input_get_text(payload, "description"),
		 .target = input_get_text(payload, "target"),
		 .component = input_get_text(payload, "component"),
		 .need_rates = input_get_jsonb(payload, "need_rates"),
		 .need_deltas = input_get_jsonb(payload, "need_deltas"),
		 .lasts = duration > 0,
		 .duration = (double) duration / SIM_SECOND,
		 .needs_adjacency = input_get_flag(payload, "needs_adjacency"),
		 .locks_movement = input_get_flag(payload, "locks_movement"),
		 .moves_onto_item = input_get_flag(payload, "moves_onto_item"),
		 .min_participants = (int32) input_get_number(payload, "min_participants", 1, PARTICIPANTS_MAX),
		 .max_participants = (int32) input_get_number(payload, "max_participants", 1, PARTICIPANTS_MAX),
		 .parameters = input_get_jsonb(payload, "parameters")};

	define_interaction_type(lock, &definition);
}

/* What an interaction is with stays. */
static void
refuse_other_target(WorldLock *lock, const InteractionDefinition *definition)
{
	World				  *world = world_image(lock);
	const InteractionKind *kind = world_interaction_kind(world, definition->name);

	if (kind != NULL && strcmp(interaction_target_name(kind->target), definition->target) != 0)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("an interaction type keeps its target"),
				errdetail("\"%s\" is with \"%s\".", kind->name, interaction_target_name(kind->target)),
				errhint("Define a type of another name."));
}

/*
 * define_interaction_type(world_id, name, description, target, component, need_rates, need_deltas, duration,
 * needs_adjacency, locks_movement, moves_onto_item, min_participants, max_participants, parameters): new or changed
 */
Datum
npcsim_define_interaction_type(PG_FUNCTION_ARGS)
{
	int64				  world_id = arg_id(fcinfo, 0, "world_id");
	InteractionDefinition definition = {.name = arg_text(fcinfo, 1, "name", KIND_NAME_SIZE - 1)};
	WorldLock			 *lock;

	arg_not_null(fcinfo, 2, "description");
	definition.description = text_to_cstring(PG_GETARG_TEXT_PP(2));
	definition.target = arg_word(fcinfo, 3, "target", targets);
	definition.component = PG_ARGISNULL(4) ? NULL : arg_word(fcinfo, 4, "component", components);
	definition.need_rates = arg_object(fcinfo, 5, "need_rates");
	definition.need_deltas = arg_object(fcinfo, 6, "need_deltas");
	definition.lasts = !PG_ARGISNULL(7);
	definition.duration = definition.lasts ? PG_GETARG_FLOAT8(7) : 0;
	definition.needs_adjacency = arg_bool(fcinfo, 8, "needs_adjacency");
	definition.locks_movement = arg_bool(fcinfo, 9, "locks_movement");
	definition.moves_onto_item = arg_bool(fcinfo, 10, "moves_onto_item");
	definition.min_participants = arg_int32(fcinfo, 11, "min_participants", 1, PARTICIPANTS_MAX);
	definition.max_participants = arg_int32(fcinfo, 12, "max_participants", 1, PARTICIPANTS_MAX);
	definition.parameters = arg_object(fcinfo, 13, "parameters");
	lock = world_lock(world_id, WORLD_WAIT);
	refuse_other_target(lock, &definition);
	define_interaction_type(lock, &definition);
	world_flush(lock);
	PG_RETURN_VOID();
}

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

static InteractionDefinition
definition_written(const Edit *edit, char *name)
{
	bool				  isnull;
	Datum				  duration = edit_new(edit, "duration", &isnull);
	InteractionDefinition definition = {.name = name,
										.description = text_written(edit, "description", ""),
										.target = text_written(edit, "target", "item"),
										.component = text_written(edit, "component", NULL),
										.need_rates = object_written(edit, "need_rates"),
										.need_deltas = object_written(edit, "need_deltas"),
										.lasts = !isnull,
										.duration = isnull ? 0 : DatumGetFloat8(duration),
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
	edit_show(edit, "uses_up_item",
			  BoolGetDatum(definition->component != NULL &&
						   strcmp(definition->component, "consumable") == 0));
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
	lock = edited_world(&edit, &name);
	edit_touch(lock);
	if (edit.kind == EDIT_INSERT)
		refuse_duplicate(&interaction_type_now, lock->world_id, name, "interaction");
	else if (!row_is_as_read(&edit, &interaction_type_now, lock->world_id, name))
		return PointerGetDatum(NULL);
	if (edit.kind == EDIT_DELETE)
	{
		refuse_used(&interaction_type_used, lock->world_id, name,
					"NPCs are in such an interaction, or are asked to be.", "Try again when none is.");
		interaction_type_delete(lock, name);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_renaming(&edit, "interaction");
	edit_groups(&edit, interaction_type_columns, lengthof(interaction_type_columns));
	definition = definition_written(&edit, name);
	if (edit.kind == EDIT_UPDATE)
		refuse_other_target(lock, &definition);
	define_interaction_type(lock, &definition);
	show_definition(&edit, &definition);
	return edit_end(&edit);
}
