/*
 * sittable.c
 *	  The component sittable: NPCs can sit on the item. {"need_rates": {need: units per s, …}}
 */
#include "postgres.h"

#include "components/rates.h"

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	read_rates(json, object, "A sittable", part);
}

/*
 * In the reference game an item that can be both consumed and sat on offers one interaction only, and that is
 * to consume it.
 */
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
