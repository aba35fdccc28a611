/*
 * players.c
 *	  Players' accounts and tokens.
 *
 * A token is 'npc_' and 64 hexadecimal digits of 256 random bits.  Only its
 * SHA-256 is stored: it is shown once, when it is made.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "engine/lock.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/session_ends.h"
#include "spi.h"
#include "tables/players.h"

PG_FUNCTION_INFO_V1(npcsim_create_player);
PG_FUNCTION_INFO_V1(npcsim_rotate_player_token);

#define TOKEN_PREFIX "npc_"
#define TOKEN_BYTES	 32
#define TOKEN_SIZE	 (sizeof(TOKEN_PREFIX) + 2 * TOKEN_BYTES) /* terminator included */

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

/* create_player(world_id, username, role) → (player_id, token) */
Datum
npcsim_create_player(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	char	  *username = arg_text(fcinfo, 1, "username", USERNAME_MAX_CHARS);
	char	  *role = arg_word(fcinfo, 2, "role", player_roles);
	WorldLock *lock = world_lock(world_id, WORLD_WAIT);
	char	   token[TOKEN_SIZE];
	int64	   player_id;
	TupleDesc  desc;
	bool	   nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "create_player must return a row");
	check_username_free(world_id, username);
	make_token(token);
	spi_begin();
	player_id = player_row_insert(world_id, username, role, token);
	spi_end();
	world_changed(lock, CHANGE_PLAYER, player_id);
	world_flush(lock);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
											 (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(token)},
											 nulls));
}

/* rotate_player_token(player_id) → token; who is connected by the old one is disconnected */
Datum
npcsim_rotate_player_token(PG_FUNCTION_ARGS)
{
	int64 player_id = arg_id(fcinfo, 0, "player_id");
	char  token[TOKEN_SIZE];

	make_token(token);
	spi_begin();
	if (!player_row_write_token(player_id, token))
		refuse_unknown_player(player_id);
	spi_end();
	sessions_end_of_player(player_id, "token");
	PG_RETURN_TEXT_P(cstring_to_text(token));
}
