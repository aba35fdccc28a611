/*
 * test_answers.c
 *	  Tests that well-meant answers of minds are read, and that others are refused with a reason.
 */
#include "tap.h"

#include <stdlib.h>

#include "common/answer.h"
#include "common/loose_json.h"
#include "sim/actions.h"

#define WANDER	"{\"action\":\"wander\"}"
#define CONSUME "{\"action\":\"consume\",\"target_id\":19}"

/* The answer in one line with its members in order, or what is wrong with it. */
static const char *
understood(const char *text, size_t length)
{
	static char *read;
	const char	*problem;
	json_t		*decision = answer_in_text(text, length, &problem);

	free(read);
	read = decision != NULL ? json_dumps(decision, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15))
							: NULL;
	json_decref(decision);
	return read != NULL ? read : problem;
}

typedef struct Case
{
	const char *text;
	const char *meaning;
} Case;

static void
check(const Case *cases, size_t count, const char *what)
{
	for (size_t i = 0; i < count; i++)
		tap_is_str(understood(cases[i].text, strlen(cases[i].text)), cases[i].meaning, "%s: %s", what,
				   cases[i].text);
}

#define CHECK(cases, what) check(cases, sizeof(cases) / sizeof(cases[0]), what)

static void
test_surroundings(void)
{
	static const Case cases[] = {
		{CONSUME, CONSUME},
		{"```json\n" CONSUME "\n```", CONSUME},
		{"```\n" CONSUME "\n```", CONSUME},
		{"I am hungry, so I eat the apple.\n\n" CONSUME "\nThat is my decision.", CONSUME},
		{"<think>I could wander: " WANDER " but I am hungry</think>\n" CONSUME, CONSUME},
		{"<thinking type=\"deep\">" WANDER "</thinking>" CONSUME, CONSUME},
		{"all that was thought before " WANDER "</think>" CONSUME, CONSUME},
		{"<think>" WANDER ", no: " CONSUME "</think>", CONSUME},
		{"<think>" CONSUME, CONSUME},
		{"<scratchpad>" WANDER "</scratchpad>" CONSUME, CONSUME},
		{"<analysis>" WANDER "</analysis>" CONSUME, CONSUME},
		{"[THINK]" WANDER "[/THINK]" CONSUME, CONSUME},
		{"\xE2\x97\x81think\xE2\x96\xB7" WANDER "\xE2\x97\x81/think\xE2\x96\xB7" CONSUME, CONSUME},
		{"<|channel|>analysis<|message|>" WANDER
		 "? No.<|end|><|start|>assistant<|channel|>final<|message|>" CONSUME "<|return|>",
		 CONSUME},
		{WANDER "<|end|>" CONSUME, WANDER},
		{"I {sigh} and [shrug]: " WANDER, WANDER},
		{"\xEF\xBB\xBF" CONSUME, CONSUME},
		{WANDER "\n" CONSUME, WANDER},
		{"{\"thought\":\"hungry\"}\n" CONSUME, CONSUME},
		{"{\"message\":\"I <think> so\",\"action\":\"act_in_interaction\"}",
		 "{\"action\":\"act_in_interaction\",\"message\":\"I <think> so\"}"},
	};

	CHECK(cases, "around it");
}

static void
test_wrappers(void)
{
	static const Case cases[] = {
		{"{\"result\":" CONSUME "}", CONSUME},
		{"{\"result\":{\"decision\":" CONSUME "}}", CONSUME},
		{"{\"result\":\"{\\\"action\\\":\\\"wander\\\"}\"}", WANDER},
		{"{\"result\":\"```json\\n{\\\"action\\\":\\\"wander\\\"}\\n```\"}", WANDER},
		{"\"{\\\"action\\\":\\\"wander\\\"}\"", WANDER},
		{"[" CONSUME "]", CONSUME},
		{"[[" CONSUME "]]", CONSUME},
		{"[" CONSUME "," WANDER "]", "{\"action\":\"consume\",\"target_id\":19,\"then\":[" WANDER "]}"},
		{"{\"action\":{\"action\":\"wander\"},\"tokens\":7}", "{\"action\":\"wander\",\"tokens\":7}"},
		{"{\"action\":{\"name\":\"consume\",\"target_id\":19}}", CONSUME},
		{"{\"action\":{\"type\":\"wander\"}}", WANDER},
		{"{\"name\":\"decide_action\",\"arguments\":\"{\\\"action\\\":\\\"wander\\\"}\"}", WANDER},
		{"{\"name\":\"consume\",\"arguments\":{\"target_id\":19}}",
		 "{\"action\":\"consume\",\"parameters\":{\"target_id\":19}}"},
		{"{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"{\\\"action\\\":\\\"wander\\\"}\"}"
		 "}]}",
		 WANDER},
		{"{\"type\":\"tool_use\",\"name\":\"consume\",\"input\":{\"target_id\":19}}",
		 "{\"action\":\"consume\",\"parameters\":{\"target_id\":19}}"},
		{"{\"functionCall\":{\"name\":\"decide_action\",\"args\":" WANDER "}}", WANDER},
		{"{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"wander\","
		 "\"arguments\":\"{}\"}}]}}]}",
		 "{\"action\":\"wander\",\"parameters\":{}}"},
		{"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{\\\"action\\\":\\\"wander\\\"}\"}]}}]}",
		 WANDER},
		{"{\"result\":" CONSUME ",\"reason\":\"hungry\"}",
		 "{\"action\":\"consume\",\"reason\":\"hungry\",\"target_id\":19}"},
	};

	CHECK(cases, "within");
}

static void
test_members(void)
{
	static const Case cases[] = {
		{"{\"action\":\"WANDER\"}", WANDER},
		{"{\"action\":\" Wander \"}", WANDER},
		{"{\"action\":\"wander()\"}", WANDER},
		{"{\"action\":[\"wander\"]}", WANDER},
		{"{\"action\":\"Start Conversation\",\"target_id\":67}",
		 "{\"action\":\"start_conversation\",\"target_id\":67}"},
		{"{\"action\":\"moveTo\",\"x\":\"3\",\"y\":[4]}", "{\"action\":\"move_to\",\"x\":3,\"y\":4}"},
		{"{\"action\":\"move-to\",\"parameters\":{\"destination\":\"(3, 4)\"}}",
		 "{\"action\":\"move_to\",\"parameters\":{\"destination\":[3,4]}}"},
		{"{\"action\":\"move_to\",\"destination\":{\"x\":3,\"y\":4}}",
		 "{\"action\":\"move_to\",\"destination\":[3,4]}"},
		{"{\"action\":\"consume\",\"target_id\":\"19\",\"tokens\":\"412\"}",
		 "{\"action\":\"consume\",\"target_id\":19,\"tokens\":412}"},
		{"{\"action\":\"consume\",\"target_id\":[19]}", CONSUME},
		{"{\"action\":\"consume\",\"target_id\":{\"id\":\"19\"}}", CONSUME},
		{"{\"action\":\"consume\",\"parameters\":\"{\\\"target_id\\\": \\\"19\\\"}\"}",
		 "{\"action\":\"consume\",\"parameters\":{\"target_id\":19}}"},
		{"{\"action\":\"consume\",\"args\":{\"target_id\":19}}",
		 "{\"action\":\"consume\",\"parameters\":{\"target_id\":19}}"},
		{"{\"action\":\"wander\",\"parameters\":\"\"}", WANDER},
		{"{\"action\":\"wander\",\"parameters\":[]}", WANDER},
		{"{\"action\":\"wander\",\"parameters\":null}", WANDER},
		{"{\"action\":\"wander\",\"tokens\":\"few\"}", WANDER},
		{"{\"action\":\"wander\",\"tokens\":{\"in\":1,\"out\":2}}", WANDER},
		{"{\"action\":\"wander\",\"then\":\"wait\",\"wake_on\":\"error\",\"next_decision_in_s\":\"30\"}",
		 "{\"action\":\"wander\",\"next_decision_in_s\":30,\"then\":[{\"action\":\"wait\"}],\"wake_on\":["
		 "\"error\"]}"},
		{"{\"action\":\"wander\",\"then\":{\"action\":\"SIT\",\"target_id\":\"5\"}}",
		 "{\"action\":\"wander\",\"then\":[{\"action\":\"sit\",\"target_id\":5}]}"},
		{"{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"bid_id\":\"8\",\"accept\":\"Yes\"}}",
		 "{\"action\":\"respond_to_interaction_bid\",\"parameters\":{\"accept\":true,\"bid_id\":8}}"},
		{"{\"action\":\"batch_reject_interaction_bids\",\"ids\":\"[5, 6]\",\"reason\":[\"busy\"]}",
		 "{\"action\":\"batch_reject_interaction_bids\",\"ids\":[5,6],\"reason\":\"busy\"}"},
		{"{\"action\":\"batch_reject_interaction_bids\",\"ids\":\"*\",\"reason\":\"busy\"}",
		 "{\"action\":\"batch_reject_interaction_bids\",\"ids\":\"*\",\"reason\":\"busy\"}"},
		/* what an interaction's own parameters are named, and whether they are text, is the world's */
		{"{\"action\":\"act_in_interaction\",\"parameters\":{\"x\":\"5\",\"message\":[\"Hi\"]}}",
		 "{\"action\":\"act_in_interaction\",\"parameters\":{\"message\":\"Hi\",\"x\":\"5\"}}"},
		{"{\"choice\":\"3\"}", "{\"choice\":3}"},
		{"{\"choice\":[3],\"message\":\"Hi\"}", "{\"choice\":3,\"message\":\"Hi\"}"},
		{"3", "{\"choice\":3}"},
		{"**3.**", "{\"choice\":3}"},
		{"Choice: 3", "{\"choice\":3}"},
		{"I choose option 3.", "{\"choice\":3}"},
		{"\\boxed{3}", "{\"choice\":3}"},
		{"{\"Action\":\"wander\"}", WANDER},
		{"{\"CHOICE\":\"3\"}", "{\"choice\":3}"},
		{"{\"choice\":null,\"action\":\"wander\"}", "{\"action\":\"wander\",\"choice\":null}"},
	};

	CHECK(cases, "its members");
}

static void
test_loose_json(void)
{
	static const Case cases[] = {
		{"{\"action\":\"wander\",}", WANDER},
		{"{'action': 'consume', 'target_id': 19, 'tokens': None}", CONSUME},
		{"{action: \"wander\", // as ever\n /* or not */ }", WANDER},
		{"{\"action\":\"wander\",\"confidence\":NaN}", "{\"action\":\"wander\",\"confidence\":null}"},
		{"{\"action\":\"wander\",\"next_decision_in_s\":-Infinity}",
		 "{\"action\":\"wander\",\"next_decision_in_s\":null}"},
		{"{\"action\":\"wander\",\"confidence\":1e999}", "{\"action\":\"wander\",\"confidence\":null}"},
		{"{\"action\":\"move_to\",\"x\":+3,\"y\":007}", "{\"action\":\"move_to\",\"x\":3,\"y\":7}"},
		{"{\"action\":\"wander\",\"reason\":\"\\ud83d\"}",
		 "{\"action\":\"wander\",\"reason\":\"\xEF\xBF\xBD\"}"},
		{"{\"action\":\"wander\",\"reason\":\"\\ud83d\\ude00\"}",
		 "{\"action\":\"wander\",\"reason\":\"\xF0\x9F\x98\x80\"}"},
		{"{\"action\":\"wander\",\"reason\":\"\\u0000\"}",
		 "{\"action\":\"wander\",\"reason\":\"\xEF\xBF\xBD\"}"},
		{"{\"action\":\"wander\",\"reason\":\"a\xFFz\"}",
		 "{\"action\":\"wander\",\"reason\":\"a\xEF\xBF\xBDz\"}"},
		{"{\"action\":\"wander\",\"reason\":\"two\nlines\"}",
		 "{\"action\":\"wander\",\"reason\":\"two\\nlines\"}"},
		{"{\"action\":\"wander\",\"reason\":\"I\\'m \\$1\"}",
		 "{\"action\":\"wander\",\"reason\":\"I'm $1\"}"},
	};

	CHECK(cases, "no JSON");
}

static void
test_unreadable(void)
{
	static const Case cases[] = {
		{"", "the result holds no decision"},
		{"I wander about.", "the result holds no decision"},
		{"I wait 5 minutes.", "the result holds no decision"},
		{"2 or 3", "the result holds no decision"},
		{"-3", "{\"choice\":-3}"},
		{"1.5", "the result holds no decision"},
		{"Choice: 1/2", "the result holds no decision"},
		{"{\"Action\":\"wander\",\"ACTION\":\"wait\"}", "the result holds no decision"},
		{"{\"mood\":\"good\"}", "the result holds no decision"},
		{"{\"action\":\"\"}", "the result holds no decision"},
		{"{\"action\":null}", "the result holds no decision"},
		{"{\"observations\":{\"events\":[{\"action\":\"wander\"}]}}", "the result holds no decision"},
		{"{\"choices\":[{\"choice\":1,\"action\":\"wander\"},{\"choice\":2,\"action\":\"wait\"}]}",
		 "the result holds no decision"},
		{"{\"action\":\"consume\",\"target_id\":1", "its JSON breaks off"},
		{"{\"choice\": 1", "its JSON breaks off"},
		{"[1", "its JSON breaks off"},
		{"{\"action\":\"wander\",\"reason\":\"because I am", "its JSON breaks off"},
		{"{\"action\":\"wander\",\"action\":\"wait\"}", "its JSON has a member twice in an object"},
	};
	char deep[400];
	char large[40];

	CHECK(cases, "unreadable");
	snprintf(deep, sizeof(deep), "{\"action\":\"wander\",\"then\":");
	for (int i = 0; i < 100; i++)
		strcat(deep, "[");
	tap_is_str(understood(deep, strlen(deep)), "its JSON is nested deeper than 64 levels",
			   "a bottomless pit");
	tap_is_str(understood("{\"action\":\"wander\"\0}", 20), "its JSON breaks off",
			   "a NUL where none belongs");
	/* time is bounded whatever is opened and never closed */
	for (int i = 0; i < 3; i++)
	{
		static const char *const pieces[] = {"{\"", "[[", "{'a':"};
		size_t					 length = strlen(pieces[i]);
		char					*text = malloc(256 * 1024);

		for (size_t at = 0; at + length <= 256 * 1024; at += length)
			memcpy(text + at, pieces[i], length);
		snprintf(large, sizeof(large), "%s", pieces[i]);
		tap_ok(strstr(understood(text, 256 * 1024 / length * length), "wander") == NULL,
			   "256 KiB of %s come to an end", large);
		free(text);
	}
}

/* How a parameter of an action may be written, and what is read. */
static const Case written[] = {
	[PARAMETER_NUMBER] = {"\"2.5\"", "2.5"},		 [PARAMETER_ID] = {"{\"id\":\"19\"}", "19"},
	[PARAMETER_IDS] = {"\"[5, 6]\"", "[5,6]"},		 [PARAMETER_WORD] = {"\"North West\"", "\"north_west\""},
	[PARAMETER_TEXT] = {"[\"Hello\"]", "\"Hello\""}, [PARAMETER_FLAG] = {"\"yes\"", "true"},
	[PARAMETER_CELL] = {"\"(3, 4)\"", "[3,4]"},
};

/* Where an action and its parameter stand: before, between and behind them. */
static const char *const places[][3] = {
	{"{\"action\":", ",", "}"},
	{"{\"action\":", ",\"parameters\":{", "}}"},
	{"{\"action\":\"wander\",\"then\":[{\"action\":", ",", "}]}"},
};

static void
check_parameter(const char *const place[3], const char *form, const ActionParameter *parameter)
{
	const Case *value = &written[parameter->type];
	char		text[256];
	char		meaning[256];
	json_t	   *expected;
	char	   *sorted;

	snprintf(text, sizeof(text), "%s\"%s\"%s\"%s\":%s%s", place[0], form, place[1], parameter->name,
			 value->text, place[2]);
	snprintf(meaning, sizeof(meaning), "%s\"%s\"%s\"%s\":%s%s", place[0], form, place[1], parameter->name,
			 value->meaning, place[2]);
	expected = json_loads(meaning, 0, NULL);
	sorted = json_dumps(expected, JSON_COMPACT | JSON_SORT_KEYS);
	tap_is_str(understood(text, strlen(text)), sorted, "%s of %s: %s", parameter->name, form, text);
	free(sorted);
	json_decref(expected);
}

/* Parameters of every action are read however they are written, beside it or among its parameters. */
static void
test_parameters_of_actions(void)
{
	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
	{
		const ActionEntry *entry = action_entry((ActionKind) kind);
		const char		  *form = entry->forms[0] != NULL ? entry->forms[0] : entry->name;
		char			   text[256];

		for (const ActionParameter *parameter = entry->parameters; parameter->name != NULL; parameter++)
			for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
				check_parameter(places[i], form, parameter);
		/* of an action that takes any, the world does not say how they are written */
		snprintf(text, sizeof(text), "{\"action\":\"%s\",\"parameters\":{\"x\":\"4\"}}", form);
		tap_ok((strstr(understood(text, strlen(text)), "\"4\"") == NULL) == !entry->takes_any_parameter,
			   "other parameters of %s are%s left alone", form, entry->takes_any_parameter ? "" : " not");
	}
}

int
main(void)
{
	test_surroundings();
	test_wrappers();
	test_members();
	test_loose_json();
	test_unreadable();
	test_parameters_of_actions();
	return tap_done();
}
