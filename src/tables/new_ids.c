/*
 * new_ids.c
 *	  Takes ids of worlds, players and sessions from the sequences of their columns.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

#include "tables/new_ids.h"

#define ID_MAX INT64_C(9007199254740991) /* as in the tables' constraints */

/* The state of a sequence, and of the ids in use. */
typedef struct SequenceState
{
	int64 last;		 /* the last id that was given, or the first one to be given */
	bool  is_called; /* whether 'last' was given */
	int64 highest;	 /* id of a row */
} SequenceState;

const SpiColumn sequence_columns[SEQUENCE_COLUMNS] = {
	SPI_COLUMN(SequenceState, last, "s.last_value"),
	SPI_COLUMN(SequenceState, is_called, "s.is_called"),
	SPI_COLUMN(SequenceState, highest, "s.highest"),
};

/* Whether the sequence counts by one. */
static bool
gives_free_ids(const SequenceState *state)
{
	int64 next = state->is_called && state->last < PG_INT64_MAX ? state->last + 1 : state->last;

	return next > state->highest && next <= ID_MAX;
}

static SequenceState
look_at_sequence(IdSource *source)
{
	SequenceState state;

	if (spi_run(&source->present, NULL, NULL, SPI_OK_SELECT) != 1)
		elog(ERROR, "the sequence of npcsim.%s has no row", source->table);
	spi_row(&source->present, 0, &state);
	return state;
}

/*
 * Lets one transaction at a time set a sequence back, to its end: the next one then sees the rows that it
 * made.
 */
static void
lock_sequence(IdSource *source)
{
	char name[NAMEDATALEN];
	Oid	 sequence;

	snprintf(name, sizeof(name), "%s_id_seq", source->table);
	sequence = get_relname_relid(name, get_namespace_oid("npcsim", false));
	if (OidIsValid(sequence))
		/* Nobody who takes an id waits for this lock. */
		LockRelationOid(sequence, ShareUpdateExclusiveLock);
}

int64
new_id(IdSource *source)
{
	SequenceState state = look_at_sequence(source);
	int64		  id;

	if (!gives_free_ids(&state))
	{
		lock_sequence(source);
		state = look_at_sequence(source);
		if (!gives_free_ids(&state))
			spi_run(&source->put_back, (Datum[]) {Int64GetDatum(state.highest)}, NULL, SPI_OK_SELECT);
	}
	if (spi_run(&source->next, NULL, NULL, SPI_OK_SELECT) != 1)
		elog(ERROR, "the sequence of npcsim.%s gave nothing", source->table);
	id = spi_int64(0, 0);
	if (id <= state.highest || id > ID_MAX)
		ereport(
			ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("sequence %s_id_seq gives no ids that are free", source->table),
			errdetail("It gave %lld, while the highest id in npcsim.%s is %lld.", (long long) id,
					  source->table, (long long) state.highest),
			errhint(
				"ALTER SEQUENCE npcsim.%s_id_seq INCREMENT BY 1 NO MINVALUE NO MAXVALUE NO CYCLE makes it "
				"count as it did.",
				source->table));
	return id;
}
