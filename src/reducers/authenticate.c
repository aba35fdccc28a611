/*
 * authenticate.c
 *	  authenticate() and try_authenticate(): find the player of a token, and refuse banned ones.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "errors.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/authenticate.h"
#include "reducers/players.h"
#include "reducers/refusals.h"
#include "spi.h"
#include "tables/players.h"

PG_FUNCTION_INFO_V1(npcsim_authenticate);
PG_FUNCTION_INFO_V1(npcsim_try_authenticate);

#define TOKEN_MAX_BYTES 256

static bytea *
sha256(const char *data, size_t length)
{
	bytea			  *hash = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) data, length) < 0 ||
		pg_cryptohash_final(context, (uint8 *) VARDATA(hash), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);
	SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	return hash;
}

void
refuse_token(const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_NS_BAD_TOKEN), errmsg("authentication failed"),
			errdetail_internal("%s", detail),
			errhint("It is what create_player() or rotate_player_token() showed last."));
}

/*
 * Finds the player of the token. It is looked up by its hash, so that the time this takes does not tell how
 * much of a guess was right.
 */
static PlayerRow
find_owner(FunctionCallInfo fcinfo)
{
	text	 *token;
	PlayerRow player;

	arg_not_null(fcinfo, 0, "token");
	token = PG_GETARG_TEXT_PP(0);
	if (VARSIZE_ANY_EXHDR(token) > TOKEN_MAX_BYTES)
		refuse_token("The token is too long to be one.");
	if (!player_row_of_token(PointerGetDatum(sha256(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token))), &player))
		refuse_token("No player has this token.");
	refuse_banned(player.status);
	return player;
}

Datum
npcsim_authenticate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		   nulls[4] = {false};
	PlayerRow	   player;

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	player = find_owner(fcinfo);
	tuplestore_putvalues(result->setResult, result->setDesc,
						 (Datum[]) {Int64GetDatum(player.id), Int64GetDatum(player.world_id),
									CStringGetTextDatum(player.username), CStringGetTextDatum(player.role)},
						 nulls);
	spi_end();
	return (Datum) 0;
}

static void
write_owner_of_token(FunctionCallInfo fcinfo, StringInfo out)
{
	PlayerRow player = find_owner(fcinfo);

	json_literal(out, "{\"player_id\":");
	json_int64(out, player.id);
	json_literal(out, ",\"world_id\":");
	json_int64(out, player.world_id);
	json_literal(out, ",\"username\":");
	json_string(out, player.username);
	json_literal(out, ",\"role\":");
	json_string(out, player.role);
	appendStringInfoChar(out, '}');
}

Datum
npcsim_try_authenticate(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, write_owner_of_token));
}
