/*
 * due.h
 *	  A heap of what is due, in the order (time, kind, id).
 */
#ifndef NPCSIM_DUE_H
#define NPCSIM_DUE_H

#include "postgres.h"

#include "sim/sim.h"

/* Before anything else: at the moment that is being worked on. */
#define AT_ONCE INT64_C(-1)

typedef struct Due
{
	int64 at;
	int32 kind;
	int32 index; /* place in the heap; -1 = not in it */
	int64 id;
	void *owner;
} Due;

/* The time stands beside the pointer: most comparisons need no look at what is due. */
typedef struct DueEntry
{
	int64 at;
	Due	 *due;
} DueEntry;

typedef struct DueHeap
{
	MemoryContext context;
	DueEntry	 *entries;
	int			  count;
	int			  room;
} DueHeap;

extern void due_heap_init(DueHeap *heap, MemoryContext context);
/* Puts an entry in, moves it, or takes it out (at SIM_NEVER). */
extern void due_set(DueHeap *heap, Due *due, int64 at, int32 kind);
/* The first entry, or NULL. */
extern Due *due_first(const DueHeap *heap);

#endif /* NPCSIM_DUE_H */
