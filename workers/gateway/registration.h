/*
 * registration.h
 *	  Registers the gateway in the database, and keeps it registered.
 */
#ifndef NPCSIM_GATEWAY_REGISTRATION_H
#define NPCSIM_GATEWAY_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct RegistrationEvents
{
	/* the database has no session of this gateway, or no longer */
	void (*parted)(void);

	/* the gateway is registered, so that sessions may be begun */
	void (*registered)(void);
} RegistrationEvents;

extern void registration_start(const char *gateway_id, const RegistrationEvents *events);
extern void registration_tick(int64_t now);

/*
 * Returns a number that changes with every registration and every loss of the
 * database.  An answer to a query that was sent under another number is not
 * used, because the database has closed the sessions of that time.
 */
extern uint64_t registration_number(void);

/* Returns why the gateway is not registered; "" when it is, or the reason is not known. */
extern const char *registration_trouble(void);

/* Returns true if the database refuses to register this gateway and never had it registered: the gateway should end. */
extern bool registration_is_refused(void);

/* These hear that the database can be reached, no longer can, or is of no use for the reason. */
extern void registration_database_up(void);
extern void registration_database_down(void);
extern void registration_database_refused(const char *reason);

/* Hears that a query did not find its function: the extension may be gone, or a right.  The database is looked at again. */
extern void registration_doubt(void);

/* Registers again, since the database can be reached but does not know this gateway any more. */
extern void registration_renew(void);

#endif /* NPCSIM_GATEWAY_REGISTRATION_H */
