/*
 * http.c
 *	  /healthz, /version, /metrics and the page at /.
 *
 * Files of the page are served by libwebsockets, with its security headers: a
 * content security policy without inline scripts and styles among them.
 */
#include "http.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "compute.h"
#include "db.h"
#include "version.h"
#include "world.h"

#define HEADER_ROOM 2048

static const struct lws_protocol_vhost_options mime_types[] = {
	{&mime_types[1], NULL, ".mjs", "text/javascript"},
	{&mime_types[2], NULL, ".wasm", "application/wasm"},
	{&mime_types[3], NULL, ".webmanifest", "application/manifest+json"},
	{NULL, NULL, ".map", "application/json"},
};

static struct lws_http_mount mounts[] = {
	{.mount_next = &mounts[1],
	 .mountpoint = "/healthz",
	 .mountpoint_len = 8,
	 .origin = "http",
	 .protocol = "http",
	 .origin_protocol = LWSMPRO_CALLBACK},
	{.mount_next = &mounts[2],
	 .mountpoint = "/version",
	 .mountpoint_len = 8,
	 .origin = "http",
	 .protocol = "http",
	 .origin_protocol = LWSMPRO_CALLBACK},
	{.mount_next = &mounts[3],
	 .mountpoint = "/metrics",
	 .mountpoint_len = 8,
	 .origin = "http",
	 .protocol = "http",
	 .origin_protocol = LWSMPRO_CALLBACK},
	{.mountpoint = "/",
	 .mountpoint_len = 1,
	 .def = "index.html",
	 .extra_mimetypes = mime_types,
	 .origin_protocol = LWSMPRO_FILE},
};

const struct lws_http_mount *
http_mounts(const char *web_root)
{
	if (*web_root)
		mounts[3].origin = web_root;
	else
	{
		mounts[3].origin = "http";
		mounts[3].protocol = "http";
		mounts[3].origin_protocol = LWSMPRO_CALLBACK;
	}
	return mounts;
}

/* 200 while everything that should move does, else 503 and what does not. */
static int
answer_health(Text *body)
{
	if (!worlds_are_registered())
	{
		text_add_string(body, "the database is not reachable\n");
		return HTTP_STATUS_SERVICE_UNAVAILABLE;
	}
	worlds_add_stale(body, now_ms());
	if (body->length > 0)
		return HTTP_STATUS_SERVICE_UNAVAILABLE;
	text_add_string(body, "ok\n");
	return HTTP_STATUS_OK;
}

static void
add_metric(Text *body, const char *name, const char *kind, const char *help, uint64_t value)
{
	text_add_format(body,
					"# HELP npcsim_gateway_%s %s\n# TYPE npcsim_gateway_%s %s\n"
					"npcsim_gateway_%s %" PRIu64 "\n",
					name, help, name, kind, name, value);
}

static void
answer_metrics(Text *body)
{
	uint64_t watching = 0;
	uint64_t computing = 0;

	for (const Client *client = clients_first(); client; client = client->next)
	{
		watching += client->watch != NULL;
		computing += client->compute != NULL;
	}
	add_metric(body, "database_up", "gauge", "1 while registered with the database", worlds_are_registered());
	add_metric(body, "database_queries_waiting", "gauge", "queries without an answer yet",
			   (uint64_t) db_outstanding());
	add_metric(body, "worlds", "gauge", "worlds held in memory", (uint64_t) worlds_count());
	add_metric(body, "clients", "gauge", "WebSocket connections", (uint64_t) clients_count());
	add_metric(body, "clients_watching", "gauge", "connections with a subscription", watching);
	add_metric(body, "clients_computing", "gauge", "connections that decide", computing);
	add_metric(body, "clients_total", "counter", "WebSocket connections ever", client_counts.accepted);
	add_metric(body, "clients_too_slow_total", "counter", "connections closed with 4005",
			   client_counts.closed_too_slow);
	add_metric(body, "clients_rate_limited_total", "counter", "connections closed with 4006",
			   client_counts.closed_rate_limit);
	add_metric(body, "frames_sent_total", "counter", "text frames sent", client_counts.frames_sent);
	add_metric(body, "bytes_sent_total", "counter", "bytes in text frames sent", client_counts.bytes_sent);
	add_metric(body, "frames_received_total", "counter", "text frames received",
			   client_counts.frames_received);
	add_metric(body, "decisions_in_flight", "gauge", "requests that minds have",
			   (uint64_t) compute_total_in_flight());
	add_metric(body, "decision_requests_total", "counter", "requests given to minds", compute_counts.given);
	add_metric(body, "decision_answers_total", "counter", "answers of minds", compute_counts.answered);
	add_metric(body, "decision_failures_total", "counter", "requests that minds refused",
			   compute_counts.failed);
	add_metric(body, "decision_timeouts_total", "counter", "requests that timed out",
			   compute_counts.timed_out);
	add_metric(body, "decision_superseded_total", "counter", "requests that were taken back",
			   compute_counts.superseded);
	add_metric(body, "decision_batches_total", "counter", "batches of answers submitted",
			   compute_counts.batches);
	add_metric(body, "decision_claims_total", "counter", "times the database was asked for requests",
			   compute_counts.claims);
	add_metric(body, "decision_claims_empty_total", "counter", "times it had none",
			   compute_counts.claims_empty);
}

/* The whole answer's status, body and type. */
static int
make_answer(const char *path, Text *body, const char **type)
{
	*type = "text/plain; charset=utf-8";
	if (strcmp(path, "/healthz") == 0)
		return answer_health(body);
	if (strcmp(path, "/version") == 0)
	{
		*type = "application/json";
		text_add_string(body, "{\"name\":\"npcsim-gateway\",\"version\":\"" NPCSIM_VERSION
							  "\",\"protocols\":[\"npcsim.v1\",\"mcp\"]}\n");
		return HTTP_STATUS_OK;
	}
	if (strcmp(path, "/metrics") == 0)
	{
		*type = "text/plain; version=0.0.4; charset=utf-8";
		answer_metrics(body);
		return HTTP_STATUS_OK;
	}
	if (strcmp(path, "/") == 0)
	{
		text_add_string(body,
						"npcsim-gateway " NPCSIM_VERSION ": no page here, the setting web_root is empty\n");
		return HTTP_STATUS_OK;
	}
	text_add_string(body, "not found\n");
	return HTTP_STATUS_NOT_FOUND;
}

int
http_begin(struct lws *wsi, HttpAnswer *answer)
{
	unsigned char  headers[LWS_PRE + HEADER_ROOM];
	unsigned char *start = headers + LWS_PRE;
	unsigned char *next = start;
	unsigned char *end = headers + sizeof(headers) - 1;
	char		   path[256];
	const char	  *type;
	int			   status;

	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0)
	{
		lws_return_http_status(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, NULL);
		return -1;
	}
	text_clear(&answer->body);
	status = make_answer(path, &answer->body, &type);
	if (lws_add_http_common_headers(wsi, (unsigned int) status, type, answer->body.length, &next, end) ||
		lws_add_http_header_by_name(wsi, (const unsigned char *) "cache-control:",
									(const unsigned char *) "no-store", 8, &next, end) ||
		lws_finalize_write_http_header(wsi, start, &next, end))
		return -1;
	lws_callback_on_writable(wsi);
	return 0;
}

int
http_continue(struct lws *wsi, HttpAnswer *answer)
{
	Text space = {0};
	int	 written;

	if (answer->body.length == 0)
		return 0;
	for (int i = 0; i < LWS_PRE; i++)
		text_add(&space, "", 1);
	text_add(&space, answer->body.data, answer->body.length);
	written =
		lws_write(wsi, (unsigned char *) space.data + LWS_PRE, answer->body.length, LWS_WRITE_HTTP_FINAL);
	text_free(&space);
	text_free(&answer->body);
	if (written < 0 || lws_http_transaction_completed(wsi))
		return -1;
	return 0;
}

void
http_end(HttpAnswer *answer)
{
	text_free(&answer->body);
}
