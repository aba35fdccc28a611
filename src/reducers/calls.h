/*
 * calls.h
 *	  What the functions behind call_reducer() are given.
 */
#ifndef NPCSIM_CALLS_H
#define NPCSIM_CALLS_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct Caller
{
	int64 player_id; /* 0 = spectator */
	int64 world_id;	 /* 0 for a spectator */
	char *role;
	char *username; /* NULL for a spectator */
} Caller;

/* Writes the value of its result, a JSON text. */
typedef void (*Reducer)(const Caller *caller, Jsonb *args, StringInfo value);

/* A number that must be there and within its range; whole ones are asked for by 'whole'. */
extern double call_number(Jsonb *args, const char *name, double low, double high, bool whole);
/* A text that must be there, of 1 to so many characters. */
extern char *call_text(Jsonb *args, const char *name, int max_chars);

/* messages.c */
extern void reduce_chat(const Caller *caller, Jsonb *args, StringInfo value);
extern void reduce_map_ping(const Caller *caller, Jsonb *args, StringInfo value);

#endif /* NPCSIM_CALLS_H */
