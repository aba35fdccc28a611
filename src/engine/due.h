/*
 * due.h
 *	  A heap of what is due, ordered by (time, kind, id).
 */
#ifndef NPCSIM_DUE_H
#define NPCSIM_DUE_H

#include "postgres.h"

#include "sim/sim.h"

/* The time of what is due at the moment that is being worked on, before everything else. */
#define AT_ONCE INT64_C(-1)

typedef struct Due
{
	int64 at;
	int32 kind;
	int32 index; /* in the heap; -1 = not in it */
	int64 id;
	void *owner;
} Due;

/* An entry has its time beside the pointer, so that most comparisons need not follow the pointer. */
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
/* Puts an entry in, moves it, or takes it out (when 'at' is SIM_NEVER). */
extern void due_set(DueHeap *heap, Due *due, int64 at, int32 kind);
/* Returns the first entry, without taking it out; NULL if the heap is empty. */
extern Due *due_first(const DueHeap *heap);

#endif /* NPCSIM_DUE_H */
