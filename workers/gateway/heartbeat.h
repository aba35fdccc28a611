/*
 * heartbeat.h
 *	  What a compute_heartbeat may say.
 */
#ifndef NPCSIM_GATEWAY_HEARTBEAT_H
#define NPCSIM_GATEWAY_HEARTBEAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the database will take it, and for how many requests it offers room: one that it would refuse need not trouble
 * it, and leaves no line in the server's log.
 */
extern bool heartbeat_read(const json_t *heartbeat, int *capacity, char *message, size_t size);

#endif /* NPCSIM_GATEWAY_HEARTBEAT_H */
