/*
 * dial.c
 *	  Makes a connection to the database in a thread, so that the loop does not wait.
 *
 *	 DIALLING --(thread)--> DONE ------(dial_is_done)--> freed by the loop
 *		 \--(dial_abandon)--> ABANDONED --(thread)--> freed by the thread
 *
 * Loop and thread share nothing but "state" until the thread is done; whichever
 * changes it from DIALLING first leaves the dial to the other.  A thread ends by
 * itself: each address has connect_timeout, and the resolver a limit of its own.
 */
#include "dial.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/memory.h"


enum
{
	DIALLING,
	DONE,
	ABANDONED
};

struct Dial
{
	atomic_int state;
	char	  *database;
	PGconn	  *connection;
};

static atomic_int under_way;

/*
 * Connection parameters of ours.  Those before "dbname" are defaults, which the
 * administrator's connection string overrides.  With them a host that vanished
 * is noticed within 10 s (db.c sets the same at the server's end): an idle
 * connection is given up by its keepalives after 4 s, and one that sends
 * something within that time 4 s later.
 */
static const char *const names[] = {"connect_timeout",			 "keepalives_idle",
									"keepalives_interval",		 "keepalives_count",
									"tcp_user_timeout",			 "dbname",
									"fallback_application_name", NULL};

static void
dial_free(Dial *dial)
{
	free(dial->database);
	free(dial);
}

static void *
run(void *argument)
{
	Dial	   *dial = argument;
	const char *values[] = {"5", "2", "2", "3", "4000", dial->database, "npcsim-gateway", NULL};
	int			state = DIALLING;

	dial->connection = PQconnectdbParams(names, values, 1);
	if (!atomic_compare_exchange_strong(&dial->state, &state, DONE))
	{
		PQfinish(dial->connection);
		dial_free(dial);
	}
	atomic_fetch_sub(&under_way, 1);
	return NULL;
}

Dial *
dial_start(const char *database)
{
	Dial		  *dial = mem_alloc(sizeof(Dial));
	pthread_attr_t attributes;
	pthread_t	   thread;
	sigset_t	   all;
	sigset_t	   before;
	int			   error;

	atomic_init(&dial->state, DIALLING);
	/* an empty name would override that of the environment */
	dial->database = *database ? mem_copy_string(database) : NULL;
	atomic_fetch_add(&under_way, 1);

	/* the thread blocks all signals, so that the loop's thread gets them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, run, dial);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return dial;
	atomic_fetch_sub(&under_way, 1);
	dial_free(dial);
	return NULL;
}

bool
dial_is_done(Dial *dial, PGconn **connection)
{
	if (atomic_load(&dial->state) != DONE)
		return false;
	*connection = dial->connection;
	dial_free(dial);
	return true;
}

void
dial_abandon(Dial *dial)
{
	int state = DIALLING;

	if (atomic_compare_exchange_strong(&dial->state, &state, ABANDONED))
		return;
	PQfinish(dial->connection);
	dial_free(dial);
}

int
dials_under_way(void)
{
	return atomic_load(&under_way);
}
