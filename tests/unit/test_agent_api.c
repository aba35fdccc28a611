/*
 * test_agent_api.c
 *	  Tests what npcsim-agent tells language models, how it reads them, and when it leaves them alone.
 *
 * @link workers/agent/chat.c workers/agent/prompt.c workers/agent/in_words.c workers/agent/own_mind.c workers/agent/pace.c workers/agent/backoff.c
 */
#include "tap.h"

#include <stdlib.h>

#include "chat.h"
#include "common/jsonrpc.h"
#include "in_words.h"
#include "own_mind.h"
#include "pace.h"
#include "prompt.h"

#define CALL_HEAD \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/" \
	"call\",\"params\":{\"name\":\"decide_action\",\"arguments\":" \
	"{\"world_id\":1,\"npc_id\":52,\"reason\":\"idle\",\"timeout_ms\":10000,\"observations\":"

static const char observations[] =
	"{\"self\":{\"name\":\"Zoe\",\"clock\":12.5},\"needs\":{\"hunger\":8.3,\"fun\":100.4},"
	"\"status\":{\"state\":\"interacting\",\"current_interaction\":\"sit\"},\"traits\":[\"shy\",\"likes "
	"rain\"],"
	"\"choices\":[{\"choice\":1,\"text\":\"wander\"},{\"choice\":2,\"text\":\"wander far\"},"
	"{\"choice\":3,\"text\":\"talk\",\"message\":\"Hi\"},{\"choice\":4,\"text\":\"wait\"},{\"choice\":5,"
	"\"text\":\"wait\"}],"
	"\"conversation\":[{\"name\":\"Gus\",\"message\":\"one\\ntwo\"}],"
	"\"bids\":[{\"bidder_name\":\"Ida\",\"interaction\":\"conversation\"}],"
	"\"events\":[{\"at\":1,\"type\":\"interaction_bid_rejected\",\"interaction\":\"conversation\",\"reason\":"
	"\"busy\"}],"
	"\"vision\":[{\"type\":\"npc\",\"name\":\"Gus\",\"distance\":5,\"npc_state\":\"idle\"}]}";

static Question
ask(const char *what)
{
	Question question = {0};
	Text	 text = {0};
	char	*reply = NULL;

	text_add_format(&text, "%s%s}}}", CALL_HEAD, what);
	if (own_mind_take(text.data, text.length, &question, &reply) != OWN_MIND_DECISION)
		tap_ok(false, "it is a question: %s", text.data);
	text_free(&text);
	return question;
}

/* ---------- MCP ---------- */

static const char *
reply_to(const char *message)
{
	static char *last;
	Question	 question = {0};

	free(last);
	last = NULL;
	own_mind_take(message, strlen(message), &question, &last);
	own_mind_forget(&question);
	return last;
}

static void
test_own_mind(void)
{
	Question question = ask(observations);
	char	*text;

	tap_ok(question.npc_id == 52 && question.world_id == 1 && question.timeout_ms == 10000 &&
			   strcmp(question.reason, "idle") == 0 && own_mind_choice_count(&question) == 5,
		   "a call is a question");
	text = own_mind_failure(&question, "no %s", "\xc3\xbc\x01");
	tap_is_str(text, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":\"no ?? \"}}",
			   "that may fail");
	free(text);
	text = own_mind_decision(&question, json_pack("{s:i}", "choice", 2));
	tap_ok(strstr(text, "\"structuredContent\":{\"choice\":2}") != NULL &&
			   strstr(text, "\"resultType\":\"complete\"") != NULL,
		   "or be answered: %s", text);
	free(text);
	own_mind_forget(&question);

	tap_ok(strstr(reply_to("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}"), "2026-07-28") !=
			   NULL,
		   "it tells which revision it speaks");
	tap_ok(strstr(reply_to("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"), "decide_action") !=
			   NULL,
		   "and which tool it has");
	tap_ok(reply_to("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}") == NULL, "answers are not answered");
	tap_ok(reply_to("garbage") == NULL, "nor is garbage");
	tap_ok(strstr(reply_to("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":[]}"),
				  "-32602") != NULL,
		   "a call that is none is refused");
}

/* ---------- prompts ---------- */

static const char *
prompt(const char *template, const char *memory, const char *what)
{
	static char last[4096];
	Question	question = ask(what);
	Text		system = {0};
	Text		user = {0};

	prompt_write(template, &question, memory, false, &system, &user);
	snprintf(last, sizeof(last), "%s|%s", system.data, user.data);
	text_free(&system);
	text_free(&user);
	own_mind_forget(&question);
	return last;
}

static void
test_prompt(void)
{
	char	*large = malloc(API_PROMPT_MAX + 1);
	Text	 system = {0};
	Text	 user = {0};
	Question question = ask(observations);

	tap_is_str(prompt("a {name} {\n---\nb {{state}}\n---\n", NULL, observations),
			   "a Zoe {\n|b {interacting (sit)}\n---\n",
			   "what stands above the first line of dashes is the system's");
	tap_is_str(prompt("{needs}; {traits}", NULL, observations), "|hunger 8, fun 100; shy, likes rain\n",
			   "needs and traits");
	tap_is_str(prompt("{vision}{bids}{events}{conversation}", NULL, observations),
			   "|\n- Gus, 5 away, idle\n- Ida invites you: conversation\n- interaction bid rejected: "
			   "conversation: busy\n- "
			   "Gus said: one two\n",
			   "lists");
	tap_is_str(prompt("x {memory}\ny {traits}{memory}", NULL, "{}"), "|",
			   "lines with nothing to say are left out");
	tap_is_str(prompt("x {memory}\ny {traits}{memory}", "\n- m", "{}"), "|x \n- m\ny \n- m\n",
			   "and others are not");
	tap_is_str(prompt("{nonsense} {name", NULL, observations), "|{nonsense} {name\n",
			   "other braces are themselves");
	for (size_t i = 0; i + 13 <= API_PROMPT_MAX; i += 13)
		memcpy(large + i, "{observation}", 13);
	large[API_PROMPT_MAX / 13 * 13] = '\0';
	prompt_write(large, &question, NULL, false, &system, &user);
	tap_ok(user.length <= PROMPT_MOST + 1, "there is an end to it: %zu bytes", user.length);
	text_free(&system);
	text_free(&user);
	own_mind_forget(&question);
	free(large);
}

/* ---------- requests ---------- */

static const char *
url(const char *given, int form)
{
	static char *last;

	free(last);
	last = chat_url(given, form, "/models");
	return last;
}

static void
test_urls(void)
{
	tap_is_str(url("http://h", 0), "http://h/v1/models", "a version is added");
	tap_is_str(url("http://h", 1), "http://h/models", "or is not");
	tap_is_str(url("http://h", 2), NULL, "that is all");
	tap_is_str(url("http://h:1/", 0), "http://h:1/v1/models", "a slash at the end does not matter");
	tap_is_str(url("https://h/v1/", 0), "https://h/v1/models", "a version that is there is kept");
	tap_is_str(url("https://h/v1", 1), NULL, "and is the only one");
	tap_is_str(url("https://h/v1beta/openai", 0), "https://h/v1beta/openai/models", "wherever it stands");
	tap_is_str(url("https://v1.example/api", 0), "https://v1.example/api/v1/models", "but in the host");
	tap_is_str(url("https://h/x/chat/completions?a=/v1", 0), "https://h/x/models?a=/v1",
			   "a whole address is taken as it is");
	tap_is_str(url("https://h?a=1", 0), "https://h/v1/models?a=1", "a query stays behind");
	tap_is_str(url("http://h/video", 0), "http://h/video/v1/models", "a word with v is no version");
}

static void
test_forms(void)
{
	ApiSettings api = {.model = "m", .max_tokens = 100, .parameters = json_pack("{s:i}", "top_k", 5)};
	ChatForm	form = {0};
	int			steps = 0;

	tap_ok(!chat_other_form(&form, &api, 500, "response_format"),
		   "only what says that the request is wrong tells of its form");
	tap_ok(chat_other_form(&form, &api, 400, "use max_completion_tokens") && form.new_limit &&
			   form.format == CHAT_SCHEMA,
		   "the other name of the limit");
	tap_ok(chat_other_form(&form, &api, 422, "unknown field top_k") && form.bare &&
			   form.format == CHAT_SCHEMA,
		   "a member that is not known");
	memset(&form, 0, sizeof(form));
	while (chat_other_form(&form, &api, 400, "max_completion_tokens system role top_k") && steps < 100)
		steps++;
	tap_is_int(steps, 5, "there is an end to trying");
	json_decref(api.parameters);
}

/* ---------- answers ---------- */

/* What is understood of an answer with this content. */
static const char *
decided(const char *content, bool cut)
{
	static char *last;
	Question	 question = ask(observations);
	ChatAnswer	 answer;
	const char	*problem;
	json_t		*decision;

	chat_answer_init(&answer);
	text_add_string(&answer.content, content);
	answer.cut = cut;
	decision = chat_decision(&answer, &question, &problem);
	free(last);
	last = decision != NULL ? json_dumps(decision, JSON_COMPACT) : strdup(problem);
	json_decref(decision);
	chat_answer_free(&answer);
	own_mind_forget(&question);
	return last;
}

static void
test_decisions(void)
{
	tap_is_str(decided("{\"choice\": 2}", false), "{\"choice\":2}", "a choice");
	tap_is_str(decided("Wander.", false), "{\"choice\":1}", "the words of a choice");
	tap_is_str(decided("**Wander far** away", false), "{\"choice\":2}", "the longest words that fit");
	tap_is_str(decided("2) wander far", false), "{\"choice\":2}", "with its number");
	tap_is_str(decided("1. wander far", false), "the result holds no decision",
			   "a number that contradicts them");
	tap_is_str(decided("wait", false), "the result holds no decision", "words that two have");
	tap_is_str(decided("5. wait", false), "{\"choice\":5}", "but for the number that is said");
	tap_is_str(decided("{\"choice\": 3, \"message\": \"so", true), "{\"choice\":3}",
			   "a choice that was cut behind its number");
	tap_is_str(decided("{\"choice\": 3", true), "the model was cut off before it had decided (--max-tokens)",
			   "but not within it");
	tap_is_str(decided("{\"choice\": 3, \"message\": \"so", false), "its JSON breaks off",
			   "nor when it was not cut");
	tap_is_str(decided("{\"choice\": 6}", false), "the model chose a number that was not offered",
			   "one too many");
	tap_is_str(decided("{\"choice\": 1, \"message\": \"hey\"}", false), "{\"choice\":1}",
			   "words where there are none to say");
	tap_is_str(decided("{\"choice\": 3, \"message\": \"hey\"}", false), "{\"choice\":3,\"message\":\"hey\"}",
			   "words to say");
	tap_is_str(decided("", false), "the model says nothing", "nothing");
}

static void
test_answers(void)
{
	static const char *const bodies[] = {"",
										 "null",
										 "[]",
										 "{}",
										 "{\"choices\":{}}",
										 "{\"choices\":[1]}",
										 "{\"choices\":[{\"message\":1}]}",
										 "{\"usage\":{\"completion_tokens\":-1}}",
										 "{\"usage\":{\"completion_tokens\":1e300}}",
										 "{\"error\":{\"message\":5}}",
										 "{\"error\":null}"};
	static const char		 failed[] = "{\"error\":{\"message\":\"a\\nb\",\"code\":429}}";
	ChatAnswer				 answer;
	Text					 large = {0};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		chat_answer_init(&answer);
		chat_answer_read(&answer, bodies[i], strlen(bodies[i]));
		chat_answer_read_event(&answer, bodies[i], strlen(bodies[i]));
		tap_ok(answer.content.length == 0 && answer.tokens == -1, "nothing is made of %s", bodies[i]);
		chat_answer_free(&answer);
	}
	chat_answer_init(&answer);
	for (int i = 0; i < 1000; i++)
		text_add_string(&large, "0123456789");
	text_add_string(&large, "\"}}]}");
	for (int i = 0; i < 10; i++)
	{
		Text event = {0};

		text_add_string(&event, "{\"choices\":[{\"delta\":{\"content\":\"");
		text_add(&event, large.data, large.length);
		chat_answer_read_event(&answer, event.data, event.length);
		text_free(&event);
	}
	tap_ok(answer.too_long && answer.content.length <= CHAT_CONTENT_MOST, "there is an end to what is read");
	chat_answer_free(&answer);
	text_free(&large);

	chat_answer_init(&answer);
	chat_answer_read(&answer, failed, strlen(failed));
	tap_ok(answer.error_status == 429 && strcmp(answer.error.data, "a\nb") == 0, "an error is told");
	chat_answer_free(&answer);
}

/* ---------- pace ---------- */

static void
test_pace(void)
{
	Pace pace;

	pace_init(&pace, 8);
	tap_ok(pace_may_ask(&pace, 1000, 7) && !pace_may_ask(&pace, 1000, 8), "so many at a time");
	pace_trouble(&pace, 2000, 1000, -1, 0);
	tap_ok(!pace_may_ask(&pace, 2999, 0) && pace_may_ask(&pace, 3000, 0) && !pace_may_ask(&pace, 3000, 1),
		   "after trouble a pause, then one");
	tap_is_int(pace_offer(&pace, 2000), 1, "a short pause is not told");
	pace_trouble(&pace, 2100, 1500, -1, UINT32_MAX);
	tap_is_int(pace.until, 3000, "what was asked side by side and fails is one failure");
	pace_success(&pace, 2200, 1500);
	tap_is_int(pace.until, 3000, "and what of it succeeds does not end the pause");
	pace_trouble(&pace, 4000, 3000, 60000, 0);
	tap_is_int(pace.until, 64000, "a pause is as long as is wished");
	tap_is_int(pace_offer(&pace, 63999), 0, "and told, if it is long");
	tap_ok(!pace_can_answer(&pace, 5000, 15000) && pace_can_answer(&pace, 5000, 70000),
		   "who cannot wait so long is told");
	tap_is_int(pace_offer(&pace, 64000), 1, "until it is over");
	for (int i = 1; i <= 3; i++)
		pace_success(&pace, 64000 + i * 100, 63950 + i * 100);
	tap_is_int(pace_offer(&pace, 64300), 8, "answers double how many are asked");
	pace_trouble(&pace, 65000, 64900, INT64_C(1) << 60, 0);
	tap_ok(pace.until <= 65000 + PACE_PAUSE_MOST_MS, "no pause is longer than an hour");
	pace_trouble(&pace, 66000, 65900, 0, 0);
	tap_ok(pace.until > 66000, "no pause is none");
}

static void
test_retry_after(void)
{
	static const time_t now = 1767225600; /* 2026-01-01 00:00:00 UTC, a Thursday */

	tap_is_int(pace_retry_after("0", now), 0, "no seconds");
	tap_is_int(pace_retry_after("120", now), 120000, "seconds");
	tap_is_int(pace_retry_after("1.5", now), 1500, "with a fraction");
	tap_is_int(pace_retry_after("999999999", now), INT64_C(999999999000), "many");
	tap_is_int(pace_retry_after("99999999999999999999", now), -1, "too many");
	tap_is_int(pace_retry_after("-5", now), -1, "none of them");
	tap_is_int(pace_retry_after("1.2.3", now), -1, "a number that is none");
	tap_is_int(pace_retry_after("Thu, 01 Jan 2026 00:00:10 GMT", now), 10000, "a date");
	tap_is_int(pace_retry_after("Thursday, 01-Jan-26 00:00:10 GMT", now), 10000, "as it was once written");
	tap_is_int(pace_retry_after("Thu Jan  1 00:00:10 2026", now), 10000, "and by C");
	tap_is_int(pace_retry_after("Wed, 31 Dec 2025 00:00:10 GMT", now), 0, "one that is over");
	tap_is_int(pace_retry_after("Thu, 01 Jan 2026 00:00:10 GMT and more", now), -1,
			   "one with more behind it");
	tap_is_int(pace_retry_after("soon", now), -1, "a word");
	tap_is_int(pace_retry_after("", now), -1, "nothing");
}

int
main(void)
{
	test_own_mind();
	test_prompt();
	test_urls();
	test_forms();
	test_decisions();
	test_answers();
	test_pace();
	test_retry_after();
	return tap_done();
}
