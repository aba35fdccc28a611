/*
 * inputs.h
 *	  What comes from outside, as a row of world_inputs: built member by member.
 *
 *		input_begin(lock, "create_npc");
 *		input_id("npc_id", npc->id);
 *		input_text("name", name);
 *		input_end();
 *
 * One at a time; what an error leaves half-built is forgotten by the next input_begin().
 */
#ifndef NPCSIM_INPUTS_H
#define NPCSIM_INPUTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"

/* 'kind' is the name of the function or operation; it must outlive input_end(). */
extern void input_begin(WorldLock *lock, const char *kind);
extern void input_number(const char *member, int64 value);
extern void input_id(const char *member, int64 id); /* 0 is written as null */
extern void input_flag(const char *member, bool value);
extern void input_text(const char *member, const char *value);
extern void input_texts(const char *member, char *const *values, int count);
extern void input_ids(const char *member, const int64 *ids, int count); /* or counts */
extern void input_jsonb(const char *member, Jsonb *value);
extern void input_members(Jsonb *object); /* all of them */
extern void input_end(void);

/*
 * The members of an input that was stored, in the current memory context; XX001 when there is none of that kind.
 */
extern int64  input_get_number(Jsonb *payload, const char *member, int64 low, int64 high);
extern int64  input_get_id(Jsonb *payload, const char *member); /* null is 0 */
extern bool	  input_has(Jsonb *payload, const char *member);
extern bool	  input_get_flag(Jsonb *payload, const char *member);
extern char	 *input_get_text(Jsonb *payload, const char *member); /* null is NULL */
extern char **input_get_texts(Jsonb *payload, const char *member, int *count);
extern int64 *input_get_ids(Jsonb *payload, const char *member, int *count);
extern int64 *input_get_counts(Jsonb *payload, const char *member, int *count); /* each 0 or more */
extern Jsonb *input_get_jsonb(Jsonb *payload, const char *member);				/* NULL when it is absent */

#endif /* NPCSIM_INPUTS_H */
