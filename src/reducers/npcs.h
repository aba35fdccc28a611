/*
 * npcs.h
 *	  Edits of NPCs, for the view npcs as for the functions.
 *
 * Each function checks its arguments, changes the image at lock->now and stores the input; the caller
 * ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_NPCS_H
#define NPCSIM_REDUCERS_NPCS_H

#include "postgres.h"

#include "engine/world.h"

#define TRAITS_MAX		16
#define TRAIT_MAX_CHARS 50

/* Raises NS201. */
pg_noreturn extern void refuse_unknown_npc(int64 world_id, int64 npc_id);
/* Raises NS303, for clients: it is not the caller's. */
pg_noreturn extern void refuse_foreign_npc(int64 npc_id);
/* Raises NS201 if there is none. */
extern Npc *npc_require(World *world, int64 npc_id);

/* 'controller' 0 = nobody */
extern Npc *npc_create(World *world, const char *name, Cell cell, int64 controller, TextList traits);
extern void npc_remove(World *world, int64 npc_id);
/* Gives it to a player, or to nobody (0), as an operator does; and says whether the market leaves it where it is. */
extern void npc_assign(World *world, int64 npc_id, int64 player_id);
extern void npc_change_assigned(World *world, int64 npc_id, bool assigned);
extern void npc_rename(World *world, int64 npc_id, const char *name);
extern void npc_place(World *world, int64 npc_id, Cell cell);
extern void npc_change_need(World *world, int64 npc_id, Need need, int32 value); /* 0 .. NEED_MAX */
extern void npc_change_traits(World *world, int64 npc_id, TextList traits);
/* Changes a column that operators write (npc_edited_column()), within its limits. */
extern void npc_change_number(World *world, int64 npc_id, const RowColumn *column, int32 value);

#endif /* NPCSIM_REDUCERS_NPCS_H */
