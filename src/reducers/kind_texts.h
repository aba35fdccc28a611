/*
 * kind_texts.h
 *	  What observations say of kinds of items and interactions, written once
 *	  for all the items of a kind.
 */
#ifndef NPCSIM_KIND_TEXTS_H
#define NPCSIM_KIND_TEXTS_H

#include "postgres.h"

#include "sim/kinds.h"

/* What all items of a type have in common, as text. */
typedef struct KindText
{
	ItemKind		kind;
	InteractionRule rule;
	char		   *type;	/* "item_type":"apple" */
	char		   *offers; /* "interactions":{…, up to the duration of a consumable */
	char		   *effect; /* "fills":[…],"drains":[…],"rates":{…} */
} KindText;

typedef struct InteractionText
{
	char *description; /* quoted; NULL = the world has no such interaction */
	bool  locks_movement;
} InteractionText;

#define RULE_COUNT (INTERACTION_SIT + 1)

typedef struct KindTexts
{
	InteractionText interactions[RULE_COUNT]; /* by InteractionRule */
	KindText	   *kinds;
	int				count;
} KindTexts;

/* Reads the kinds of a world. Between spi_begin and spi_end; memory of the SPI context. */
extern void read_kind_texts(int64 world_id, KindTexts *texts);

/* The kind with this name, a text. */
extern const KindText *find_kind_text(const KindTexts *texts, Datum name);

#endif /* NPCSIM_KIND_TEXTS_H */
