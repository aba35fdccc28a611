/*
 * components.h
 *	  Everything that items can be made of: a line here, and a file of that name beside it, in which the Component is
 *	  (tables/item_types.h says what it has).
 */
#ifndef NPCSIM_COMPONENTS_H
#define NPCSIM_COMPONENTS_H

#include "tables/item_types.h"

/* clang-format off */
#define COMPONENTS(component) \
	component(consumable) \
	component(sittable) \
	component(need_modifying) \
	component(usable) \
	component(respawn)
/* clang-format on */

#define COMPONENT_DECLARED(name) extern const Component name##_component;
COMPONENTS(COMPONENT_DECLARED)

/* When the library is loaded: from then on kinds of items are read. */
extern void components_init(void);

#endif /* NPCSIM_COMPONENTS_H */
