/*
 * charges.c
 *	  What players were charged for questions within the last hour, by minutes.
 *
 * There are CHARGED_MOST players; where more were charged, the one who was charged longest ago is forgotten. The lock guards
 * everything here, and nothing under it waits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "charges.h"
#include "guc.h"

#define CHARGED_MOST 4096
#define MINUTES		 60

typedef struct ChargedKey
{
	int64  player_id;
	Oid	   database;
	uint32 unused; /* zero: keys are compared bytewise */
} ChargedKey;

typedef struct ChargedPlayer
{
	ChargedKey key;
	int64	   minute;			 /* the last that it was charged in, since 2000 */
	int64	   charged[MINUTES]; /* by minute modulo MINUTES */
} ChargedPlayer;

static LWLock *charges_lock = NULL;
static HTAB	  *players = NULL;

Size
charges_size(void)
{
	return hash_estimate_size(CHARGED_MOST, sizeof(ChargedPlayer));
}

void
charges_startup(LWLock *lock)
{
	HASHCTL control = {.keysize = sizeof(ChargedKey), .entrysize = sizeof(ChargedPlayer)};

	players = ShmemInitHash("npcsim charges", CHARGED_MOST, CHARGED_MOST, &control, HASH_ELEM | HASH_BLOBS);
	charges_lock = lock;
}

static int64
present_minute(void)
{
	return market_now() / USECS_PER_MINUTE;
}

static ChargedPlayer *
find_player(int64 player_id)
{
	ChargedKey key = {.player_id = player_id, .database = MyDatabaseId};

	return hash_search(players, &key, HASH_FIND, NULL);
}

static void
make_room(void)
{
	HASH_SEQ_STATUS scan;
	ChargedPlayer  *player;
	ChargedPlayer  *oldest = NULL;

	if (hash_get_num_entries(players) < CHARGED_MOST)
		return;
	hash_seq_init(&scan, players);
	while ((player = hash_seq_search(&scan)) != NULL)
		if (oldest == NULL || player->minute < oldest->minute)
			oldest = player;
	(void) hash_search(players, &oldest->key, HASH_REMOVE, NULL);
}

static ChargedPlayer *
make_player(int64 player_id, int64 minute)
{
	ChargedKey	   key = {.player_id = player_id, .database = MyDatabaseId};
	ChargedPlayer *player;
	bool		   found;

	make_room();
	player = hash_search(players, &key, HASH_ENTER_NULL, &found);
	if (player != NULL)
		memset((char *) player + sizeof(ChargedKey), 0, sizeof(ChargedPlayer) - sizeof(ChargedKey));
	if (player != NULL)
		player->minute = minute;
	return player;
}

/* Moves on to a minute: what is an hour old counts no more. A clock that goes back moves nothing. */
static void
advance(ChargedPlayer *player, int64 minute)
{
	if (minute - player->minute >= MINUTES)
		memset(player->charged, 0, sizeof(player->charged));
	else
		for (int64 next = player->minute + 1; next <= minute; next++)
			player->charged[next % MINUTES] = 0;
	player->minute = Max(player->minute, minute);
}

void
charges_add(int64 player_id, int64 charge)
{
	int64		   minute = present_minute();
	ChargedPlayer *player;

	if (charges_lock == NULL)
		return;
	LWLockAcquire(charges_lock, LW_EXCLUSIVE);
	player = find_player(player_id);
	if (player == NULL)
		player = make_player(player_id, minute);
	if (player != NULL)
	{
		advance(player, minute);
		player->charged[player->minute % MINUTES] += charge;
	}
	LWLockRelease(charges_lock);
}

int64
charges_of(int64 player_id)
{
	int64		   minute = present_minute();
	int64		   charged = 0;
	ChargedPlayer *player;

	if (charges_lock == NULL)
		return 0;
	LWLockAcquire(charges_lock, LW_SHARED);
	player = find_player(player_id);
	for (int64 age = 0; player != NULL && age < MINUTES; age++)
		if (minute - (player->minute - age) < MINUTES && player->minute >= age)
			charged += player->charged[(player->minute - age) % MINUTES];
	LWLockRelease(charges_lock);
	return charged;
}

void
charges_forget_database(Oid database)
{
	HASH_SEQ_STATUS scan;
	ChargedPlayer  *player;

	LWLockAcquire(charges_lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, players);
	while ((player = hash_seq_search(&scan)) != NULL)
		if (player->key.database == database)
			(void) hash_search(players, &player->key, HASH_REMOVE, NULL);
	LWLockRelease(charges_lock);
}
