/*
 * persons.c
 *	  erase_person(person_id): names and tokens of a person are gone, and its accounts are nobody's.
 *
 * What the accounts did stays, under their ids: inputs replay, NPCs live on. Earlier versions wrote names into
 * inputs and events of chat and map pings; they are removed before any world is locked, since that reads whole histories.
 * The rows of a world that is parked are written as they are.
 */
#include "postgres.h"

#include "fmgr.h"

#include "engine/lock.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/persons.h"
#include "reducers/session_ends.h"
#include "require.h"
#include "spi.h"
#include "tables/persons.h"
#include "tables/players.h"

PG_FUNCTION_INFO_V1(npcsim_erase_person);

/* So many names are tried for an account; each but the first has a random number. */
#define NAMES_TRIED 20

pg_noreturn static void
refuse_unknown_person(int64 person_id)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_PERSON), errmsg("person %lld does not exist", (long long) person_id),
			errdetail("There is no person with this id, or its name was erased."),
			errhint("The ids are in npcsim.persons; create_player() without a person makes one."));
}

void
person_require(int64 person_id)
{
	if (!person_row_share(person_id))
		refuse_unknown_person(person_id);
}

/* Returns a name that says nothing of whoever had the account, and that nobody in the world has. */
static char *
anonymous_name(const PersonAccount *account)
{
	char *name = psprintf("erased %lld", (long long) account->player_id);

	for (int i = 1; i < NAMES_TRIED && player_row_named(account->world_id, name) != 0; i++)
	{
		uint32 number;

		if (!pg_strong_random(&number, sizeof(number)))
			ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random name"));
		name = psprintf("erased %lld %08x", (long long) account->player_id, number);
	}
	return name;
}

static void
erase_account(const PersonAccount *account)
{
	WorldLock *lock = account->at_home ? world_lock(account->world_id, WORLD_WAIT) : NULL;

	person_forget_account(account->player_id, anonymous_name(account));
	sessions_end_of_player(account->player_id, "banned");
	if (lock != NULL)
	{
		world_changed(lock, CHANGE_PLAYER, account->player_id);
		world_flush(lock);
	}
}

/* Returns the accounts, and their worlds and players as lists. */
static PersonAccount *
read_accounts(int64 person_id, int64 **worlds, int64 **players, int *count)
{
	PersonAccount *accounts = person_accounts(person_id, world_home(), count);

	*worlds = palloc(sizeof(int64) * Max(*count, 1));
	*players = palloc(sizeof(int64) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		(*worlds)[i] = accounts[i].world_id;
		(*players)[i] = accounts[i].player_id;
	}
	return accounts;
}

Datum
npcsim_erase_person(PG_FUNCTION_ARGS)
{
	int64		   person_id = arg_id(fcinfo, 0, "person_id");
	PersonAccount *accounts;
	int64		  *worlds;
	int64		  *players;
	int			   count;

	version_require();
	spi_begin();
	accounts = read_accounts(person_id, &worlds, &players, &count);
	person_scrub(worlds, players, count);
	/* Worlds are locked before persons, as create_player() does. */
	for (int i = 0; i < count; i++)
		if (accounts[i].at_home)
			(void) world_lock(accounts[i].world_id, WORLD_WAIT);
	if (!person_row_lock(person_id))
		refuse_unknown_person(person_id);
	/* Who is erased already gets no more accounts. */
	if (person_row_share(person_id))
	{
		/* One may have been made while we waited; it has left no names. */
		accounts = read_accounts(person_id, &worlds, &players, &count);
		for (int i = 0; i < count; i++)
			erase_account(&accounts[i]);
		person_forget(person_id);
	}
	spi_end();
	PG_RETURN_VOID();
}
