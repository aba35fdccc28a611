/*
 * sittable.c
 *	  What can be sat on: {"need_rates": {need: units per s, …}}.
 */
#include "postgres.h"

#include "components/rates.h"

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	read_rates(json, object, "A sittable", part);
}

/* The reference game puts one interaction on what can be both consumed and sat on, and it is food. */
static bool
offers(const ItemType *type, const ItemPart *part, const InteractionType *interaction)
{
	return interaction->component == part->component && item_whole_time(type) == 0;
}

const Component sittable_component = {
	.item = {.name = "sittable", .named = true, .offers = offers},
	.example = "{\"need_rates\":{\"energy\":10}}",
	.parse = parse,
};
