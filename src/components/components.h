/*
 * components.h
 *	  The list of components, which is what items can be made of: each has a line here and a file of its
 *	  name beside it, in which its Component is (tables/item_types.h says what that has).
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

/* Registers the components, before types of items are read. It is called when the library is loaded. */
extern void components_init(void);

#endif /* NPCSIM_COMPONENTS_H */
