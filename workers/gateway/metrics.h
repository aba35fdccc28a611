/*
 * metrics.h
 *	  What /metrics tells.
 */
#ifndef NPCSIM_GATEWAY_METRICS_H
#define NPCSIM_GATEWAY_METRICS_H

#include "common/text.h"


/* As Prometheus reads it. */
extern void metrics_add(Text *text);

#endif /* NPCSIM_GATEWAY_METRICS_H */
