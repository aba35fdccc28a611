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

#include "db.h"
#include "log.h"
#include "server.h"
#include "settings.h"

int
main(int argc, char **argv)
{
	Settings settings;
	int		 status = EXIT_SUCCESS;

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
	/* what a thread of libpq still uses must not be taken down around it */
	if (db_is_dialling())
	{
		fflush(stdout);
		_exit(status);
	}
	settings_free(&settings);
	return status;
}
