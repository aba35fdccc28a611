/*
 * counts.c
 *	  What happened since the start, counted where it happens.
 */
#include "counts.h"

Counts counts;
