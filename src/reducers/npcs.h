/*
 * npcs.h
 *	  Edits of NPCs, for the functions and for the view npcs alike.
 *
 * Each checks what it is given, changes the image at lock->now and notes the input;
 * the caller ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_NPCS_H
#define NPCSIM_REDUCERS_NPCS_H

#include "postgres.h"

#include "engine/world.h"

#define TRAITS_MAX		16
#define TRAIT_MAX_CHARS 50

/* NS201 if there is none. */
extern Npc *npc_require(World *world, int64 npc_id);

/* traits may be NULL when there are none; controller 0 = nobody. */
extern Npc *npc_create(World *world, const char *name, Cell cell, int64 controller, char *const *traits,
					   int trait_count);
extern void npc_remove(World *world, Npc *npc);
extern void npc_assign(World *world, Npc *npc, int64 player_id);
extern void npc_rename(World *world, Npc *npc, const char *name);
extern void npc_place(World *world, Npc *npc, Cell cell);
extern void npc_change_need(World *world, Npc *npc, Need need, int32 value); /* 0 .. NEED_MAX */
extern void npc_change_traits(World *world, Npc *npc, char *const *traits, int count);
/* Asks its mind at once: the request's id, or 0 when no other mind is to be asked and the built-in one decided. */
extern int64 npc_ask(World *world, Npc *npc);

#endif /* NPCSIM_REDUCERS_NPCS_H */
