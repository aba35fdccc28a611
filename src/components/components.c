/*
 * components.c
 *	  The table of what items can be made of, and what components have in common.
 */
#include "postgres.h"

#include "components/components.h"

#define COMPONENT_LISTED(name) &name##_component,

static const Component *const all[] = {COMPONENTS(COMPONENT_LISTED) NULL};

StaticAssertDecl(lengthof(all) <= COMPONENTS_MAX + 1, "all components have room");

void
components_init(void)
{
	components_register(all);
}

void
component_read_rates(const KindJson *json, JsonbContainer *object, const char *a_component, ItemPart *part)
{
	int32		   rates[NEED_COUNT] = {0};
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "need_rates") != 0)
			kind_json_refuse(json, psprintf("%s has no \"%s\".", a_component, name));
		kind_json_needs(json, kind_json_object(json, &member, name), name, rates);
	}
	for (int i = 0; i < NEED_COUNT; i++)
		part->need_rate[i] = rates[i];
}
