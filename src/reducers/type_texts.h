/*
 * type_texts.h
 *	  Texts about types of items and interactions for observations, written once for all items of a type.
 */
#ifndef NPCSIM_TYPE_TEXTS_H
#define NPCSIM_TYPE_TEXTS_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "sim/types.h"

/* The texts of an interaction type. */
typedef struct InteractionText
{
	const InteractionType *type;
	char				  *description; /* quoted */
	char				  *effect;		/* as in an offer; NULL: it depends on the item */
	/* ,"participants":[fewest,most], or nothing if one NPC takes part. */
	char *party;
	char *parameters; /* ,"parameters":{…}, or nothing if there are none */
} InteractionText;

/* The texts of an interaction that items of a type offer. */
typedef struct OfferText
{
	int	  interaction; /* index in TypeTexts.interactions */
	char *effect;	   /* "fills":[…],"drains":[…],"rates":{…} */
	char *offer;	   /* "consume":{"description":…, up to the duration */
} OfferText;

/* The texts that all items of a type share. */
typedef struct TypeText
{
	ItemType  item_type;
	char	 *type;				  /* "item_type":"apple" */
	OfferText offers[OFFERS_MAX]; /* by item_type.offers */
} TypeText;

typedef struct TypeTexts
{
	InteractionText *interactions; /* in order of number */
	int				 interaction_count;
	char			*npc_offers; /* "interactions":{…}, what NPCs offer */
	TypeText		*kinds;
	int				 count;
} TypeTexts;

/* Reads the types of a world. Called between spi_begin() and spi_end(), and results are in their memory. */
extern void read_type_texts(int64 world_id, TypeTexts *texts);

/* Returns the texts of an item type by its name, a text. */
extern const TypeText *find_type_text(const TypeTexts *texts, Datum name);

/* Returns the texts of an interaction type by its number; NULL if the world has none. */
extern const InteractionText *find_interaction_text(const TypeTexts *texts, int number);

/* Writes a duration in seconds, null if it has no end. */
extern void json_duration(StringInfo out, int64 duration);

#endif /* NPCSIM_TYPE_TEXTS_H */
