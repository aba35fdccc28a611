/*
 * players.c
 *	  Players' accounts and tokens.
 *
 * A token is 'npc_' and 64 hexadecimal digits of 256 random bits.  Only its
 * SHA-256 is stored: it is shown once, when it is made.
 */
#include "postgres.h"

#include "commands/async.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "engine/lock.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "spi.h"
#include "tables/new_ids.h"

PG_FUNCTION_INFO_V1(npcsim_create_player);
PG_FUNCTION_INFO_V1(npcsim_rotate_player_token);

#define TOKEN_PREFIX "npc_"
#define TOKEN_BYTES	 32
#define TOKEN_SIZE	 (sizeof(TOKEN_PREFIX) + 2 * TOKEN_BYTES) /* terminator included */

const char *const player_roles[] = {"player", "operator", NULL};
const char *const player_statuses[] = {"active", "banned", NULL};

static SpiStatement select_player = {"SELECT world_id FROM npcsim.player_accounts WHERE id = $1",
									 1,
									 {INT8OID}};

static SpiStatement username_taken =
	{"SELECT id FROM npcsim.player_accounts WHERE world_id = $1 AND username = $2", 2, {INT8OID, TEXTOID}};

static IdSource player_ids = ID_SOURCE("player_accounts");

static SpiStatement insert_player =
	{"INSERT INTO npcsim.player_accounts (id, world_id, username, role, token_hash) "
	 "VALUES ($1, $2, $3, $4, pg_catalog.sha256(pg_catalog.convert_to($5, 'UTF8')))",
	 5,
	 {INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID}};

static SpiStatement update_token =
	{"UPDATE npcsim.player_accounts SET token_hash = pg_catalog.sha256(pg_catalog.convert_to($2, 'UTF8')) "
	 "WHERE id = $1",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement end_sessions_of_player =
	{"UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE player_id = $1 AND NOT ended "
	 "RETURNING gateway_id",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement end_sessions_of_world =
	{"UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE world_id = $1 AND NOT ended "
	 "RETURNING gateway_id",
	 2,
	 {INT8OID, TEXTOID}};

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
	spi_begin();
	if (spi_run(&select_player, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
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
	spi_begin();
	if (spi_run(&select_player, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
		refuse_unknown_player(player_id);
	if (spi_int64(0, 1, 0) != world_id)
		refuse_player(player_id, psprintf("The player with this id plays in world %lld, not in %lld.",
										  (long long) spi_int64(0, 1, 0), (long long) world_id));
	spi_end();
}

void
check_username_free(int64 world_id, const char *username)
{
	spi_begin();
	if (spi_run(&username_taken, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(username)}, NULL,
				SPI_OK_SELECT) > 0)
		ereport(ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
				errmsg("there is already a player \"%s\"", username),
				errdetail("World %lld has it as player %lld.", (long long) world_id,
						  (long long) spi_int64(0, 1, 0)),
				errhint("Choose another name. Who lost a token has a new one from rotate_player_token(%lld), "
						"which ends "
						"the old one.",
						(long long) spi_int64(0, 1, 0)));
	spi_end();
}

static void
end_sessions(SpiStatement *statement, int64 id, const char *reason)
{
	uint64 count;

	spi_begin();
	count = spi_run(statement, (Datum[]) {Int64GetDatum(id), CStringGetTextDatum(reason)}, NULL,
					SPI_OK_UPDATE_RETURNING);
	for (uint64 i = 0; i < count; i++)
		Async_Notify("npcsim_sessions", spi_text(i, 1, CurrentMemoryContext));
	spi_end();
}

void
sessions_end_of_player(int64 player_id, const char *reason)
{
	end_sessions(&end_sessions_of_player, player_id, reason);
}

void
sessions_end_of_world(int64 world_id)
{
	end_sessions(&end_sessions_of_world, world_id, "dropped");
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
	player_id = new_id(&player_ids);
	spi_run(&insert_player,
			(Datum[]) {Int64GetDatum(player_id), Int64GetDatum(world_id), CStringGetTextDatum(username),
					   CStringGetTextDatum(role), CStringGetTextDatum(token)},
			NULL, SPI_OK_INSERT);
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
	if (spi_run(&update_token, (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(token)}, NULL,
				SPI_OK_UPDATE) == 0)
		refuse_unknown_player(player_id);
	spi_end();
	sessions_end_of_player(player_id, "token");
	PG_RETURN_TEXT_P(cstring_to_text(token));
}
