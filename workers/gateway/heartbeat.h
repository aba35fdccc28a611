/*
 * heartbeat.h
 *	  Checks the frame compute_heartbeat.
 */
#ifndef NPCSIM_GATEWAY_HEARTBEAT_H
#define NPCSIM_GATEWAY_HEARTBEAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Returns true if the database will take the heartbeat, and in *capacity how many requests at a time it offers; else false, and
 * why in "message".  One that is refused here does not leave an error in the server's log.
 */
extern bool heartbeat_read(const json_t *heartbeat, int *capacity, char *message, size_t size);

#endif /* NPCSIM_GATEWAY_HEARTBEAT_H */
