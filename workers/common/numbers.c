/*
 * numbers.c
 *	  Reads whole numbers as people write them in a setting or a flag.
 */
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>

NumberVerdict
number_read(const char *text, long minimum, long maximum, long *value)
{
	char *end;
	long  number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (end == text || *end != '\0')
		return NUMBER_NONE;
	if (errno == ERANGE || number < minimum || number > maximum)
		return NUMBER_OUTSIDE;
	*value = number;
	return NUMBER_GOOD;
}
