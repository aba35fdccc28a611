/*
 * http.c
 *	  Runs HTTP requests in the agent's loop with libcurl.
 *
 * libcurl tells which sockets it waits for and when it wants to be woken; the
 * loop does the waiting.  Redirects are not followed and only http and https
 * are spoken, so an answer cannot send a player's messages elsewhere.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "common/version.h"

#define CONNECT_MS 10000

typedef struct HttpSocket
{
	Watch		watch;
	HttpClient *client;
} HttpSocket;

static void
free_request(HttpRequest *request)
{
	if (request->easy != NULL)
		curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	free(request->body);
	free(request);
}

static void
take_out(HttpRequest *request)
{
	*request->link = request->next;
	if (request->next != NULL)
		request->next->link = request->link;
	curl_multi_remove_handle(request->client->multi, request->easy);
}

/* Calls the handlers of all requests that are over.  A handler may begin and cancel requests. */
static void
tell_done(HttpClient *client)
{
	CURLMsg *message;
	int		 left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
	{
		HttpRequest *request;
		CURLcode	 result;

		if (message->msg != CURLMSG_DONE)
			continue;
		result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &request);
		take_out(request);
		request->handlers->done(request->arg, request, result);
		free_request(request);
	}
}

/* ---------- libcurl's sockets and timer ---------- */

static void
on_socket(void *arg, uint32_t events)
{
	HttpSocket *socket = arg; /* may be freed within the call below */
	HttpClient *client = socket->client;
	int			what = 0;
	int			running;

	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(client->multi, socket->watch.fd, what, &running);
	tell_done(client);
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	HttpClient *client = arg;
	HttpSocket *socket = assigned;
	uint32_t	events = 0;

	if (what == CURL_POLL_REMOVE)
	{
		if (socket != NULL)
			watch_stop(client->loop, &socket->watch);
		free(socket);
		curl_multi_assign(client->multi, fd, NULL);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (socket != NULL)
	{
		watch_change(client->loop, &socket->watch, events);
		return 0;
	}
	socket = calloc(1, sizeof(HttpSocket));
	if (socket == NULL)
		return -1;
	socket->client = client;
	if (!watch_start(client->loop, &socket->watch, fd, events, on_socket, socket))
	{
		free(socket);
		return -1;
	}
	curl_multi_assign(client->multi, fd, socket);
	return 0;
}

static void
on_timer(void *arg)
{
	HttpClient *client = arg;
	int			running;

	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_done(client);
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	HttpClient *client = arg;

	if (ms < 0)
		timer_cancel(&client->timer);
	else
		timer_set(client->loop, &client->timer, ms, on_timer, client);
	return 0;
}

/* ---------- one request ---------- */

static size_t
on_data(char *data, size_t size, size_t count, void *arg)
{
	HttpRequest *request = arg;

	if (request->client->held)
	{
		request->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	return request->handlers->data(request->arg, request, data, size * count) ? size * count : 0;
}

/* Keeps a header's value.  It is ignored if it is too long, or has other characters than printable ASCII. */
static void
note_value(char *to, size_t size, const char *value, size_t len)
{
	while (len > 0 && (*value == ' ' || *value == '\t'))
	{
		value++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
		len--;
	if (len >= size)
		return;
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] >= 0x7f)
			return;
	memcpy(to, value, len);
	to[len] = '\0';
}

static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	static const char session[] = "mcp-session-id:";
	static const char retry_after[] = "retry-after:";
	HttpRequest		 *request = arg;
	size_t			  len = size * count;

	request->header_bytes += len;
	if (request->header_bytes > HTTP_HEADERS_MOST)
		return 0;
	if (len >= sizeof(session) && strncasecmp(data, session, sizeof(session) - 1) == 0)
	{
		note_value(request->session, sizeof(request->session), data + sizeof(session) - 1,
				   len - (sizeof(session) - 1));
		/* an id with a blank in it could not be sent back */
		if (strchr(request->session, ' ') != NULL)
			request->session[0] = '\0';
	}
	else if (len >= sizeof(retry_after) && strncasecmp(data, retry_after, sizeof(retry_after) - 1) == 0)
		note_value(request->retry_after, sizeof(request->retry_after), data + sizeof(retry_after) - 1,
				   len - (sizeof(retry_after) - 1));
	return len;
}

static void
set_options(HttpRequest *request, const char *method, const char *url, long timeout_ms)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (request->body != NULL)
	{
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(request->body));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "npcsim-agent/" NPCSIM_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a request that is cancelled while its host is looked up does not wait for the resolver's thread */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
}

HttpRequest *
http_begin(HttpClient *client, const char *method, const char *url, struct curl_slist *headers, char *body,
		   long timeout_ms, const HttpHandlers *handlers, void *arg)
{
	HttpRequest *request = calloc(1, sizeof(HttpRequest));

	if (request == NULL)
	{
		curl_slist_free_all(headers);
		free(body);
		return NULL;
	}
	request->client = client;
	request->headers = headers;
	request->body = body;
	request->handlers = handlers;
	request->arg = arg;
	request->easy = curl_easy_init();
	if (request->easy == NULL)
	{
		free_request(request);
		return NULL;
	}
	set_options(request, method, url, timeout_ms);
	if (curl_multi_add_handle(client->multi, request->easy) != CURLM_OK)
	{
		free_request(request);
		return NULL;
	}
	request->link = &client->requests;
	request->next = client->requests;
	if (request->next != NULL)
		request->next->link = &request->next;
	client->requests = request;
	return request;
}

void
http_cancel(HttpRequest *request)
{
	take_out(request);
	free_request(request);
}

long
http_status_of(const HttpRequest *request)
{
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

HttpContent
http_content_of(const HttpRequest *request)
{
	const char *type = NULL;
	size_t		len;

	curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
	if (type == NULL)
		return HTTP_CONTENT_OTHER;
	len = strcspn(type, "; \t");
	if (len == 16 && strncasecmp(type, "application/json", len) == 0)
		return HTTP_CONTENT_JSON;
	if (len == 17 && strncasecmp(type, "text/event-stream", len) == 0)
		return HTTP_CONTENT_EVENTS;
	return HTTP_CONTENT_OTHER;
}

const char *
http_error(const HttpRequest *request, CURLcode result)
{
	return request->error[0] != '\0' ? request->error : curl_easy_strerror(result);
}

/* ---------- the client ---------- */

void
http_hold(HttpClient *client, bool held)
{
	client->held = held;
	if (held)
		return;
	for (HttpRequest *request = client->requests; request != NULL; request = request->next)
	{
		if (request->paused && !client->held)
		{
			request->paused = false;
			curl_easy_pause(request->easy, CURLPAUSE_CONT);
		}
	}
}

bool
http_open(HttpClient *client, Loop *loop)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		return false;
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	return true;
}

void
http_close(HttpClient *client)
{
	while (client->requests != NULL)
		http_cancel(client->requests);
	if (client->multi != NULL)
		curl_multi_cleanup(client->multi);
	client->multi = NULL;
	timer_cancel(&client->timer);
	curl_global_cleanup();
}
