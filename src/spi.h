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
 *		… spi_text(0) …
 *		spi_end();
 *
 * A statement that returns more than one column says which member of a struct each of them fills; %C
 * stands for the list of columns:
 *
 *		static const SpiColumn columns[] = {
 *			SPI_COLUMN(Identity, id, "i.id"),
 *			SPI_COLUMN(Identity, name, "i.name"),
 *			SPI_COLUMN_OR(Identity, sight_plane, "t.plane", -1),		-1 is NULL
 *		};
 *
 *		static SpiStatement statement = {
 *			.sql = "SELECT %C FROM npcsim.npc_identities i …", SPI_GIVES(Identity, columns), …
 *		};
 *		… Identity *identities = spi_rows(&statement, rows, &count); …
 *
 * Statements are written with every name qualified, and run with a pinned search_path, by which
 * operators are found. %P in a statement stands for the quoted schema PostGIS lives in, e.g.
 * "OPERATOR(%P.&&)", "%P.geometry". Functions there must be called with arguments of their exact
 * types, none left to a default, since others may have made functions of the same name.
 */
#ifndef NPCSIM_SPI_H
#define NPCSIM_SPI_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

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

/* The types of members that columns fill. */
typedef enum SpiMember
{
	/*
	 * A number of 2, 4 or 8 bytes, or an enumeration, whatever the width of the column; a moment is its
	 * microseconds.
	 */
	SPI_NUMBER,
	SPI_FLAG,	 /* bool */
	SPI_DECIMAL, /* double */
	/* The following are NULL for NULL, else a copy. */
	SPI_TEXT,  /* char * */
	SPI_JSON,  /* Jsonb * */
	SPI_BYTES, /* bytea * */
	SPI_ARRAY, /* ArrayType * */
	SPI_PLACE  /* ItemPointerData, for a ctid; invalid for NULL */
} SpiMember;

typedef struct SpiColumn
{
	const char
		*sql; /* the expression in place of %C; NULL if the statement has the column itself, in this order */
	SpiMember member;
	uint16	  offset;
	uint16	  width; /* of a number, in bytes */
	int64	  if_null;
} SpiColumn;

#define SPI_COLUMN_OR(struct_, member_, sql_, if_null_) \
	{ \
		.sql = (sql_), \
		.member = _Generic(((struct_ *) NULL)->member_, int64 \
						   : SPI_NUMBER, int32 \
						   : SPI_NUMBER, uint32 \
						   : SPI_NUMBER, int16 \
						   : SPI_NUMBER, bool \
						   : SPI_FLAG, double \
						   : SPI_DECIMAL, char * \
						   : SPI_TEXT, Jsonb * \
						   : SPI_JSON, bytea * \
						   : SPI_BYTES, ArrayType * \
						   : SPI_ARRAY, ItemPointerData \
						   : SPI_PLACE), \
		.offset = offsetof(struct_, member_), .width = sizeof(((struct_ *) NULL)->member_), .if_null = (if_null_) \
	}
#define SPI_COLUMN(struct_, member_, sql_) SPI_COLUMN_OR(struct_, member_, sql_, 0)

typedef struct SpiStatement
{
	const char *sql;
	int			nargs;
	Oid			types[SPI_STATEMENT_ARGS];
	bool		read_only; /* sees the caller's snapshot, not this transaction's own changes */
	/* The columns it returns, if there are several (SPI_GIVES). */
	const SpiColumn *columns;
	int				 column_count;
	size_t			 size; /* of the struct */
	/* private */
	SPIPlanPtr plan;
} SpiStatement;

#define SPI_GIVES(struct_, columns_) \
	.columns = (columns_), .column_count = lengthof(columns_), .size = sizeof(struct_)

/*
 * Call SPI_connect and SPI_finish and check their results; they may be nested. Raises 55000 if the
 * search_path is not SPI_SEARCH_PATH.
 */
extern void spi_begin(void);
extern void spi_end(void);
/* Does the same as spi_end(), and returns a text written meanwhile, copied into the caller's context. */
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

/* ---- results of the last statement, whose rows are numbered from 0 ---- */

/* Read a row into a struct, or so many rows into an array of structs, in the current memory context. */
extern void	 spi_take(const SpiColumn *columns, int count, uint64 row, void *thing);
extern void	 spi_row(const SpiStatement *statement, uint64 row, void *thing);
extern void *spi_rows(const SpiStatement *statement, uint64 rows, int *count);

/* Return the value of a row that has one column; NULL or 'if_null' if it is NULL or there is no such row. */
extern Datum		   spi_value(uint64 row, bool *isnull);
extern int64		   spi_int64(uint64 row, int64 if_null); /* of any width */
extern bool			   spi_bool(uint64 row, bool if_null);
extern double		   spi_float8(uint64 row, double if_null);
extern ItemPointerData spi_tid(uint64 row);
/* Returns a copy of the text; NULL if it is NULL. */
extern char *spi_text(uint64 row);
/* Returns the values of so many rows, which are ids, palloc'd. */
extern int64 *spi_ids(uint64 rows);

/*
 * Returns a column of a row, the first being SPI_FIRST_COLUMN. It is for statements that are made of a list.
 */
#define SPI_FIRST_COLUMN 1
extern Datum spi_datum(uint64 row, int column, bool *isnull);

/* Returns so many rows from a function that returns a set. */
extern void spi_put_rows(uint64 rows, ReturnSetInfo *result);

/* Return the schema PostGIS lives in, as it is and quoted for SQL. */
extern char		  *postgis_schema_name(void);
extern const char *postgis_schema(void);
/* Returns the type geometry. */
extern Oid geometry_oid(void);

#endif /* NPCSIM_SPI_H */
