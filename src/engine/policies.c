/*
 * policies.c
 *	  The names of decision policies.
 */
#include "postgres.h"

#include "engine/image.h"

static const char *const policy_names[] = {
	[POLICY_OCCASIONS] = "occasions",
	[POLICY_INTERVAL] = "interval",
	[POLICY_NONE] = "none",
};
StaticAssertDecl(lengthof(policy_names) == POLICY_COUNT, "every policy has a name");

Policy
policy_by_name(const char *name)
{
	for (int i = 0; i < POLICY_COUNT; i++)
		if (strcmp(policy_names[i], name) == 0)
			return (Policy) i;
	elog(ERROR, "there is no decision policy \"%s\"", name);
}
