/*
 * clock.h
 *	  The clock by which everything is timed.
 */
#ifndef NPCSIM_COMMON_CLOCK_H
#define NPCSIM_COMMON_CLOCK_H

#include <stdint.h>

/* Milliseconds that never step back. */
extern int64_t now_ms(void);

#endif /* NPCSIM_COMMON_CLOCK_H */
