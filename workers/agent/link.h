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
	LINK_END_LOST,	  /* dialling again may help */
	LINK_END_REFUSED, /* it will not: the token is not good, or the player is banned */
	LINK_END_REPLACED /* a newer agent has taken the place */
} LinkEnd;

typedef struct LinkEvents
{
	void (*open)(void *arg);

	/* A whole text message. */
	void (*message)(void *arg, const char *text, size_t len);

	/* There is room again after link_send() said there was little. */
	void (*drained)(void *arg);

	/* Once for each link_dial(), last, and never from within a call of the functions below. */
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
	Addresses	addresses; /* of the gateway, in this dial */
	int			next_address;
	int64_t		dial_until;
	Connection *connection; /* NULL while there is none that we want */
	Queue		out;
	bool		out_high;	/* "drained" is owed */
	bool		held;		/* nothing is read from the gateway */
	bool		asked;		/* link_close() was called */
	bool		close_sent; /* the close frame is out */
	bool		ping_due;
	int64_t		heard_at;	/* the last sign of life */
	int			close_code; /* to be sent once the queue is empty */
	Text		in;			/* pieces of an unfinished message */
	LinkEnd		end;
	char		why[200];
	Timer		timer; /* the deadline of the state, or what it does next */
} Link;

/* The protocol of the connection; to be listed in the vhost's protocols. */
#define LINK_PROTOCOL_NAME "mcp"
#define LINK_RX_SIZE	   (64 * 1024)
#define LINK_TX_SIZE	   (128 * 1024)
extern int link_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

extern void link_init(Link *link, Loop *loop, struct lws_vhost *vhost, const Settings *settings,
					  const LinkEvents *events);
extern void link_dial(Link *link);

/* Takes a message for the gateway.  False if no more should come before "drained". */
extern bool link_send(Link *link, const char *text, size_t len);
extern void link_hold(Link *link, bool held);

/* Sends what waits, for a moment at most, then a close frame. */
extern void link_close(Link *link, int code, const char *why);
extern void link_free(Link *link);

/* What a closing status or a refused handshake means for us. */
extern LinkEnd link_judge_close(int code);
extern LinkEnd link_judge_status(int http_status);

#endif /* NPCSIM_AGENT_LINK_H */
