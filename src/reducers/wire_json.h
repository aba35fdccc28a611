/*
 * wire_json.h
 *	  Writes rows as clients get them: one object per NPC, item, interaction, player and type.
 */
#ifndef NPCSIM_WIRE_JSON_H
#define NPCSIM_WIRE_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/npc_rows.h"

/* Writes what clients are shown of an NPC's groups (NpcGroup). */
extern void json_npc(StringInfo out, const NpcRow *row, uint32 groups);

/*
 * The following write a JSON array of the rows of a world: all of them (ids NULL), or those of the ids that
 * exist, which are then marked in found[]. Called between spi_begin() and spi_end().
 */
extern void json_items(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found);
extern void json_interactions(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found);
extern void json_players(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found);
extern void json_item_types(StringInfo out, int64 world_id);
extern void json_interaction_types(StringInfo out, int64 world_id);
/*
 * Returns the blocked cells of a world, a bit for each, row by row; NULL if it has no terrain. They are valid
 * until the next statement.
 */
extern const uint8 *read_terrain(int64 world_id, int size_x, int size_y);

static inline bool
terrain_bit(const uint8 *bits, int64 index)
{
	return (bits[index >> 3] >> (index & 7)) & 1;
}

/* Writes {"blocked":[[x,y,length],…]}: horizontal runs, row by row. */
extern void json_terrain(StringInfo out, int64 world_id, int size_x, int size_y);

#endif /* NPCSIM_WIRE_JSON_H */
