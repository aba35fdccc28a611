/*
 * memory.c
 *	  Allocates memory, or ends the program.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

void
mem_is_short(void)
{
	log_line(LOG_ERROR, "out of memory");
	exit(1);
}

void *
mem_alloc(size_t size)
{
	void *pointer = calloc(1, size ? size : 1);

	if (pointer == NULL)
		mem_is_short();
	return pointer;
}

void *
mem_resize(void *pointer, size_t size)
{
	void *resized = realloc(pointer, size ? size : 1);

	if (resized == NULL)
		mem_is_short();
	return resized;
}

char *
mem_copy_string(const char *string)
{
	size_t size = strlen(string) + 1;
	char  *copy = mem_alloc(size);

	memcpy(copy, string, size);
	return copy;
}
