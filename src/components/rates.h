/*
 * rates.h
 *	  What components have that give something and nothing else: {"need_rates": {need: units per s, …}}.
 */
#ifndef NPCSIM_COMPONENT_RATES_H
#define NPCSIM_COMPONENT_RATES_H

#include "components/components.h"

/* Into the part; 'a_component' begins the sentence that refuses other members. */
extern void read_rates(const TypeJson *json, JsonbContainer *object, const char *a_component, ItemPart *part);

#endif /* NPCSIM_COMPONENT_RATES_H */
