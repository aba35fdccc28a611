/*
 * pages.h
 *	  /healthz, /version, /metrics and /worlds.
 */
#ifndef NPCSIM_GATEWAY_PAGES_H
#define NPCSIM_GATEWAY_PAGES_H

#include "http.h"

/* For http_start. */
extern const HttpPage pages[];

#endif /* NPCSIM_GATEWAY_PAGES_H */
