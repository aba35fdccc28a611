/*
 * pages.h
 *	  The gateway's own pages: /healthz, /version, /metrics and /worlds.
 */
#ifndef NPCSIM_GATEWAY_PAGES_H
#define NPCSIM_GATEWAY_PAGES_H

#include "http.h"

/* The pages for http_start(); the last has no path. */
extern const HttpPage pages[];

#endif /* NPCSIM_GATEWAY_PAGES_H */
