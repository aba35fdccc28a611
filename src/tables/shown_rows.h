/*
 * shown_rows.h
 *	  Items, interactions and players, as rows that are shown to clients.
 *
 * Loading is by the caller's snapshot: of a world, those of some ids, or all of them in order of id (NULL). Rows of the last
 * statement are read one by one. SPI must be connected.
 */
#ifndef NPCSIM_TABLES_SHOWN_ROWS_H
#define NPCSIM_TABLES_SHOWN_ROWS_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct ShownItem
{
	int64  id;
	char  *type;
	int16  x;
	int16  y;
	int32  share_left;
	int64  occupied_by; /* 0 = nobody */
	Jsonb *properties;
} ShownItem;

extern uint64 shown_items_load(int64 world_id, const int64 *ids, int count);
extern void	  shown_item_read(uint64 row, ShownItem *item);

typedef struct ShownInteraction
{
	int64		 id;
	char		*type;
	char		*target_type;
	int64		 target_id;
	int64		 initiator_id;
	int64		 started_at; /* µs */
	int32		 share_at_start;
	const int64 *participants;
	int			 participant_count;
	int64		 act_count; /* -1 = there are no acts in it */
} ShownInteraction;

extern uint64 shown_interactions_load(int64 world_id, const int64 *ids, int count);
extern void	  shown_interaction_read(uint64 row, ShownInteraction *interaction);

typedef struct ShownPlayer
{
	int64 id;
	char *username;
	char *role;
	char *status;
	int64 controlled_npcs;
} ShownPlayer;

extern uint64 shown_players_load(int64 world_id, const int64 *ids, int count);
extern void	  shown_player_read(uint64 row, ShownPlayer *player);

#endif /* NPCSIM_TABLES_SHOWN_ROWS_H */
