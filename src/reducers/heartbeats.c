/*
 * heartbeats.c
 *	  update_player_heartbeat(), update_player_camera() and try_update_spectator_camera(): what compute connected
 *	  players lend, and where cameras are.
 *
 * A heartbeat says everything anew: what it leaves out has its default. The gateway checks numbers as
 * well, so that nothing odd gets past.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "compat.h"
#include "errors.h"
#include "json.h"
#include "quiet.h"
#include "reducers/allocation.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/refusals.h"
#include "reducers/sessions.h"
#include "reducers/sources.h"
#include "reducers/spending.h"
#include "reducers/trust.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/compute_sources.h"
#include "tables/players.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_update_player_heartbeat);
PG_FUNCTION_INFO_V1(npcsim_try_update_player_heartbeat);
PG_FUNCTION_INFO_V1(npcsim_update_player_camera);
PG_FUNCTION_INFO_V1(npcsim_try_update_player_camera);
PG_FUNCTION_INFO_V1(npcsim_try_update_spectator_camera);

#define FIGURE_MAX 1e9
#define QUEUE_MAX  1e6
/* Decisions a second that a source may take at most. */
#define RATE_LEAST 0.001
#define RATE_MOST  1000
#define CAMERA_MAX 1e6 /* cells */

#define MODELS_MAX		16
#define MODEL_MAX_CHARS 100

pg_noreturn static void
reject(const char *member, const char *expected)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid \"%s\" in a heartbeat", member),
			errdetail("It is not %s.", expected),
			errhint("A heartbeat looks like "
					"{\"source\":\"main\",\"max_concurrency\":4,\"token_output_rate\":12.5}."));
}

static const JsonbValue *
member_of(Jsonb *object, const char *name, JsonbValue *value)
{
	const JsonbValue *found = getKeyJsonValueFromContainer(&object->root, name, (int) strlen(name), value);

	return found == NULL || found->type == jbvNull ? NULL : found;
}

/* Returns false if the member is missing. */
static bool
read_number(Jsonb *heartbeat, const char *name, double low, double high, double *number)
{
	JsonbValue		  value;
	const JsonbValue *member = member_of(heartbeat, name, &value);

	if (member == NULL)
		return false;
	if (member->type != jbvNumeric)
		reject(name, "a number");
	*number =
		DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(member->val.numeric)));
	if (!(*number >= low && *number <= high))
		reject(name, psprintf("a number from %.15g to %.15g", low, high));
	return true;
}

/* Returns 'otherwise' if the member is missing. */
static bool
read_bool(Jsonb *heartbeat, const char *name, bool otherwise)
{
	JsonbValue		  value;
	const JsonbValue *member = member_of(heartbeat, name, &value);

	if (member != NULL && member->type != jbvBool)
		reject(name, "true or false");
	return member != NULL ? member->val.boolean : otherwise;
}

/* Reads the names of the models that a source asks; none if the member is missing. */
static Datum
read_models(Jsonb *heartbeat)
{
	JsonbValue		  value;
	const JsonbValue *member = member_of(heartbeat, "models", &value);
	JsonbContainer	 *array;
	Datum			  names[MODELS_MAX];
	int				  count = 0;

	if (member != NULL)
	{
		if (member->type != jbvBinary || !JsonContainerIsArray(member->val.binary.data) ||
			JsonContainerSize(member->val.binary.data) > MODELS_MAX)
			reject("models", psprintf("an array of at most %d strings", MODELS_MAX));
		array = member->val.binary.data;
		for (; count < (int) JsonContainerSize(array); count++)
		{
			JsonbValue *name = getIthJsonbValueFromContainer(array, count);
			char	   *text;

			if (name->type != jbvString)
				reject("models", "an array of strings");
			text = pnstrdup(name->val.string.val, name->val.string.len);
			check_text(text, "models", MODEL_MAX_CHARS);
			names[count] = CStringGetTextDatum(text);
		}
	}
	return array_of(names, count, TEXTOID);
}

static const char *
read_kind(Jsonb *heartbeat)
{
	JsonbValue		  value;
	const JsonbValue *member = member_of(heartbeat, "kind", &value);
	char			 *kind;

	if (member == NULL)
		return source_kinds[SOURCE_PLAYER_MCP];
	if (member->type != jbvString)
		reject("kind", "a string");
	kind = pnstrdup(member->val.string.val, member->val.string.len);
	check_word(kind, "kind", source_kinds);
	return kind;
}

static void
read_heartbeat(Jsonb *json, SessionFigures *heartbeat)
{
	JsonbValue		  value;
	const JsonbValue *member;
	double			  number = 0;

	heartbeat->source = "";
	if ((member = member_of(json, "source", &value)) != NULL)
	{
		if (member->type != jbvString)
			reject("source", "a string");
		heartbeat->source = pnstrdup(member->val.string.val, member->val.string.len);
		if (heartbeat->source[0] != '\0')
			check_text(heartbeat->source, "source", SOURCE_MAX_CHARS);
	}
	heartbeat->kind = read_kind(json);
	heartbeat->models = read_models(json);
	heartbeat->stateless = read_bool(json, "stateless", false);
	heartbeat->choices = read_bool(json, "choices", false);
	heartbeat->compact = read_bool(json, "compact", false);
	heartbeat->observations = read_bool(json, "observations", true);
	heartbeat->max_concurrency = 1;
	if (read_number(json, "max_concurrency", 0, CONCURRENCY_MAX, &number))
	{
		heartbeat->max_concurrency = (int32) number;
		if (heartbeat->max_concurrency != number)
			reject("max_concurrency", "a whole number");
	}
	if (read_number(json, "decisions_per_second", RATE_LEAST, RATE_MOST, &number))
		heartbeat->decisions_per_second = (int32) rint(number * 1000);
	heartbeat->has_token_output_rate =
		read_number(json, "token_output_rate", 0, FIGURE_MAX, &heartbeat->token_output_rate);
	heartbeat->has_average =
		read_number(json, "average_decision_time_ms", 0, FIGURE_MAX, &heartbeat->average_decision_time_ms);
	(void) read_number(json, "decision_queue_length", 0, QUEUE_MAX, &number);
}

/* Whether a source belongs to the operators of the world. Raises 42501 if the player may not lend theirs. */
static bool
is_of_operators(int64 player_id, const char *kind)
{
	PlayerRow player;

	if (strcmp(kind, source_kinds[SOURCE_SERVER_API_KEY]) != 0)
		return false;
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	if (strcmp(player.role, "operator") != 0)
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("a source of kind \"%s\" is not for the role %s", kind, player.role),
				errdetail("It takes the role operator."),
				errhint("An API that you pay yourself is of kind \"%s\".",
						source_kinds[SOURCE_PLAYER_API_KEY]));
	return true;
}

/* Returns the source that a session lends for, whose row says what the heartbeat does. */
static int64
declare_source(int64 player_id, const SessionFigures *heartbeat, const HeardSession *session)
{
	int64 source_id = source_row_declare(
		&(DeclaredSource) {.world_id = session->world_id,
						   .player_id = is_of_operators(player_id, heartbeat->kind) ? 0 : player_id,
						   .name = heartbeat->source,
						   .kind = heartbeat->kind,
						   .stateless = heartbeat->stateless,
						   .slots = heartbeat->max_concurrency,
						   .models = heartbeat->models});

	if (source_id == 0)
		ereport(ERROR, errcode(ERRCODE_NS_TOO_MANY_SOURCES),
				errmsg("player %lld has too many sources", (long long) player_id),
				errdetail("There are %d, none of which is active and without a connection.", SOURCES_MAX),
				errhint("Lend by the name of one of them, or resume one that is paused."));
	session_write_source(session->id, source_id);
	return source_id;
}

/* Writes "source": which one was heard of, and what keeps it from being asked. */
static void
json_source(StringInfo out, int64 source_id, const SessionFigures *heartbeat, const PlayerLoad *load,
			const BudgetStanding *budget)
{
	SourceRow source;
	int32	  rate;

	if (!source_row_read(source_id, &source))
		return;
	rate = source.decisions_per_second == 0 || heartbeat->decisions_per_second == 0
			   ? Max(source.decisions_per_second, heartbeat->decisions_per_second)
			   : Min(source.decisions_per_second, heartbeat->decisions_per_second);
	json_literal(out, ",\"source\":{\"id\":");
	json_int64(out, source.id);
	json_literal(out, ",\"state\":");
	json_string(out, source_states[source.state]);
	json_literal(out, ",\"reason\":");
	json_string(out, source.reason);
	json_literal(out, ",\"until\":");
	json_string(out, source.until);
	json_literal(out, ",\"idle\":");
	json_string(out, source_idle_name(source_idle(&(SourceUse) {.connected = true,
																.state = source.state,
																.paced = load->spent || budget->wait_ms > 0,
																.limited = source_is_limited(source.id, rate),
																.asked = load->in_flight > 0})));
	appendStringInfoChar(out, '}');
}

/* Writes "budget": what the player may spend and has spent today, how fast it may go on, and when it is asked next (null: at midnight). */
static void
json_standing(StringInfo out, const BudgetStanding *budget)
{
	json_literal(out, ",\"budget\":{\"declared\":");
	json_int64(out, budget->limits.declared);
	json_literal(out, ",\"tokens\":");
	json_id(out, budget->limits.player_tokens);
	json_literal(out, ",\"spent\":");
	json_int64(out, budget->limits.player_spent);
	json_literal(out, ",\"pace\":");
	if (budget->paced)
		json_thousandths(out, budget->pace);
	else
		json_literal(out, "null");
	json_literal(out, ",\"next_in\":");
	if (budget->wait_ms == PG_INT64_MAX)
		json_literal(out, "null");
	else
		json_thousandths(out, budget->wait_ms);
	appendStringInfoChar(out, '}');
}

/*
 * update_player_heartbeat(player_id, heartbeat) → the heartbeat_ack frame.
 *
 * Its "skipped" is always 0: every open request of the player is handed out.
 */
static void
write_heartbeat_ack(FunctionCallInfo fcinfo, StringInfo out)
{
	int64		   player_id = arg_id(fcinfo, 0, "player_id");
	SessionFigures heartbeat = {0};
	PlayerRow	   player;
	HeardSession   session;
	PlayerLoad	   load;
	BudgetStanding budget;

	read_heartbeat(arg_object(fcinfo, 1, "heartbeat"), &heartbeat);
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	refuse_suspended(&player.suspension);
	if (!session_note_heartbeat(player_id, &heartbeat, &session))
	{
		ereport(
			ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("player %lld lends no compute from \"%s\"", (long long) player_id, heartbeat.source),
			errdetail(
				"There is no connection of the player with this source and purpose \"compute\" or \"both\"."),
			errhint("Connect with that purpose and source first."));
	}
	if (session.source_id == 0)
	{
		session.source_id = declare_source(player_id, &heartbeat, &session);
		allocation_changed_at_commit(session.world_id);
	}
	player_row_note_heartbeat(player_id);
	if (!player_row_load_of(player_id, &load) || !budget_standing(player_id, &budget))
		refuse_unknown_player(player_id);

	json_literal(out, "{\"type\":\"heartbeat_ack\",\"assigned_npcs\":");
	json_int64(out, load.npcs);
	json_literal(out, ",\"in_flight\":");
	json_int64(out, load.in_flight);
	json_literal(out, ",\"skipped\":{\"no_demand\":0,\"rate_limited\":0},\"status\":");
	json_string(out, load.status);
	json_literal(out, ",\"warned_until\":");
	json_string(out, load.warned_until);
	json_standing(out, &budget);
	json_source(out, session.source_id, &heartbeat, &load, &budget);
	appendStringInfoChar(out, '}');
}

static Datum
update_heartbeat(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	spi_begin();
	write_heartbeat_ack(fcinfo, &out);
	spi_end();
	PG_RETURN_DATUM(json_datum(&out));
}

Datum
npcsim_update_player_heartbeat(PG_FUNCTION_ARGS)
{
	return call_quietly(update_heartbeat, fcinfo);
}

Datum
npcsim_try_update_player_heartbeat(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, write_heartbeat_ack));
}

/* Reads a camera's rectangle from arguments 1 to 4. */
static CameraRow
arg_camera(FunctionCallInfo fcinfo)
{
	CameraRow camera = {.min_x = arg_float8(fcinfo, 1, "min_x", -CAMERA_MAX, CAMERA_MAX, "cells"),
						.min_y = arg_float8(fcinfo, 2, "min_y", -CAMERA_MAX, CAMERA_MAX, "cells"),
						.max_x = arg_float8(fcinfo, 3, "max_x", -CAMERA_MAX, CAMERA_MAX, "cells"),
						.max_y = arg_float8(fcinfo, 4, "max_y", -CAMERA_MAX, CAMERA_MAX, "cells")};

	if (camera.min_x > camera.max_x || camera.min_y > camera.max_y)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the camera's rectangle is turned over"),
				errdetail("It is from (%.15g, %.15g) to (%.15g, %.15g).", camera.min_x, camera.min_y,
						  camera.max_x, camera.max_y),
				errhint("min_x <= max_x and min_y <= max_y."));
	return camera;
}

static void
move_camera(FunctionCallInfo fcinfo, StringInfo out)
{
	int64	  player_id = arg_id(fcinfo, 0, "player_id");
	CameraRow camera = arg_camera(fcinfo);

	if (!session_move_camera(player_id, &camera))
		player_require_known(player_id);
	json_literal(out, "null");
}

/* Of spectators nothing is known but their sessions, of which the caller may have lost one meanwhile. */
static void
move_spectator_camera(FunctionCallInfo fcinfo, StringInfo out)
{
	int64	  session_id = arg_id(fcinfo, 0, "session_id");
	CameraRow camera = arg_camera(fcinfo);

	session_move_spectator_camera(session_id, &camera);
	json_literal(out, "null");
}

Datum
npcsim_update_player_camera(PG_FUNCTION_ARGS)
{
	StringInfoData none;

	initStringInfo(&none);
	spi_begin();
	move_camera(fcinfo, &none);
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_try_update_player_camera(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, move_camera));
}

Datum
npcsim_try_update_spectator_camera(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, move_spectator_camera));
}
