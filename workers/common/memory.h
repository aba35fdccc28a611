/*
 * memory.h
 *	  Memory that does not fail.
 *
 * Neither program holds what it could not lose, so running out of memory ends it: what was connected comes back by itself.
 * What grows is bounded by the limits of its owner, not here.
 */
#ifndef NPCSIM_COMMON_MEMORY_H
#define NPCSIM_COMMON_MEMORY_H

#include <stddef.h>

extern void *mem_alloc(size_t size); /* zeroed */
extern void *mem_resize(void *pointer, size_t size);
extern char *mem_copy_string(const char *string);

/* For what others allocate for us and did not. */
extern void mem_is_short(void) __attribute__((noreturn));

#endif /* NPCSIM_COMMON_MEMORY_H */
