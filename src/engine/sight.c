/*
 * sight.c
 *	  Reads the sight indexes: what is near a viewer.
 *
 * The index is read without a statement, and once for all viewers of an instant. It compares boxes;
 * the caller decides in integers whether something is within 8.25 cells.
 *
 * Planes. A row that was overwritten stays in the index until it is vacuumed, which it cannot be while
 * somebody holds an old snapshot (a dump, a forgotten session): then every question would visit more
 * and more dead entries. So while a snapshot is held, a world moves on to the next plane after a
 * number of writes (turn_sight() in write.c): new rows are written there, the others follow a few at a
 * time, and questions no longer meet what lies in older planes.
 */
#include "postgres.h"

#include "engine/sight.h"

/* Worlds are laid out in a grid with so many in a row, and their origins lie so many cells apart. */
#define SIGHT_WORLDS_PER_ROW 32
#define SIGHT_STRIDE		 8192

/* A box is half a cell wider than asked for, so that no rounding in the index matters. */
#define BOX_MARGIN 0.5

/*
 * No geometry of a world lies farther outside of it, in cells, than this; the boxes of legs are a little
 * wider than the world.
 */
#define WORLD_MARGIN 64.0

SightShift
sight_shift(int64 world_id, int plane)
{
	int64 slot = world_id % (SIGHT_WORLDS_PER_ROW * SIGHT_WORLDS_PER_ROW);

	Assert(plane >= 0 && plane < SIGHT_PLANES);
	return (SightShift) {.x = (double) ((slot % SIGHT_WORLDS_PER_ROW) * SIGHT_STRIDE),
						 .y = (double) ((slot / SIGHT_WORLDS_PER_ROW * SIGHT_PLANES + plane) * SIGHT_STRIDE)};
}

void
sight_begin(SightReading *reading, IndexRows *rows, int64 world_id, int plane, int old_plane)
{
	box_maker_begin(&reading->boxes);
	reading->shifts[0] = sight_shift(world_id, plane);
	reading->planes = 1;
	if (old_plane >= 0)
		reading->shifts[reading->planes++] = sight_shift(world_id, old_plane);
	index_rows_of_boxes(&reading->row, rows, world_id);
}

static void
ask_next_plane(SightReading *reading)
{
	SightShift shift = reading->shifts[reading->asked++];

	index_rows_seek_box(&reading->row, geometry_of_box(&reading->boxes, shift, &reading->box));
}

/* Clamps a coordinate of a box so near to the world that the box meets no other plane. */
static double
near_world(double coordinate)
{
	return Max(-WORLD_MARGIN, Min(coordinate, WORLD_CELLS_MAX + WORLD_MARGIN));
}

void
sight_look_within(SightReading *reading, double x, double y, double radius)
{
	double margin = radius + BOX_MARGIN;

	reading->box = (SightBox) {.min_x = near_world(x - margin),
							   .min_y = near_world(y - margin),
							   .max_x = near_world(x + margin),
							   .max_y = near_world(y + margin)};
	reading->asked = 0;
	ask_next_plane(reading);
}

void
sight_look_from(SightReading *reading, Cell cell)
{
	sight_look_within(reading, cell.x, cell.y, SIGHT_CELLS);
}

bool
sight_next(SightReading *reading)
{
	while (!index_rows_next(&reading->row))
	{
		if (reading->asked == reading->planes)
			return false;
		ask_next_plane(reading);
	}
	return true;
}

void
sight_end(SightReading *reading)
{
	index_rows_end(&reading->row);
}
