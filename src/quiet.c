/*
 * quiet.c
 *	  Refusals that are for the caller alone.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "quiet.h"

void
quiet_errors(void)
{
	/* taken back with the error, and with the settings of the function */
	(void) set_config_option("log_min_messages", "fatal", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}
