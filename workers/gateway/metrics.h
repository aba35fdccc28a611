/*
 * metrics.h
 *	  Writes the metrics of the page /metrics.
 */
#ifndef NPCSIM_GATEWAY_METRICS_H
#define NPCSIM_GATEWAY_METRICS_H

#include "common/text.h"


/* Adds all metrics in the text format of Prometheus. */
extern void metrics_add(Text *text);

#endif /* NPCSIM_GATEWAY_METRICS_H */
