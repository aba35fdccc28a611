/*
 * frame.c
 *	  A text frame with a count of references, which may wait in several clients' queues.
 */
#include "frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"


Frame *
frame_create(const char *text, size_t length)
{
	Frame *frame = mem_alloc(sizeof(Frame) + LWS_PRE + length);

	frame->holders = 1;
	frame->length = length;
	memcpy(frame->space + LWS_PRE, text, length);
	return frame;
}

Frame *
frame_hold(Frame *frame)
{
	frame->holders++;
	return frame;
}

void
frame_release(Frame *frame)
{
	if (frame == NULL)
		return;
	assert(frame->holders > 0);
	if (--frame->holders == 0)
		free(frame);
}
