/*
 * listing.h
 *	  The worlds that may be watched, for GET /worlds: asked of the database at
 *	  most once a second, whoever and how many ask.
 */
#ifndef NPCSIM_GATEWAY_LISTING_H
#define NPCSIM_GATEWAY_LISTING_H

#include <stdint.h>

typedef enum ListingState
{
	LISTING_READY,
	LISTING_COMING, /* "answered" will be called */
	LISTING_ABSENT	/* the database is not reachable, or refused it */
} ListingState;

/* "answered": what was coming is there, or will not come. */
extern void listing_start(void (*answered)(void));

extern ListingState listing_want(int64_t now);

/* As JSON, while it is ready; else NULL. */
extern const char *listing_text(void);

extern void listing_stop(void);

#endif /* NPCSIM_GATEWAY_LISTING_H */
