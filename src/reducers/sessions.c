/*
 * sessions.c
 *	  Sessions of players and spectators, which gateways hold for them.
 *
 *	  connected ──> live ──> gone (client_disconnected: the row is deleted)
 *	                  └────> ended (replaced, banned, suspended, or its gateway fell silent: its gateway is told by
 *	                         gateway_poll() and disconnects it)
 *
 * Sessions are no state of a world: no world is locked here and nothing makes a revision.
 *
 * On a standby nothing can be written: a gateway there has only spectators, of whom the database knows
 * nothing. Disconnecting does nothing, and the id of a session is a random number.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "engine/lock.h"
#include "errors.h"
#include "json.h"
#include "market/market.h"
#include "port.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/authenticate.h"
#include "reducers/gateway_poll.h"
#include "reducers/players.h"
#include "reducers/refusals.h"
#include "reducers/session_ends.h"
#include "reducers/sessions.h"
#include "reducers/trust.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/players.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_client_connected);
PG_FUNCTION_INFO_V1(npcsim_try_client_connected);
PG_FUNCTION_INFO_V1(npcsim_client_disconnected);
PG_FUNCTION_INFO_V1(npcsim_connected_players);

#define CLIENT_MAX_CHARS	 200
#define COMPUTE_SESSIONS_MAX 8

static const char *const purposes[] = {"watch", "compute", "both", NULL};

Datum
npcsim_connected_players(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		   null = false;
	int64		  *players;
	int			   count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (RecoveryInProgress())
		return (Datum) 0;
	spi_begin();
	players = sessions_players(&count);
	for (int i = 0; i < count; i++)
	{
		Datum player = Int64GetDatum(players[i]);

		tuplestore_putvalues(result->setResult, result->setDesc, &player, &null);
	}
	spi_end();
	return (Datum) 0;
}

/* Reads a text that may be missing; NULL is ''. */
static char *
arg_optional_text(FunctionCallInfo fcinfo, int n, const char *name, int max_chars)
{
	char *value = PG_ARGISNULL(n) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (value[0] != '\0')
		check_text(value, name, max_chars);
	return value;
}

typedef struct Client
{
	char	   *gateway_id;
	int64		player_id; /* 0 = spectator */
	char	   *username;  /* NULL for a spectator */
	const char *role;
	char	   *purpose;
	char	   *source;
	char	   *client;
} Client;

static void
read_player(Client *client, int64 world_id)
{
	PlayerRow player;

	if (!player_row_read(client->player_id, &player) || player.world_id != world_id)
		ereport(ERROR, errcode(ERRCODE_NS_NO_PLAYER),
				errmsg("player %lld does not exist in world %lld", (long long) client->player_id,
					   (long long) world_id),
				errdetail("A player belongs to one world."),
				errhint("authenticate(token) tells player and world."));
	client->username = player.username;
	client->role = player.role;
	refuse_banned(player.status);
	if (strcmp(client->purpose, "watch") != 0)
		refuse_suspended(&player.suspension);
}

static void
admit_spectator(const Client *client, const WorldHead *head)
{
	if (strcmp(client->purpose, "watch") != 0)
		refuse_token("Lending compute takes a player's token.");
	if (!head->spectators)
		refuse_token("This world admits players only.");
}

static bool
has_priority(const Client *client)
{
	PlayerTokens tokens;

	return client->player_id != 0 && player_row_tokens(client->player_id, &tokens) &&
		   market_priority(tokens.declared, tokens.measured);
}

/*
 * Checks that there is room. Operators are never turned away, nor are players who give most (market_priority()), and a player who is
 * connected already needs no room. Spectators, who need no token, take what the players leave; they never keep a player out.
 */
static void
check_room(const Client *client, const WorldHead *head)
{
	SessionsPresent there;
	int64			present;

	if (strcmp(client->role, "operator") == 0)
		return;
	there = sessions_count_present(head->world_id, client->player_id);
	present = there.players + (client->player_id == 0 ? there.spectators : 0);
	if (present >= head->max_players && !has_priority(client))
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_FULL),
				errmsg("world %lld is full", (long long) head->world_id),
				errdetail("%lld %s are there, %d are allowed.", (long long) present,
						  client->player_id == 0 ? "players and spectators" : "players", head->max_players),
				errhint("Try again later."));
}

/* Ends the sessions that the new one replaces, and returns their ids. */
static int64 *
replace_sessions(const Client *client, int *count)
{
	int64 *ids;

	*count = 0;
	if (client->player_id == 0)
		return NULL;
	ids = sessions_replaced_by(client->player_id, client->purpose, client->source, count);
	sessions_end_of_ids(ids, *count, "replaced");
	if (strcmp(client->purpose, "watch") != 0)
	{
		int64 computing = sessions_count_computing(client->player_id);

		if (computing >= COMPUTE_SESSIONS_MAX)
			ereport(ERROR, errcode(ERRCODE_NS_TOO_MANY_SOURCES),
					errmsg("player %lld has too many compute connections", (long long) client->player_id),
					errdetail("There are %lld, at most %d are allowed.", (long long) computing,
							  COMPUTE_SESSIONS_MAX),
					errhint("Close one, or connect with the source of one of them, which it then replaces."));
	}
	return ids;
}

static int64
insert_session(const Client *client, int64 world_id)
{
	int64 id = session_insert(&(NewSession) {.gateway_id = client->gateway_id,
											 .world_id = world_id,
											 .player_id = client->player_id,
											 .purpose = client->purpose,
											 .source = client->source,
											 .client = client->client});

	if (id == 0)
		refuse_gateway(client->gateway_id);
	return id;
}

static void
json_welcome(StringInfo out, const Client *client, const WorldHead *head, const char *epoch)
{
	json_literal(out, "{\"type\":\"welcome\",\"world_id\":");
	json_int64(out, head->world_id);
	json_literal(out, ",\"player_id\":");
	json_id(out, client->player_id);
	json_literal(out, ",\"username\":");
	json_string(out, client->username);
	appendStringInfo(out, ",\"role\":\"%s\",\"world\":", client->role);
	json_world_settings(out, head);
	appendStringInfoChar(out, ',');
	json_world_clock(out, head, epoch);
	appendStringInfoChar(out, '}');
}

static void
refuse_player_of_standby(const Client *client)
{
	ereport(ERROR, errcode(ERRCODE_NS_STANDBY), errmsg("this server admits spectators only"),
			errdetail("It is a standby, and player %lld would have to be noted.",
					  (long long) client->player_id),
			errhint("Connect to a gateway of the primary."));
}

/* Returns a random id; nothing is stored under it. */
static int64
standby_session_id(void)
{
	uint64 number;

	if (!pg_strong_random(&number, sizeof(number)))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random session id"));
	return (int64) (number >> 12) + 1;
}

/* Stores the session and returns its id, and the ids of those that it replaces. */
static int64
begin_session(const Client *client, const WorldHead *head, int64 **replaced, int *replaced_count)
{
	*replaced = NULL;
	*replaced_count = 0;
	if (RecoveryInProgress())
		return standby_session_id();
	sessions_serialize(head->world_id);
	check_room(client, head);
	*replaced = replace_sessions(client, replaced_count);
	return insert_session(client, head->world_id);
}

static void
write_session(FunctionCallInfo fcinfo, StringInfo out)
{
	Client	   client = {.gateway_id = arg_gateway_id(fcinfo, 0),
						 .player_id = arg_id_or_none(fcinfo, 1, "player_id"),
						 .role = "spectator",
						 .purpose = arg_word(fcinfo, 3, "purpose", purposes),
						 .source = arg_optional_text(fcinfo, 4, "source", SOURCE_MAX_CHARS),
						 .client = arg_optional_text(fcinfo, 5, "client", CLIENT_MAX_CHARS)};
	int64	   world_id = arg_id(fcinfo, 2, "world_id");
	WorldHead *head;
	int64	   session_id;
	int64	  *replaced;
	int		   replaced_count;

	if (read_world_heads(&world_id, 1, &head) == 0)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_ABSENT),
				errmsg("world %lld does not exist", (long long) world_id),
				errdetail("It was dropped, or never was."),
				errhint("GET /worlds at the gateway lists the worlds that may be watched; a player's token"
						" names its own."));
	if (client.player_id == 0)
		admit_spectator(&client, head);
	else if (RecoveryInProgress())
		refuse_player_of_standby(&client);
	else
		read_player(&client, world_id);
	session_id = begin_session(&client, head, &replaced, &replaced_count);

	json_literal(out, "{\"session_id\":");
	json_int64(out, session_id);
	json_literal(out, ",\"replaced\":");
	json_ids(out, replaced, replaced_count);
	json_literal(out, ",\"welcome\":");
	json_welcome(out, &client, head, world_epoch());
	appendStringInfoChar(out, '}');
}

Datum
npcsim_client_connected(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	spi_begin();
	write_session(fcinfo, &out);
	spi_end();
	PG_RETURN_DATUM(json_datum(&out));
}

Datum
npcsim_try_client_connected(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, write_session));
}

static Datum
client_disconnected(PG_FUNCTION_ARGS)
{
	int64 session_id = arg_id(fcinfo, 0, "session_id");

	if (RecoveryInProgress())
		PG_RETURN_VOID();
	spi_begin();
	sessions_end_of_ids(&session_id, 1, NULL);
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_client_disconnected(PG_FUNCTION_ARGS)
{
	return call_quietly(client_disconnected, fcinfo);
}
