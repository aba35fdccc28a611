/*
 * report.c
 *	  Counts what becomes of the player's decisions, as the gateway reports it,
 *	  and sums it up in log lines.
 *
 * The gateway tells of outcomes at most once a second, with the number of each
 * kind and details of some, and of the player's standing (which NPCs, which
 * budgets are spent, whose questions wait after failures) when it changes.
 * Everything in it comes from minds, players or the gateway: texts are cut to
 * one line of bounded length, lists are read up to a bound.
 */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

/* The words for each kind. */
static const struct
{
	const char *status; /* the gateway's word; NULL = it is not an outcome of a decision */
	const char *name;	/* the word in the status file */
	const char *said;	/* the beginning of the line, before a count; NULL = it has another line, or none */
	const char *what;	/* what is counted */
} kinds[] = {
	[REPORT_APPLIED] = {"applied", "applied", NULL, NULL},
	[REPORT_REFUSED] = {"rejected", "refused", "refused", "answer"},
	[REPORT_FAILED] = {"failed", "failed", "the MCP server failed at", "question"},
	[REPORT_TIMED_OUT] = {"timeout", "timed_out", "timed out on", "question"},
	[REPORT_LATE] = {"late", "late", "answered too late", "question"},
	[REPORT_DUPLICATE] = {"duplicate", "duplicate", NULL, NULL},
	[REPORT_BACKING_OFF] = {NULL, "backing_off", NULL, NULL},
	[REPORT_BUDGET] = {NULL, "budget_spent", NULL, NULL},
	[REPORT_NPCS] = {NULL, "npcs_changed", NULL, NULL},
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == REPORT_KIND_COUNT, "every kind has its words");

void
report_init(Report *report)
{
	memset(report, 0, sizeof(*report));
}

void
report_free(Report *report)
{
	json_decref(report->standing);
	report->standing = NULL;
}

static void __attribute__((format(printf, 3, 4))) append(char *line, size_t size, const char *fmt, ...)
{
	size_t	len = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + len, size - len, fmt, args);
	va_end(args);
}

static const char *
name_of(const Report *report, int64_t npc_id)
{
	for (int i = 0; i < report->npc_count; i++)
		if (report->npcs[i].id == npc_id)
			return report->npcs[i].name;
	return NULL;
}

static void
append_npc(const Report *report, char *line, size_t size, int64_t npc_id)
{
	const char *name = name_of(report, npc_id);

	append(line, size, "NPC %" PRId64, npc_id);
	if (name != NULL)
		append(line, size, " (%s)", name);
}

static void
append_last(const Report *report, const ReportTally *tally, char *line, size_t size)
{
	if (tally->npc_id != 0)
		append_npc(report, line, size, tally->npc_id);
	if (tally->reason[0] != '\0')
		append(line, size, "%s%s", tally->npc_id != 0 ? ": " : "", tally->reason);
	if (tally->code[0] != '\0')
		append(line, size, " [%s]", tally->code);
}

static void
become_untold(Report *report, int64_t now_ms)
{
	if (!report->untold)
		report->gathering_since = now_ms;
	report->untold = true;
}

static void
note(Report *report, ReportKind kind, int64_t npc_id, const char *code, const char *reason)
{
	ReportTally *tally = &report->tallies[kind];

	tally->npc_id = npc_id;
	tally->at = time(NULL);
	text_copy_line(tally->code, sizeof(tally->code), code != NULL ? code : "");
	text_copy_line(tally->reason, sizeof(tally->reason), reason != NULL ? reason : "");
}

static void
count_more(Report *report, ReportKind kind, uint32_t more, int64_t now_ms)
{
	report->tallies[kind].total += more;
	report->tallies[kind].untold += more;
	report->tallies[kind].at = time(NULL);
	if (kinds[kind].said != NULL)
		become_untold(report, now_ms);
}

/* ---------- outcomes ---------- */

static int
kind_of_status(const char *status)
{
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++)
		if (kinds[kind].status != NULL && status != NULL && strcmp(kinds[kind].status, status) == 0)
			return kind;
	return -1;
}

static void
take_outcome(Report *report, const json_t *outcome, ReportSay each, void *arg)
{
	int	 kind = kind_of_status(json_string_value(json_object_get(outcome, "status")));
	char line[REPORT_LINE_SIZE] = "";

	if (kind < 0)
		return;
	note(report, (ReportKind) kind, json_integer_value(json_object_get(outcome, "npc_id")),
		 json_string_value(json_object_get(outcome, "code")),
		 json_string_value(json_object_get(outcome, "reason")));
	append(line, sizeof(line), "request %" JSON_INTEGER_FORMAT " %s: ",
		   json_integer_value(json_object_get(outcome, "request_id")), kinds[kind].name);
	append_last(report, &report->tallies[kind], line, sizeof(line));
	each(arg, (ReportKind) kind, line);
}

void
report_outcomes(Report *report, const json_t *params, int64_t now_ms, ReportSay each, void *arg)
{
	const json_t *counts = json_object_get(params, "counts");
	const json_t *outcomes = json_object_get(params, "outcomes");

	for (size_t i = 0; i < json_array_size(outcomes) && i < REPORT_NPCS_MAX; i++)
		take_outcome(report, json_array_get(outcomes, i), each, arg);
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++)
	{
		json_int_t more =
			kinds[kind].status != NULL ? json_integer_value(json_object_get(counts, kinds[kind].status)) : 0;

		if (more > 0 && more <= UINT32_MAX)
			count_more(report, (ReportKind) kind, (uint32_t) more, now_ms);
	}
}

/* ---------- the player's standing ---------- */

static int
read_npcs(const json_t *params, ReportNpc *npcs)
{
	const json_t *list = json_object_get(params, "npcs");
	int			  count = 0;

	for (size_t i = 0; i < json_array_size(list) && count < REPORT_NPCS_MAX; i++)
	{
		const json_t *npc = json_array_get(list, i);
		const char	 *name = json_string_value(json_object_get(npc, "name"));

		if (name == NULL || !json_is_integer(json_object_get(npc, "id")))
			continue;
		npcs[count].id = json_integer_value(json_object_get(npc, "id"));
		text_copy_line(npcs[count++].name, REPORT_NAME_SIZE, name);
	}
	return count;
}

static bool
holds(const ReportNpc *npcs, int count, int64_t id)
{
	for (int i = 0; i < count; i++)
		if (npcs[i].id == id)
			return true;
	return false;
}

/* Appends the NPCs of a that are not in b, as "Zoe (52), Mirko (64) and 3 more", and returns how many there are. */
static int
name_those(char *line, size_t size, const ReportNpc *a, int a_count, const ReportNpc *b, int b_count)
{
	int named = 0;
	int all = 0;

	for (int i = 0; i < a_count; i++)
	{
		if (holds(b, b_count, a[i].id))
			continue;
		if (all++ < REPORT_NAMED_MAX)
			append(line, size, "%s%s (%" PRId64 ")", named++ > 0 ? ", " : "", a[i].name, a[i].id);
	}
	if (all > named)
		append(line, size, " and %d more", all - named);
	return all;
}

static void
compare_npcs(Report *report, const ReportNpc *now, int now_count, json_int_t whole, int64_t now_ms)
{
	char gained[REPORT_REASON_SIZE] = "";
	char lost[REPORT_REASON_SIZE] = "";
	char line[REPORT_LINE_SIZE] = "";
	int	 gains = name_those(gained, sizeof(gained), now, now_count, report->npcs, report->npc_count);
	int	 losses = name_those(lost, sizeof(lost), report->npcs, report->npc_count, now, now_count);

	if (report->standing != NULL && gains + losses == 0)
		return;
	if (report->standing == NULL)
		snprintf(line, sizeof(line), "%" JSON_INTEGER_FORMAT " NPC%s to decide for%s%s", whole,
				 whole == 1 ? "" : "s", gains > 0 ? ": " : "", gained);
	else
		snprintf(line, sizeof(line), "%s%s%s%s%s; %" JSON_INTEGER_FORMAT " now", gains > 0 ? "gained " : "",
				 gained, gains > 0 && losses > 0 ? ", " : "", losses > 0 ? "lost " : "", lost, whole);
	note(report, REPORT_NPCS, 0, NULL, line);
	count_more(report, REPORT_NPCS, 1, now_ms);
	become_untold(report, now_ms);
}

static void
compare_budgets(Report *report, const json_t *params, int64_t now_ms)
{
	const json_t *before = json_object_get(report->standing, "budget_spent");
	const json_t *now = json_object_get(params, "budget_spent");
	const json_t *npcs = json_object_get(now, "npc_ids");
	char		  line[REPORT_REASON_SIZE] = "budget spent: ";
	size_t		  before_all = strlen(line);
	bool		  any;

	if (now == NULL || json_equal(before, now))
		return;
	if (json_is_true(json_object_get(now, "world")))
		append(line, sizeof(line), "the world's tokens of the day are spent; ");
	if (json_is_true(json_object_get(now, "player")))
		append(line, sizeof(line), "the player's tokens of the day are spent; ");
	if (json_array_size(npcs) > 0)
	{
		append(line, sizeof(line), "the tokens of the day are spent of %zu NPC%s: ", json_array_size(npcs),
			   json_array_size(npcs) == 1 ? "" : "s");
		for (size_t i = 0; i < json_array_size(npcs) && i < 3; i++)
		{
			append(line, sizeof(line), "%s", i > 0 ? ", " : "");
			append_npc(report, line, sizeof(line), json_integer_value(json_array_get(npcs, i)));
		}
		append(line, sizeof(line), "%s; ", json_array_size(npcs) > 3 ? " and others" : "");
	}
	any = strlen(line) > before_all;
	if (!any && before == NULL)
		return;
	append(line, sizeof(line), "the built-in mind decides meanwhile");
	note(report, REPORT_BUDGET, 0, NULL, any ? line : "no budget of tokens is spent any more");
	count_more(report, REPORT_BUDGET, any ? 1 : 0, now_ms);
	become_untold(report, now_ms);
	report->tallies[REPORT_BUDGET].untold = 1;
}

/* Notes which NPCs are asked less often because their mind has failed; each is {"npc_id", "failures"}. */
static void
compare_back_offs(Report *report, const json_t *params, int64_t now_ms)
{
	const json_t *before = json_object_get(report->standing, "backing_off");
	const json_t *now = json_object_get(params, "backing_off");
	const json_t *last = json_array_get(now, json_array_size(now) > 0 ? json_array_size(now) - 1 : 0);
	char		  line[REPORT_REASON_SIZE];
	json_int_t	  failures = json_integer_value(json_object_get(last, "failures"));

	if (json_array_size(now) == 0 || json_equal(before, now))
		return;
	snprintf(line, sizeof(line), "%" JSON_INTEGER_FORMAT " question%s in a row without an answer of use",
			 failures, failures == 1 ? "" : "s");
	note(report, REPORT_BACKING_OFF, json_integer_value(json_object_get(last, "npc_id")), NULL, line);
	count_more(report, REPORT_BACKING_OFF, 1, now_ms);
	become_untold(report, now_ms);
	report->tallies[REPORT_BACKING_OFF].untold = (uint32_t) json_array_size(now);
}

void
report_standing(Report *report, const json_t *params, int64_t now_ms)
{
	static ReportNpc npcs[REPORT_NPCS_MAX];
	int				 count;

	if (!json_is_object(params))
		return;
	count = read_npcs(params, npcs);
	compare_npcs(report, npcs, count, json_integer_value(json_object_get(params, "npc_count")), now_ms);
	memcpy(report->npcs, npcs, (size_t) count * sizeof(npcs[0]));
	report->npc_count = count;
	compare_budgets(report, params, now_ms);
	compare_back_offs(report, params, now_ms);
	json_decref(report->standing);
	report->standing = json_incref((json_t *) params);
}

void
report_forget_standing(Report *report)
{
	json_decref(report->standing);
	report->standing = NULL;
	report->npc_count = 0;
}

/* ---------- lines ---------- */

int64_t
report_due_in(const Report *report, int64_t now_ms)
{
	int64_t due = report->gathering_since + REPORT_GATHER_MS;

	if (!report->untold)
		return -1;
	if (report->told_at != 0 && due < report->told_at + REPORT_INTERVAL_MS)
		due = report->told_at + REPORT_INTERVAL_MS;
	return due > now_ms ? due - now_ms : 0;
}

static void
tell_kind(Report *report, ReportKind kind, int64_t seconds, ReportSay say, void *arg)
{
	ReportTally *tally = &report->tallies[kind];
	char		 line[REPORT_LINE_SIZE] = "";

	if (kinds[kind].said != NULL)
		append(line, sizeof(line), "%s %" PRIu32 " %s%s in %" PRId64 " s, last: ", kinds[kind].said,
			   tally->untold, kinds[kind].what, tally->untold == 1 ? "" : "s", seconds);
	else if (kind == REPORT_BACKING_OFF)
		append(line, sizeof(line), "backing off: %" PRIu32 " NPC%s asked less often, last: ", tally->untold,
			   tally->untold == 1 ? " is" : "s are");
	append_last(report, tally, line, sizeof(line));
	tally->untold = 0;
	say(arg, kind, line);
}

void
report_tell(Report *report, int64_t now_ms, ReportSay say, void *arg)
{
	int64_t since = report->gathering_since;

	if (report->told_at != 0 && now_ms - report->told_at < 2 * REPORT_INTERVAL_MS)
		since = report->told_at;
	for (int kind = 0; kind < REPORT_KIND_COUNT; kind++)
	{
		bool is_said = kinds[kind].said != NULL || kinds[kind].status == NULL;

		if (is_said && report->tallies[kind].untold > 0)
			tell_kind(report, (ReportKind) kind, (now_ms - since + 500) / 1000, say, arg);
	}
	report->untold = false;
	report->told_at = now_ms;
}

/* ---------- for the status file ---------- */

json_t *
report_time(time_t at)
{
	char	  text[32];
	struct tm utc;

	if (at == 0 || gmtime_r(&at, &utc) == NULL ||
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return json_null();
	return json_string(text);
}

static json_t *
describe_last(const Report *report, const ReportTally *tally)
{
	json_t	   *last = json_object();
	const char *name = name_of(report, tally->npc_id);

	json_object_set_new(last, "at", report_time(tally->at));
	json_object_set_new(last, "npc_id", tally->npc_id != 0 ? json_integer(tally->npc_id) : json_null());
	json_object_set_new(last, "npc_name", name != NULL ? json_string(name) : json_null());
	json_object_set_new(last, "code", tally->code[0] != '\0' ? json_string(tally->code) : json_null());
	json_object_set_new(last, "reason", tally->reason[0] != '\0' ? json_string(tally->reason) : json_null());
	return last;
}

bool
report_describe(const Report *report, json_t *object)
{
	static const char *const members[] = {"world", "player",	   "npc_count",
										  "npcs",  "budget_spent", "backing_off"};
	json_t					*counters = json_object();
	json_t					*last = json_object();
	bool					 good = counters != NULL && last != NULL;

	for (size_t i = 0; good && i < sizeof(members) / sizeof(members[0]); i++)
	{
		json_t *value = json_object_get(report->standing, members[i]);

		good = json_object_set_new(object, members[i], value != NULL ? json_incref(value) : json_null()) == 0;
	}
	for (int kind = 0; good && kind < REPORT_KIND_COUNT; kind++)
	{
		const ReportTally *tally = &report->tallies[kind];

		good = json_object_set_new(counters, kinds[kind].name, json_integer((json_int_t) tally->total)) == 0;
		if (good && tally->at != 0 && kind != REPORT_APPLIED)
			good = json_object_set_new(last, kinds[kind].name, describe_last(report, tally)) == 0;
	}
	return json_object_set_new(object, "counters", counters) == 0 &&
		   json_object_set_new(object, "last", last) == 0 && good;
}
