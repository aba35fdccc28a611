/*
 * http.h
 *	  /healthz, /version, /metrics and the page at /.
 */
#ifndef NPCSIM_GATEWAY_HTTP_H
#define NPCSIM_GATEWAY_HTTP_H

#include <libwebsockets.h>

#include "text.h"

/* One answer on its way; the per-session data of the protocol "http". */
typedef struct HttpAnswer
{
	Text body;
} HttpAnswer;

/* The mounts of the vhost; the string must live as long as they do. */
extern const struct lws_http_mount *http_mounts(const char *web_root);

/* LWS_CALLBACK_HTTP and its followers; returns what the callback returns. */
extern int	http_begin(struct lws *wsi, HttpAnswer *answer);
extern int	http_continue(struct lws *wsi, HttpAnswer *answer);
extern void http_end(HttpAnswer *answer);

#endif /* NPCSIM_GATEWAY_HTTP_H */
