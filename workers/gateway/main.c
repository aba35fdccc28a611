/*
 * main.c
 *	  npcsim-gateway: lets clients and minds into the worlds of a database.
 *
 * Exit status: 0 after a signal, 1 when it could not listen or its loop
 * failed, 2 when a setting is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "db.h"
#include "server.h"
#include "settings.h"

static const LogStyle log_style = {
	.program = "npcsim-gateway",
	.heads =
		{
			[LOG_ERROR] = "npcsim-gateway ERROR: ",
			[LOG_WARNING] = "npcsim-gateway WARNING: ",
			[LOG_NOTICE] = "npcsim-gateway NOTICE: ",
			[LOG_INFO] = "npcsim-gateway INFO: ",
			[LOG_DEBUG] = "npcsim-gateway DEBUG: ",
		},
	.patience_ms = -1,
};

int
main(int argc, char **argv)
{
	Settings settings;
	int		 status = EXIT_SUCCESS;

	log_start(&log_style, LOG_INFO);
	srand((unsigned int) (time(NULL) ^ getpid())); /* jitter only */
	switch (settings_read(&settings, argc, argv))
	{
		case SETTINGS_RUN:
			log_set_level((LogLevel) settings.log_level);
			if (!server_run(&settings))
				status = EXIT_FAILURE;
			break;
		case SETTINGS_EXIT:
			break;
		case SETTINGS_WRONG:
			status = 2;
			break;
	}
	/* a thread still connects by libpq, so the process exits without the clean-up that would free what libpq uses */
	if (db_is_dialling())
	{
		fflush(stdout);
		_exit(status);
	}
	settings_free(&settings);
	return status;
}
