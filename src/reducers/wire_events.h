/*
 * wire_events.h
 *	  Writes events and messages as clients get them: the streams "messages" and "world_events".
 */
#ifndef NPCSIM_WIRE_EVENTS_H
#define NPCSIM_WIRE_EVENTS_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/world_head.h"

/* Writes an array of the last messages of a world. Called between spi_begin() and spi_end(). */
extern void json_last_messages(StringInfo out, const WorldHead *head);

/*
 * Writes the members of a delta, each with a comma before it, for the streams in which something is new: from
 * those numbers on (0 = nothing). Of many rows only the last are written, and the others counted. Called
 * between spi_begin() and spi_end().
 */
extern void json_new_events(StringInfo out, const WorldHead *head, int64 first_event, int64 first_message);

#endif /* NPCSIM_WIRE_EVENTS_H */
