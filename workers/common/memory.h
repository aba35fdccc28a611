/*
 * memory.h
 *	  Allocates memory, or ends the program.
 *
 * Running out of memory ends the program because neither gateway nor agent holds anything that it cannot lose, and what was
 * connected reconnects by itself.  How much may be allocated is bounded by whoever allocates, not here.
 */
#ifndef NPCSIM_COMMON_MEMORY_H
#define NPCSIM_COMMON_MEMORY_H

#include <stddef.h>

extern void *mem_alloc(size_t size); /* zeroed */
extern void *mem_resize(void *pointer, size_t size);
extern char *mem_copy_string(const char *string);

/* Ends the program; to be called when a library could not allocate. */
extern void mem_is_short(void) __attribute__((noreturn));

#endif /* NPCSIM_COMMON_MEMORY_H */
