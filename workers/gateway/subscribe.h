/*
 * subscribe.h
 *	  How a subscription begins, moves its camera and ends.
 */
#ifndef NPCSIM_GATEWAY_SUBSCRIBE_H
#define NPCSIM_GATEWAY_SUBSCRIBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "watch.h"

/*
 * Reads the frames "subscribe" and "camera".  False with a message when they
 * are not what they should be; nothing changed then.
 */
extern bool watch_subscribe(Client *client, const json_t *frame, char *message, size_t size);
extern bool watch_camera(Client *client, const json_t *frame, char *message, size_t size);
extern void watch_end(Client *client);

/* Tells the database a camera that moved. */
extern void watch_tick(Watch *watch, int64_t now);

#endif /* NPCSIM_GATEWAY_SUBSCRIBE_H */
