/*
 * row_type.c
 *	  Reads, writes and deletes the rows of tables by their descriptions.
 *
 * Updates say world_id = $1 + 0 * id, which leaves the planner no other way than the whole primary
 * key, even when a young table has no statistics.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "json.h"
#include "numbers.h"
#include "tables/arrays.h"
#include "tables/json_lists.h"
#include "tables/row_type.h"

static void *
member(void *thing, const RowColumn *column)
{
	return (char *) thing + column->offset;
}

/* ---- numbers ---- */

void
row_set_number(void *thing, const RowColumn *column, int64 number)
{
	number_put(member(thing, column), column->width, number);
}

void
row_take_number(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	row_set_number(thing, column, isnull ? column->none : number_of_datum(value, column->type));
}

int64
row_number_in(const void *thing, const RowColumn *column)
{
	return number_at((const char *) thing + column->offset, column->width);
}

void
row_put_number(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	int64 number = row_number_in(thing, column);

	if (column->nullable && number == column->none)
		put_null(row);
	else
		put_datum(row, datum_of_number(number, column->type));
}

/* ---- texts ---- */

void
row_take_text(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	char **place = member(thing, column);
	char  *copy = isnull ? NULL : TextDatumGetCString(value);

	if (*place != NULL)
		pfree(*place);
	*place = copy != NULL ? MemoryContextStrdup(load->context, copy) : NULL;
	if (copy != NULL)
		pfree(copy);
}

void
row_put_text(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_text_or_null(row, *(char **) member(thing, column));
}

void
row_take_json(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Jsonb **place = member(thing, column);
	/* It is made before the old value is freed, since reading it may fail. */
	Jsonb *copy = isnull ? NULL : json_copy(DatumGetJsonbP(value), load->context);

	if (*place != NULL)
		pfree(*place);
	*place = copy;
}

void
row_put_json(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	Jsonb *json = *(Jsonb **) member(thing, column);

	if (json == NULL)
		put_null(row);
	else
		put_datum(row, JsonbPGetDatum(json));
}

void
row_take_json_list(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	JsonList **place = member(thing, column);

	json_list_clear(place);
	if (!isnull)
		*place = json_list_of(DatumGetJsonbP(value), column->width, load->context);
}

void
row_put_json_list(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const JsonList *list = *(JsonList **) member(thing, column);

	if (list == NULL && column->nullable)
		put_null(row);
	else
		put_datum(row, DirectFunctionCall1(jsonb_in, CStringGetDatum(json_list_text(list))));
}

/* ---- what is derived from a description ---- */

static void
prepare_reading(RowType *type)
{
	int count = 0;

	type->reading.table = type->table;
	type->reading.index = type->index;
	for (int i = 0; i < type->column_count; i++)
		if (type->columns[i].take != NULL)
			type->reading.columns[count++] = (StageColumn) {type->columns[i].name, type->columns[i].type};
}

static void
make_row(const RowSet *set, RowBuilder *row, void *thing, void *arg, int columns)
{
	const RowType *type = (const RowType *) ((const char *) set - offsetof(RowType, set));

	for (int i = 0; i < type->column_count && row->used < columns; i++)
		if (type->columns[i].put != NULL)
			type->columns[i].put(row, thing, &type->columns[i], arg);
}

static void
prepare_writing(RowType *type)
{
	int count = 0;

	type->hot.name = type->table;
	type->hot.set = &type->set;
	for (int i = 0; i < type->column_count; i++)
	{
		if (type->columns[i].put == NULL)
			continue;
		type->staged[count++] = (StageColumn) {type->columns[i].name, type->columns[i].type};
		if (!type->columns[i].fixed)
			type->hot.updated = count;
	}
	type->set = (RowSet) {.name = psprintf("staged_%s_%s", type->table, type->columns[1].name),
						  .columns = type->staged,
						  .column_count = count,
						  .make_row = make_row,
						  .id_at = type->columns[0].offset,
						  .place_at = type->place_at};
}

static void
prepare_statement(SpiStatement *statement, StringInfo sql, bool takes_ids)
{
	statement->sql = pstrdup(sql->data);
	statement->nargs = takes_ids ? 2 : 1;
	statement->types[0] = INT8OID;
	statement->types[1] = INT8ARRAYOID;
	resetStringInfo(sql);
}

static const char *
or_nothing(const char *text)
{
	return text != NULL ? text : "";
}

static void
append_insert(StringInfo sql, const RowType *type)
{
	appendStringInfo(sql, "INSERT INTO npcsim.%s AS t (world_id", type->table);
	for (int i = 0; i < type->set.column_count; i++)
		appendStringInfo(sql, ", %s", type->staged[i].name);
	appendStringInfo(sql, "%s) SELECT $1", or_nothing(type->also_columns));
	for (int i = 0; i < type->set.column_count; i++)
		appendStringInfo(sql, ", u.%s", type->staged[i].name);
	appendStringInfo(sql, "%s FROM %s u", or_nothing(type->also_values), type->set.name);
}

/* Appends what an update assigns from the row called 'source'. */
static void
append_assignments(StringInfo sql, const RowType *type, const char *source)
{
	for (int i = 1; i < type->hot.updated; i++)
		appendStringInfo(sql, "%s%s = %s.%s", i > 1 ? ", " : "", type->staged[i].name, source,
						 type->staged[i].name);
	appendStringInfoString(sql, or_nothing(type->also_set));
}

static void
prepare_statements(RowType *type)
{
	const char	  *id = type->columns[0].name;
	StringInfoData sql;

	initStringInfo(&sql);
	append_insert(&sql, type);
	prepare_statement(&type->insert, &sql, false);

	append_insert(&sql, type);
	appendStringInfo(&sql, " ON CONFLICT (world_id, %s) DO UPDATE SET ", type->staged[0].name);
	append_assignments(&sql, type, "excluded");
	prepare_statement(&type->upsert, &sql, false);

	appendStringInfo(&sql, "UPDATE npcsim.%s t SET ", type->table);
	append_assignments(&sql, type, "u");
	appendStringInfo(&sql, " FROM %s u WHERE t.world_id = $1 + 0 * u.%s AND t.%s = u.%s", type->set.name, id,
					 id, id);
	prepare_statement(&type->update, &sql, false);

	appendStringInfo(&sql,
					 "DELETE FROM npcsim.%s t USING " SPI_WANTED_KEYS " WHERE t.world_id = " SPI_WANTED_WORLD
					 " AND t.%s = wanted.key_",
					 type->table, id);
	prepare_statement(&type->delete_, &sql, true);

	appendStringInfo(&sql, "DELETE FROM npcsim.%s WHERE world_id = $1", type->table);
	prepare_statement(&type->delete_world, &sql, false);

	appendStringInfo(&sql,
					 "SELECT t.%s, t.ctid FROM " SPI_WANTED_KEYS
					 " JOIN npcsim.%s t ON t.world_id = " SPI_WANTED_WORLD " AND t.%s = wanted.key_",
					 id, type->table, id);
	prepare_statement(&type->hot.find, &sql, true);
	pfree(sql.data);
}

/* Raises an error if a description has too many columns, or its fixed ones are not last. */
static void
require_sound(const RowType *type)
{
	if (type->column_count > Min(INDEX_ROWS_COLUMNS, ROW_COLUMNS_MAX))
		elog(ERROR, "table %s has %d columns, more than can be described", type->table, type->column_count);
	for (int i = 1; i < type->column_count; i++)
		if (type->columns[i - 1].fixed && !type->columns[i].fixed)
			elog(ERROR, "column %s of table %s stands behind one that never changes", type->columns[i].name,
				 type->table);
}

static void
prepare_to_read(RowType *type)
{
	if (type->can_be_read)
		return;
	require_sound(type);
	prepare_reading(type);
	type->can_be_read = true;
}

static void
prepare_to_select(RowType *type)
{
	StringInfoData sql;
	MemoryContext  before;

	if (type->select.sql != NULL)
		return;
	prepare_to_read(type);
	before = MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(&sql);
	for (int i = 0; i < type->column_count; i++)
		if (type->columns[i].take != NULL)
			appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "SELECT ", type->columns[i].name);
	appendStringInfo(&sql, " FROM npcsim.%s WHERE world_id = $1 ORDER BY %s", type->table,
					 type->columns[0].name);
	prepare_statement(&type->select, &sql, false);
	type->select.read_only = true;
	pfree(sql.data);
	MemoryContextSwitchTo(before);
}

static void
prepare_to_write(RowType *type)
{
	MemoryContext before;

	if (type->can_be_written)
		return;
	require_sound(type);
	before = MemoryContextSwitchTo(TopMemoryContext);
	prepare_writing(type);
	prepare_statements(type);
	MemoryContextSwitchTo(before);
	type->can_be_written = true;
}

/* ---- rows ---- */

IndexRows *
rows_to_read(RowType *type)
{
	prepare_to_read(type);
	return &type->reading;
}

void
rows_take(const RowType *type, const RowLoad *load, const IndexReading *reading, void *thing)
{
	int read = 0;

	for (int i = 0; i < type->column_count; i++)
	{
		const RowColumn *column = &type->columns[i];

		if (column->take == NULL)
			continue;
		column->take(load, thing, column, reading->values[read], reading->nulls[read]);
		read++;
	}
	if (type->place_at != 0)
		*(ItemPointerData *) ((char *) thing + type->place_at) = index_rows_place(reading);
}

void
rows_load(RowType *type, const RowLoad *load)
{
	IndexReading reading;

	index_rows_of_ids(&reading, rows_to_read(type), load->world_id, load->ids, load->count);
	while (index_rows_next(&reading))
	{
		void *thing = load->lookup(load->arg, index_rows_id(&reading));

		if (thing == NULL)
			continue;
		rows_take(type, load, &reading, thing);
		if (load->done != NULL)
			load->done(load->arg, thing);
	}
	index_rows_end(&reading);
}

/* Takes a row of the last statement, which selected the columns that are read. */
static void
take_selected(const RowType *type, const RowLoad *load, uint64 row, void *thing)
{
	int read = 0;

	for (int i = 0; i < type->column_count; i++)
	{
		const RowColumn *column = &type->columns[i];
		Datum			 value;
		bool			 isnull;

		if (column->take == NULL)
			continue;
		read++;
		if (SPI_gettypeid(SPI_tuptable->tupdesc, read) != column->type)
			elog(ERROR, "column %s of table %s is not of the type that is expected", column->name,
				 type->table);
		value = spi_datum(row, read, &isnull);
		column->take(load, thing, column, value, isnull);
	}
}

void *
rows_select(RowType *type, int64 world_id, size_t size, int *count)
{
	RowLoad load = {.world_id = world_id, .context = CurrentMemoryContext};
	uint64	rows;
	char   *things;

	prepare_to_select(type);
	rows = spi_run(&type->select, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(load.context);
	things = palloc0(Max(rows, 1) * size);
	for (uint64 row = 0; row < rows; row++)
		take_selected(type, &load, row, things + row * size);
	*count = (int) rows;
	return things;
}

void
rows_insert_hot(RowType *type, int64 world_id, void **things, int count, void *arg)
{
	prepare_to_write(type);
	hot_rows_insert(&type->hot, world_id, things, count, arg);
}

void
rows_update_hot(RowType *type, int64 world_id, void **things, int count, void *arg)
{
	prepare_to_write(type);
	hot_rows_update(&type->hot, world_id, things, count, arg);
}

void
rows_insert(RowType *type, int64 world_id, void **things, int count)
{
	prepare_to_write(type);
	write_rows(&type->insert, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, &type->set, things, count,
			   NULL);
}

void
rows_update(RowType *type, int64 world_id, void **things, int count)
{
	prepare_to_write(type);
	write_rows(&type->update, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_UPDATE, &type->set, things, count,
			   NULL);
}

void
rows_upsert(RowType *type, int64 world_id, void **things, int count)
{
	prepare_to_write(type);
	write_rows(&type->upsert, (Datum[]) {Int64GetDatum(world_id)}, SPI_OK_INSERT, &type->set, things, count,
			   NULL);
}

void
rows_delete_world(RowType *type, int64 world_id)
{
	prepare_to_write(type);
	spi_run(&type->delete_world, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_DELETE);
}

uint64
rows_delete(RowType *type, int64 world_id, const int64 *ids, int count)
{
	prepare_to_write(type);
	return spi_run(&type->delete_, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_DELETE);
}

void
rows_delete_all(RowType *type, int64 world_id, const int64 *ids, int count, uint64 deleted)
{
	deleted += rows_delete(type, world_id, ids, count);
	if (deleted != (uint64) count)
		rows_are_missing(count, deleted);
}
