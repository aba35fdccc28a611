/*
 * fragment.c
 *	  An immutable text with a count of references.
 */
#include "fragment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"


Fragment *
fragment_create(const char *text, size_t length)
{
	Fragment *fragment = mem_alloc(sizeof(Fragment) + length + 1);

	fragment->holders = 1;
	fragment->length = length;
	memcpy(fragment->text, text, length);
	return fragment;
}

Fragment *
fragment_hold(Fragment *fragment)
{
	if (fragment != NULL)
		fragment->holders++;
	return fragment;
}

void
fragment_release(Fragment *fragment)
{
	if (fragment == NULL)
		return;
	assert(fragment->holders > 0);
	if (--fragment->holders == 0)
		free(fragment);
}
