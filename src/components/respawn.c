/*
 * respawn.c
 *	  What comes back after it was used up: {"after": s}.
 */
#include "postgres.h"

#include "components/components.h"

#define RESPAWN_AFTER_MIN INT64_C(1000)
#define RESPAWN_AFTER_MAX (365 * 86400 * SIM_SECOND)

typedef struct Respawning
{
	int64 after;
} Respawning;

static void
parse(const KindJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	Respawning	  *respawning = own;
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "after") == 0)
			respawning->after =
				kind_json_millionths(json, &member, name, RESPAWN_AFTER_MIN, RESPAWN_AFTER_MAX);
		else
			kind_json_refuse(json, psprintf("A respawn has no \"%s\".", name));
	}
	if (respawning->after == 0)
		kind_json_refuse(json, "A respawn needs an \"after\" in seconds.");
}

static const char *
flaw(const ItemKind *kind)
{
	return item_whole_time(kind) == 0 ? "Only a consumable is used up and can respawn." : NULL;
}

const Component respawn_component = {
	.item = {.name = "respawn"},
	.example = "{\"after\":30}",
	.own_size = sizeof(Respawning),
	.parse = parse,
	.flaw = flaw,
};
