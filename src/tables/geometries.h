/*
 * geometries.h
 *	  Geometries of cells, made by PostGIS's own functions.
 */
#ifndef NPCSIM_GEOMETRIES_H
#define NPCSIM_GEOMETRIES_H

#include "postgres.h"

#include "fmgr.h"

#include "sim/sim.h"

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

extern void	 geometry_maker_begin(GeometryMaker *maker, SightShift shift);
extern Datum geometry_of_point(GeometryMaker *maker, Cell cell);
extern Datum geometry_of_line(GeometryMaker *maker, Cell from, Cell to);

/* Boxes, in cells, to ask the sight indexes by. */
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
