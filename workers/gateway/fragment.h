/*
 * fragment.h
 *	  An immutable text that several owners hold.
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

extern Fragment *fragment_create(const char *text, size_t length);
extern Fragment *fragment_hold(Fragment *fragment);
extern void		 fragment_release(Fragment *fragment);

#endif /* NPCSIM_GATEWAY_FRAGMENT_H */
