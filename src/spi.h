/*
 * spi.h
 *	  Runs SQL from C: statements are prepared once per backend, results are typed.
 *
 * Usage:
 *		static SpiStatement statement = {
 *			"SELECT name FROM npcsim.npc_identities WHERE world_id = $1 AND id = $2",
 *			2, {INT8OID, INT8OID}
 *		};
 *		spi_begin();
 *		rows = spi_run(&statement, (Datum[]) {…}, NULL, SPI_OK_SELECT);
 *		… SPI_tuptable …
 *		spi_end();
 *
 * Statements are written with every name qualified, and run with a pinned search_path, by which
 * operators are found. %P in a statement stands for the quoted schema PostGIS lives in, e.g.
 * "OPERATOR(%P.&&)", "%P.geometry": what stands behind it is called with arguments of its exact types,
 * none left to a default, since others may have made functions of that name there.
 */
#ifndef NPCSIM_SPI_H
#define NPCSIM_SPI_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/guc.h"

#define SPI_STATEMENT_ARGS 40
#define SPI_SEARCH_PATH	   "pg_catalog, pg_temp"

/*
 * Joins the rows of a world ($1) whose key is in an array ($2):
 *		"SELECT … FROM " SPI_WANTED_KEYS " JOIN npcsim.items t "
 *		"ON t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_"
 *
 * It is written so that the planner has no other way than the whole primary key: with "id = ANY ($2)" it
 * reads all of the world while a young table has no statistics; and with an equality that might order rows
 * for a merge it reads all of the index, if the table was empty the last time it was vacuumed.
 */
#define SPI_WANTED_KEYS	 "pg_catalog.unnest($2) AS wanted(key_)"
#define SPI_WANTED_WORLD "ANY (ARRAY[$1 + 0 * wanted.key_])"

typedef struct SpiStatement
{
	const char *sql;
	int			nargs;
	Oid			types[SPI_STATEMENT_ARGS];
	bool		read_only; /* sees the caller's snapshot, not our own changes */
	/* private */
	SPIPlanPtr plan;
} SpiStatement;

/*
 * Call SPI_connect and SPI_finish and check their results; they may be nested. Raises 55000 if the
 * search_path is not SPI_SEARCH_PATH.
 */
extern void spi_begin(void);
extern void spi_end(void);
/* Ends it, and returns a text that was written meanwhile, copied into the caller's context. */
extern Datum spi_end_text(MemoryContext caller, StringInfo out);

/*
 * Runs a statement and returns the number of rows processed. 'nulls' is as for SPI_execute_plan (NULL: none
 * is NULL). Raises an error if SPI's result is not the expected one.
 */
extern uint64 spi_run(SpiStatement *statement, Datum *values, const char *nulls, int expected);
/* The same for at most 'limit' rows (0 = all). */
extern uint64 spi_run_limit(SpiStatement *statement, Datum *values, const char *nulls, int expected,
							long limit);

/* Runs SQL that differs each time. */
extern void spi_run_once(const char *sql, int expected);
/* Whether a statement is being run, by which a trigger tells our own writes from those of others. */
extern bool spi_runs_statement(void);

/*
 * Between begin and end the planner has no choice but the indexes, for statements that touch rows by key or
 * by place, whatever the statistics say of an array's length. A worker sets it for good (GUC_ACTION_SET). An
 * error in between needs no clean-up.
 */
extern int	spi_index_plans_begin(void);
extern void spi_index_plans_end(int level);
extern void spi_index_plans_set(GucAction action);

/* Return a column (from 1) of row 'row' (from 0) of SPI_tuptable. */
extern Datum		   spi_datum(uint64 row, int column, bool *isnull);
extern int64		   spi_int64(uint64 row, int column, int64 if_null);
extern int32		   spi_int32(uint64 row, int column, int32 if_null);
extern int16		   spi_int16(uint64 row, int column, int16 if_null);
extern ItemPointerData spi_tid(uint64 row, int column); /* invalid if NULL */
extern bool			   spi_bool(uint64 row, int column, bool if_null);
/* Returns a copy in 'context'; NULL if NULL. */
extern char *spi_text(uint64 row, int column, MemoryContext context);

/* Returns the ids in the first column of so many rows, palloc'd. */
extern int64 *spi_ids(uint64 rows);
/* Returns so many rows from a function that returns a set. */
extern void spi_put_rows(uint64 rows, ReturnSetInfo *result);

/* Return the schema PostGIS lives in, as it is and quoted for SQL. */
extern char		  *postgis_schema_name(void);
extern const char *postgis_schema(void);
/* Returns the type geometry. */
extern Oid geometry_oid(void);

#endif /* NPCSIM_SPI_H */
