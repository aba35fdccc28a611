/*
 * fragment.h
 *	  An immutable text with a count of references.
 */
#ifndef NPCSIM_GATEWAY_FRAGMENT_H
#define NPCSIM_GATEWAY_FRAGMENT_H

#include <stddef.h>

typedef struct Fragment
{
	int	   holders;
	size_t length;
	char   text[];
} Fragment;


/* Copies the text into a fragment with one reference; the last release frees it.  Holding or releasing NULL does nothing. */
extern Fragment *fragment_create(const char *text, size_t length);
extern Fragment *fragment_hold(Fragment *fragment);
extern void		 fragment_release(Fragment *fragment);

#endif /* NPCSIM_GATEWAY_FRAGMENT_H */
