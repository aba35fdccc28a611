/*
 * scene_json.h
 *	  Parts of a scene as every way of telling it has them.
 */
#ifndef NPCSIM_SCENE_JSON_H
#define NPCSIM_SCENE_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/scene.h"

/* "needs":{…} */
extern void json_needs(StringInfo out, const Scene *scene, const NpcRow *row);
/* "position":{…} */
extern void json_position(StringInfo out, Cell cell);
/* To a tenth of a cell. */
extern void json_distance(StringInfo out, int32 squared);

#endif /* NPCSIM_SCENE_JSON_H */
