/*
 * test_heartbeat.c
 *	  Tests that the gateway accepts a compute_heartbeat exactly if the database would.
 *
 * @link workers/gateway/heartbeat.c
 */
#include "tap.h"

#include "heartbeat.h"

#define CHARS_60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* What is offered, or -1. */
static int
capacity_of(const char *text, char *message, size_t size)
{
	json_t *heartbeat = json_loads(text, 0, NULL);
	int		capacity = -2;

	*message = '\0';
	if (heartbeat == NULL)
		tap_ok(false, "the test's own JSON: %s", text);
	if (!heartbeat_read(heartbeat, &capacity, message, size))
		capacity = -1;
	json_decref(heartbeat);
	return capacity;
}

static void
test_good(void)
{
	static const struct
	{
		const char *text;
		int			capacity;
	} good[] = {
		{"{}", 1},
		{"{\"max_concurrency\":0}", 0},
		{"{\"max_concurrency\":64,\"source\":\"main\",\"stateless\":true}", 64},
		{"{\"max_concurrency\":4.0}", 4},
		{"{\"observations\":false,\"compact\":true}", 1},
		{"{\"max_concurrency\":null,\"source\":null,\"stateless\":null,\"token_output_rate\":null}", 1},
		{"{\"token_output_rate\":12.5,\"average_decision_time_ms\":1e9,\"decision_queue_length\":1000000}",
		 1},
		{"{\"source\":\"" CHARS_60 "\\u00e9\\u00e9\\u00e9\\u00e9\"}", 1},
	};
	char message[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		tap_is_int(capacity_of(good[i].text, message, sizeof(message)), good[i].capacity, "%s", good[i].text);
}

static void
test_bad(void)
{
	static const struct
	{
		const char *text;
		const char *message;
	} bad[] = {
		{"{\"max_concurrency\":65}", "max_concurrency must be a whole number from 0 to 64"},
		{"{\"max_concurrency\":-1}", "max_concurrency must be a whole number from 0 to 64"},
		{"{\"max_concurrency\":1.5}", "max_concurrency must be a whole number from 0 to 64"},
		{"{\"max_concurrency\":1e300}", "max_concurrency must be a whole number from 0 to 64"},
		{"{\"max_concurrency\":\"4\"}", "max_concurrency must be a whole number from 0 to 64"},
		{"{\"token_output_rate\":-0.1}", "token_output_rate must be a number from 0 to 1000000000"},
		{"{\"token_output_rate\":\"fast\"}", "token_output_rate must be a number from 0 to 1000000000"},
		{"{\"average_decision_time_ms\":1000000001}",
		 "average_decision_time_ms must be a number from 0 to 1000000000"},
		{"{\"decision_queue_length\":1000001}", "decision_queue_length must be a number from 0 to 1000000"},
		{"{\"stateless\":1}", "stateless must be true or false"},
		{"{\"observations\":\"none\"}", "observations must be true or false"},
		{"{\"unknown\":[1e300]}", "a heartbeat has no member \"unknown\""},
		{"{\"max_concurency\":4}", "a heartbeat has no member \"max_concurency\""},
		{"{\"source\":7}", "source must be a text of at most 64 characters"},
		{"{\"source\":\"" CHARS_60 "12345\"}", "source must be a text of at most 64 characters"},
		{"{\"source\":\"a\\nb\"}", "source must be a text of at most 64 characters"},
	};
	char message[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		tap_is_int(capacity_of(bad[i].text, message, sizeof(message)), -1, "not %s", bad[i].text);
		tap_is_str(message, bad[i].message, "... and why");
	}
}

int
main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
