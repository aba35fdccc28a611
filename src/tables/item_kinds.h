/*
 * item_kinds.h
 *	  From the components of an item type, as jsonb, to the kind the rules know.
 */
#ifndef NPCSIM_ITEM_KINDS_H
#define NPCSIM_ITEM_KINDS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/kinds.h"

/*
 * Fills everything of the kind but its name and what it offers (item_kind_link()).  Raises 22023, with
 * the member at fault in the detail, when the components are none.
 */
extern void item_kind_from_jsonb(Jsonb *components, ItemKind *kind);

#endif /* NPCSIM_ITEM_KINDS_H */
