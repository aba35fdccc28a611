/*
 * response_times.h
 *	  How long players' minds take, and how long they are waited for.
 */
#ifndef NPCSIM_RESPONSE_TIMES_H
#define NPCSIM_RESPONSE_TIMES_H

#include "postgres.h"

#include "engine/world.h"

#define TIMEOUT_MS_MIN	   10000
#define TIMEOUT_MS_MAX	   60000
#define TIMEOUT_MS_UNKNOWN 20000

/*
 * Time-out for a request to a player: 3 × the p95 of the player's last 100 decisions; while there are too few of
 * them, by what its session reports as the average (NaN = nothing). Between spi_begin and spi_end.
 */
extern int32 response_time_timeout_ms(int64 player_id, double reported_average_ms);

/* Real seconds that a player's mind usually takes (p95), 5 to 30 in steps of 5, as the world knows it. In ticks alone. */
extern int32 world_response_time(World *world, int64 player_id);
/* Another backend changed the world: what it found is not known here. */
extern void world_forget_response_times(World *world);

#endif /* NPCSIM_RESPONSE_TIMES_H */
