/*
 * interactions.h
 *	  Interactions under way, as rows: interaction_runs.
 */
#ifndef NPCSIM_TABLES_INTERACTIONS_H
#define NPCSIM_TABLES_INTERACTIONS_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "sim/kinds.h"
#include "tables/npcs.h"

/* Acts of an interaction that are kept, the last ones. */
#define ACTS_KEPT 10

typedef struct Participant
{
	int64 npc_id;
	int64 acted_at; /* -1 = not yet */
} Participant;

typedef struct Interaction
{
	int64				   id;
	int16				   number; /* of its kind */
	const InteractionKind *kind;
	int64				   initiator_id; /* who began it; may have left */
	int64				   target_id;
	int64				   started_at;
	int64				   share_at_start;
	Participant			   participants[PARTICIPANTS_MAX]; /* in the order in which they came */
	int					   participant_count;
	JsonList			  *acts;		/* the last ACTS_KEPT; NULL = none yet */
	int64				   act_count;	/* of all */
	int64				   last_act_at; /* as its acts have it; -1 = there was none */
	int64				   revision;
	/* private to the engine */
	ItemPointerData row; /* where its present row is, invalid if not known */
	bool			born;
	bool			dirty;
	int				dirty_place; /* in World.dirty_interactions, if it is dirty */
} Interaction;

/* Loading; rows of the last statement are read one by one. ids NULL = all. SPI must be connected. */
extern uint64 interactions_load(int64 world_id, const int64 *ids, int count);
/* Lists go to 'context'; the kind is the caller's to find. */
extern void interaction_read(uint64 row, Interaction *interaction, MemoryContext context);

extern void interactions_insert(int64 world_id, Interaction **interactions, int count);
extern void interactions_write(int64 world_id, Interaction **interactions, int count);
extern void interactions_delete(int64 world_id, const int64 *ids, int count);

#endif /* NPCSIM_TABLES_INTERACTIONS_H */
