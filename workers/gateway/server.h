/*
 * server.h
 *	  libwebsockets: the listener and the loop.
 */
#ifndef NPCSIM_GATEWAY_SERVER_H
#define NPCSIM_GATEWAY_SERVER_H

#include <stdbool.h>

#include "settings.h"

/* Listens and serves until a signal asks to stop; false: told on stderr. */
extern bool server_run(Settings *settings);

#endif /* NPCSIM_GATEWAY_SERVER_H */
