/*
 * submit.h
 *	  What answers of minds, and their absence, do to NPCs: for those who submit them and for replays.
 *
 * Each changes the image at lock->now and notes the input; the caller ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_SUBMIT_H
#define NPCSIM_REDUCERS_SUBMIT_H

#include "postgres.h"

#include "engine/world.h"
#include "reducers/answers.h"

/*
 * Carries out the answer to the question of an NPC's mind. It takes npc_id, effect, flaw, tokens_valid, state_counter
 * and told_events of the answer, and leaves what became of it in status, sqlstate and reason.
 */
extern void answer_apply(World *world, Npc *npc, Answer *answer);

/* An answer that counts for nothing; the mind is told the message unless it is NULL. */
extern void answer_apply_refusal(World *world, Npc *npc, int told_events, const char *message);

/*
 * No answers will come: the requests are closed, and those who stand idle are decided for, all at once. 'known_events'
 * tells of how many of its events each mind knows, 'reasons' why it gave no answer (NULL: they are not told, as in
 * worlds of old), 'absent' which of them were not there to be asked.
 */
extern void decisions_fail(World *world, Npc **npcs, const int64 *known_events, char *const *reasons,
						   const bool *absent, int count);

#endif /* NPCSIM_REDUCERS_SUBMIT_H */
