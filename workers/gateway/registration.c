/*
 * registration.c
 *	  Registers the gateway in the database, and keeps it registered.
 *
 * The gateway registers before anything else on every reconnection; the
 * database then has no session of it, and every client that was welcome joins
 * again (session.h).
 *
 * The registration is made on the connection that listens and lasts as long as
 * that does.  While another gateway has the same id it is refused, and tried
 * again, since the other one may just be ending.  A gateway that was never
 * registered gives up after HELD_PATIENCE_MS and ends; one that was registered
 * before keeps its clients and goes on trying.
 */
#include "registration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "calls.h"
#include "world.h"

#define REGISTER_RETRY_MS 1000
#define HELD_RETRY_MS	  200
#define HELD_PATIENCE_MS  3000 /* how long a gateway that starts waits for an earlier one with its id to end */

static struct
{
	const char				 *gateway_id;
	const RegistrationEvents *events;
	bool					  under_way;
	bool					  doubting;		  /* the database is to be looked at again */
	int64_t					  retry_at;		  /* when to try again after a failure; 0 = not */
	uint64_t				  number;		  /* counts attempts and losses of the database */
	bool					  was_registered; /* the gateway was registered at least once */
	bool					  refused;		  /* it never was and is refused: the gateway ends */
	int64_t					  held_since;	  /* since when another gateway has the id; 0 = none has */
	char trouble[400]; /* why it is not registered; "" = it is, or the reason is not known */
} registration;

/* Keeps the reason why the gateway is not registered, and logs it unless it is the last one again. */
static void
note_trouble(LogLevel level, const char *trouble)
{
	if (strncmp(registration.trouble, trouble, sizeof(registration.trouble) - 1) == 0)
		return;
	snprintf(registration.trouble, sizeof(registration.trouble), "%s", trouble);
	log_line(level, "%s", registration.trouble);
}

/* Notes that another gateway has our id, and when to try again. */
static void
id_is_held(const DbReply *reply)
{
	int64_t now = now_ms();

	if (registration.held_since == 0)
	{
		char trouble[sizeof(registration.trouble)];

		registration.held_since = now;
		snprintf(trouble, sizeof(trouble), "refused: %s. %s %s", reply->message,
				 reply->detail != NULL ? reply->detail : "", reply->hint != NULL ? reply->hint : "");
		note_trouble(registration.was_registered ? LOG_WARNING : LOG_ERROR, trouble);
	}
	if (!registration.was_registered && now - registration.held_since > HELD_PATIENCE_MS)
		registration.refused = true;
	registration.retry_at = now + HELD_RETRY_MS;
}

static void
registered(void *argument, const DbReply *reply)
{
	if ((uint64_t) (uintptr_t) argument != registration.number)
		return;
	registration.under_way = false;
	if (reply->result == NULL && strcmp(reply->sqlstate, SQLSTATE_GATEWAY_HELD) == 0)
	{
		id_is_held(reply);
		return;
	}
	if (reply->result == NULL)
	{
		if (!reply->lost)
		{
			char trouble[sizeof(registration.trouble)];

			snprintf(trouble, sizeof(trouble), "register_gateway: %s (%s) %s", reply->message,
					 reply->sqlstate, reply->hint != NULL ? reply->hint : "");
			note_trouble(LOG_WARNING, trouble);
		}
		registration.retry_at = now_ms() + REGISTER_RETRY_MS;
		return;
	}
	log_line(LOG_INFO, "registered as %s", registration.gateway_id);
	registration.was_registered = true;
	registration.held_since = 0;
	registration.trouble[0] = '\0';
	worlds_registered();
	registration.events->registered();
}

/* Returns true, and has noted it, if functions that the gateway calls are missing in the database. */
static bool
note_missing(const DbReply *reply)
{
	const char *missing = reply_column(reply, 0, "missing");
	char		trouble[sizeof(registration.trouble)];

	if (missing == NULL)
		return false;
	if (reply_integer(reply, 0, "installed") == 0)
		snprintf(trouble, sizeof(trouble),
				 "the database has no extension npcsim (CREATE EXTENSION npcsim CASCADE, then roles.sql)");
	else
		snprintf(
			trouble, sizeof(trouble),
			"the database lets this role not call what it must (ALTER EXTENSION npcsim UPDATE if it is of "
			"another version, then roles.sql): %s",
			missing);
	note_trouble(LOG_WARNING, trouble);
	return true;
}

/* Registers if no function is missing; else it is looked for again later, since calling it would log an error in the server. */
static void
looked(void *argument, const DbReply *reply)
{
	if ((uint64_t) (uintptr_t) argument != registration.number)
		return;
	if (reply->result != NULL && !note_missing(reply))
	{
		call_register_gateway(registration.gateway_id, registered, argument);
		return;
	}
	registration.under_way = false;
	registration.retry_at = now_ms() + REGISTER_RETRY_MS;
}

static void
part(void)
{
	worlds_unregistered();
	registration.events->parted();
}

static void
register_now(void)
{
	part();
	registration.under_way = true;
	registration.retry_at = 0;
	registration.number++;
	call_missing_functions(looked, (void *) (uintptr_t) registration.number);
}

static void
doubted(void *argument, const DbReply *reply)
{
	registration.doubting = false;
	if ((uint64_t) (uintptr_t) argument != registration.number || registration.under_way)
		return;
	if (reply->result != NULL && note_missing(reply))
	{
		part();
		registration.retry_at = now_ms() + REGISTER_RETRY_MS;
	}
}

void
registration_doubt(void)
{
	if (registration.under_way || registration.doubting || !worlds_are_registered())
		return;
	registration.doubting = true;
	call_missing_functions(doubted, (void *) (uintptr_t) registration.number);
}

void
registration_start(const char *gateway_id, const RegistrationEvents *events)
{
	memset(&registration, 0, sizeof(registration));
	registration.gateway_id = gateway_id;
	registration.events = events;
}

void
registration_tick(int64_t now)
{
	if (registration.retry_at && now >= registration.retry_at && db_is_up())
		register_now();
}

uint64_t
registration_number(void)
{
	return registration.number;
}

const char *
registration_trouble(void)
{
	return registration.trouble;
}

void
registration_database_up(void)
{
	register_now();
}

void
registration_database_down(void)
{
	registration.number++; /* answers that are still on their way belong to the past */
	registration.under_way = false;
	registration.retry_at = 0;
	part();
}

void
registration_database_refused(const char *reason)
{
	char trouble[sizeof(registration.trouble)];

	snprintf(trouble, sizeof(trouble), "refused: %s", reason);
	note_trouble(LOG_ERROR, trouble);
	if (!registration.was_registered)
		registration.refused = true;
}

bool
registration_is_refused(void)
{
	return registration.refused;
}

void
registration_renew(void)
{
	if (!registration.under_way && db_is_up())
	{
		log_line(LOG_WARNING, "the database has not heard from this gateway: registering again");
		register_now();
	}
}
