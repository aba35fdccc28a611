/*
 * registration.h
 *	  The gateway's own place in the database.
 */
#ifndef NPCSIM_GATEWAY_REGISTRATION_H
#define NPCSIM_GATEWAY_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct RegistrationEvents
{
	/* the database has no session of this gateway (any more) */
	void (*parted)(void);

	/* it knows this gateway: sessions may be begun */
	void (*registered)(void);
} RegistrationEvents;

extern void registration_start(const char *gateway_id, const RegistrationEvents *events);
extern void registration_tick(int64_t now);

/*
 * Counts the attempts.  Answers of the database from before one mean sessions
 * that it closed: they are not used.
 */
extern uint64_t registration_number(void);

/* Why there is none; "" when there is one, or it is not known. */
extern const char *registration_trouble(void);

/* The database will have none of this gateway, and never had: it is to end. */
extern bool registration_is_refused(void);

/* The database can be reached, or no longer. */
extern void registration_database_up(void);
extern void registration_database_down(void);
extern void registration_database_refused(const char *reason);

/* A call did not find its function, or may not: perhaps the extension is gone, or a right. */
extern void registration_doubt(void);

/* It is there but does not know this gateway any more. */
extern void registration_renew(void);

#endif /* NPCSIM_GATEWAY_REGISTRATION_H */
