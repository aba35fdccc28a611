/*
 * numbers.h
 *	  Whole numbers as people write them: in a setting, or a flag.
 */
#ifndef NPCSIM_COMMON_NUMBERS_H
#define NPCSIM_COMMON_NUMBERS_H

typedef enum NumberVerdict
{
	NUMBER_GOOD,
	NUMBER_NONE,   /* it is no whole number */
	NUMBER_OUTSIDE /* of the range */
} NumberVerdict;

/* *value is set when it is good. */
extern NumberVerdict number_read(const char *text, long minimum, long maximum, long *value);

#endif /* NPCSIM_COMMON_NUMBERS_H */
