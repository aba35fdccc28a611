/*
 * authenticate.h
 *	  The error for a token that is missing or invalid.
 */
#ifndef NPCSIM_REDUCERS_AUTHENTICATE_H
#define NPCSIM_REDUCERS_AUTHENTICATE_H

#include "postgres.h"

#include "compat.h"

/* Raises NS401. */
pg_noreturn extern void refuse_token(const char *detail);

#endif /* NPCSIM_REDUCERS_AUTHENTICATE_H */
