/*
 * counts.c
 *	  Counters of what happened since the gateway started, for the whole program.
 */
#include "counts.h"

Counts counts;
