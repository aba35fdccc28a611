/*
 * explained.h
 *	  Reads why something happens, or does not, as SQL puts it together (sql/73_explained.sql).
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory: JSON texts; NULL if there is no such thing.
 */
#ifndef NPCSIM_TABLES_EXPLAINED_H
#define NPCSIM_TABLES_EXPLAINED_H

#include "postgres.h"

extern char *npc_explained(int64 world_id, int64 npc_id);
extern char *assignment_explained(int64 player_id);
/* 'player_id': what that player was told and answered alone; 0 = everybody. */
extern char *decision_explained(int64 world_id, int64 request_id, int64 player_id);

/* Fills in who decides for an NPC; 0 = the built-in mind. Returns false if there is no such NPC. */
extern bool npc_row_controller(int64 world_id, int64 npc_id, int64 *player_id);

#endif /* NPCSIM_TABLES_EXPLAINED_H */
