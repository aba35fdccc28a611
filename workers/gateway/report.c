/*
 * report.c
 *	  Reports what becomes of decisions, and a player's standing, to those who
 *	  compute.
 *
 * A client of npcsim.v1 hears of each answer by the frames decision_result and
 * decision_cancelled.  An MCP server does not, but the agent that connects for
 * it may ask for reports: then outcomes are gathered and sent as JSON-RPC
 * notifications, at most one a second, however many there are.
 *
 * Both are told the standing of their player when it has changed: which NPCs
 * they decide for, and why they are not asked.  The database is asked for all
 * players at once every STANDING_MS, and answers for those whose standing has
 * changed.
 *
 * Invariants: "details" holds at most MAX_DETAILS outcomes, and further ones
 * are only counted; one query for standings is on its way at a time.
 */
#include "report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "world.h"

#define OUTCOMES_MS		1000
#define STANDING_MS		3000
#define MAX_DETAILS		64
#define MAX_REASON		400
#define MAX_PLAYERS		1024
#define METHOD_OUTCOMES "npcsim/outcomes"
#define METHOD_STANDING "npcsim/standing"

/* The outcomes of a request, as reports name them; "applied", the first, is counted without details. */
static const char *const statuses[] = {"applied", "rejected", "failed", "timeout", "late", "duplicate"};

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

typedef struct Report
{
	bool	 wants_outcomes;
	uint32_t counts[STATUS_COUNT]; /* outcomes since the last notification */
	uint32_t count;				   /* the sum of these */
	Text	 details;			   /* objects of JSON, parted by commas */
	int		 detail_count;
	int64_t	 not_before; /* when the next notification may be sent */
	int64_t	 standing;	 /* the database's number of the standing that it was told */
	bool	 was_told;	 /* it was told a standing */
} Report;

static struct
{
	bool	asking;
	int64_t not_before;
} standings;

static Report *
report_of(Client *client)
{
	if (client->report == NULL)
		client->report = mem_alloc(sizeof(Report));
	return client->report;
}

void
report_begin(Client *client)
{
	report_of(client)->wants_outcomes = true;
}

void
report_end(Client *client)
{
	if (client->report == NULL)
		return;
	text_free(&client->report->details);
	free(client->report);
	client->report = NULL;
}

/* ------------------------------------------------------------------------
 * outcomes
 * ------------------------------------------------------------------------ */

static void
add_detail(Report *report, int64_t request_id, int64_t npc_id, const char *status, const char *code,
		   const char *reason)
{
	Text *text = &report->details;

	if (report->detail_count++ >= MAX_DETAILS)
		return;
	text_add_string(text, text->length ? ",{\"status\":" : "{\"status\":");
	text_add_json_string(text, status);
	if (request_id)
		text_add_format(text, ",\"request_id\":%" PRId64, request_id);
	if (npc_id)
		text_add_format(text, ",\"npc_id\":%" PRId64, npc_id);
	if (code != NULL)
	{
		text_add_string(text, ",\"code\":");
		text_add_json_string(text, code);
	}
	if (reason != NULL)
	{
		char *cut = mem_copy_string(reason);

		cut[text_cut(reason, MAX_REASON)] = '\0';
		text_add_string(text, ",\"reason\":");
		text_add_json_string(text, cut);
		free(cut);
	}
	text_add(text, "}", 1);
}

void
report_outcome(Client *client, int64_t request_id, int64_t npc_id, const char *status, const char *code,
			   const char *reason)
{
	Report *report = client->report;

	if (report == NULL || !report->wants_outcomes || client_is_leaving(client))
		return;
	for (size_t i = 0; i < STATUS_COUNT; i++)
	{
		if (strcmp(status, statuses[i]) != 0)
			continue;
		report->counts[i]++;
		report->count++;
		if (i > 0)
			add_detail(report, request_id, npc_id, status, code, reason);
	}
}

void
report_result(Client *client, const char *result)
{
	char	message[100];
	json_t *frame;
	int64_t request_id = 0;
	int64_t npc_id = 0;

	if (client->report == NULL || !client->report->wants_outcomes)
		return;
	frame = json_parse_trusted(result, message, sizeof(message));
	json_member_integer(frame, "request_id", &request_id);
	json_member_integer(frame, "npc_id", &npc_id);
	if (frame != NULL && json_member_string(frame, "status") != NULL)
		report_outcome(client, request_id, npc_id, json_member_string(frame, "status"),
					   json_member_string(frame, "code"), json_member_string(frame, "reason"));
	json_decref(frame);
}

static void
send_outcomes(Client *client, Report *report)
{
	Text text = {0};
	bool any = false;

	text_add_string(&text,
					"{\"jsonrpc\":\"2.0\",\"method\":\"" METHOD_OUTCOMES "\",\"params\":{\"counts\":{");
	for (size_t i = 0; i < STATUS_COUNT; i++)
	{
		if (report->counts[i] == 0)
			continue;
		text_add_format(&text, "%s\"%s\":%" PRIu32, any ? "," : "", statuses[i], report->counts[i]);
		any = true;
	}
	text_add_string(&text, "},\"outcomes\":[");
	if (report->details.length)
		text_add(&text, report->details.data, report->details.length);
	text_add_string(&text, "]}}");
	client_send_text(client, &text);
	text_free(&text);

	memset(report->counts, 0, sizeof(report->counts));
	report->count = 0;
	report->detail_count = 0;
	text_clear(&report->details);
}

void
report_tick(Client *client, int64_t now)
{
	Report *report = client->report;

	if (report == NULL || report->count == 0 || now < report->not_before || !client_is_welcome(client))
		return;
	report->not_before = now + OUTCOMES_MS;
	send_outcomes(client, report);
}

/* ------------------------------------------------------------------------
 * standings
 * ------------------------------------------------------------------------ */

static bool
wants_standing(const Client *client)
{
	if (client->state != CLIENT_LIVE || client->player_id == 0 || client->purpose == PURPOSE_WATCH)
		return false;
	return client->kind == CLIENT_PLAYER || (client->report != NULL && client->report->wants_outcomes);
}

static void
tell_standing(Client *client, int64_t standing, const char *body)
{
	Report *report = report_of(client);
	bool	is_mind = client->kind == CLIENT_MCP_SERVER;
	Text	text = {0};

	if (report->was_told && report->standing == standing)
		return;
	report->was_told = true;
	report->standing = standing;

	/* the body is an object, whose members follow the type in a frame */
	assert(body[0] == '{');
	text_add_string(&text, is_mind ? "{\"jsonrpc\":\"2.0\",\"method\":\"" METHOD_STANDING "\",\"params\":"
								   : "{\"type\":\"standing\",");
	text_add_string(&text, is_mind ? body : body + 1);
	if (is_mind)
		text_add(&text, "}", 1);
	client_send_text(client, &text);
	text_free(&text);
}

static void
standings_came(void *argument, const DbReply *reply)
{
	(void) argument;
	standings.asking = false;
	if (reply->result == NULL)
	{
		if (!reply->lost)
			log_line(LOG_WARNING, "compute_standings: %s", reply->message);
		return;
	}
	for (int row = 0; row < PQntuples(reply->result); row++)
	{
		int64_t		player_id = reply_integer(reply, row, "player_id");
		int64_t		standing = reply_integer(reply, row, "standing");
		const char *body = reply_column(reply, row, "body");

		for (Client *client = clients_first(); client != NULL && body != NULL; client = client->next)
		{
			if (client->player_id == player_id && wants_standing(client))
				tell_standing(client, standing, body);
		}
	}
}

void
reports_polled(void)
{
	int64_t players[MAX_PLAYERS];
	int64_t told[MAX_PLAYERS];
	int		count = 0;
	int64_t now = now_ms();

	if (standings.asking || now < standings.not_before)
		return;
	for (Client *client = clients_first(); client != NULL && count < MAX_PLAYERS; client = client->next)
	{
		if (!wants_standing(client))
			continue;
		players[count] = client->player_id;
		told[count++] = client->report != NULL && client->report->was_told ? client->report->standing : 0;
	}
	standings.not_before = now + STANDING_MS;
	if (count == 0)
		return;
	standings.asking = true;
	call_compute_standings(players, told, count, standings_came, NULL);
}
