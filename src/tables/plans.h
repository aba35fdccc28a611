/*
 * plans.h
 *	  What an NPC does next, by the will of its mind: column "plan" of npc_minds.
 *
 * The row holds it as the mind said it; in memory it is the actions, too, once they were read.
 */
#ifndef NPCSIM_TABLES_PLANS_H
#define NPCSIM_TABLES_PLANS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/actions.h"
#include "tables/row_type.h"

#define PLAN_ACTIONS_MAX 8

/* There is at least one step that is not done. It lies, as all that belongs to it, in the context it was made in. */
typedef struct MindPlan
{
	int		count; /* of its steps, at most PLAN_ACTIONS_MAX */
	int		done;  /* so many of them are behind it */
	Jsonb  *told;  /* array of all of them */
	Action *steps; /* the same, read; ACTION_NONE is what cannot be read. NULL = they were not read yet */
} MindPlan;

/* What a mind wants to be done: its words, and what they mean. */
typedef struct ToldPlan
{
	Jsonb *told; /* array of 'count' actions; NULL = none */
	int	   count;
	Action steps[PLAN_ACTIONS_MAX];
} ToldPlan;

/* Copies of actions with all that belongs to them, in one piece of memory. */
extern Action *actions_copy(const Action *actions, int count, MemoryContext context);

extern MindPlan *plan_make(const ToldPlan *told, MemoryContext context);
extern void		 plan_keep_steps(MindPlan *plan, const Action *steps, MemoryContext context);
/* The first step that is not done, as it was told. */
extern Jsonb *plan_next_told(const MindPlan *plan);
/* It is done, or dropped; with the last one the plan is gone. */
extern void plan_drop_next(MindPlan **plan);
extern void plan_clear(MindPlan **plan);

/* Of a member that is a MindPlan *; NULL = []. */
extern void plan_take(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull);
extern void plan_put(RowBuilder *row, void *thing, const RowColumn *column, void *arg);

#endif /* NPCSIM_TABLES_PLANS_H */
