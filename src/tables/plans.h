/*
 * plans.h
 *	  The plan of a mind, which its NPC carries out: column "plan" of npc_minds.
 *
 * The row holds it as the mind told it; in memory it also has the actions, once they were read.
 */
#ifndef NPCSIM_TABLES_PLANS_H
#define NPCSIM_TABLES_PLANS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/actions.h"
#include "tables/row_type.h"

#define PLAN_ACTIONS_MAX 8

/*
 * A plan with at least one step that is not done. It and what it points to are in the context it was made in.
 */
typedef struct MindPlan
{
	int	   count; /* of its steps, at most PLAN_ACTIONS_MAX */
	int	   done;  /* the number of steps that are done */
	Jsonb *told;  /* an array of all steps, as told */
	/* All steps, read; ACTION_NONE is one that cannot be read. NULL = they were not read yet. */
	Action *steps;
} MindPlan;

/* The plan in a mind's answer: its words, and what they mean. */
typedef struct ToldPlan
{
	Jsonb *told; /* an array of 'count' actions; NULL = none */
	int	   count;
	Action steps[PLAN_ACTIONS_MAX];
} ToldPlan;

/* Returns copies of actions with all they point to, in one piece of memory. */
extern Action *actions_copy(const Action *actions, int count, MemoryContext context);

extern MindPlan *plan_make(const ToldPlan *told, MemoryContext context);
extern void		 plan_keep_steps(MindPlan *plan, const Action *steps, MemoryContext context);
/* Returns the first step that is not done, as it was told. */
extern Jsonb *plan_next_told(const MindPlan *plan);
/* Drops the next step; with the last one *plan becomes NULL. */
extern void plan_drop_next(MindPlan **plan);
extern void plan_clear(MindPlan **plan);

/* Read and write a member that is a MindPlan *; an empty array is NULL. */
extern void plan_take(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull);
extern void plan_put(RowBuilder *row, void *thing, const RowColumn *column, void *arg);

#endif /* NPCSIM_TABLES_PLANS_H */
