/*
 * server.h
 *	  Sets up libwebsockets, the listener and the event loop, and connects the gateway's parts with each other.
 */
#ifndef NPCSIM_GATEWAY_SERVER_H
#define NPCSIM_GATEWAY_SERVER_H

#include <stdbool.h>

#include "settings.h"

/* Listens and serves until a signal asks to stop; returns false, and has logged the reason, if that was not possible. */
extern bool server_run(Settings *settings);

#endif /* NPCSIM_GATEWAY_SERVER_H */
