/*
 * client.h
 *	  One WebSocket connection: its state, its queue, its limits, and the codes with which it is closed.
 *
 * The states are drawn in README.md; client_move is the one place that
 * changes them.
 */
#ifndef NPCSIM_GATEWAY_CLIENT_H
#define NPCSIM_GATEWAY_CLIENT_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/text.h"
#include "allowance.h"
#include "frame.h"
#include "settings.h"
#include "wire.h"
#include "world.h"

struct Source;
struct Mind;
struct Report;
struct Watch;

/* Bytes of a delta's page: the least and the most that a hello may ask for, and what is sent if it does not ask. */
#define PAGE_LEAST	 16384
#define PAGE_DEFAULT 65536
#define PAGE_MOST	 1048576

/* Close codes of the protocol. */
enum
{
	CLOSE_GOING_AWAY = 1001,
	CLOSE_FRAME_TOO_LARGE = 1009,
	CLOSE_PROTOCOL_ERROR = 4000,
	CLOSE_REPLACED = 4001,
	CLOSE_AUTHENTICATION = 4002,
	CLOSE_BANNED = 4003,
	CLOSE_WORLD = 4004,
	CLOSE_TOO_SLOW = 4005,
	CLOSE_RATE_LIMIT = 4006,
	CLOSE_HELLO_MISSING = 4007,
	CLOSE_SUSPENDED = 4008
};

typedef enum ClientState
{
	CLIENT_GREETING,	   /* its hello is awaited */
	CLIENT_WAITING,		   /* the hello is here, the database is not */
	CLIENT_AUTHENTICATING, /* authenticate() is on its way */
	CLIENT_JOINING,		   /* client_connected() is on its way */
	CLIENT_LIVE,		   /* welcomed, with a session */
	CLIENT_PARTED,		   /* welcomed, but the session is lost */
	CLIENT_REJOINING,	   /* client_connected() for a new session is on its way */
	CLIENT_CLOSING,		   /* what is queued is sent, then the close frame */
	CLIENT_GONE			   /* its socket is gone */
} ClientState;

typedef enum Purpose
{
	PURPOSE_WATCH,
	PURPOSE_COMPUTE,
	PURPOSE_BOTH
} Purpose;

#define PURPOSE_COUNT (PURPOSE_BOTH + 1)

/* The names that hellos and the database have for them. */
extern const char *const purpose_names[];

typedef struct QueuedFrame QueuedFrame;

/* The functions that a connection asks for frames of what it watches when its socket takes more. */
typedef struct FrameSource
{
	/* returns the next frame, or NULL when the client has everything */
	Frame *(*next)(struct Watch *watch);

	/* true if there is nothing to send now, so that a clock frame may be sent, which says this revision */
	bool (*is_current)(const struct Watch *watch);
	int64_t (*revision)(const struct Watch *watch);
} FrameSource;

/* What all connections of a player share. */
typedef struct PlayerShare
{
	int		  holders;
	Allowance messages;
} PlayerShare;

typedef struct Client
{
	ClientKind				kind;
	ClientState				state;
	struct lws			   *wsi;	 /* NULL in CLIENT_GONE only */
	int						holders; /* references: the socket's, and those of queries under way */
	char					address[64];
	struct sockaddr_storage peer;				 /* the same address, for peers.c */
	bool					counts_as_spectator; /* peers.c counts it as one of its address */

	/* who it is */
	Purpose purpose;
	char   *token;	  /* NULL once it was authenticated */
	char   *name;	  /* the program's, from the hello */
	char   *source;	  /* the name of its compute source; "" = none yet */
	char   *username; /* the names that the welcome has for player and world; "" = not yet known */
	char   *world_name;
	bool	source_is_provisional; /* the gateway made the source's name up until a heartbeat has one */
	int64_t player_id;			   /* 0 = spectator */
	int64_t world_id;
	int64_t session_id; /* 0 = none */
	World  *world;		/* from CLIENT_LIVE on */
	int		page;		/* bytes of a page of a delta */

	/* what comes from it */
	Text		 incoming; /* a frame that is not complete yet */
	Allowance	 messages;
	Allowance	 subscriptions;
	Allowance	 heartbeats;
	PlayerShare *share; /* NULL before it has joined, and for spectators */
	int64_t		 opened_at;
	int64_t		 heard_at;
	int64_t		 rejoin_at; /* CLIENT_WAITING, CLIENT_PARTED: it is not let in before this time */
	int64_t		 parted_at; /* when its session was lost */
	int64_t		 held_at;	/* since when it is held back because of its address; 0 = it is not */
	bool		 join_is_counted;

	/* what goes to it */
	QueuedFrame *first;
	QueuedFrame *last;
	size_t		 queued_bytes;
	int64_t		 waiting_since; /* since when a writable callback is awaited; 0 = none is */
	uint64_t	 clock_told;	/* the world's clock_serial that it was told last */
	int64_t		 pinged_at;
	bool		 ping_due;
	int			 close_code;
	char		 close_reason[124];
	int64_t		 close_deadline;
	bool		 close_sent;

	struct Watch	  *watch;		   /* its subscription, made by subscribe.c, or NULL */
	const FrameSource *frames;		   /* the functions that make frames of the watch */
	int64_t			   camera_told_at; /* when the database was last told its camera */
	bool			   camera_untold;  /* its camera moved since */
	struct Source	  *compute;		   /* compute.c's part, or NULL if it does not compute */
	struct Mind		  *mind;		   /* mind.c's part, or NULL if it is not an MCP server */
	struct Report	  *report;		   /* report.c's part, or NULL if it wants no reports */

	struct Client *previous;
	struct Client *next;
} Client;

extern void clients_start(const Settings *settings);


/* Returns a new client in CLIENT_GREETING, with one reference, which is its socket's. */
extern Client *client_create(ClientKind kind, struct lws *wsi);

/* Count references to a client; who sends a query that comes back to the client takes one.  The last release frees it. */
extern Client *client_hold(Client *client);
extern void	   client_release(Client *client);


/* Changes the client's state, which must be allowed from the present one, and does what belongs to the new state. */
extern void client_move(Client *client, ClientState to);

/* Joins the client, whose player is known now, to what the connections of that player share. */
extern void client_join_player(Client *client);

/* Keeps the names that the database has for its player ("" for spectators) and its world. */
extern void client_name(Client *client, const char *username, const char *world_name);

/*
 * Returns how every log line about the client begins: its address and what is known of player, world and source.  The text is
 * valid until the next call.
 */
extern const char *client_label(const Client *client);

/* Returns true if the client was welcomed and is not leaving. */
extern bool client_is_welcome(const Client *client);

/* Returns true if the client is being closed or gone. */
extern bool client_is_leaving(const Client *client);

/*
 * Queues a text frame.  Nothing is queued to a client that is leaving, and one
 * whose queue would exceed max_queue is closed.
 */
extern void client_send(Client *client, const char *text, size_t length);
extern void client_send_text(Client *client, const Text *text);

/* Sends the frame "error"; "id" is the request's id as JSON, or NULL.  An MCP server does not know it and is sent nothing. */
extern void client_send_error(Client *client, const char *id, const char *code, const char *message,
							  const char *hint);

/* Sends the frame "error" for a request that may be made again in "wait_ms". */
extern void client_send_limit(Client *client, const char *id, const char *message, int64_t wait_ms);

/* Closes the client once what is queued was sent; does nothing if it is leaving already. */
extern void client_close(Client *client, int code, const char *reason);

/* Asks for a writable callback, since there may be something to send. */
extern void client_wake(Client *client);

/* Sends what there is while the socket takes more; returns false when the socket failed. */
extern bool client_writable(Client *client);

/*
 * Adds a fragment to "incoming" and returns true when the frame there is
 * complete.  Returns false, too, when it became too large and the client was
 * closed.
 */
extern bool client_collect(Client *client, const char *data, size_t length, bool is_last);

/* Counts a message; closes the client and returns false if it is one too many. */
extern bool client_may_send(Client *client);

/* Counts a subscription; tells the client and returns false if it is one too many. */
extern bool client_may_subscribe(Client *client, const char *id);

/* Counts a heartbeat; closes the client and returns false if it is one too many. */
extern bool client_may_beat(Client *client);

/* Gives back the count of the last message, because it answers a request of ours. */
extern void client_refund(Client *client);

/* Notes a sign of life of the client. */
extern void client_heard(Client *client);

/* Pings the client, and closes one that is silent or does not read; to be called several times a second. */
extern void client_tick(Client *client, int64_t now);

extern Client		  *clients_first(void);
extern int			   clients_count(void);
extern const Settings *client_settings(void);

#endif /* NPCSIM_GATEWAY_CLIENT_H */
