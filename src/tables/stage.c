/*
 * stage.c
 *	  Rows made in C that a statement reads like a table.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/spi.h"
#include "miscadmin.h"

#include "tables/stage.h"

/*
 * The planner is told this many rows, however many there are: so the plan, which is made once, goes through
 * the index of the table that is written.
 */
#define STAGE_ROWS_PLANNED 10

void
stage_begin(Stage *stage, const char *name, const StageColumn *columns, int count)
{
	memset(stage, 0, sizeof(*stage));
	stage->desc = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
		TupleDescInitEntry(stage->desc, (AttrNumber) (i + 1), columns[i].name, columns[i].type, -1, 0);
	stage->rows = tuplestore_begin_heap(false, false, work_mem);
	stage->relation.md.name = pstrdup(name);
	stage->relation.md.tupdesc = stage->desc;
	stage->relation.md.enrtype = ENR_NAMED_TUPLESTORE;
	stage->relation.md.enrtuples = STAGE_ROWS_PLANNED;
	stage->relation.reldata = stage->rows;
	if (SPI_register_relation(&stage->relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register \"%s\"", name);
}

void
stage_row(Stage *stage, Datum *values, bool *nulls)
{
	tuplestore_putvalues(stage->rows, stage->desc, values, nulls);
}

void
stage_end(Stage *stage)
{
	if (SPI_unregister_relation(stage->relation.md.name) != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "could not unregister \"%s\"", stage->relation.md.name);
	tuplestore_end(stage->rows);
	FreeTupleDesc(stage->desc);
}
