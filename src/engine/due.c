/*
 * due.c
 *	  A binary heap whose entries know their index, so that they can be moved.
 */
#include "postgres.h"

#include "engine/due.h"

#include "utils/memutils.h"

static bool
earlier(DueEntry a, DueEntry b)
{
	if (a.at != b.at)
		return a.at < b.at;
	if (a.due->kind != b.due->kind)
		return a.due->kind < b.due->kind;
	return a.due->id < b.due->id;
}

static void
put(DueHeap *heap, int index, DueEntry entry)
{
	heap->entries[index] = entry;
	entry.due->index = index;
}

static void
sift_up(DueHeap *heap, int index, DueEntry entry)
{
	while (index > 0)
	{
		int parent = (index - 1) / 2;

		if (!earlier(entry, heap->entries[parent]))
			break;
		put(heap, index, heap->entries[parent]);
		index = parent;
	}
	put(heap, index, entry);
}

static void
sift_down(DueHeap *heap, int index, DueEntry entry)
{
	for (;;)
	{
		int child = 2 * index + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && earlier(heap->entries[child + 1], heap->entries[child]))
			child++;
		if (!earlier(heap->entries[child], entry))
			break;
		put(heap, index, heap->entries[child]);
		index = child;
	}
	put(heap, index, entry);
}

void
due_heap_init(DueHeap *heap, MemoryContext context)
{
	heap->context = context;
	heap->count = 0;
	heap->room = 64;
	heap->entries = MemoryContextAlloc(context, heap->room * sizeof(DueEntry));
}

static void
place(DueHeap *heap, int index, DueEntry entry)
{
	if (index > 0 && earlier(entry, heap->entries[(index - 1) / 2]))
		sift_up(heap, index, entry);
	else
		sift_down(heap, index, entry);
}

static void
take_out(DueHeap *heap, Due *due)
{
	int		 index = due->index;
	DueEntry last = heap->entries[--heap->count];

	due->index = -1;
	if (last.due != due)
		place(heap, index, last);
}

void
due_set(DueHeap *heap, Due *due, int64 at, int32 kind)
{
	if (due->index >= 0 && due->at == at && due->kind == kind)
		return;
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
		place(heap, due->index, (DueEntry) {at, due});
		return;
	}
	if (heap->count == heap->room)
	{
		heap->room *= 2;
		heap->entries = repalloc_huge(heap->entries, heap->room * sizeof(DueEntry));
	}
	sift_up(heap, heap->count++, (DueEntry) {at, due});
}

Due *
due_first(const DueHeap *heap)
{
	return heap->count > 0 ? heap->entries[0].due : NULL;
}
