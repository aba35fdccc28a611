/*
 * interactions.h
 *	  Ongoing interactions, as rows: interaction_runs.
 */
#ifndef NPCSIM_TABLES_INTERACTIONS_H
#define NPCSIM_TABLES_INTERACTIONS_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "sim/types.h"
#include "tables/npcs.h"

/* The last so many acts of an interaction are kept. */
#define ACTS_KEPT 10

typedef struct Participant
{
	int64 npc_id;
	int64 acted_at; /* -1 = not yet */
} Participant;

typedef struct Interaction
{
	int64				   id;
	int16				   number; /* of its type */
	const InteractionType *type;
	int64				   initiator_id; /* may have left */
	int64				   target_id;
	int64				   started_at;
	int64				   share_at_start;
	Participant			   participants[PARTICIPANTS_MAX]; /* in the order in which they came */
	int					   participant_count;
	JsonList			  *acts;		/* the last ACTS_KEPT; NULL = none yet */
	int64				   act_count;	/* in all, including those not kept */
	int64				   last_act_at; /* of the kept acts; -1 = there was none */
	int64				   revision;
	/* private to the engine */
	ItemPointerData row; /* place of its row; invalid if not known */
	bool			born;
	bool			dirty;
	int				dirty_place; /* in the list of what is to be written, if it is dirty */
} Interaction;

/* Describes the table. Whoever loads rows finds the type by its number. */
extern RowType interaction_rows;

#endif /* NPCSIM_TABLES_INTERACTIONS_H */
