/*
 * consumable.c
 *	  The component consumable: an item is used up, little by little. {"consumption_time": s,
 *	  "need_deltas": {need: units, …}}
 *
 * The time and the deltas are those of a whole item; a delta below zero takes away. An NPC that stops
 * early leaves the rest.
 */
#include "postgres.h"

#include "components/components.h"
#include "engine/image.h"

#define CONSUMPTION_TIME_MIN INT64_C(1000) /* 1 ms, in µs */
#define CONSUMPTION_TIME_MAX (86400 * SIM_SECOND)

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	int32		   deltas[NEED_COUNT] = {0};
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (type_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "consumption_time") == 0)
			part->whole_time =
				type_json_millionths(json, &member, name, CONSUMPTION_TIME_MIN, CONSUMPTION_TIME_MAX);
		else if (strcmp(name, "need_deltas") == 0)
			type_json_needs(json, type_json_object(json, &member, name), name, deltas);
		else
			type_json_refuse(json, psprintf("A consumable has no \"%s\".", name));
	}
	if (part->whole_time == 0)
		type_json_refuse(json, "A consumable needs a \"consumption_time\" in seconds.");
	for (int i = 0; i < NEED_COUNT; i++)
		part->need_rate[i] = need_spread(deltas[i], part->whole_time);
}

static void
end(World *world, WorldItem *item, const ItemPart *part, const Interaction *interaction)
{
	if (interaction_consumes(interaction->type))
		item->share_left =
			consume_share_left(item->type, interaction->share_at_start, world->now - interaction->started_at);
}

const Component consumable_component = {
	.item = {.name = "consumable", .named = true, .uses_up = true},
	.example = "{\"consumption_time\":5,\"need_deltas\":{\"hunger\":25}}",
	.parse = parse,
	.end = end,
};
