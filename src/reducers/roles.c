/*
 * roles.c
 *	  Converts sets of roles to the words for them, and back.
 */
#include "postgres.h"

#include "reducers/roles.h"

static const struct
{
	const char *name;
	Roles		from; /* that is meant if it is the minimum */
} roles[] = {
	[ROLE_SPECTATOR] = {"spectator", ROLES_ALL},
	[ROLE_PLAYER] = {"player", ROLES_PLAYERS},
	[ROLE_OPERATOR] = {"operator", ROLES_OPERATORS},
};

StaticAssertDecl(lengthof(roles) == ROLE_OPERATOR + 1, "every role has its words");

Role
role_named(const char *name)
{
	for (int role = 0; role < (int) lengthof(roles); role++)
		if (strcmp(roles[role].name, name) == 0)
			return (Role) role;
	elog(ERROR, "there is no role \"%s\"", name);
}

const char *
role_name(Role role)
{
	return roles[role].name;
}

Roles
roles_from(const char *minimum_role)
{
	return roles[role_named(minimum_role)].from;
}

const char *
minimum_role_of(Roles set)
{
	for (int role = 0; role < (int) lengthof(roles); role++)
		if (roles[role].from == set)
			return roles[role].name;
	elog(ERROR, "no minimum stands for the roles %u", set);
}
