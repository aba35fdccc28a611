/*
 * new_ids.h
 *	  Takes ids of worlds, players and sessions from the sequences of their columns.
 *
 * The sequence is not trusted: it is not part of a replica, a dump may come without it, and its owner
 * can set it to anything. An id is above those of all rows, or it is not given.
 */
#ifndef NPCSIM_NEW_IDS_H
#define NPCSIM_NEW_IDS_H

#include "postgres.h"

#include "spi.h"

typedef struct IdSource
{
	const char	*table;	  /* in schema npcsim; its sequence is table_id_seq */
	SpiStatement present; /* selects the state of the sequence, and the highest id of a row */
	SpiStatement next;
	SpiStatement put_back; /* sets the sequence behind $1; to its beginning if that is 0 */
} IdSource;

#define SEQUENCE_COLUMNS 3
extern const SpiColumn sequence_columns[SEQUENCE_COLUMNS];

#define ID_SOURCE(name) \
	{ \
		.table = name, \
		.present = \
			{.sql = \
				 "SELECT %C FROM (SELECT q.last_value, q.is_called, COALESCE((SELECT pg_catalog.max(t.id) " \
				 "FROM npcsim." name " t), 0) AS highest FROM npcsim." name "_id_seq q) s", \
			 .columns = sequence_columns, \
			 .column_count = SEQUENCE_COLUMNS}, \
		.next = {.sql = "SELECT pg_catalog.nextval('npcsim." name "_id_seq'::pg_catalog.regclass)"}, \
		.put_back = \
		{.sql = "SELECT pg_catalog.setval('npcsim." name \
				"_id_seq'::pg_catalog.regclass, greatest($1, 1), $1 > 0)", \
		 .nargs = 1, \
		 .types = {INT8OID} } \
	}

/* Returns a new id. SPI must be connected. Raises 55000 if the sequence gives no free id. */
extern int64 new_id(IdSource *source);

#endif /* NPCSIM_NEW_IDS_H */
