/*
 * kind_texts.h
 *	  What observations say of kinds of items and interactions, written once
 *	  for all the items of a kind.
 */
#ifndef NPCSIM_KIND_TEXTS_H
#define NPCSIM_KIND_TEXTS_H

#include "postgres.h"

#include "sim/kinds.h"

/* An interaction of the world. */
typedef struct InteractionText
{
	const InteractionKind *kind;
	char				  *description; /* quoted */
	char *terms; /* ,"participants":[…],"parameters":{…}, each only where there is something to say */
} InteractionText;

/* An interaction that items of a type offer. */
typedef struct OfferText
{
	int	  interaction; /* index in KindTexts.interactions */
	char *effect;	   /* "fills":[…],"drains":[…],"rates":{…} */
	char *offer;	   /* "consume":{"description":…, up to the duration */
} OfferText;

/* What all items of a type have in common. */
typedef struct KindText
{
	ItemKind  kind;
	char	 *type;				  /* "item_type":"apple" */
	OfferText offers[OFFERS_MAX]; /* as kind.offers */
} KindText;

typedef struct KindTexts
{
	InteractionText *interactions; /* in order of number */
	int				 interaction_count;
	KindText		*kinds;
	int				 count;
} KindTexts;

/* Reads the kinds of a world. Between spi_begin and spi_end; memory of the SPI context. */
extern void read_kind_texts(int64 world_id, KindTexts *texts);

/* The kind with this name, a text. */
extern const KindText *find_kind_text(const KindTexts *texts, Datum name);

/* The interaction with this number; NULL when the world has none. */
extern const InteractionText *find_interaction_text(const KindTexts *texts, int number);

#endif /* NPCSIM_KIND_TEXTS_H */
