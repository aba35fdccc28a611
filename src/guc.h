/*
 * guc.h
 *	  The settings (GUCs) of npcsim.
 */
#ifndef NPCSIM_GUC_H
#define NPCSIM_GUC_H

#include "postgres.h"

#include "datatype/timestamp.h"

extern int	 guc_max_workers;
extern int	 guc_max_worlds;		 /* 0 if the library was not preloaded */
extern int	 guc_max_open_questions; /* 0, too */
extern int	 guc_worlds_per_worker;
extern char *guc_worker_role;
extern int	 guc_decision_log_days;
extern int	 guc_security_violation_days;
extern int	 guc_world_event_hours;
extern int	 guc_world_event_size;	   /* MB, of a database */
extern int	 guc_tick_lock_timeout;	   /* ms */
extern int	 guc_tick_batch;		   /* ticks */
extern int	 guc_clock_write_interval; /* s */

/*
 * Returns the moment by which the market judges (how long somebody is away, what belongs to which minute): now, unless a superuser has set
 * npcsim.market_time to another.
 */
extern TimestampTz market_now(void);

/* Defines the settings; _PG_init calls it. */
extern void guc_init(void);

#endif /* NPCSIM_GUC_H */
