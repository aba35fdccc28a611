/*
 * listing.h
 *	  Lists the worlds that may be watched, for GET /worlds: the database is
 *	  asked at most once a second, however many requests there are.
 */
#ifndef NPCSIM_GATEWAY_LISTING_H
#define NPCSIM_GATEWAY_LISTING_H

#include <stdint.h>

typedef enum ListingState
{
	LISTING_READY,
	LISTING_COMING, /* the database was asked, and "answered" will be called */
	LISTING_ABSENT	/* the database is not reachable, or refused the query */
} ListingState;

/* "answered" is called when a list that was LISTING_COMING is there, or will not come. */
extern void listing_start(void (*answered)(void));

extern ListingState listing_want(int64_t now);

/* Returns the list as JSON while it is LISTING_READY, else NULL. */
extern const char *listing_text(void);

extern void listing_stop(void);

#endif /* NPCSIM_GATEWAY_LISTING_H */
