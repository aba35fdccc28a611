/*
 * rates.h
 *	  Reads components that change needs and have no other member: {"need_rates": {need: units per s, …}}.
 */
#ifndef NPCSIM_COMPONENT_RATES_H
#define NPCSIM_COMPONENT_RATES_H

#include "components/components.h"

/* Reads the rates into the part; 'a_component' begins the sentence that refuses other members. */
extern void read_rates(const TypeJson *json, JsonbContainer *object, const char *a_component, ItemPart *part);

#endif /* NPCSIM_COMPONENT_RATES_H */
