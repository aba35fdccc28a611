/*
 * scene_json.h
 *	  Writes those parts of a scene that the whole and the compact observation share.
 */
#ifndef NPCSIM_SCENE_JSON_H
#define NPCSIM_SCENE_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/scene.h"
#include "reducers/spending.h"

/* Writes "needs":{…}. */
extern void json_needs(StringInfo out, const Scene *scene, const NpcRow *row);
/* Writes "position":{…}. */
extern void json_position(StringInfo out, Cell cell);
/* Writes a distance to a tenth of a cell, from its square. */
extern void json_distance(StringInfo out, int32 squared);

/* Writes ,"budget":{…}, at most BUDGET_BYTES; nothing if there is no budget. */
#define BUDGET_BYTES 100
extern void json_budget(StringInfo out, const BudgetTold *budget);

#endif /* NPCSIM_SCENE_JSON_H */
