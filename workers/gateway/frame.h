/*
 * frame.h
 *	  A text frame with a count of references, which may wait in several clients' queues.
 *
 * Its header is written into the bytes in front of the text when it is sent,
 * so a frame may be shared among the clients of one thread only.
 */
#ifndef NPCSIM_GATEWAY_FRAME_H
#define NPCSIM_GATEWAY_FRAME_H

#include <libwebsockets.h>
#include <stddef.h>

typedef struct Frame
{
	int			  holders;
	size_t		  length;
	unsigned char space[]; /* LWS_PRE bytes, then the text */
} Frame;


/* Copies the text into a frame with one reference; the last release frees it. */
extern Frame *frame_create(const char *text, size_t length);
extern Frame *frame_hold(Frame *frame);
extern void	  frame_release(Frame *frame);

#endif /* NPCSIM_GATEWAY_FRAME_H */
