/*
 * subscribe.h
 *	  Begins a client's subscription, moves its camera and ends it.
 */
#ifndef NPCSIM_GATEWAY_SUBSCRIBE_H
#define NPCSIM_GATEWAY_SUBSCRIBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "watch.h"

/*
 * Take the frames "subscribe" and "camera".  They return false, and why in
 * "message", when the frame is wrong; nothing has changed then.
 */
extern bool watch_subscribe(Client *client, const json_t *frame, char *message, size_t size);
extern bool watch_camera(Client *client, const json_t *frame, char *message, size_t size);
extern void watch_end(Client *client);

/* Tells the database a camera that has moved, at most once a second. */
extern void watch_tick(Watch *watch, int64_t now);

#endif /* NPCSIM_GATEWAY_SUBSCRIBE_H */
