/*
 * stage.h
 *	  Rows made in C that a statement reads like a table.
 *
 *		static const StageColumn columns[] = {{"id", INT8OID}, {"name", TEXTOID}};
 *		stage_begin(&stage, "changed_names", columns, lengthof(columns));
 *		stage_row(&stage, values, nulls);		… once per row
 *		spi_run(&statement, …);					"… FROM changed_names u …"
 *		stage_end(&stage);
 *
 * It works like the transition tables of a trigger, and is cheaper than one array parameter per column
 * when there are many columns. It is used between spi_begin() and spi_end(), under a name that no
 * statement uses for anything else.
 */
#ifndef NPCSIM_STAGE_H
#define NPCSIM_STAGE_H

#include "postgres.h"

#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

typedef struct StageColumn
{
	const char *name;
	Oid			type; /* InvalidOid: geometry, for hot rows (hot_rows.h) alone */
} StageColumn;

typedef struct Stage
{
	EphemeralNamedRelationData relation;
	TupleDesc				   desc;
	Tuplestorestate			  *rows;
} Stage;

extern void stage_begin(Stage *stage, const char *name, const StageColumn *columns, int count);
extern void stage_row(Stage *stage, Datum *values, bool *nulls);
extern void stage_end(Stage *stage);

#endif /* NPCSIM_STAGE_H */
