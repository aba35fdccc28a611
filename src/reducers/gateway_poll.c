/*
 * gateway_poll.c
 *	  register_gateway() and gateway_poll(): gateways register, and show that they are alive.
 *
 * A gateway counts as silent when it was not heard of for long, or when the database session that it
 * is bound to ended (gateways.h): its sessions are ended then. Whichever gateway polls looks for
 * silent ones, too.
 *
 * On a standby nothing can be written: registering does nothing, and a poll only returns the clocks.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "engine/lock.h"
#include "errors.h"
#include "gateways.h"
#include "json.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/gateway_poll.h"
#include "reducers/session_ends.h"
#include "reducers/trust.h"
#include "reducers/world_head.h"
#include "require.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_register_gateway);
PG_FUNCTION_INFO_V1(npcsim_gateway_poll);

#define GATEWAY_ID_MAX	64
#define POLL_WORLDS_MAX 10000

/* gateway_poll() looks for what has expired at most this often. */
#define EXPIRE_INTERVAL_MS 5000

char *
arg_gateway_id(FunctionCallInfo fcinfo, int n)
{
	char *id = arg_text(fcinfo, n, "gateway_id", GATEWAY_ID_MAX);

	for (const char *p = id; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
			  *p == '.' || *p == '-'))
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"gateway_id\" is no id of a gateway"), errdetail("It is \"%s\".", id),
					errhint("Use 1 to %d characters of A-Z, a-z, 0-9, _, . and -.", GATEWAY_ID_MAX));
	return id;
}

void
refuse_gateway(const char *gateway_id)
{
	ereport(
		ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		errmsg("gateway \"%s\" is not registered", gateway_id),
		errdetail(
			"It did not call register_gateway(), the server restarted since, or the session that called it"
			" ended."),
		errhint("Call register_gateway(gateway_id) after every connect."));
}

static void
refuse_held(const char *gateway_id)
{
	char *holder = gateway_holder(gateway_id);

	ereport(ERROR, errcode(ERRCODE_NS_GATEWAY_HELD), errmsg("gateway \"%s\" is there already", gateway_id),
			errdetail("%s", holder),
			errhint("Give each gateway an id of its own (gateway_id), or stop the other one."));
}

static Datum
register_gateway(PG_FUNCTION_ARGS)
{
	char  *gateway_id = arg_gateway_id(fcinfo, 0);
	int64 *ids;
	int	   count;

	version_require();
	if (RecoveryInProgress())
		PG_RETURN_VOID();
	spi_begin();
	if (!gateway_hold(gateway_id))
		refuse_held(gateway_id);
	if (gateway_row_write(gateway_id))
		gateway_bind();
	ids = sessions_of_gateway(gateway_id, &count);
	sessions_end_of_ids(ids, count, NULL);
	world_begin_epoch();
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_register_gateway(PG_FUNCTION_ARGS)
{
	return call_quietly(register_gateway, fcinfo);
}

/* Adds the worlds that run here to those asked for; both are sorted. */
static int64 *
with_running(const int64 *asked, int count, int *total)
{
	int	   running_count;
	int64 *running = worlds_running(world_home(), POLL_WORLDS_MAX, &running_count);
	int64 *ids = palloc(sizeof(int64) * Max(count + running_count, 1));

	memcpy(ids, asked, sizeof(int64) * count);
	memcpy(ids + count, running, sizeof(int64) * running_count);
	*total = id_list_sort(ids, count + running_count);
	return ids;
}

/* Writes "ended_sessions":[…]: the gateway's sessions that were ended here, and why. */
static void
json_ended(StringInfo out, const char *gateway_id)
{
	int			  count = 0;
	EndedSession *sessions = RecoveryInProgress() ? NULL : sessions_ended_of_gateway(gateway_id, &count);

	json_literal(out, ",\"ended_sessions\":[");
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(out, i > 0 ? ",{\"session_id\":" : "{\"session_id\":");
		json_int64(out, sessions[i].id);
		json_literal(out, ",\"reason\":");
		json_string(out, sessions[i].reason);
		if (player_is_suspended(&sessions[i].suspension))
		{
			json_literal(out, ",\"message\":");
			json_string(out, suspension_told(&sessions[i].suspension));
		}
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* Writes "gone":[…]: worlds asked for that do not exist. Both lists are in order of id. */
static void
json_gone(StringInfo out, const int64 *asked, int count, const WorldHead *heads, int head_count)
{
	bool first = true;

	json_literal(out, "],\"gone\":[");
	for (int i = 0, head = 0; i < count; i++)
	{
		while (head < head_count && heads[head].world_id < asked[i])
			head++;
		if (head < head_count && heads[head].world_id == asked[i])
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		json_int64(out, asked[i]);
		first = false;
	}
	appendStringInfoChar(out, ']');
}

static void
take_sign_of_life(const char *gateway_id)
{
	static TimestampTz expired_at = 0;
	bool			   bound;

	if (!gateway_row_touch(gateway_id, &bound) || (bound && !gateway_is_held(gateway_id)))
		refuse_gateway(gateway_id);
	if (TimestampDifferenceExceeds(expired_at, GetCurrentTimestamp(), EXPIRE_INTERVAL_MS))
	{
		sessions_expire();
		expired_at = GetCurrentTimestamp();
	}
}

static Datum
gateway_poll(PG_FUNCTION_ARGS)
{
	char		  *gateway_id = arg_gateway_id(fcinfo, 0);
	int			   count;
	int64		  *asked = arg_int64_list(fcinfo, 1, "world_ids", POLL_WORLDS_MAX, &count);
	MemoryContext  caller = CurrentMemoryContext;
	const char	  *epoch;
	StringInfoData out;
	int64		  *wanted;
	int			   wanted_count;
	WorldHead	  *heads;
	int			   head_count;

	count = id_list_sort(asked, count);
	spi_begin();
	if (!RecoveryInProgress())
		take_sign_of_life(gateway_id);
	epoch = world_epoch();
	wanted = with_running(asked, count, &wanted_count);
	head_count = read_world_heads(wanted, wanted_count, &heads);
	initStringInfo(&out);
	json_literal(&out, "{\"worlds\":[");
	for (int i = 0; i < head_count; i++)
	{
		appendStringInfoString(&out, i > 0 ? ",{\"world_id\":" : "{\"world_id\":");
		json_int64(&out, heads[i].world_id);
		appendStringInfoChar(&out, ',');
		json_world_clock(&out, &heads[i], epoch);
		appendStringInfo(&out, ",\"tick_rate\":%d}", heads[i].tick_rate);
	}
	json_gone(&out, asked, count, heads, head_count);
	json_ended(&out, gateway_id);
	appendStringInfoChar(&out, '}');
	return spi_end_text(caller, &out);
}

Datum
npcsim_gateway_poll(PG_FUNCTION_ARGS)
{
	return call_quietly(gateway_poll, fcinfo);
}
