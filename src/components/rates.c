/*
 * rates.c
 *	  Reads components that change needs and have no other member.
 */
#include "postgres.h"

#include "components/rates.h"

void
read_rates(const TypeJson *json, JsonbContainer *object, const char *a_component, ItemPart *part)
{
	int32		   rates[NEED_COUNT] = {0};
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (type_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "need_rates") != 0)
			type_json_refuse(json, psprintf("%s has no \"%s\".", a_component, name));
		type_json_needs(json, type_json_object(json, &member, name), name, rates);
	}
	for (int i = 0; i < NEED_COUNT; i++)
		part->need_rate[i] = rates[i];
}
