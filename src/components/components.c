/*
 * components.c
 *	  The table of components, which is what items can be made of.
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
