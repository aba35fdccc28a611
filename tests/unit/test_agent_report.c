/*
 * test_agent_report.c
 *	  Tests what npcsim-agent tells of what becomes of decisions, and how often.
 *
 * @link workers/agent/report.c
 */
#include "workers/agent/report.h"

#include "tap.h"

static char said[4096];
static char each_said[4096];

static void
Say(void *arg, ReportKind kind, const char *line)
{
	strncat(arg, line, sizeof(said) - strlen(arg) - 2);
	strcat(arg, "\n");
}

static void
Outcomes(Report *report, const char *json, int64_t now)
{
	json_t *params = json_loads(json, 0, NULL);

	each_said[0] = '\0';
	report_outcomes(report, params, now, Say, each_said);
	json_decref(params);
}

static void
Standing(Report *report, const char *json, int64_t now)
{
	json_t *params = json_loads(json, 0, NULL);

	report_standing(report, params, now);
	json_decref(params);
}

static const char *
Told(Report *report, int64_t now)
{
	said[0] = '\0';
	report_tell(report, now, Say, said);
	return said;
}

#define ZOE \
	"{\"npc_count\":1,\"npcs\":[{\"id\":52,\"name\":\"Zoe\"}]," \
	"\"budget_spent\":{\"world\":false,\"player\":false,\"npc_ids\":[]},\"backing_off\":[]}"
#define REFUSED(count) \
	"{\"counts\":{\"rejected\":" #count \
	",\"applied\":7},\"outcomes\":[{\"status\":\"rejected\",\"request_id\":8," \
	"\"npc_id\":52,\"code\":\"NS301\",\"reason\":\"unknown action \\\"wander2\\\"\"}]}"

static void
TestOutcomes(void)
{
	static Report report;

	report_init(&report);
	tap_is_int(report_due_in(&report, 1000), -1, "at first there is nothing to tell");
	Outcomes(&report, "{\"counts\":{\"applied\":3},\"outcomes\":[]}", 1000);
	tap_is_int(report_due_in(&report, 1000), -1, "nor when all is well");
	Standing(&report, ZOE, 1000);
	tap_is_str(Told(&report, 1000), "1 NPC to decide for: Zoe (52)\n",
			   "which NPCs there are is told by name");

	Outcomes(&report, REFUSED(12), 12000);
	tap_is_str(each_said, "request 8 refused: NPC 52 (Zoe): unknown action \"wander2\" [NS301]\n",
			   "each outcome has its line");
	tap_is_int(report_due_in(&report, 12000), 1000, "after a quiet time the first line comes in a second");
	Outcomes(&report, REFUSED(1), 12500);
	tap_is_str(Told(&report, 13000),
			   "refused 13 answers in 12 s, last: NPC 52 (Zoe): unknown action \"wander2\" [NS301]\n",
			   "many are told in one line");
	tap_is_int(report_due_in(&report, 13000), -1, "and then there is nothing more to tell");
	Outcomes(&report, REFUSED(1), 13100);
	tap_is_int(report_due_in(&report, 13100), 9900, "the next line is due ten seconds after the last");
	tap_is_str(Told(&report, 23000),
			   "refused 1 answer in 10 s, last: NPC 52 (Zoe): unknown action \"wander2\" [NS301]\n",
			   "with what came meanwhile");
	tap_is_int((int64_t) report.tallies[REPORT_REFUSED].total, 14, "all are counted");
	tap_is_int((int64_t) report.tallies[REPORT_APPLIED].total, 24, "those that were applied, too");
	Outcomes(
		&report,
		"{\"counts\":{\"failed\":1,\"timeout\":2,\"late\":1},\"outcomes\":[{\"status\":\"failed\",\"npc_id\":"
		"7,"
		"\"reason\":\"error: a\\u0007\\nb\"},{\"status\":\"late\"},{\"status\":\"timeout\",\"npc_id\":52}]}",
		60000);
	tap_is_str(Told(&report, 61000),
			   "the MCP server failed at 1 question in 1 s, last: NPC 7: error: a  b\n"
			   "timed out on 2 questions in 1 s, last: NPC 52 (Zoe)\n"
			   "answered too late 1 question in 1 s, last: \n",
			   "every kind has a line, in which a stranger's text is one line");
	report_free(&report);
}

static void
TestStanding(void)
{
	static Report report;

	report_init(&report);
	Standing(&report, ZOE, 1000);
	Told(&report, 1000);
	Standing(&report, ZOE, 20000);
	tap_is_int(report_due_in(&report, 20000), -1, "what is as it was is not told");
	Standing(&report,
			 "{\"npc_count\":2,\"npcs\":[{\"id\":3,\"name\":\"Al\"},{\"id\":4,\"name\":\"Bo\"}],"
			 "\"budget_spent\":{\"world\":false,\"player\":true,\"npc_ids\":[4]},"
			 "\"backing_off\":[{\"npc_id\":3,\"failures\":4}]}",
			 20000);
	tap_is_str(
		Told(&report, 21000),
		"backing off: 1 NPC is asked less often, last: NPC 3 (Al): 4 questions in a row without an "
		"answer of "
		"use\n"
		"budget spent: the player's tokens of the day are spent; the tokens of the day are spent of 1 NPC: "
		"NPC 4 (Bo); the "
		"built-in mind decides meanwhile\n"
		"gained Al (3), Bo (4), lost Zoe (52); 2 now\n",
		"what changed is told");
	Standing(&report, ZOE, 40000);
	tap_is_str(Told(&report, 41000),
			   "no budget of tokens is spent any more\ngained Zoe (52), lost Al (3), Bo (4); 1 now\n",
			   "and back");
	report_forget_standing(&report);
	Standing(&report, ZOE, 60000);
	tap_is_str(Told(&report, 61000), "1 NPC to decide for: Zoe (52)\n", "a new connection hears it anew");
	report_free(&report);
}

/* What a gateway could say that is not what was agreed. */
static void
TestNonsense(void)
{
	static const char *const params[] = {
		"[]",
		"{}",
		"{\"counts\":7,\"outcomes\":{}}",
		"{\"counts\":{\"rejected\":-1,\"late\":1e300,\"x\":1},\"outcomes\":[1,null,[]]}",
		"{\"outcomes\":[{\"status\":\"gained\"},{\"status\":7},{\"status\":\"late\",\"npc_id\":\"x\","
		"\"reason\":[]}]}",
		"{\"npcs\":7}",
		"{\"npcs\":[{\"id\":\"x\",\"name\":\"y\"},{\"id\":1}],\"npc_count\":\"z\"}",
		"{\"budget_spent\":[],\"backing_off\":{}}",
		"{\"backing_off\":[7]}",
	};
	static Report report;
	json_t		 *object = json_object();

	report_init(&report);
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
	{
		Outcomes(&report, params[i], 1000);
		Standing(&report, params[i], 1000);
	}
	Told(&report, 2000);
	tap_is_int((int64_t) report.tallies[REPORT_REFUSED].total, 0, "nonsense counts nothing");
	tap_ok(report_describe(&report, object), "and can be described");
	report_free(&report);
	json_decref(object);
}

int
main(void)
{
	TestOutcomes();
	TestStanding();
	TestNonsense();
	return tap_done();
}
