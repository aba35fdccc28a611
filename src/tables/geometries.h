/*
 * geometries.h
 *	  Makes geometries of cells by PostGIS's own functions, and finds what lies in a plane of the sight
 *	  indexes.
 */
#ifndef NPCSIM_GEOMETRIES_H
#define NPCSIM_GEOMETRIES_H

#include "postgres.h"

#include "fmgr.h"

#include "sim/sim.h"
#include "spi.h"

/* Where a world's geometries lie in the sight indexes. */
typedef struct SightShift
{
	double x;
	double y;
} SightShift;

typedef struct GeometryMaker
{
	SightShift shift;
	FmgrInfo   make_point;
	FmgrInfo   make_line;
} GeometryMaker;

/*
 * Fills in what a statement finds in a world's part of a plane of the sight index (engine/sight.h), at most
 * 'most' ids, and returns how many. $1 of the statement is the world, $2 to $5 are the box.
 */
extern int ids_in_plane(SpiStatement *statement, int64 world_id, SightShift shift, int32 size_x, int32 size_y,
						int64 *ids, int most);

extern void	 geometry_maker_begin(GeometryMaker *maker, SightShift shift);
extern Datum geometry_of_point(GeometryMaker *maker, Cell cell);
extern Datum geometry_of_line(GeometryMaker *maker, Cell from, Cell to);

/* A box, in cells, to search the sight indexes by. */
typedef struct SightBox
{
	double min_x;
	double min_y;
	double max_x;
	double max_y;
} SightBox;

typedef struct BoxMaker
{
	FmgrInfo make_box;
} BoxMaker;

extern void	 box_maker_begin(BoxMaker *maker);
extern Datum geometry_of_box(BoxMaker *maker, SightShift shift, const SightBox *box);

#endif /* NPCSIM_GEOMETRIES_H */
