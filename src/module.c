/*
 * module.c
 *	  The entry of the library: it sets up settings, shared memory, launcher and hooks.
 *
 * Everything beyond the settings needs shared_preload_libraries. A library that a backend loads by
 * itself offers the functions, and says that worlds cannot run.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"

#include "components/components.h"
#include "engine/entities.h"
#include "guc.h"
#include "launcher.h"
#include "shmem.h"

PG_MODULE_MAGIC;

static shmem_request_hook_type next_shmem_request = NULL;
static shmem_startup_hook_type next_shmem_startup = NULL;

static void
request_memory(void)
{
	if (next_shmem_request)
		next_shmem_request();
	shmem_request();
}

static void
start_memory(void)
{
	if (next_shmem_startup)
		next_shmem_startup();
	shmem_startup();
}

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	guc_init();
	components_init();
	entities_init();
	if (!process_shared_preload_libraries_in_progress)
		return;

	next_shmem_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = start_memory;
	utility_init();
	/* During pg_upgrade no process of ours may be in the cluster. */
	if (!IsBinaryUpgrade)
		launcher_register();
}
