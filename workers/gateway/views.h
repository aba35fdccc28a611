/*
 * views.h
 *	  Remembers the camera views of players who left, so that one who comes back
 *	  can resume.
 *
 * What changed since a revision is enough only for a client that had the same
 * view then; one with another view gets a snapshot.  The views of spectators
 * are not kept, because spectators cannot be told apart.
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
	int64_t	  complete_at; /* the revision from which on the client had all of the view */
} View;

/* Keeps a player's view in place of the last one; a spectator's is not kept. */
extern void views_remember(const View *view);

/* Returns complete_at of the kept view if it is the same, or 0. */
extern int64_t views_complete_at(const View *view);

#endif /* NPCSIM_GATEWAY_VIEWS_H */
