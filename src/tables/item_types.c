/*
 * item_types.c
 *	  Reads and writes types of items as rows, and reads their components from jsonb into the ItemType of
 *	  the rules.
 *
 *	{"consumable": {…}, "respawn": {…}, …}
 *
 * Every component is optional; its file tells what is in its object.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "tables/item_types.h"
#include "tables/row_type.h"

PG_FUNCTION_INFO_V1(npcsim_item_components_valid);

static const RowColumn columns[] = {
	ROW_TEXT(ItemTypeRow, name, "name"),
	ROW_TEXT(ItemTypeRow, description, "description"),
	ROW_JSON(ItemTypeRow, components, "components"),
};

static RowType rows_described = {.table = "item_type_rows",
								 .columns = columns,
								 .column_count = lengthof(columns)};

const char *item_component_names[COMPONENTS_MAX + 1];

static const Component *const *components;
static int					   component_count;
static const Component		  *of_absent;

void
components_register(const Component *const *all)
{
	int count = 0;

	components = all;
	for (component_count = 0; all[component_count] != NULL; component_count++)
	{
		const Component *component = all[component_count];

		if (component->item.named)
			item_component_names[count++] = component->item.name;
		if (component->of_absent)
			of_absent = component;
	}
	item_component_names[count] = NULL;
}

static const Component *
component_by_name(const char *name)
{
	for (int i = 0; i < component_count; i++)
		if (strcmp(components[i]->item.name, name) == 0)
			return components[i];
	return NULL;
}

const ItemComponent *
item_component_by_name(const char *name)
{
	const Component *component = component_by_name(name);

	return component != NULL && component->item.named ? &component->item : NULL;
}

const Component *
component_of_absent(void)
{
	return of_absent;
}

static bool
is_timed(const ItemPart *part)
{
	const Component *component = part_component(part);

	return component->due != NULL && !component->of_absent;
}

const ItemPart *
item_timed_part(const ItemType *type)
{
	for (int i = 0; i < type->part_count; i++)
		if (is_timed(&type->parts[i]))
			return &type->parts[i];
	return NULL;
}

/* Returns what is read, for errors, with a hint of what components look like. */
static TypeJson
components_json(void)
{
	static char *hint = NULL;

	if (hint == NULL)
	{
		StringInfoData text;
		MemoryContext  before = MemoryContextSwitchTo(TopMemoryContext);

		initStringInfo(&text);
		appendStringInfoString(&text, "Components look like {");
		for (int i = 0; i < component_count; i++)
			appendStringInfo(&text, "%s\"%s\":%s", i > 0 ? ", " : "", components[i]->item.name,
							 components[i]->example);
		appendStringInfoString(&text, "}.");
		hint = text.data;
		MemoryContextSwitchTo(before);
	}
	return (TypeJson) {.message = "invalid components of an item type", .hint = hint};
}

static void
read_part(const TypeJson *json, const char *name, JsonbContainer *object, ItemPart *part)
{
	const Component *component = component_by_name(name);
	void			*own;

	if (component == NULL)
		type_json_refuse(json, psprintf("There is no component \"%s\".", name));
	own = component->own_size > 0 ? palloc0(component->own_size) : NULL;
	*part = (ItemPart) {.component = &component->item, .own = own};
	component->parse(json, object, part, own);
}

/*
 * Refuses components that do not go together. An item is due at one moment only, so one of them may change it
 * in time.
 */
static void
require_sound(const TypeJson *json, const ItemType *type)
{
	const ItemPart *timed = item_timed_part(type);

	for (int i = 0; i < type->part_count; i++)
	{
		const ItemPart	*part = &type->parts[i];
		const Component *component = part_component(part);
		const char		*flaw = component->flaw != NULL ? component->flaw(type) : NULL;

		if (flaw == NULL && part != timed && is_timed(part))
			flaw = psprintf("Either \"%s\" or \"%s\" can change it in time.", timed->component->name,
							part->component->name);
		if (flaw != NULL)
			type_json_refuse(json, flaw);
	}
}

void
item_type_from_jsonb(Jsonb *item_components, ItemType *type)
{
	TypeJson	   json = components_json();
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	ItemPart	  *parts;
	char		  *name;

	memset(type, 0, sizeof(*type));
	if (!JB_ROOT_IS_OBJECT(item_components))
		type_json_refuse(&json, "They are not an object.");
	/* Each member is another component, or is refused. */
	parts = palloc(sizeof(ItemPart) * Max(component_count, 1));
	type->parts = parts;
	while (type_json_next(&item_components->root, &iterator, &name, &member))
	{
		read_part(&json, name, type_json_object(&json, &member, name), &parts[type->part_count]);
		type->part_count++;
	}
	require_sound(&json, type);
}

ItemTypeRow *
item_type_rows_read(int64 world_id, int *count)
{
	return rows_select(&rows_described, world_id, sizeof(ItemTypeRow), count);
}

void
item_type_of_row(const ItemTypeRow *row, ItemType *type)
{
	item_type_from_jsonb(row->components, type);
	strlcpy(type->name, row->name, sizeof(type->name));
}

void
item_type_row_write(int64 world_id, const ItemTypeRow *type)
{
	ItemTypeRow row = *type;

	spi_begin();
	rows_upsert(&rows_described, world_id, (void *[]) {&row}, 1);
	spi_end();
}

static void *
copy_of(const void *what, size_t size, MemoryContext context)
{
	return size > 0 ? memcpy(MemoryContextAlloc(context, size), what, size) : NULL;
}

ItemType *
item_type_copy(const ItemType *type, MemoryContext context)
{
	ItemType *copy = copy_of(type, sizeof(ItemType), context);
	ItemPart *parts = copy_of(type->parts, sizeof(ItemPart) * type->part_count, context);

	for (int i = 0; i < type->part_count; i++)
		parts[i].own = copy_of(parts[i].own, part_component(&parts[i])->own_size, context);
	copy->parts = parts;
	return copy;
}

/* As the function of a CHECK constraint, returns true or raises an error that says what is wrong. */
Datum
npcsim_item_components_valid(PG_FUNCTION_ARGS)
{
	ItemType type;

	item_type_from_jsonb(PG_GETARG_JSONB_P(0), &type);
	PG_RETURN_BOOL(true);
}
