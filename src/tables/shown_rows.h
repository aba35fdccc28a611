/*
 * shown_rows.h
 *	  Writes items, interactions and players as clients see them.
 *
 * What clients see of each is a list in shown_rows.c: a line has the name for clients, the expression
 * in SQL and the kind of value. It is not what the engine keeps: types are shown by their names, and
 * players with the number of their NPCs.
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
 * Writes a JSON array of objects: the rows of a world with these ids, which are ascending, or all rows by id
 * if ids is NULL. found[i] is set for each id that exists. It reads the caller's snapshot; SPI must be
 * connected.
 */
extern void shown_rows_write(StringInfo out, ShownFamily family, int64 world_id, const int64 *ids, int count,
							 bool *found);

#endif /* NPCSIM_TABLES_SHOWN_ROWS_H */
