/*
 * shown_rows.h
 *	  Items, interactions and players as clients see them.
 *
 * What is seen of each is one list (shown_rows.c): a line has what clients call it, where it comes from and what kind of value
 * it is. It is not what the engine keeps of them: types are shown by their names, players with the number of their NPCs.
 */
#ifndef NPCSIM_TABLES_SHOWN_ROWS_H
#define NPCSIM_TABLES_SHOWN_ROWS_H

#include "postgres.h"

#include "lib/stringinfo.h"

typedef enum ShownFamily
{
	SHOWN_ITEMS,
	SHOWN_INTERACTIONS,
	SHOWN_PLAYERS,
	SHOWN_FAMILY_COUNT
} ShownFamily;

/*
 * Writes those of a world by ids, ascending, or all of them in order of id (NULL): a JSON array of objects. found[i] is set
 * for each of the ids that there is. By the caller's snapshot; SPI must be connected.
 */
extern void shown_rows_write(StringInfo out, ShownFamily family, int64 world_id, const int64 *ids, int count,
							 bool *found);

#endif /* NPCSIM_TABLES_SHOWN_ROWS_H */
