/*
 * telling.c
 *	  Tells the player how the agent fares, in log lines and in the status file.
 *
 * The gateway sends JSON-RPC notifications of its own to agents that ask for
 * them (link.c): "npcsim/outcomes" and "npcsim/standing".  They are not passed
 * on to the MCP server.
 *
 * The status file is written when the agent's state changes and, at most once
 * a second, when anything else in it does.  It is also written every
 * FILE_IDLE_MS, so that a file that is older shows that its agent is gone.
 */
#include "telling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"
#include "common/text.h"
#include "common/version.h"
#include "files.h"

#define FILE_MS		 1000
#define FILE_IDLE_MS 10000

#define OUR_PREFIX "npcsim/"

static void
set_text(json_t *object, const char *member, const char *text)
{
	json_object_set_new(object, member, text[0] != '\0' ? json_string(text) : json_null());
}

/* Returns the status as a new object, or NULL if memory ran out. */
static json_t *
describe(const Telling *telling)
{
	json_t *status = json_object();

	if (status == NULL)
		return NULL;
	set_text(status, "state", telling->state);
	json_object_set_new(status, "since", report_time(telling->since));
	json_object_set_new(status, "written_at", report_time(time(NULL)));
	json_object_set_new(status, "pid", json_integer(getpid()));
	set_text(status, "version", NPCSIM_VERSION);
	json_object_set_new(status, "exit_status",
						telling->exit_status >= 0 ? json_integer(telling->exit_status) : json_null());
	set_text(status, "gateway", telling->settings->gateway.host);
	set_text(status, "source", telling->settings->source);
	json_object_set_new(status, "connections", json_integer(telling->connections));
	json_object_set_new(status, "connected_at", report_time(telling->connected_at));
	set_text(status, "last_trouble", telling->trouble);
	json_object_set_new(status, "last_trouble_at", report_time(telling->trouble_at));
	if (!report_describe(&telling->report, status))
	{
		json_decref(status);
		return NULL;
	}
	return status;
}

static bool
write_file(Telling *telling)
{
	json_t *status;
	char   *dump;
	Text	text = {0};
	bool	good;

	if (telling->settings->status_file == NULL)
		return true;
	status = describe(telling);
	dump = status != NULL ? json_dumps(status, JSON_INDENT(2)) : NULL;
	json_decref(status);
	if (dump == NULL)
	{
		errno = ENOMEM;
		return false;
	}
	text_add_string(&text, dump);
	text_add(&text, "\n", 1);
	good = file_replace(telling->settings->status_file, text.data, text.length, 0644);
	free(dump);
	text_free(&text);
	return good;
}

static void
write_file_now(void *arg)
{
	Telling *telling = arg;

	if (telling->settings->status_file == NULL)
		return;
	telling->file_soon = false;
	if (!write_file(telling))
		log_throttled(&telling->file_throttle, now_ms(), LOG_WARNING,
					  "the status file \"%s\" cannot be written: %s", telling->settings->status_file,
					  strerror(errno));
	timer_set(telling->loop, &telling->file_timer, FILE_IDLE_MS, write_file_now, telling);
}

/* Writes the file within FILE_MS, so that several changes share one write, which later ones do not put off. */
static void
write_file_soon(Telling *telling)
{
	if (telling->settings->status_file == NULL || telling->file_soon)
		return;
	telling->file_soon = true;
	timer_set(telling->loop, &telling->file_timer, FILE_MS, write_file_now, telling);
}

/* ---------- lines ---------- */

static void
say_line(void *arg, ReportKind kind, const char *line)
{
	(void) arg;
	log_line(kind == REPORT_NPCS ? LOG_NOTICE : LOG_WARNING, "%s", line);
}

static void
say_outcome(void *arg, ReportKind kind, const char *line)
{
	(void) arg;
	(void) kind;
	log_line(LOG_DEBUG, "%s", line);
}

static void
tell_report(void *arg)
{
	Telling *telling = arg;

	report_tell(&telling->report, now_ms(), say_line, telling);
}

/*
 * Appends who somebody is, as the gateway's log does: player 7 "ada".  Names are quoted, since others choose them.  Returns the
 * length of the text.
 */
static size_t
add_who(char *text, size_t len, size_t size, const char *what, const json_t *who)
{
	json_t	 *name = json_object_get(who, "name");
	char	 *quoted = json_is_string(name) ? json_dumps(name, JSON_ENCODE_ANY) : NULL;
	char	  excerpt[LOG_EXCERPT_SIZE];
	long long id = json_integer_value(json_object_get(who, "id"));

	if (id != 0)
		len += (size_t) snprintf(text + len, size - len, "%s %lld %s, ", what, id,
								 quoted != NULL ? log_excerpt(excerpt, quoted, strlen(quoted)) : "");
	free(quoted);
	return len;
}

/* Makes player, world and source, as far as they are known, the subject of all log lines. */
static void
name_subject(const Telling *telling)
{
	const json_t *standing = telling->report.standing;
	char		  text[LOG_SUBJECT_SIZE + 2 * LOG_EXCERPT_SIZE];
	char		  excerpt[LOG_EXCERPT_SIZE];
	size_t		  len = 0;

	len = add_who(text, len, sizeof(text), "player", json_object_get(standing, "player"));
	len = add_who(text, len, sizeof(text), "world", json_object_get(standing, "world"));
	snprintf(text + len, sizeof(text) - len, "source \"%s\"",
			 log_excerpt(excerpt, telling->settings->source, strlen(telling->settings->source)));
	log_set_subject(text);
}

static void
take(Telling *telling, const RpcMessage *message)
{
	const json_t *params = json_object_get(message->root, "params");
	bool		  is_new = telling->report.standing == NULL;
	int64_t		  now = now_ms();
	int64_t		  due;

	if (strcmp(message->method, OUR_PREFIX "outcomes") == 0)
		report_outcomes(&telling->report, params, now, say_outcome, telling);
	else if (strcmp(message->method, OUR_PREFIX "standing") == 0)
	{
		report_standing(&telling->report, params, now);
		name_subject(telling);
	}
	due = is_new && telling->report.standing != NULL ? 0 : report_due_in(&telling->report, now);
	if (due >= 0)
		timer_set(telling->loop, &telling->report_timer, due, tell_report, telling);
	write_file_soon(telling);
}

bool
telling_takes(Telling *telling, const char *text, size_t len)
{
	static const char sign[] = "\"" OUR_PREFIX;
	RpcMessage		  message;
	bool			  ours;

	/* most messages have no such prefix and need not be parsed */
	if (memmem(text, len, sign, sizeof(sign) - 1) == NULL)
		return false;
	rpc_parse(&message, text, len);
	ours =
		message.kind == RPC_NOTIFICATION && strncmp(message.method, OUR_PREFIX, sizeof(OUR_PREFIX) - 1) == 0;
	if (ours)
		take(telling, &message);
	rpc_free(&message);
	return ours;
}

/* ---------- what the agent itself notes ---------- */

void
telling_state(Telling *telling, const char *state)
{
	telling->state = state;
	telling->since = time(NULL);
	write_file_now(telling);
}

void
telling_connected(Telling *telling)
{
	telling->connections++;
	telling->connected_at = time(NULL);
	report_forget_standing(&telling->report);
}

void
telling_trouble(Telling *telling, const char *what, const char *why)
{
	snprintf(telling->trouble, sizeof(telling->trouble), "%s: %s", what, why);
	telling->trouble_at = time(NULL);
	write_file_soon(telling);
}

void
telling_end(Telling *telling, int exit_status)
{
	if (telling->report.untold)
		tell_report(telling);
	telling->exit_status = exit_status;
	telling_state(telling, "stopped");
}

bool
telling_init(Telling *telling, Loop *loop, const Settings *settings)
{
	memset(telling, 0, sizeof(*telling));
	telling->loop = loop;
	telling->settings = settings;
	telling->exit_status = -1;
	telling->state = "starting";
	telling->since = time(NULL);
	report_init(&telling->report);
	name_subject(telling);
	if (write_file(telling))
		return true;
	log_line(LOG_ERROR, "the status file \"%s\" cannot be written: %s", settings->status_file,
			 strerror(errno));
	return false;
}

void
telling_free(Telling *telling)
{
	timer_cancel(&telling->report_timer);
	timer_cancel(&telling->file_timer);
	report_free(&telling->report);
}
