/*
 * usable.c
 *	  The component usable: the item offers interactions that name no component. {"interactions": [name,
 *	  …]} Interactions that the world does not have are not offered.
 */
#include "postgres.h"

#include "components/components.h"

typedef struct Usable
{
	int	 count;
	char names[USABLE_MAX][TYPE_NAME_SIZE]; /* of interactions */
} Usable;

static void
read_names(const TypeJson *json, const JsonbValue *value, Usable *usable)
{
	JsonbContainer *array;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerIsScalar(value->val.binary.data))
		type_json_refuse(json, "\"interactions\" is not an array of names.");
	array = value->val.binary.data;
	if (JsonContainerSize(array) < 1 || JsonContainerSize(array) > USABLE_MAX)
		type_json_refuse(json, psprintf("\"interactions\" does not have 1 to %d names.", USABLE_MAX));
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);
		char	   *name;

		if (element->type != jbvString)
			type_json_refuse(json, "\"interactions\" is not an array of names.");
		name = pnstrdup(element->val.string.val, element->val.string.len);
		if (!type_name_valid(name))
			type_json_refuse(json, psprintf("\"%s\" is no name of an interaction.", name));
		for (int n = 0; n < usable->count; n++)
			if (strcmp(usable->names[n], name) == 0)
				type_json_refuse(json, psprintf("\"%s\" is named twice.", name));
		strlcpy(usable->names[usable->count++], name, TYPE_NAME_SIZE);
	}
}

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	Usable		  *usable = own;
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (type_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "interactions") != 0)
			type_json_refuse(json, psprintf("A usable has no \"%s\".", name));
		read_names(json, &member, usable);
	}
	if (usable->count == 0)
		type_json_refuse(json, "A usable needs \"interactions\", an array of names.");
}

static bool
offers(const ItemType *type, const ItemPart *part, const InteractionType *interaction)
{
	const Usable *usable = part->own;

	if (interaction->component != NULL)
		return false;
	for (int i = 0; i < usable->count; i++)
		if (strcmp(usable->names[i], interaction->name) == 0)
			return true;
	return false;
}

const Component usable_component = {
	.item = {.name = "usable", .offers = offers},
	.example = "{\"interactions\":[\"wash\"]}",
	.own_size = sizeof(Usable),
	.parse = parse,
};
