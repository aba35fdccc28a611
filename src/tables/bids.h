/*
 * bids.h
 *	  Bids (invitations to interact) that are not decided yet, as rows: interaction_bid_rows.
 */
#ifndef NPCSIM_TABLES_BIDS_H
#define NPCSIM_TABLES_BIDS_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/jsonb.h"

#include "engine/due.h"
#include "sim/types.h"
#include "tables/row_type.h"

/* The numbers are stored in interaction_bid_rows.answers: append only. */
typedef enum Invitation
{
	INVITATION_NEW, /* not put to the NPC yet */
	INVITATION_PUT, /* its mind was told */
	INVITATION_ACCEPTED,
	INVITATION_ACCEPTED_FOR /* by the built-in mind */
} Invitation;

typedef struct Bid
{
	int64				   id;
	int16				   number; /* of the interaction's type */
	const InteractionType *type;
	int64				   bidder_id;
	int64				   target_id; /* an item, or the NPC it is with */
	int64				   invited[PARTICIPANTS_MAX];
	Invitation			   answers[PARTICIPANTS_MAX];
	int					   invited_count;
	Jsonb				  *act; /* what the bidder begins with, an object; NULL = nothing */
	int64				   made_at;
	int64				   due_at; /* when it is put, or until when it can be answered */
	/* When it was last put to somebody; -1 = not yet, or by old rules that did not ask. */
	int64 put_at;
	Due	  due;
	/* private to the engine */
	ItemPointerData row; /* place of its row; invalid if not known */
	bool			born;
	bool			dirty;
	int				dirty_place; /* in the list of what is to be written, if it is dirty */
} Bid;

/* Describes the table. Whoever loads rows finds the type by its number. */
extern RowType bid_rows;

#endif /* NPCSIM_TABLES_BIDS_H */
