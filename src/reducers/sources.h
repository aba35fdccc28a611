/*
 * sources.h
 *	  Why a source of compute is not asked.
 */
#ifndef NPCSIM_REDUCERS_SOURCES_H
#define NPCSIM_REDUCERS_SOURCES_H

#include "postgres.h"

#include "tables/compute_sources.h"

/* Why a source is idle; of several reasons the first. */
typedef enum SourceIdle
{
	IDLE_NOT, /* it is being asked */
	IDLE_NOT_CONNECTED,
	IDLE_SUSPENDED,
	IDLE_IN_MAINTENANCE,
	IDLE_PAUSED,
	IDLE_DRAINING,
	IDLE_PACED,
	IDLE_RATE_LIMITED,
	IDLE_NO_DEMAND
} SourceIdle;

typedef struct SourceUse
{
	bool		connected; /* a session lends for it, and was heard of lately */
	SourceState state;	   /* as of now */
	bool		paced;	   /* its player's tokens are to last */
	bool		limited;   /* it was asked as often as it may be */
	bool		asked;	   /* it has questions to answer */
} SourceUse;

extern SourceIdle source_idle(const SourceUse *use);
/* NULL for IDLE_NOT. */
extern const char *source_idle_name(SourceIdle idle);

#endif /* NPCSIM_REDUCERS_SOURCES_H */
