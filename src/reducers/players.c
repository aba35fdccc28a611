/*
 * players.c
 *	  The reducers that create players and their tokens; what they share with others about players.
 *
 * A token is 'npc_' and 64 hexadecimal digits of 256 random bits.  Only its SHA-256 is stored: the
 * token is shown once, when it is made.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "engine/lock.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/persons.h"
#include "reducers/players.h"
#include "reducers/reducers.h"
#include "reducers/session_ends.h"
#include "spi.h"
#include "tables/persons.h"
#include "tables/players.h"

#define TOKEN_PREFIX "npc_"
#define TOKEN_BYTES	 32
#define TOKEN_SIZE	 (sizeof(TOKEN_PREFIX) + 2 * TOKEN_BYTES) /* with the terminator */

const char *const player_roles[] = {"player", "operator", NULL};
const char *const player_statuses[] = {"active", "banned", NULL};

pg_noreturn static void
refuse_player(int64 player_id, const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_PLAYER), errmsg("player %lld does not exist", (long long) player_id),
			errdetail_internal("%s", detail),
			errhint("SELECT id, username FROM npcsim.players lists the players; create_player() makes one."));
}

void
refuse_unknown_player(int64 player_id)
{
	refuse_player(player_id, "There is no player with this id.");
}

void
player_require_known(int64 player_id)
{
	PlayerRow player;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	spi_end();
}

void
refuse_banned(const char *status)
{
	if (strcmp(status, "banned") == 0)
		ereport(ERROR, errcode(ERRCODE_NS_BANNED), errmsg("the player is banned"),
				errdetail("An operator of the world banned the player."),
				errhint("Ask the operators of the world."));
}

void
player_require(int64 world_id, int64 player_id)
{
	PlayerRow player;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	if (player.world_id != world_id)
		refuse_player(player_id, psprintf("The player with this id plays in world %lld, not in %lld.",
										  (long long) player.world_id, (long long) world_id));
	spi_end();
}

void
check_username_free(int64 world_id, const char *username)
{
	int64 player_id;

	spi_begin();
	player_id = player_row_named(world_id, username);
	if (player_id != 0)
		ereport(ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
				errmsg("there is already a player \"%s\"", username),
				errdetail("World %lld has it as player %lld.", (long long) world_id, (long long) player_id),
				errhint("Choose another name. Who lost a token has a new one from rotate_player_token(%lld), "
						"which ends "
						"the old one.",
						(long long) player_id));
	spi_end();
}

static void
make_token(char token[TOKEN_SIZE])
{
	uint8 random[TOKEN_BYTES];
	char *out = token + strlen(TOKEN_PREFIX);

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random token"));
	memcpy(token, TOKEN_PREFIX, strlen(TOKEN_PREFIX));
	out += hex_encode((const char *) random, sizeof(random), out);
	*out = '\0';
	explicit_bzero(random, sizeof(random));
}

typedef struct CreatePlayer
{
	const char *username;
	const char *role;
	int64		person; /* 0 = a new one */
} CreatePlayer;

static const Argument create_player_arguments[] = {
	TEXT_ARGUMENT(CreatePlayer, username, USERNAME_MAX_CHARS),
	WORD_ARGUMENT(CreatePlayer, role, player_roles),
	ID_ARGUMENT(CreatePlayer, person, .optional = true),
};

/* Creates a player. Returns (player_id, token). */
static bool
create_player(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const CreatePlayer *create = arguments;
	char				token[TOKEN_SIZE];
	int64				player_id;
	bool				nulls[2] = {false, false};

	check_username_free(lock->world_id, create->username);
	make_token(token);
	spi_begin();
	if (create->person != 0)
		person_require(create->person);
	player_id = player_row_insert(lock->world_id, create->username, create->role, token,
								  create->person != 0 ? create->person : person_row_insert(create->username));
	spi_end();
	world_changed(lock, CHANGE_PLAYER, player_id);
	result->datum = HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(result->columns),
						(Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(token)}, nulls));
	return true;
}

const Reducer reducer_create_player = {
	OUTSIDE_REDUCER(create_player, create_player),
	REDUCER_ARGUMENTS(CreatePlayer, create_player_arguments),
	.returns = RETURNS_DATUM,
};

REDUCER_FUNCTION(create_player);

typedef struct RotatePlayerToken
{
	int64 player_id;
} RotatePlayerToken;

static const Argument rotate_player_token_arguments[] = {
	ID_ARGUMENT(RotatePlayerToken, player_id),
};

/* Returns a new token; whoever is connected by the old one is disconnected. */
static bool
rotate_player_token(WorldLock *lock, void *arguments, ReducerResult *result)
{
	int64 player_id = ((const RotatePlayerToken *) arguments)->player_id;
	char  token[TOKEN_SIZE];

	make_token(token);
	spi_begin();
	if (!player_row_write_token(player_id, token))
		refuse_unknown_player(player_id);
	spi_end();
	sessions_end_of_player(player_id, "token");
	result->datum = CStringGetTextDatum(token);
	return true;
}

const Reducer reducer_rotate_player_token = {
	OUTSIDE_REDUCER(rotate_player_token, rotate_player_token),
	REDUCER_ARGUMENTS(RotatePlayerToken, rotate_player_token_arguments),
	.returns = RETURNS_DATUM,
	.without_world = true,
};

REDUCER_FUNCTION(rotate_player_token);
