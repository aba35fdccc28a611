/*
 * bids.h
 *	  Invitations that are not answered by everybody yet, as rows:
 *	  interaction_bid_rows.
 */
#ifndef NPCSIM_TABLES_BIDS_H
#define NPCSIM_TABLES_BIDS_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/jsonb.h"

#include "engine/due.h"
#include "sim/types.h"
#include "tables/row_type.h"

typedef enum Invitation /* stored in interaction_bid_rows.answers: append only */
{
	INVITATION_NEW, /* not put to the NPC yet */
	INVITATION_PUT, /* its mind was told */
	INVITATION_ACCEPTED,
	INVITATION_ACCEPTED_FOR /* by the built-in mind */
} Invitation;

typedef struct Bid
{
	int64				   id;
	int16				   number; /* of the interaction's kind */
	const InteractionType *type;
	int64				   bidder_id;
	int64				   target_id; /* an item, or the NPC it is with */
	int64				   invited[PARTICIPANTS_MAX];
	Invitation			   answers[PARTICIPANTS_MAX];
	int					   invited_count;
	Jsonb				  *act; /* with which the bidder begins, an object; NULL = nothing */
	int64				   made_at;
	int64				   due_at; /* when it is put, or until when it can be answered */
	int64 put_at; /* when it was last put to somebody; -1 = not yet, or by rules that do not ask */
	Due	  due;
	/* private to the engine */
	ItemPointerData row; /* where its present row is, invalid if not known */
	bool			born;
	bool			dirty;
	int				dirty_place; /* in World.dirty_bids, if it is dirty */
} Bid;

/* Their table, described. The kind is found by its number by whoever loads them. */
extern RowType bid_rows;

#endif /* NPCSIM_TABLES_BIDS_H */
