/*
 * call_args.h
 *	  What the functions behind call_reducer() are given.
 */
#ifndef NPCSIM_REDUCERS_CALL_ARGS_H
#define NPCSIM_REDUCERS_CALL_ARGS_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct Caller
{
	int64 player_id; /* 0 = spectator */
	int64 world_id;	 /* 0 for a spectator */
	char *role;
	char *username; /* NULL for a spectator */
} Caller;

/* A number that must be there and within its range; whole ones are asked for by 'whole'. */
extern double call_number(Jsonb *args, const char *name, double low, double high, bool whole);
/* A text that must be there, of 1 to so many characters. */
extern char *call_text(Jsonb *args, const char *name, int max_chars);

#endif /* NPCSIM_REDUCERS_CALL_ARGS_H */
