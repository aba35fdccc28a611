/*
 * npc_shown.h
 *	  Writes values of an NPC as clients get them, by their kinds: npc_show_KIND is what SHOWN(group,
 *	  KIND) in tables/npc_columns.h names.
 */
#ifndef NPCSIM_NPC_SHOWN_H
#define NPCSIM_NPC_SHOWN_H

#include "postgres.h"

#include "tables/row_type.h"

/* Write numbers: as they are; with 0 as null; millionths as seconds or units. */
extern void npc_show_number(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_id(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_seconds(StringInfo out, const void *thing, const RowColumn *column);
/* Writes a char *. */
extern void npc_show_text(StringInfo out, const void *thing, const RowColumn *column);

/* Write a value of an NpcRow, whatever the column. */
extern void npc_show_traits(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_state(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_decision(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_needs(StringInfo out, const void *thing, const RowColumn *column);
/*
 * "x" and "y" are the first cell of "path": where the NPC stands, or where its leg began at "departed_at".
 * From there it is one cell further along the path every 250 ms of the clock.
 */
extern void npc_show_x(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_y(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_path(StringInfo out, const void *thing, const RowColumn *column);
extern void npc_show_arrival(StringInfo out, const void *thing, const RowColumn *column);

#endif /* NPCSIM_NPC_SHOWN_H */
