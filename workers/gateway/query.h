/*
 * query.h
 *	  The arguments of an address: what stands behind its "?".
 *
 * Nothing is guessed and nothing replaced: an argument that is not known,
 * given twice, empty, too long or wrongly encoded is refused by name.
 */
#ifndef NPCSIM_GATEWAY_QUERY_H
#define NPCSIM_GATEWAY_QUERY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct QueryArgument
{
	const char *name;
	char	   *value; /* "" while it is not given */
	size_t		size;  /* of the value, with its end */
} QueryArgument;

/* Decodes the arguments; false with a message of at most "size" bytes. */
extern bool query_read(const char *query, const QueryArgument *arguments, int count, char *message,
					   size_t size);

/* The whole number that a value says in digits, from "least" to "most". */
extern bool query_number(const char *value, int least, int most, int *number);

#endif /* NPCSIM_GATEWAY_QUERY_H */
