/*
 * metrics.c
 *	  Writes the metrics of the page /metrics: a metric is one line of the table.
 */
#include "metrics.h"

#include <inttypes.h>

#include "common/text.h"
#include "client.h"
#include "compute.h"
#include "counts.h"
#include "db.h"
#include "peers.h"
#include "session.h"
#include "world.h"

static int
database_is_up(void)
{
	return worlds_are_reachable();
}

static int
count_watching(void)
{
	int count = 0;

	for (const Client *client = clients_first(); client != NULL; client = client->next)
		count += client->watch != NULL;
	return count;
}

static int
count_computing(void)
{
	int count = 0;

	for (const Client *client = clients_first(); client != NULL; client = client->next)
		count += client->compute != NULL;
	return count;
}

/* The metrics in the order of the page; each has either a counter or a function that returns its value. */
static const struct
{
	const char	   *name;
	const char	   *help;
	const uint64_t *counter;
	int (*gauge)(void);
} metrics[] = {
	{"database_up", "1 while registered with the database, and it answers", .gauge = database_is_up},
	{"database_queries_waiting", "queries without an answer yet", .gauge = db_outstanding},
	{"worlds", "worlds held in memory", .gauge = worlds_count},
	{"clients", "WebSocket connections", .gauge = clients_count},
	{"clients_without_session", "welcomed connections that the database has no session of",
	 .gauge = session_count_without},
	{"clients_watching", "connections with a subscription", .gauge = count_watching},
	{"clients_computing", "connections that decide", .gauge = count_computing},
	{"clients_total", "WebSocket connections ever", &counts.clients},
	{"clients_too_slow_total", "connections closed with 4005", &counts.clients_too_slow},
	{"clients_rate_limited_total", "connections closed with 4006", &counts.clients_rate_limited},
	{"wrong_tokens_total", "tokens that were nobody's", &counts.wrong_tokens},
	{"addresses", "addresses with a connection or recent wrong tokens", .gauge = peers_count},
	{"frames_sent_total", "text frames sent", &counts.frames_sent},
	{"bytes_sent_total", "bytes in text frames sent", &counts.bytes_sent},
	{"frames_received_total", "text frames received", &counts.frames_received},
	{"decisions_in_flight", "requests that minds have", .gauge = compute_total_in_flight},
	{"decision_requests_total", "requests given to minds", &counts.decision_requests},
	{"decision_answers_total", "answers of minds", &counts.decision_answers},
	{"decision_failures_total", "requests that minds refused", &counts.decision_failures},
	{"decision_timeouts_total", "requests that timed out", &counts.decision_timeouts},
	{"decision_superseded_total", "requests that were taken back", &counts.decision_superseded},
	{"decision_batches_total", "batches of answers submitted", &counts.decision_batches},
	{"decision_claims_total", "times the database was asked for requests", &counts.decision_claims},
	{"decision_claims_empty_total", "times it had none", &counts.decision_claims_empty},
};

void
metrics_add(Text *text)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
	{
		const char *name = metrics[i].name;
		bool		is_counter = metrics[i].counter != NULL;
		uint64_t	value = is_counter ? *metrics[i].counter : (uint64_t) metrics[i].gauge();

		text_add_format(text,
						"# HELP npcsim_gateway_%s %s\n# TYPE npcsim_gateway_%s %s\n"
						"npcsim_gateway_%s %" PRIu64 "\n",
						name, metrics[i].help, name, is_counter ? "counter" : "gauge", name, value);
	}
}
