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

/* Bytes of a delta's page: what the hello may ask for, and what is sent otherwise. */
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
	CLOSE_HELLO_MISSING = 4007
};

typedef enum ClientState
{
	CLIENT_GREETING,	   /* its hello is awaited */
	CLIENT_WAITING,		   /* the hello is here, the database is not */
	CLIENT_AUTHENTICATING, /* authenticate() is on its way */
	CLIENT_JOINING,		   /* client_connected() is on its way */
	CLIENT_LIVE,		   /* welcomed, with a session */
	CLIENT_PARTED,		   /* welcomed, but the session is lost */
	CLIENT_REJOINING,	   /* client_connected() for a new session */
	CLIENT_CLOSING,		   /* the close frame is to be sent */
	CLIENT_GONE			   /* no socket any more */
} ClientState;

typedef enum Purpose
{
	PURPOSE_WATCH,
	PURPOSE_COMPUTE,
	PURPOSE_BOTH
} Purpose;

#define PURPOSE_COUNT (PURPOSE_BOTH + 1)

/* As hellos and the database call them. */
extern const char *const purpose_names[];

typedef struct QueuedFrame QueuedFrame;

/* What a connection asks for what it watches, when its socket takes more. */
typedef struct FrameSource
{
	/* the next frame, or NULL when the client has everything */
	Frame *(*next)(struct Watch *watch);

	/* has it nothing to send now?  Then a clock frame may be, with this revision */
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
	int						holders; /* the socket, and queries under way */
	char					address[64];
	struct sockaddr_storage peer; /* the same, for peers.c */
	bool					counts_as_spectator;

	/* who it is */
	Purpose purpose;
	char   *token;	  /* only until it was authenticated */
	char   *name;	  /* of the program, from the hello */
	char   *source;	  /* of compute; "" = none yet */
	char   *username; /* as the welcome names the player and the world; "" = not yet */
	char   *world_name;
	bool	source_is_provisional; /* made up until a heartbeat names one */
	int64_t player_id;			   /* 0 = spectator */
	int64_t world_id;
	int64_t session_id; /* 0 = none */
	World  *world;		/* from CLIENT_LIVE on */
	int		page;		/* bytes of a delta that it takes at once */

	/* from it */
	Text		 incoming; /* a frame that is not complete */
	Allowance	 messages;
	Allowance	 subscriptions;
	PlayerShare *share; /* NULL before it has joined, and for spectators */
	int64_t		 opened_at;
	int64_t		 heard_at;
	int64_t		 rejoin_at; /* CLIENT_WAITING, CLIENT_PARTED: not before */
	int64_t		 parted_at; /* when its session was lost */
	int64_t		 held_at;	/* too much came from its address: since when it waits; 0 = it does not */
	bool		 join_is_counted;

	/* to it */
	QueuedFrame *first;
	QueuedFrame *last;
	size_t		 queued_bytes;
	int64_t		 waiting_since; /* wants to write and cannot; 0 = does not */
	uint64_t	 clock_told;	/* the world's serial */
	int64_t		 pinged_at;
	bool		 ping_due;
	int			 close_code;
	char		 close_reason[124];
	int64_t		 close_deadline;
	bool		 close_sent;

	struct Watch	  *watch; /* subscribe.c's, and what asks it for frames */
	const FrameSource *frames;
	int64_t			   camera_told_at; /* update_player_camera */
	bool			   camera_untold;
	struct Source	  *compute; /* compute.c's, when it computes */
	struct Mind		  *mind;	/* mind.c's, of an MCP server */
	struct Report	  *report;	/* report.c's, of one that computes */

	struct Client *previous;
	struct Client *next;
} Client;

extern void clients_start(const Settings *settings);

extern Client *client_create(ClientKind kind, struct lws *wsi);

/* A query that comes back to the client holds it. */
extern Client *client_hold(Client *client);
extern void	   client_release(Client *client);

extern void client_move(Client *client, ClientState to);

/* It is known whose connection it is. */
extern void client_join_player(Client *client);

/* What the database calls its player ("" for spectators) and its world. */
extern void client_name(Client *client, const char *username, const char *world_name);

/*
 * Who it is, as every line of the log about a client begins: its address and what is known of player, world and
 * source.  Good until the next call.
 */
extern const char *client_label(const Client *client);

/* Welcomed, and not on its way out. */
extern bool client_is_welcome(const Client *client);
extern bool client_is_leaving(const Client *client);

/*
 * Queues a text frame.  Nothing is queued to a client that is leaving, and one
 * whose queue would exceed max_queue is closed.
 */
extern void client_send(Client *client, const char *text, size_t length);
extern void client_send_text(Client *client, const Text *text);

/* The frame "error", with the id of the request as JSON, or NULL. */
extern void client_send_error(Client *client, const char *id, const char *code, const char *message,
							  const char *hint);

/* The same for what may be done "wait_ms" later. */
extern void client_send_limit(Client *client, const char *id, const char *message, int64_t wait_ms);

/* Closes after what is queued was sent.  The first reason stays. */
extern void client_close(Client *client, int code, const char *reason);

/* There may be something to write. */
extern void client_wake(Client *client);

/* The socket takes more; false when it failed. */
extern bool client_writable(Client *client);

/*
 * Collects a fragment; true when the frame in "incoming" is complete.  False
 * also when the client was closed for its size.
 */
extern bool client_collect(Client *client, const char *data, size_t length, bool is_last);

/* Counts a message; false when it was one too many and the client is closed. */
extern bool client_may_send(Client *client);

/* Counts a subscription; false when it is one too many, which the client is told. */
extern bool client_may_subscribe(Client *client, const char *id);

/* The last message was asked for: it does not count. */
extern void client_refund(Client *client);

extern void client_heard(Client *client);

/* Pings, dead and stuck clients. */
extern void client_tick(Client *client, int64_t now);

extern Client		  *clients_first(void);
extern int			   clients_count(void);
extern const Settings *client_settings(void);

#endif /* NPCSIM_GATEWAY_CLIENT_H */
