/*
 * clock.h
 *	  The monotonic clock by which gateway and agent time everything.
 */
#ifndef NPCSIM_COMMON_CLOCK_H
#define NPCSIM_COMMON_CLOCK_H

#include <stdint.h>

/* Returns the milliseconds of a clock that never steps back and whose zero means nothing. */
extern int64_t now_ms(void);

#endif /* NPCSIM_COMMON_CLOCK_H */
