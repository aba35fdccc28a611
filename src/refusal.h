/*
 * refusal.h
 *	  A refusal, which says as a value why something is not done.
 *
 * A function that may refuse returns one: NOT_REFUSED if it was done; else nothing was changed.
 */
#ifndef NPCSIM_REFUSAL_H
#define NPCSIM_REFUSAL_H

#include "postgres.h"

typedef struct Refusal
{
	int sqlerrcode;
	/* A static or palloc'd sentence; NULL = nothing is refused. */
	const char *message;
	const char *detail;		 /* or NULL */
	const char *hint;		 /* or NULL */
	bool		retry;		 /* the same may succeed later */
	double		retry_after; /* seconds; 0 = it is not known */
} Refusal;

#define NOT_REFUSED ((Refusal) {0})

static inline Refusal
refuse(int sqlerrcode, const char *message)
{
	return (Refusal) {.sqlerrcode = sqlerrcode, .message = message};
}

static inline bool
is_refused(Refusal refusal)
{
	return refusal.message != NULL;
}

#endif /* NPCSIM_REFUSAL_H */
