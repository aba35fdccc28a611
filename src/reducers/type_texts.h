/*
 * type_texts.h
 *	  What observations say of kinds of items and interactions, written once
 *	  for all the items of a kind.
 */
#ifndef NPCSIM_TYPE_TEXTS_H
#define NPCSIM_TYPE_TEXTS_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "sim/types.h"

/* An interaction of the world. */
typedef struct InteractionText
{
	const InteractionType *type;
	char				  *description; /* quoted */
	char				  *effect;		/* as of an offer; NULL: it depends on the item */
	char				  *party;		/* ,"participants":[fewest,most], or nothing where it is one */
	char				  *parameters;	/* ,"parameters":{…}, or nothing where there are none */
} InteractionText;

/* An interaction that items of a type offer. */
typedef struct OfferText
{
	int	  interaction; /* index in TypeTexts.interactions */
	char *effect;	   /* "fills":[…],"drains":[…],"rates":{…} */
	char *offer;	   /* "consume":{"description":…, up to the duration */
} OfferText;

/* What all items of a type have in common. */
typedef struct TypeText
{
	ItemType  item_type;
	char	 *type;				  /* "item_type":"apple" */
	OfferText offers[OFFERS_MAX]; /* as kind.offers */
} TypeText;

typedef struct TypeTexts
{
	InteractionText *interactions; /* in order of number */
	int				 interaction_count;
	char			*npc_offers; /* "interactions":{…}: what can be done with any NPC */
	TypeText		*kinds;
	int				 count;
} TypeTexts;

/* Reads the kinds of a world. Between spi_begin and spi_end; memory of the SPI context. */
extern void read_type_texts(int64 world_id, TypeTexts *texts);

/* The kind with this name, a text. */
extern const TypeText *find_type_text(const TypeTexts *texts, Datum name);

/* The interaction with this number; NULL when the world has none. */
extern const InteractionText *find_interaction_text(const TypeTexts *texts, int number);

/* How long something lasts: seconds, or null for what does not end. */
extern void json_duration(StringInfo out, int64 duration);

#endif /* NPCSIM_TYPE_TEXTS_H */
