/*
 * allocate.h
 *	  Allocation for the parts of sim/ that need memory; not for use outside.
 */
#ifndef NPCSIM_ALLOCATE_H
#define NPCSIM_ALLOCATE_H

#include <stdlib.h>
#include <string.h>

#include "sim/grid.h"

/* Allocates by the caller's allocator. Without one, running out of memory ends the process. */
static inline void *
sim_allocate(const SimAllocator *allocator, size_t size)
{
	void *pointer;

	if (allocator->allocate != NULL)
		return allocator->allocate(allocator->context, size);
	pointer = malloc(size > 0 ? size : 1);
	if (pointer == NULL)
		abort();
	return pointer;
}

static inline void *
sim_allocate_zeroed(const SimAllocator *allocator, size_t size)
{
	return memset(sim_allocate(allocator, size), 0, size);
}

/* Releases what sim_allocate() returned; 'pointer' may be NULL. */
static inline void
sim_release(const SimAllocator *allocator, void *pointer)
{
	if (pointer == NULL)
		return;
	if (allocator->release != NULL)
		allocator->release(allocator->context, pointer);
	else if (allocator->allocate == NULL)
		free(pointer);
}

/* Moves an array to one of twice the capacity (at least 'least'); returns the new array. */
static inline void *
sim_grow(const SimAllocator *allocator, void *array, size_t element, int32_t *capacity, int32_t least)
{
	int32_t grown = *capacity * 2 > least ? *capacity * 2 : least;
	void   *result = sim_allocate(allocator, (size_t) grown * element);

	if (*capacity > 0)
		memcpy(result, array, (size_t) *capacity * element);
	sim_release(allocator, array);
	*capacity = grown;
	return result;
}

#endif /* NPCSIM_ALLOCATE_H */
