/*
 * http.c
 *	  /healthz, /version, /metrics, /worlds and the page at /.
 *
 * An answer ends its connection, so that what follows a request is never
 * taken for another one.  Files are served from below web_root only: regular
 * ones, no name of which begins with a dot, and on no way through a symbolic
 * link.
 */
#include "http.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "compute.h"
#include "db.h"
#include "listing.h"
#include "peers.h"
#include "session.h"
#include "version.h"
#include "world.h"

#define OCTETS "application/octet-stream"

/* Scripts, styles and pictures only from here; nothing inline. */
#define SECURITY_HEADERS \
	"content-security-policy: default-src 'none'; img-src 'self' data:; script-src 'self'; font-src " \
	"'self'; " \
	"style-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; " \
	"form-action 'self';\r\n" \
	"x-content-type-options: nosniff\r\n" \
	"x-xss-protection: 1; mode=block\r\n" \
	"referrer-policy: no-referrer\r\n"

static const struct
{
	const char *ending;
	const char *type;
} file_types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".map", "application/json"},
	{".webmanifest", "application/manifest+json"},
	{".wasm", "application/wasm"},
	{".txt", "text/plain; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".jpg", "image/jpeg"},
	{".jpeg", "image/jpeg"},
	{".gif", "image/gif"},
	{".webp", "image/webp"},
	{".ico", "image/x-icon"},
	{".woff", "font/woff"},
	{".woff2", "font/woff2"},
	{".ttf", "font/ttf"},
	{".mp3", "audio/mpeg"},
	{".ogg", "audio/ogg"},
	{".wav", "audio/wav"},
	{".mp4", "video/mp4"},
	{".webm", "video/webm"},
};

static const struct
{
	int			status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{417, "Expectation Failed"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static const char *web_root = "";
static int		   open_files;

void
http_start(const char *directory)
{
	web_root = directory;
}

/* 200 while everything that should move does, else 503 and what does not. */
static int
answer_health(Text *body)
{
	int64_t now = now_ms();

	session_add_trouble(body, now);
	if (!worlds_are_reachable())
		text_add_string(body, "the database is not reachable\n");
	if (worlds_are_registered())
		worlds_add_stale(body, now);
	if (body->length > 0)
		return 503;
	text_add_string(body, "ok\n");
	return 200;
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
	add_metric(body, "database_up", "gauge", "1 while registered with the database, and it answers",
			   worlds_are_reachable());
	add_metric(body, "database_queries_waiting", "gauge", "queries without an answer yet",
			   (uint64_t) db_outstanding());
	add_metric(body, "worlds", "gauge", "worlds held in memory", (uint64_t) worlds_count());
	add_metric(body, "clients", "gauge", "WebSocket connections", (uint64_t) clients_count());
	add_metric(body, "clients_without_session", "gauge",
			   "welcomed connections that the database has no session of",
			   (uint64_t) session_count_without());
	add_metric(body, "clients_watching", "gauge", "connections with a subscription", watching);
	add_metric(body, "clients_computing", "gauge", "connections that decide", computing);
	add_metric(body, "clients_total", "counter", "WebSocket connections ever", client_counts.accepted);
	add_metric(body, "clients_too_slow_total", "counter", "connections closed with 4005",
			   client_counts.closed_too_slow);
	add_metric(body, "clients_rate_limited_total", "counter", "connections closed with 4006",
			   client_counts.closed_rate_limit);
	add_metric(body, "wrong_tokens_total", "counter", "tokens that were nobody's",
			   client_counts.wrong_tokens);
	add_metric(body, "addresses", "gauge", "addresses with a connection or recent wrong tokens",
			   (uint64_t) peers_count());
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

/* The status, body and type of what is no file; 0 = it may be one. */
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
		return 200;
	}
	if (strcmp(path, HTTP_WORLDS) == 0)
	{
		if (listing_want(now_ms()) != LISTING_READY)
		{
			text_add_string(body, "the database is not reachable\n");
			return 503;
		}
		*type = "application/json";
		text_add_format(body, "%s\n", listing_text());
		return 200;
	}
	if (strcmp(path, "/metrics") == 0)
	{
		*type = "text/plain; version=0.0.4; charset=utf-8";
		answer_metrics(body);
		return 200;
	}
	if (!*web_root && strcmp(path, "/") == 0)
	{
		text_add_string(body,
						"npcsim-gateway " NPCSIM_VERSION ": no page here, the setting web_root is empty\n");
		return 200;
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * files
 * ------------------------------------------------------------------------ */

/* The regular file of this name in a directory, or -1. */
static int
open_regular(int directory, const char *name, struct stat *status)
{
	int file;

	/* looked at before it is opened: opening alone already wakes a FIFO's writer, or does what a device does */
	if (fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status->st_mode))
		return -1;
	file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file >= 0 && (fstat(file, status) != 0 || !S_ISREG(status->st_mode)))
	{
		close(file);
		return -1;
	}
	return file;
}

/* Walks down from the web root, a directory at a time; -1 when there is no such file to be served. */
static int
open_below_root(const char *path, struct stat *status)
{
	int directory = open(web_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int file = -1;

	for (const char *segment = path + 1; directory >= 0;)
	{
		size_t length = strcspn(segment, "/");
		char   name[NAME_MAX + 1];
		int	   next;

		if (segment[0] == '.' || length > NAME_MAX || (length == 0 && segment[0] != '\0'))
			break;
		memcpy(name, segment, length);
		name[length] = '\0';
		if (segment[length] == '\0')
		{
			file = open_regular(directory, length > 0 ? name : "index.html", status);
			break;
		}
		next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(directory);
		directory = next;
		segment += length + 1;
	}
	if (directory >= 0)
		close(directory);
	return file;
}

static const char *
type_of(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const char *ending = strrchr(name, '.');

	if (!*name)
		return file_types[0].type;
	for (size_t i = 0; ending && i < sizeof(file_types) / sizeof(file_types[0]); i++)
	{
		if (strcasecmp(ending, file_types[i].ending) == 0)
			return file_types[i].type;
	}
	return OCTETS;
}

/* ------------------------------------------------------------------------
 * answers
 * ------------------------------------------------------------------------ */

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
	{
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

static void
add_head(HttpAnswer *answer, int status, const char *type, uint64_t length)
{
	text_add_format(&answer->text,
					"HTTP/1.1 %d %s\r\n"
					"server: npcsim-gateway\r\n"
					"content-type: %s\r\n"
					"content-length: %" PRIu64 "\r\n"
					"cache-control: no-store\r\n"
					"connection: close%s\r\n" SECURITY_HEADERS,
					status, phrase_of(status), type, length, status == 426 ? ", upgrade" : "");
	/* what would have been taken instead */
	if (status == 405)
		text_add_string(&answer->text, "allow: GET, HEAD\r\n");
	if (status == 426)
		text_add_string(&answer->text, "upgrade: websocket\r\nsec-websocket-version: 13\r\n");
	text_add_string(&answer->text, "\r\n");
}

void
http_refuse(HttpAnswer *answer, const HttpHead *head, int status, const char *problem)
{
	answer->file = -1;
	add_head(answer, status, "text/plain; charset=utf-8", strlen(problem) + 1);
	if (!head->is_head)
		text_add_format(&answer->text, "%s\n", problem);
}

static void
answer_file(HttpAnswer *answer, const HttpHead *head, int file, const struct stat *status)
{
	add_head(answer, 200, type_of(head->path), (uint64_t) status->st_size);
	if (head->is_head)
	{
		close(file);
		return;
	}
	open_files++;
	answer->file = file;
	answer->file_left = (uint64_t) status->st_size;
}

void
http_answer(HttpAnswer *answer, const HttpHead *head)
{
	Text		body = {0};
	const char *type;
	int			status = make_answer(head->path, &body, &type);
	struct stat file_status;
	int			file = -1;

	answer->file = -1;
	if (status == 0 && *web_root)
		file = open_below_root(head->path, &file_status);
	if (file >= 0)
		answer_file(answer, head, file, &file_status);
	else
	{
		if (status == 0)
		{
			status = 404;
			text_add_string(&body, "not found\n");
		}
		add_head(answer, status, type, body.length);
		if (!head->is_head)
			text_add(&answer->text, body.data, body.length);
	}
	text_free(&body);
}

ssize_t
http_read_file(HttpAnswer *answer, unsigned char *space, size_t size)
{
	ssize_t length;

	if (answer->file < 0 || answer->file_left == 0)
		return 0;
	if (size > answer->file_left)
		size = (size_t) answer->file_left;
	length = read(answer->file, space, size);
	if (length <= 0)
		return -1; /* shorter than it was: the length that was promised cannot be kept */
	answer->file_left -= (uint64_t) length;
	return length;
}

void
http_end(HttpAnswer *answer)
{
	text_free(&answer->text);
	if (answer->file >= 0)
	{
		close(answer->file);
		open_files--;
	}
	answer->file = -1;
}

int
http_open_files(void)
{
	return open_files;
}
