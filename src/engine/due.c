/*
 * due.c
 *	  A binary heap whose entries know their place, so that they can be moved.
 */
#include "postgres.h"

#include "engine/due.h"

#include "utils/memutils.h"

static bool
earlier(const Due *a, const Due *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->id < b->id;
}

static void
put(DueHeap *heap, int index, Due *due)
{
	heap->entries[index] = due;
	due->index = index;
}

static void
sift_up(DueHeap *heap, int index, Due *due)
{
	while (index > 0)
	{
		int parent = (index - 1) / 2;

		if (!earlier(due, heap->entries[parent]))
			break;
		put(heap, index, heap->entries[parent]);
		index = parent;
	}
	put(heap, index, due);
}

static void
sift_down(DueHeap *heap, int index, Due *due)
{
	for (;;)
	{
		int child = 2 * index + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && earlier(heap->entries[child + 1], heap->entries[child]))
			child++;
		if (!earlier(heap->entries[child], due))
			break;
		put(heap, index, heap->entries[child]);
		index = child;
	}
	put(heap, index, due);
}

void
due_heap_init(DueHeap *heap, MemoryContext context)
{
	heap->context = context;
	heap->count = 0;
	heap->room = 64;
	heap->entries = MemoryContextAlloc(context, heap->room * sizeof(Due *));
}

static void
place(DueHeap *heap, int index, Due *due)
{
	if (index > 0 && earlier(due, heap->entries[(index - 1) / 2]))
		sift_up(heap, index, due);
	else
		sift_down(heap, index, due);
}

static void
take_out(DueHeap *heap, Due *due)
{
	int	 index = due->index;
	Due *last = heap->entries[--heap->count];

	due->index = -1;
	if (last != due)
		place(heap, index, last);
}

void
due_set(DueHeap *heap, Due *due, int64 at, int32 kind)
{
	due->at = at;
	due->kind = kind;
	if (at == SIM_NEVER)
	{
		if (due->index >= 0)
			take_out(heap, due);
		return;
	}
	if (due->index >= 0)
	{
		place(heap, due->index, due);
		return;
	}
	if (heap->count == heap->room)
	{
		heap->room *= 2;
		heap->entries = repalloc_huge(heap->entries, heap->room * sizeof(Due *));
	}
	sift_up(heap, heap->count++, due);
}

Due *
due_first(const DueHeap *heap)
{
	return heap->count > 0 ? heap->entries[0] : NULL;
}
