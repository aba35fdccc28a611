/*
 * authenticate.h
 *	  What is said to who has no token, or none that counts.
 */
#ifndef NPCSIM_REDUCERS_AUTHENTICATE_H
#define NPCSIM_REDUCERS_AUTHENTICATE_H

#include "postgres.h"

#include "compat.h"

/* NS401 */
pg_noreturn extern void refuse_token(const char *detail);

#endif /* NPCSIM_REDUCERS_AUTHENTICATE_H */
