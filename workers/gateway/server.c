/*
 * server.c
 *	  Sets up libwebsockets, the listener and the event loop, and connects the gateway's parts with each other.
 *
 * Events are only passed on from here to the files that know what they mean.
 */
#include "server.h"

#include <ctype.h>
#include <errno.h>
#include <libwebsockets.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "admission.h"
#include "client.h"
#include "compute.h"
#include "db.h"
#include "http.h"
#include "listing.h"
#include "mind.h"
#include "pages.h"
#include "peers.h"
#include "query.h"
#include "registration.h"
#include "report.h"
#include "requests.h"
#include "session.h"
#include "submit.h"
#include "subscribe.h"
#include "watch.h"
#include "wire.h"
#include "world.h"

#define MAX_SOURCE_BYTES 256 /* 64 characters */
#define TICK_US			 (100 * 1000)
#define MAX_DESCRIPTORS	 65536
#define SEND_PACKET		 (128 * 1024)
#define RECEIVE_BUFFER	 8192
#define STRANGERS		 "strangers"
#define STOP_CLIENTS_MS	 3000
#define STOP_DATABASE_MS 3000

static struct
{
	Settings			  *settings;
	struct lws_context	  *context;
	struct lws_vhost	  *vhost;
	lws_sorted_usec_list_t tick_timer;
	OriginPolicy		  *policy;
	TrustedProxies		  *proxies;
	bool				   stopping;
} server;

static volatile sig_atomic_t stop_requested;

static void
handle_signal(int number)
{
	(void) number;
	stop_requested = 1;
}

/* ------------------------------------------------------------------------
 * protocols
 * ------------------------------------------------------------------------ */

static bool
lets_in(void)
{
	return !server.stopping;
}

/* Takes what an MCP server says of itself: it stands in the query and the headers of its handshake. */
static void
greet_mcp_server(Client *client, const HttpHead *head)
{
	char				source[MAX_SOURCE_BYTES + 1];
	char				concurrency[16];
	char				choices[8];
	char				compact[8];
	const QueryArgument arguments[] = {{"source", source, sizeof(source)},
									   {"max_concurrency", concurrency, sizeof(concurrency)},
									   {"choices", choices, sizeof(choices)},
									   {"compact", compact, sizeof(compact)}};
	const McpArguments	told = {source, concurrency, choices, compact};
	char				message[120];
	const char		   *token = "";

	if (!query_read(head->query, arguments, 4, message, sizeof(message)))
	{
		client_close(client, CLOSE_PROTOCOL_ERROR, message);
		return;
	}
	if (head->authorization != NULL && strncasecmp(head->authorization, "Bearer ", 7) == 0)
		token = head->authorization + 7 + strspn(head->authorization + 7, " ");
	if (head->reports != NULL && strcmp(head->reports, REPORTS_WANTED) == 0)
		report_begin(client);
	admission_mcp_hello(client, token, &told);
}

static Client *
opened(struct lws *wsi, ClientKind kind, const HttpHead *head)
{
	Client *client = client_create(kind, wsi);
	char	message[120];

	if (server.stopping)
		client_close(client, CLOSE_GOING_AWAY, "the gateway is stopping");
	else if (kind == CLIENT_MCP_SERVER)
		greet_mcp_server(client, head);
	else if (!query_read(head->query, NULL, 0, message, sizeof(message)))
		client_close(client, CLOSE_PROTOCOL_ERROR, message);
	return client;
}

static void
received(Client *client, const char *data, size_t length, bool is_last, bool is_binary)
{
	client_heard(client);
	if (is_binary)
	{
		client_close(client, CLOSE_PROTOCOL_ERROR, "frames must be text");
		return;
	}
	if (!client_collect(client, data, length, is_last))
		return;
	if (client->kind == CLIENT_PLAYER)
		requests_take(client);
	else
	{
		if (client_may_send(client))
			mind_receive(client, client->incoming.data, client->incoming.length);
		text_clear(&client->incoming);
	}
}

/* Takes a ping and returns true if it is to be answered.  Pings and pongs count as messages of the client. */
static bool
pinged(Client *client)
{
	client_heard(client);
	return !client_is_leaving(client) && client_may_send(client);
}

static void
ponged(Client *client)
{
	if (client_is_leaving(client) || !client_may_send(client))
		return;
	client_heard(client);
	if (client->mind != NULL)
		mind_pong(client);
}

static const WireEvents wire_events = {lets_in, opened,		  received,		   pinged,
									   ponged,	client_close, client_writable, session_closed};

/* the first one's per_session_data_size is filled in at start, since wire.c knows it */
static struct lws_protocols protocols[] = {{.name = STRANGERS,
											.callback = wire_callback,
											.rx_buffer_size = RECEIVE_BUFFER,
											.tx_packet_size = SEND_PACKET},
										   {.name = DB_PROTOCOL,
											.callback = db_callback,
											.per_session_data_size = sizeof(void *)},
										   {.name = NULL}};

/* ------------------------------------------------------------------------
 * events of the other files
 * ------------------------------------------------------------------------ */

static void
clock_changed(World *world)
{
	for (Client *client = clients_first(); client != NULL; client = client->next)
	{
		if (client->world == world && client->kind == CLIENT_PLAYER && client_is_welcome(client))
			client_wake(client);
	}
}

static void
database_notified(const char *channel, const char *payload)
{
	int64_t world_id = strtoll(payload, NULL, 10);

	if (strcmp(channel, "npcsim_world") == 0)
	{
		World *world = world_find(world_id);

		if (world != NULL)
			world_wake(world);
	}
	else if (strcmp(channel, "npcsim_decisions") == 0)
		compute_wake(world_id);
	else if (strcmp(channel, "npcsim_sessions") == 0 && strcmp(payload, server.settings->gateway_id) == 0)
		worlds_poll_soon();
}

static void
registered(void)
{
	submit_registered();
	admission_resume();
	sessions_resume();
}

static const RegistrationEvents registration_events = {sessions_part, registered};

static const DbEvents db_events = {registration_database_up,
								   registration_database_down,
								   worlds_silent,
								   registration_database_refused,
								   registration_doubt,
								   database_notified};

static const WorldEvents world_events = {clock_changed,		 watches_changed, watches_reloaded,
										 session_world_gone, session_ended,	  compute_polled,
										 registration_renew};

static const ComputeEvents compute_events = {mind_decide, mind_cancel, session_name_source, session_doubted};

/* ------------------------------------------------------------------------
 * the loop
 * ------------------------------------------------------------------------ */

static void
tick_clients(int64_t now)
{
	Client *next;

	for (Client *client = clients_first(); client != NULL; client = next)
	{
		next = client->next;
		admission_tick(client, now);
		session_tick(client, now);
		client_tick(client, now);
		if (client->watch != NULL)
			watch_tick(client->watch, now);
		if (client->mind != NULL)
			mind_tick(client, now);
		report_tick(client, now);
	}
}

static void
tick(lws_sorted_usec_list_t *timer)
{
	int64_t now = now_ms();

	log_tick(now);
	db_tick(now);
	wire_tick(now);
	registration_tick(now);
	sessions_tick(now);
	tick_clients(now);
	compute_tick();
	worlds_tick(now);
	lws_sul_schedule(server.context, 0, timer, tick, TICK_US);
}

static void
emit_lws_log(int level, const char *line)
{
	/* they are throttled because a stranger may be able to provoke them */
	static LogThrottle errors = {.what = "errors of libwebsockets"};
	static LogThrottle warnings = {.what = "warnings of libwebsockets"};

	if (level & LLL_ERR)
		log_throttled(&errors, now_ms(), LOG_ERROR, "libwebsockets: %s", line);
	else
		log_throttled(&warnings, now_ms(), LOG_WARNING, "libwebsockets: %s", line);
}

/* Raises the limit of open files as far as possible, to MAX_DESCRIPTORS at most, and returns it. */
static int
raise_descriptor_limit(void)
{
	struct rlimit limit;
	rlim_t		  before;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return MAX_DESCRIPTORS;
	before = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max > MAX_DESCRIPTORS ? MAX_DESCRIPTORS : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		limit.rlim_cur = before;
	return limit.rlim_cur > MAX_DESCRIPTORS ? MAX_DESCRIPTORS : (int) limit.rlim_cur;
}

static bool
listen_on(const Settings *settings)
{
	struct lws_context_creation_info info = {0};
	bool							 is_ipv6 = strchr(settings->listen_address, ':') != NULL;

	lws_set_log_level(LLL_ERR | LLL_WARN, emit_lws_log);
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
				   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
	if (!is_ipv6)
		info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	info.gid = (gid_t) -1;
	info.uid = (uid_t) -1;
	server.context = lws_create_context(&info);
	if (server.context == NULL)
	{
		log_line(LOG_ERROR, "the event loop could not be made");
		return false;
	}

	info.port = settings->port;
	info.iface =
		strcmp(settings->listen_address, "0.0.0.0") == 0 || strcmp(settings->listen_address, "::") == 0
			? NULL
			: settings->listen_address;
	protocols[0].per_session_data_size = wire_session_size();
	info.protocols = protocols;
	info.vhost_name = "default";
	/* a protocol without a role makes the accepted sockets raw, so that libwebsockets parses nothing in them */
	info.options |= LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG;
	info.listen_accept_protocol = STRANGERS;
	server.vhost = lws_create_vhost(server.context, &info);
	if (server.vhost == NULL)
	{
		log_line(LOG_ERROR, "cannot listen on %s port %d%s", settings->listen_address, settings->port,
				 settings->port ? ": is it taken, or the address not this machine's?" : "");
		return false;
	}
	return true;
}

/* Returns the policy for the origins and hosts of the settings, which were checked before, and the machine's name. */
static OriginPolicy *
make_policy(const Settings *settings)
{
	char host[254] = "";
	char message[160];

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	return origin_policy_create(settings->allowed_origins, settings->allowed_hosts, host, message,
								sizeof(message));
}

/* Gives the gateway an id if the settings have none, made of the machine's name and the port. */
static void
name_gateway(Settings *settings, int port)
{
	char host[49] = "";
	char name[65];

	if (settings->gateway_id[0])
		return;
	if (gethostname(host, sizeof(host) - 1) != 0 || !host[0])
		strcpy(host, "gateway");
	for (char *c = host; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && strchr("_.-", *c) == NULL)
			*c = '_';
	}
	snprintf(name, sizeof(name), "%s-%d", host, port);
	free(settings->gateway_id);
	settings->gateway_id = mem_copy_string(name);
}

static void
serve_until(bool (*is_done)(void), int64_t longest_ms)
{
	int64_t deadline = now_ms() + longest_ms;

	while (!is_done() && now_ms() < deadline)
	{
		if (lws_service(server.context, 0) < 0)
			break;
	}
}

static bool
clients_are_gone(void)
{
	return clients_count() == 0;
}

static bool
database_is_quiet(void)
{
	return db_outstanding() == 0;
}

/* Closes all clients, waits a limited time for them and for queries on their way, and frees everything. */
static void
stop(void)
{
	log_line(LOG_INFO, "stopping");
	server.stopping = true;
	for (Client *client = clients_first(); client != NULL; client = client->next)
		client_close(client, CLOSE_GOING_AWAY, "the gateway is stopping");
	serve_until(clients_are_gone, STOP_CLIENTS_MS);
	serve_until(database_is_quiet, STOP_DATABASE_MS);
	lws_sul_cancel(&server.tick_timer);
	while (clients_first() != NULL)
	{
		Client *client = clients_first();

		wire_forget_client(client->wsi);
		session_closed(client);
	}
	session_stop();
	db_stop();
	compute_stop();
	listing_stop();
	worlds_stop();
}

bool
server_run(Settings *settings)
{
	struct sigaction action = {0};
	char			 message[160]; /* not printed, because the settings were checked before */
	int				 descriptors;
	int				 port;
	char			 head[LOG_HEAD_SIZE];

	server.settings = settings;
	descriptors = raise_descriptor_limit();
	if (!listen_on(settings))
	{
		if (server.context != NULL)
			lws_context_destroy(server.context);
		return false;
	}
	server.policy = make_policy(settings);
	server.proxies = trusted_proxies_create(settings->trusted_proxies, message, sizeof(message));
	port = lws_get_vhost_listen_port(server.vhost);
	name_gateway(settings, port);

	action.sa_handler = handle_signal;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);

	clients_start(settings);
	peers_start((Rate) {settings->wrong_token_rate, settings->wrong_token_burst},
				(Rate) {settings->join_rate, settings->join_burst});
	http_start(settings->web_root, pages);
	listing_start(wire_listing_answered);
	wire_start(settings, server.policy, server.proxies, descriptors, &wire_events);
	worlds_start(server.context, settings, settings->gateway_id, &world_events);
	compute_start(server.context, settings->gateway_id, &compute_events);
	session_start(settings->gateway_id);
	registration_start(settings->gateway_id, &registration_events);
	db_start(server.context, server.vhost, settings, &db_events);
	lws_sul_schedule(server.context, 0, &server.tick_timer, tick, TICK_US);

	log_head(head, LOG_INFO);
	printf(strchr(settings->listen_address, ':') != NULL ? "%slistening on [%s]:%d\n"
														 : "%slistening on %s:%d\n",
		   head, settings->listen_address, port);
	fflush(stdout);

	while (!stop_requested && !registration_is_refused())
	{
		if (lws_service(server.context, 0) < 0)
			break;
	}
	stop();
	lws_context_destroy(server.context);
	origin_policy_free(server.policy);
	trusted_proxies_free(server.proxies);
	return stop_requested != 0;
}
