/*
 * settings.h
 *	  The gateway's settings, and where they are read from.
 *
 * Later sources win: defaults, the file (--config or
 * NPCSIM_GATEWAY_CONFIG), the environment (NPCSIM_GATEWAY_NAME), flags
 * (--name).  The names are the same everywhere: message_rate in the file is
 * NPCSIM_GATEWAY_MESSAGE_RATE and --message-rate.
 */
#ifndef NPCSIM_GATEWAY_SETTINGS_H
#define NPCSIM_GATEWAY_SETTINGS_H

#include <stdbool.h>

typedef struct Settings
{
	char *database;	  /* a connection string or URI; libpq's environment variables fill in the rest */
	char *gateway_id; /* "" = it is made of the machine's name and the port */
	char *listen_address;
	char *web_root; /* "" = no files are served */
	char *allowed_origins;
	char *allowed_hosts;
	char *trusted_proxies;
	int	  port;		   /* 0 = any free one */
	int	  connections; /* command connections to the database */
	int	  query_timeout_ms;
	int	  lock_timeout_ms;
	int	  hello_timeout_ms;
	int	  stuck_timeout_ms;
	int	  silence_timeout_ms;
	int	  submit_delay_ms;
	int	  max_frame;	/* bytes of a frame from a client */
	int	  max_queue;	/* bytes queued to a client */
	int	  message_rate; /* messages per second and connection */
	int	  message_burst;
	int	  player_message_rate; /* the same for all connections of a player together */
	int	  player_message_burst;
	int	  subscribe_rate; /* subscriptions per minute and connection */
	int	  subscribe_burst;
	int	  wrong_token_rate;	 /* wrong tokens per minute and address */
	int	  wrong_token_burst; /* 0 = any number */
	int	  join_rate;		 /* joins per minute and address */
	int	  join_burst;		 /* 0 = any number */
	int	  max_per_address;	 /* connections */
	int	  max_spectators_per_address;
	int	  log_level;
} Settings;

typedef enum SettingsOutcome
{
	SETTINGS_RUN,
	SETTINGS_EXIT, /* --help or --version was asked for and printed */
	SETTINGS_WRONG /* a setting is wrong, and stderr says which */
} SettingsOutcome;

/* Reads all settings and erases passwords from the command line and the initial environment. */
extern SettingsOutcome settings_read(Settings *settings, int argc, char **argv);
extern void			   settings_free(Settings *settings);

/* Returns true for 1 to 64 characters of [A-Za-z0-9_.-]. */
extern bool gateway_id_is_valid(const char *gateway_id);

#endif /* NPCSIM_GATEWAY_SETTINGS_H */
