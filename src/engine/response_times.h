/*
 * response_times.h
 *	  How long players' minds take to answer, and how long they are waited for.
 */
#ifndef NPCSIM_RESPONSE_TIMES_H
#define NPCSIM_RESPONSE_TIMES_H

#include "postgres.h"

#include "engine/world.h"

#define TIMEOUT_MS_MIN	   10000
#define TIMEOUT_MS_MAX	   60000
#define TIMEOUT_MS_UNKNOWN 20000

/*
 * Returns the timeout of a request to a player in ms: 3 times the p95 of the player's last 100 decisions;
 * while there are too few of them, by the average that its session reports (NaN = none). Called between
 * spi_begin() and spi_end().
 */
extern int32 response_time_timeout_ms(int64 player_id, double reported_average_ms);

/*
 * Returns in real seconds how long a player's mind usually takes (its p95), 5 to 30 in steps of 5, as the
 * world knows it. Called in ticks alone.
 */
extern int32 world_response_time(World *world, int64 player_id);
/* Forgets the response times of an image, because another backend may have noted others. */
extern void world_forget_response_times(World *world);

#endif /* NPCSIM_RESPONSE_TIMES_H */
