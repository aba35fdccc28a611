/*
 * refusal.h
 *	  Why something is not done, as a value.
 *
 * Who may refuse returns one: NOT_REFUSED when it was done, else nothing was changed.
 */
#ifndef NPCSIM_REFUSAL_H
#define NPCSIM_REFUSAL_H

#include "postgres.h"

typedef struct Refusal
{
	int			sqlerrcode;
	const char *message;	 /* a static or palloc'd sentence; NULL = nothing is refused */
	const char *detail;		 /* or NULL */
	const char *hint;		 /* or NULL */
	bool		retry;		 /* the same may succeed later */
	double		retry_after; /* seconds; 0 = nobody knows */
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
