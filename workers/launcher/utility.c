/*
 * utility.c
 *	  The hook for utility commands that workers would be in the way of, or have to be told of.
 *
 * DROP DATABASE, CREATE DATABASE … TEMPLATE, ALTER DATABASE … RENAME and SET TABLESPACE fail while
 * somebody is connected to the database; DROP EXTENSION, DROP OWNED and ALTER EXTENSION would wait for
 * the locks of running ticks, and leave workers with plans and images of objects that are gone. So the
 * workers of that database are ended before the command runs, and kept away until its transaction
 * ends; a rollback brings them back like a commit does.
 *
 * This is done only for users who own the object of the command: nobody else may stop worlds, even for
 * a moment, with a command that will be refused. CREATE EXTENSION npcsim is announced to the launcher
 * at commit, and so are changes of roles and rights, which may be what a database lacked.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "launcher.h"
#include "shmem.h"
#include "worker_pool.h"

static ProcessUtility_hook_type next_process_utility = NULL;

/* The state of the present transaction. */
static bool announce = false; /* the worlds of this database are to be looked for at commit */
static bool roles = false;	  /* roles or rights were changed */
/* Databases whose worlds may be gone after commit; in TopMemoryContext. */
static List *doomed = NIL;

/* npcsim is built upon these: dropped with CASCADE, they take npcsim along. */
static const char *const extensions[] = {"npcsim", "postgis"};

static Oid
extension_owner(const char *name)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return owner;
}

static bool
owns_extension(const char *name)
{
	Oid owner = extension_owner(name);

	return OidIsValid(owner) && has_privs_of_role(GetUserId(), owner);
}

static bool
owns_schema(Oid schema)
{
	HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid		  owner;

	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return has_privs_of_role(GetUserId(), owner);
}

static bool
owns_database(Oid database)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	Oid		  owner;

	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
	return has_privs_of_role(GetUserId(), owner);
}

static bool
is_ours(const char *extension)
{
	for (int i = 0; i < (int) lengthof(extensions); i++)
	{
		if (strcmp(extension, extensions[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a schema holds one of the extensions. */
static bool
holds_ours(Oid schema)
{
	for (int i = 0; i < (int) lengthof(extensions); i++)
	{
		Oid extension = get_extension_oid(extensions[i], true);

		if (OidIsValid(extension) && compat_extension_schema(extension) == schema)
			return true;
	}
	return schema == get_namespace_oid("npcsim", true);
}

static bool
drop_concerns_us(const DropStmt *drop)
{
	ListCell *cell;

	if (drop->removeType != OBJECT_EXTENSION && drop->removeType != OBJECT_SCHEMA)
		return false;
	foreach (cell, drop->objects)
	{
		const char *name = strVal(lfirst(cell));

		if (drop->removeType == OBJECT_EXTENSION)
		{
			if (is_ours(name) && (drop->behavior == DROP_CASCADE || strcmp(name, "npcsim") == 0) &&
				owns_extension(name))
				return true;
		}
		else if (drop->behavior == DROP_CASCADE)
		{
			Oid schema = get_namespace_oid(name, true);

			if (OidIsValid(schema) && holds_ours(schema) && owns_schema(schema))
				return true;
		}
	}
	return false;
}

/* Whether DROP OWNED is about the extension's owner. */
static bool
drop_owned_concerns_us(const DropOwnedStmt *drop)
{
	ListCell *cell;

	foreach (cell, drop->roles)
	{
		Oid role = get_rolespec_oid(lfirst(cell), true);

		if (!OidIsValid(role) || !has_privs_of_role(GetUserId(), role))
			continue;
		for (int i = 0; i < (int) lengthof(extensions); i++)
		{
			if (extension_owner(extensions[i]) == role)
				return true;
		}
	}
	return false;
}

static const char *
template_of(const CreatedbStmt *create)
{
	ListCell *cell;

	foreach (cell, create->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

static bool
moves_tablespace(const AlterDatabaseStmt *alter)
{
	ListCell *cell;

	foreach (cell, alter->options)
	{
		if (strcmp(((DefElem *) lfirst(cell))->defname, "tablespace") == 0)
			return true;
	}
	return false;
}

/* Keeps workers away from the database until the transaction ends. */
static void
keep_away(Oid database, bool worlds_may_go)
{
	if (worlds_may_go)
	{
		MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);

		doomed = list_append_unique_oid(doomed, database);
		MemoryContextSwitchTo(before);
	}
	pool_block(database);
}

static void
keep_away_from(const char *name, bool worlds_may_go)
{
	Oid database = name != NULL ? get_database_oid(name, true) : InvalidOid;

	if (OidIsValid(database) && owns_database(database))
		keep_away(database, worlds_may_go);
}

static void
prepare_for(Node *command)
{
	switch (nodeTag(command))
	{
		case T_DropdbStmt:
			keep_away_from(((DropdbStmt *) command)->dbname, true);
			break;
		case T_CreatedbStmt:
			keep_away_from(template_of((CreatedbStmt *) command), false);
			break;
		case T_RenameStmt:
			if (((RenameStmt *) command)->renameType == OBJECT_ROLE)
				roles = true;
			else if (((RenameStmt *) command)->renameType == OBJECT_DATABASE)
				keep_away_from(((RenameStmt *) command)->subname, false);
			break;
		case T_AlterDatabaseStmt:
			if (moves_tablespace((AlterDatabaseStmt *) command))
				keep_away_from(((AlterDatabaseStmt *) command)->dbname, false);
			break;
		case T_DropStmt:
			if (drop_concerns_us((DropStmt *) command))
				keep_away(MyDatabaseId, true);
			break;
		case T_DropOwnedStmt:
			if (drop_owned_concerns_us((DropOwnedStmt *) command))
				keep_away(MyDatabaseId, true);
			break;
		case T_AlterExtensionStmt:
		{
			const char *name = ((AlterExtensionStmt *) command)->extname;

			if (is_ours(name) && owns_extension(name))
				keep_away(MyDatabaseId, false);
			break;
		}
		case T_AlterExtensionContentsStmt:
		{
			const char *name = ((AlterExtensionContentsStmt *) command)->extname;

			if (is_ours(name) && owns_extension(name))
				keep_away(MyDatabaseId, false);
			break;
		}
		case T_CreateExtensionStmt:
			if (strcmp(((CreateExtensionStmt *) command)->extname, "npcsim") == 0)
				announce = true;
			break;
		case T_CreateRoleStmt:
		case T_AlterRoleStmt:
		case T_GrantStmt:
		case T_GrantRoleStmt:
			roles = true;
			break;
		default:
			break;
	}
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	ListCell *cell;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (event == XACT_EVENT_COMMIT)
	{
		/* Workers wrote the clocks before they ended, so nothing is lost if the worlds live on. */
		foreach (cell, doomed)
			shmem_forget_database(lfirst_oid(cell));
		if (announce)
			shmem_worlds_changed();
		if (roles)
			pool_look_at_troubled();
	}
	list_free(doomed);
	doomed = NIL;
	announce = false;
	roles = false;
	pool_unblock();
}

static void
process_utility(PlannedStmt *statement, const char *query, bool read_only_tree, ProcessUtilityContext context,
				ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *receiver,
				QueryCompletion *completion)
{
	static bool registered = false;

	if (shmem_available())
	{
		if (!registered)
		{
			RegisterXactCallback(on_transaction_end, NULL);
			registered = true;
		}
		/* Catalogs cannot be read in an aborted transaction, where only ROLLBACK can follow. */
		if (IsTransactionState())
			prepare_for(statement->utilityStmt);
	}
	if (next_process_utility)
		next_process_utility(statement, query, read_only_tree, context, parameters, environment, receiver,
							 completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, parameters, environment, receiver,
								completion);
}

void
utility_init(void)
{
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
