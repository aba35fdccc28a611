/*
 * roles.h
 *	  Converts sets of roles to the words for them, and back.
 */
#ifndef NPCSIM_REDUCERS_ROLES_H
#define NPCSIM_REDUCERS_ROLES_H

#include "postgres.h"

#include "reducer.h"

extern Role		   role_named(const char *name);
extern const char *role_name(Role role);

/* Return the roles for a client_reducers.minimum_role, and the other way round. */
extern Roles	   roles_from(const char *minimum_role);
extern const char *minimum_role_of(Roles roles);

static inline bool
roles_have(Roles roles, Role role)
{
	return (roles & ((Roles) 1 << role)) != 0;
}

#endif /* NPCSIM_REDUCERS_ROLES_H */
