/*
 * geometries.c
 *	  Geometries of cells, made by PostGIS's own functions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/syscache.h"

#include "spi.h"
#include "tables/geometries.h"

/* A function of two arguments of one type. It is looked for once, and again when PostGIS was created anew. */
static void
look_up(FmgrInfo *function, Oid *known, const char *name, Oid type)
{
	if (!OidIsValid(*known) || !SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(*known)))
	{
		Oid	  types[2] = {type, type};
		List *names = list_make2(makeString(postgis_schema_name()), makeString(pstrdup(name)));

		*known = LookupFuncName(names, lengthof(types), types, false);
	}
	fmgr_info(*known, function);
}

void
geometry_maker_begin(GeometryMaker *maker, SightShift shift)
{
	static Oid make_point = InvalidOid;
	static Oid make_line = InvalidOid;

	maker->shift = shift;
	look_up(&maker->make_point, &make_point, "st_makepoint", FLOAT8OID);
	look_up(&maker->make_line, &make_line, "st_makeline", geometry_oid());
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
