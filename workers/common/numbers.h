/*
 * numbers.h
 *	  Reads whole numbers as people write them in a setting or a flag.
 */
#ifndef NPCSIM_COMMON_NUMBERS_H
#define NPCSIM_COMMON_NUMBERS_H

typedef enum NumberVerdict
{
	NUMBER_GOOD,
	NUMBER_NONE,   /* the text is no whole number */
	NUMBER_OUTSIDE /* the number is out of range */
} NumberVerdict;

/* Reads a number from minimum to maximum; *value is written only when it is good. */
extern NumberVerdict number_read(const char *text, long minimum, long maximum, long *value);

#endif /* NPCSIM_COMMON_NUMBERS_H */
