/*
 * geometries.c
 *	  Makes geometries of cells by PostGIS's own functions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/syscache.h"

#include "tables/geometries.h"

/* Looks up a function of PostGIS, once, and again if PostGIS was created anew. */
static void
look_up(FmgrInfo *function, Oid *known, const char *name, const Oid *types, int count)
{
	if (!OidIsValid(*known) || !SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(*known)))
		*known = LookupFuncName(list_make2(makeString(postgis_schema_name()), makeString(pstrdup(name))),
								count, types, false);
	fmgr_info(*known, function);
}

void
geometry_maker_begin(GeometryMaker *maker, SightShift shift)
{
	static Oid make_point = InvalidOid;
	static Oid make_line = InvalidOid;
	const Oid  geometry = geometry_oid();

	maker->shift = shift;
	look_up(&maker->make_point, &make_point, "st_makepoint", (Oid[]) {FLOAT8OID, FLOAT8OID}, 2);
	look_up(&maker->make_line, &make_line, "st_makeline", (Oid[]) {geometry, geometry}, 2);
}

Datum
geometry_of_point(GeometryMaker *maker, Cell cell)
{
	return FunctionCall2(&maker->make_point, Float8GetDatum(cell.x + maker->shift.x),
						 Float8GetDatum(cell.y + maker->shift.y));
}

Datum
geometry_of_line(GeometryMaker *maker, Cell from, Cell to)
{
	return FunctionCall2(&maker->make_line, geometry_of_point(maker, from), geometry_of_point(maker, to));
}

void
box_maker_begin(BoxMaker *maker)
{
	static Oid make_box = InvalidOid;

	look_up(&maker->make_box, &make_box, "st_makeenvelope",
			(Oid[]) {FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT4OID}, 5);
}

Datum
geometry_of_box(BoxMaker *maker, SightShift shift, const SightBox *box)
{
	return FunctionCall5(&maker->make_box, Float8GetDatum(box->min_x + shift.x),
						 Float8GetDatum(box->min_y + shift.y), Float8GetDatum(box->max_x + shift.x),
						 Float8GetDatum(box->max_y + shift.y), Int32GetDatum(0));
}

int
ids_in_plane(SpiStatement *statement, int64 world_id, SightShift shift, int32 size_x, int32 size_y,
			 int64 *ids, int most)
{
	uint64 rows =
		spi_run_limit(statement,
					  (Datum[]) {Int64GetDatum(world_id), Float8GetDatum(shift.x), Float8GetDatum(shift.y),
								 Float8GetDatum(shift.x + size_x), Float8GetDatum(shift.y + size_y)},
					  NULL, SPI_OK_SELECT, most);

	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 0);
	return (int) rows;
}
