/*
 * query.h
 *	  Reads the query of an address: the arguments behind its "?".
 *
 * An argument that is not known, given twice, empty, too long or wrongly
 * encoded is refused by its name; no value is guessed or replaced.
 */
#ifndef NPCSIM_GATEWAY_QUERY_H
#define NPCSIM_GATEWAY_QUERY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct QueryArgument
{
	const char *name;
	char	   *value; /* the caller's buffer for the value; "" when it is not given */
	size_t		size;  /* bytes of that buffer */
} QueryArgument;

/* Decodes a query into the values of its arguments; returns false, and why in "message", if it is wrong. */
extern bool query_read(const char *query, const QueryArgument *arguments, int count, char *message,
					   size_t size);

/* Reads a whole number in digits, from "least" to "most"; returns false if the value is anything else. */
extern bool query_number(const char *value, int least, int most, int *number);

#endif /* NPCSIM_GATEWAY_QUERY_H */
