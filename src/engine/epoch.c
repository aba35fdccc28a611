/*
 * epoch.c
 *	  The identity of this database, to which worlds belong, and the epoch under which they are told of.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"

#include "engine/lock.h"
#include "errors.h"
#include "shmem.h"
#include "spi.h"
#include "tables/installation.h"

const char *
world_home(void)
{
	char		 *installation;
	MemoryContext caller = CurrentMemoryContext;

	spi_begin();
	installation = installation_id();
	if (installation == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("npcsim.installation has no row"),
				errhint("INSERT INTO npcsim.installation DEFAULT VALUES; then adopt_world(world_id) for each "
						"world that is this database's."));
	installation = MemoryContextStrdup(caller, installation);
	spi_end();
	return psprintf("%s/%llu/%u", installation, (unsigned long long) GetSystemIdentifier(), MyDatabaseId);
}

void
world_require_home(int64 world_id, const char *home)
{
	if (strcmp(home, world_home()) != 0)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_PARKED), errmsg("world %lld is parked", (long long) world_id),
				errdetail("It was restored or copied from another database."),
				errhint("SELECT npcsim.adopt_world(%lld); makes it this database's own; if it was running, "
						"it runs on.",
						(long long) world_id));
}

static char *
read_epoch(const char *home)
{
	MemoryContext caller = CurrentMemoryContext;
	char		 *epoch;

	spi_begin();
	epoch = epoch_row_read(home);
	if (epoch != NULL)
		epoch = MemoryContextStrdup(caller, epoch);
	spi_end();
	return epoch;
}

/*
 * Returns the epoch that begins when there is none. It is derived from what was drawn when the server
 * started, so that all backends name the same one before one that may write has begun it, and where none can
 * (on a standby, in a read-only transaction). It is long enough to be unique.
 */
static char *
coming_epoch(const char *home)
{
	return psprintf("%016llx", (unsigned long long) hash_bytes_extended((const unsigned char *) home,
																		(int) strlen(home), shmem_seed()));
}

const char *
world_epoch(void)
{
	const char *home = world_home();
	char	   *epoch = RecoveryInProgress() ? NULL : read_epoch(home);

	return epoch != NULL ? epoch : coming_epoch(home);
}

void
world_begin_epoch(void)
{
	const char *home = world_home();

	if (RecoveryInProgress() || read_epoch(home) != NULL)
		return;
	spi_begin();
	epoch_row_begin(coming_epoch(home), home);
	spi_end();
}
