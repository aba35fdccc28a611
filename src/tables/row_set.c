/*
 * row_set.c
 *	  Builds rows from things of a world (NPCs, items) and runs statements over them.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "tables/row_set.h"

void
put_datum(RowBuilder *row, Datum value)
{
	row->nulls[row->used] = false;
	row->values[row->used++] = value;
}

void
put_null(RowBuilder *row)
{
	put_datum(row, (Datum) 0);
	row->nulls[row->used - 1] = true;
}

void
put_int64(RowBuilder *row, int64 value)
{
	put_datum(row, Int64GetDatum(value));
}

void
put_int64_unless(RowBuilder *row, int64 value, int64 none)
{
	put_datum(row, Int64GetDatum(value));
	row->nulls[row->used - 1] = value == none;
}

void
put_int32(RowBuilder *row, int32 value)
{
	put_datum(row, Int32GetDatum(value));
}

void
put_int16(RowBuilder *row, int value)
{
	put_datum(row, Int16GetDatum((int16) value));
}

void
put_bool(RowBuilder *row, bool value)
{
	put_datum(row, BoolGetDatum(value));
}

void
put_text(RowBuilder *row, const char *value)
{
	put_datum(row, CStringGetTextDatum(value));
}

void
put_text_or_null(RowBuilder *row, const char *value)
{
	put_datum(row, value != NULL ? CStringGetTextDatum(value) : (Datum) 0);
	row->nulls[row->used - 1] = value == NULL;
}

static uint64
run_over(SpiStatement *statement, Datum *parameters, int result, const RowSet *set, void **things, int count,
		 void *arg)
{
	Stage  stage;
	uint64 rows;

	Assert(set->column_count <= ROW_COLUMNS_MAX);
	stage_begin(&stage, set->name, set->columns, set->column_count);
	for (int i = 0; i < count; i++)
	{
		RowBuilder row = {.used = 0};

		set->make_row(set, &row, things[i], arg, set->column_count);
		Assert(row.used == set->column_count);
		stage_row(&stage, row.values, row.nulls);
	}
	rows = spi_run(statement, parameters, NULL, result);
	stage_end(&stage);
	return rows;
}

void
rows_are_missing(int count, uint64 rows)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("the image of a world does not match its tables"),
			errdetail("%d rows were to be written, %llu were found.", count, (unsigned long long) rows),
			errhint("Were npcsim's tables written with triggers disabled? The image is loaded anew."));
}

void
write_rows(SpiStatement *statement, Datum *parameters, int result, const RowSet *set, void **things,
		   int count, void *arg)
{
	uint64 rows = run_over(statement, parameters, result, set, things, count, arg);

	if (rows != (uint64) count)
		rows_are_missing(count, rows);
}
