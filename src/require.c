/*
 * require.c
 *	  Checks what must be in place before the worlds of a database can run: the library is preloaded in
 *	  the extension's version, and workers have a role with the rights they need.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "errors.h"
#include "guc.h"
#include "require.h"
#include "shmem.h"
#include "version.h"

/* Returns the version of the extension in this database; NULL = it is not installed. */
static char *
installed_version(void)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("npcsim"));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool  isnull;
		Datum value = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation), &isnull);

		if (!isnull)
			version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return version;
}

static bool
role_can_login(Oid role)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool	  can;

	if (!HeapTupleIsValid(tuple))
		return false;
	can = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	ReleaseSysCache(tuple);
	return can;
}

static bool
may_connect(Oid role)
{
	return DatumGetBool(DirectFunctionCall3(has_database_privilege_id_id, ObjectIdGetDatum(role),
											ObjectIdGetDatum(MyDatabaseId), CStringGetTextDatum("CONNECT")));
}

static bool
may_use_schema(Oid role, Oid schema)
{
	return DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id, ObjectIdGetDatum(role),
											ObjectIdGetDatum(schema), CStringGetTextDatum("USAGE")));
}

static Obstacle
obstacle(int sqlstate, char *message, char *detail, char *hint)
{
	Obstacle result = {.sqlstate = sqlstate, .message = message, .detail = detail, .hint = hint};

	return result;
}

/* Compares a version with this library's: < 0 if it is older, > 0 if it is newer. */
static int
version_compare(const char *version)
{
	int theirs[3] = {0};
	int ours[3] = {0};

	(void) sscanf(version, "%d.%d.%d", &theirs[0], &theirs[1], &theirs[2]);
	(void) sscanf(NPCSIM_VERSION, "%d.%d.%d", &ours[0], &ours[1], &ours[2]);
	for (int i = 0; i < 3; i++)
		if (theirs[i] != ours[i])
			return theirs[i] < ours[i] ? -1 : 1;
	return 0;
}

/* Returns an obstacle if the extension has another version than this library. */
static Obstacle
version_obstacle(void)
{
	char *version = installed_version();

	if (version == NULL || strcmp(version, NPCSIM_VERSION) == 0)
		return obstacle(0, NULL, NULL, NULL);
	return obstacle(
		ERRCODE_NS_NOT_PRELOADED,
		psprintf("the server runs npcsim %s, but the extension's version is %s", NPCSIM_VERSION, version),
		pstrdup("Workers serve a database, and its worlds can be changed, only when both are of the same "
				"version."),
		version_compare(version) < 0
			? pstrdup("ALTER EXTENSION npcsim UPDATE; then run roles.sql.")
			: psprintf("Restart the server, with npcsim %s installed, so that it loads that.", version));
}

Obstacle
worker_obstacle(void)
{
	static const char *const schemas[] = {"npcsim", "npcsim_internal"};

	Obstacle	found = version_obstacle();
	const char *name = guc_worker_role;
	Oid			postgis = get_extension_oid("postgis", true);
	Oid			role;

	if (!shmem_available())
		return obstacle(ERRCODE_NS_NOT_PRELOADED, pstrdup("npcsim is not preloaded"),
						pstrdup("Without it there are no workers that could run worlds."),
						pstrdup("Add npcsim to shared_preload_libraries and restart the server."));
	if (found.message != NULL)
		return found;
	if (name == NULL || name[0] == '\0')
		return obstacle(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, pstrdup("npcsim.worker_role is empty"),
						pstrdup("It names the role that the workers run as."),
						pstrdup("Set it to a role made by docs/roles.sql, for example npcsim_worker."));
	role = get_role_oid(name, true);
	if (!OidIsValid(role))
		return obstacle(
			ERRCODE_UNDEFINED_OBJECT,
			psprintf("role \"%s\", which the workers of npcsim run as, does not exist", name),
			pstrdup("The setting npcsim.worker_role names it."),
			pstrdup("Run docs/roles.sql in this database, or set npcsim.worker_role to another role."));
	if (!role_can_login(role))
		return obstacle(ERRCODE_INSUFFICIENT_PRIVILEGE,
						psprintf("role \"%s\", which the workers of npcsim run as, may not log in", name),
						pstrdup("The setting npcsim.worker_role names it."),
						psprintf("ALTER ROLE %s LOGIN; it needs no password.", quote_identifier(name)));
	if (!may_connect(role))
		return obstacle(
			ERRCODE_INSUFFICIENT_PRIVILEGE,
			psprintf("role \"%s\", which the workers of npcsim run as, may not connect to this database",
					 name),
			psprintf("It has no CONNECT on database \"%s\".", get_database_name(MyDatabaseId)),
			psprintf("GRANT CONNECT ON DATABASE %s TO %s;", quote_identifier(get_database_name(MyDatabaseId)),
					 quote_identifier(name)));
	for (int i = 0; i < (int) lengthof(schemas); i++)
	{
		Oid schema = get_namespace_oid(schemas[i], true);

		if (OidIsValid(schema) && !may_use_schema(role, schema))
			return obstacle(
				ERRCODE_INSUFFICIENT_PRIVILEGE,
				psprintf("role \"%s\", which the workers of npcsim run as, has no rights on schema %s", name,
						 schemas[i]),
				pstrdup("It has no USAGE on it."), pstrdup("Run docs/roles.sql in this database."));
	}
	if (OidIsValid(postgis) && !may_use_schema(role, compat_extension_schema(postgis)))
		return obstacle(
			ERRCODE_INSUFFICIENT_PRIVILEGE,
			psprintf(
				"role \"%s\", which the workers of npcsim run as, has no rights on the schema of PostGIS",
				name),
			pstrdup("It has no USAGE on it."), pstrdup("Run docs/roles.sql in this database."));
	return obstacle(0, NULL, NULL, NULL);
}

static void
require_none(Obstacle found)
{
	if (found.message == NULL)
		return;
	ereport(ERROR, errcode(found.sqlstate), errmsg("%s", found.message), errdetail("%s", found.detail),
			errhint("%s", found.hint));
}

void
worker_require(void)
{
	require_none(worker_obstacle());
}

/* Whether the versions were equal when last compared, and no function has changed since. */
static bool version_known = false;

static void
on_function_change(Datum arg, int cache, uint32 hash)
{
	version_known = false;
}

void
version_require(void)
{
	static bool registered = false;

	if (version_known)
		return;
	/* No cache tells of changes in the catalog of extensions, but every update changes functions. */
	if (!registered)
		CacheRegisterSyscacheCallback(PROCOID, on_function_change, (Datum) 0);
	registered = true;
	require_none(version_obstacle());
	version_known = true;
}
