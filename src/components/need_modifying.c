/*
 * need_modifying.c
 *	  The component need_modifying: it fills or drains needs of NPCs that use the item, and offers nothing
 *	  by itself. {"need_rates": {need: units per s, …}}
 */
#include "postgres.h"

#include "components/rates.h"

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	read_rates(json, object, "A need_modifying", part);
}

const Component need_modifying_component = {
	.item = {.name = "need_modifying", .serves_uses = true},
	.example = "{\"need_rates\":{\"hygiene\":8}}",
	.parse = parse,
};
