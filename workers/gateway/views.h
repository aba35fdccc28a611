/*
 * views.h
 *	  The camera views with which players left, so that one who comes back can
 *	  go on from there.
 *
 * What changed since a revision is enough only for a client that had the same
 * view then; one with another view gets a snapshot.  Spectators cannot be told
 * apart, so theirs are not kept.
 */
#ifndef NPCSIM_GATEWAY_VIEWS_H
#define NPCSIM_GATEWAY_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "copy.h"

typedef struct View
{
	int64_t	  player_id; /* 0 = none */
	int64_t	  world_id;
	uint32_t  tables;
	Rectangle camera;
	int64_t	  complete_at; /* the revision from which on it was had whole */
} View;

/* A view of player 0 is not kept. */
extern void views_remember(const View *view);

/* The revision from which on the same view was had whole, or 0. */
extern int64_t views_complete_at(const View *view);

#endif /* NPCSIM_GATEWAY_VIEWS_H */
