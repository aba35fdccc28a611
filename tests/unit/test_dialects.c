/*
 * test_dialects.c
 *	  Tests what every dialect of mind servers must do, whatever it calls and is answered.
 *
 * @link workers/gateway/dialects/dialects.c workers/gateway/dialects/npcsim.c workers/gateway/dialects/reference.c workers/gateway/dialects/reference_events.c workers/gateway/dialects/reference_observation.c workers/gateway/dialects/reference_results.c workers/gateway/mcp_calls.c workers/gateway/mcp_results.c workers/gateway/mcp_schema.c
 */
#include "dialects/dialect.h"
#include "mcp_scene.h"
#include "tap.h"

/* What a dialect asked of its session. */
typedef struct Seen
{
	int64_t called; /* ids are numbers of calls */
	bool	refuses_calls;
	int		malformed;
	int		abandoned;
	int		answered;
	int		failed;
	int64_t about;
} Seen;

static int64_t
call(void *owner, const char *tool, const char *arguments)
{
	Seen   *seen = owner;
	json_t *read = arguments != NULL ? json_loads(arguments, 0, NULL) : NULL;

	seen->malformed += !json_is_object(read) || *tool == '\0';
	json_decref(read);
	return seen->refuses_calls ? 0 : ++seen->called;
}

static void
abandon(void *owner, int64_t call_id, const char *reason)
{
	((Seen *) owner)->abandoned++;
}

static void
answered(void *owner, int64_t request_id, const char *json, size_t length)
{
	((Seen *) owner)->answered++;
	((Seen *) owner)->about = request_id;
}

static void
failed(void *owner, int64_t request_id, const char *reason)
{
	((Seen *) owner)->failed++;
	((Seen *) owner)->about = request_id;
}

static const MindPorts ports = {call, abandon, answered, failed};

static bool
decide(const MindDialect *dialect, void *state, int64_t request_id, int64_t npc_id)
{
	char *request;
	bool  taken;

	if (asprintf(&request,
				 "{\"type\":\"decision_request\",\"request_id\":%lld,\"world_id\":1,\"npc_id\":%lld,"
				 "\"observations\":%s}",
				 (long long) request_id, (long long) npc_id, scene) < 0)
		return false;
	taken = dialect->decide(state, request_id, npc_id, request, strlen(request), 1000);
	free(request);
	return taken;
}

static void
test_requests(const MindDialect *dialect)
{
	Seen  seen = {0};
	void *state = dialect->create(&ports, &seen);

	tap_ok(dialect->in_flight(state) == 0, "nothing is in flight at first");
	tap_ok(decide(dialect, state, 7, 12) && seen.called == 1, "a request makes a call");
	tap_ok(dialect->in_flight(state) == 1, "it is in flight");
	tap_ok(!decide(dialect, state, 7, 12) && dialect->in_flight(state) == 1, "it is not asked twice");
	tap_ok(!dialect->decide(state, 8, 13, "[1]", 3, 1000) && dialect->in_flight(state) == 1,
		   "what is no request is not asked");
	tap_ok(!dialect->answered(state, 99, &(MindAnswer) {.unreadable = "x"}, 1000),
		   "another's call is not its own");
	tap_ok(dialect->answered(state, 1, &(MindAnswer) {.unreadable = "it breaks off"}, 1000),
		   "an answer that cannot be read is an answer");
	tap_ok(seen.failed == 1 && seen.about == 7 && dialect->in_flight(state) == 0,
		   "its request has failed, once");
	tap_ok(decide(dialect, state, 7, 12), "what failed may be asked again");
	dialect->free(state);
}

static void
test_cancelled(const MindDialect *dialect)
{
	Seen	seen = {0};
	void   *state = dialect->create(&ports, &seen);
	json_t *error = json_pack("{s:i, s:s}", "code", -32000, "message", "no");

	decide(dialect, state, 7, 12);
	tap_ok(!dialect->cancel(state, 8, "timeout"), "what was not asked is not cancelled");
	tap_ok(dialect->cancel(state, 7, "timeout") && dialect->in_flight(state) == 0,
		   "a cancelled request is not in flight");
	tap_ok(!dialect->cancel(state, 7, "timeout"), "it is cancelled once");
	dialect->answered(state, 1, &(MindAnswer) {.error = error}, 1000);
	tap_ok(seen.failed == 0 && seen.answered == 0, "and does not fail");
	json_decref(error);
	dialect->free(state);
}

static void
test_bounds(const MindDialect *dialect)
{
	Seen  seen = {0};
	void *state = dialect->create(&ports, &seen);
	int	  taken = 0;

	for (int64_t id = 1; id <= MCP_MAX_IN_FLIGHT + 5; id++)
		taken += decide(dialect, state, id, 100 + id);
	tap_ok(taken == MCP_MAX_IN_FLIGHT && dialect->in_flight(state) == MCP_MAX_IN_FLIGHT,
		   "no more are in flight than may be: %d", taken);
	tap_ok(seen.malformed == 0, "each call has a tool and an object");
	dialect->free(state);

	/* the session is broken: nothing more is told */
	seen = (Seen) {.refuses_calls = true};
	state = dialect->create(&ports, &seen);
	decide(dialect, state, 7, 12);
	tap_ok(seen.failed == 0 && seen.answered == 0, "a call that could not be made is nobody's answer");
	if (dialect->tick != NULL)
		dialect->tick(state, 1000000000);
	dialect->free(state);
}

int
main(void)
{
	json_t *bare = json_pack("{s:s}", "name", MCP_DECIDE_TOOL);

	tap_ok(mind_dialect_count >= 2, "there are dialects");
	tap_ok(mind_dialects[mind_dialect_count - 1]->is_spoken(bare, NULL), "the last is every server's");
	json_decref(bare);
	for (int i = 0; i < mind_dialect_count; i++)
	{
		const MindDialect *dialect = mind_dialects[i];

		if (!tap_ok(dialect->is_spoken != NULL && dialect->create != NULL && dialect->free != NULL &&
						dialect->decide != NULL && dialect->cancel != NULL && dialect->answered != NULL &&
						dialect->in_flight != NULL,
					"dialect %d has all that it must", i))
			continue;
		test_requests(dialect);
		test_cancelled(dialect);
		test_bounds(dialect);
	}
	return tap_done();
}
