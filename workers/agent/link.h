/*
 * link.h
 *	  The WebSocket to the gateway.
 */
#ifndef NPCSIM_AGENT_LINK_H
#define NPCSIM_AGENT_LINK_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"
#include "loop.h"
#include "queue.h"
#include "resolve.h"
#include "settings.h"

typedef enum LinkEnd
{
	LINK_END_ASKED,	  /* link_close() was called */
	LINK_END_LOST,	  /* the connection failed or broke; dialling again may help */
	LINK_END_REFUSED, /* dialling again cannot help: the token is not valid, or the player is banned */
	LINK_END_REPLACED /* a newer agent has taken this one's place */
} LinkEnd;

typedef struct LinkEvents
{
	void (*open)(void *arg);

	/* Takes a whole text message. */
	void (*message)(void *arg, const char *text, size_t len);

	/* Hears that there is room again after link_send() returned false. */
	void (*drained)(void *arg);

	/* Comes last, once for each link_dial(), and never from within a call of the functions below. */
	void (*closed)(void *arg, LinkEnd end, const char *why);
	void *arg;
} LinkEvents;

typedef enum LinkState
{
	LINK_CLOSED,
	LINK_DIALLING,
	LINK_OPEN,
	LINK_CLOSING
} LinkState;

typedef struct Connection Connection;

typedef struct Link
{
	Loop			 *loop;
	struct lws_vhost *vhost;
	const Settings	 *settings;
	LinkEvents		  events;

	LinkState	state;
	Resolver	resolver;
	Addresses	addresses; /* the gateway's, as looked up for this dial */
	int			next_address;
	int64_t		dial_until; /* by now_ms() */
	Connection *connection; /* NULL while there is none, or it was given up */
	Queue		out;
	bool		out_high;	/* link_send() returned false, so "drained" has to be told */
	bool		held;		/* nothing is read from the gateway */
	bool		asked;		/* link_close() was called */
	bool		close_sent; /* a close frame was written */
	bool		ping_due;	/* a ping is to be written next */
	int64_t		heard_at;	/* when the gateway gave its last sign of life, by now_ms() */
	int			close_code; /* the status of the close frame that is written once the queue is empty */
	Text		in;			/* the pieces so far of a message */
	LinkEnd		end;
	char		why[200]; /* the reason for the end; "" = none yet */
	Timer		timer;	  /* the deadline of the state, or what it does next */
} Link;

/* The WebSocket protocol of the connection, which the vhost's protocols must list with link_callback(). */
#define LINK_PROTOCOL_NAME "mcp"
#define LINK_RX_SIZE	   (64 * 1024)
#define LINK_TX_SIZE	   (128 * 1024)
extern int link_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

extern void link_init(Link *link, Loop *loop, struct lws_vhost *vhost, const Settings *settings,
					  const LinkEvents *events);

/* Begins to connect; the link must be closed. */
extern void link_dial(Link *link);

/* Takes a message for the gateway.  Returns false if no more should come before "drained". */
extern bool link_send(Link *link, const char *text, size_t len);

/* While held, nothing is read from the gateway. */
extern void link_hold(Link *link, bool held);

/* Sends what is queued, for CLOSE_MS at most, then a close frame with this status and text. */
extern void link_close(Link *link, int code, const char *why);

/* Drops the connection without a word and frees what the link holds; "closed" is not told. */
extern void link_free(Link *link);

/* Tell what the status of a close frame, or of a refused handshake, means for the agent. */
extern LinkEnd link_judge_close(int code);
extern LinkEnd link_judge_status(int http_status);

#endif /* NPCSIM_AGENT_LINK_H */
