/*
 * scene.c
 *	  Reads what is around NPCs whose minds are asked.
 *
 * Everything is read for all of them at once: their own rows, then the items and tracks around them
 * through the sight indexes, then names and states of the NPCs seen, and the interactions they are in,
 * each once. The index gives what meets a box of SIGHT_CELLS around the viewer; whether it is in sight
 * is decided here, on cells. No world is locked: a scene is as old as the caller's snapshot, and a
 * mind's answer is checked against the world at the moment it comes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "engine/sight.h"
#include "reducers/scene.h"
#include "reducers/wire_json.h"
#include "sim/path.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/row_type.h"

/* An item that is being read; 'type' points into the row. */
typedef struct ItemMet
{
	SeenThing thing;
	Datum	  type;
} ItemMet;

static void
take_type(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((ItemMet *) thing)->type = value;
}

static const RowColumn seen_item_columns[] = {
	ROW_READ_NUMBER(ItemMet, thing.id, "id", INT8OID),
	ROW_READ_NUMBER(ItemMet, thing.cell.x, "x", INT2OID),
	ROW_READ_NUMBER(ItemMet, thing.cell.y, "y", INT2OID),
	ROW_READ_NUMBER(ItemMet, thing.share_left, "share_left", INT4OID),
	ROW_READ_NUMBER(ItemMet, thing.occupied_by, "occupied_by_npc_id", INT8OID), /* NULL is 0 */
	ROW_OWN("item_type", TEXTOID, take_type, NULL),
};

static RowType seen_items = {.table = "items",
							 .index = "items_sight",
							 .columns = seen_item_columns,
							 .column_count = lengthof(seen_item_columns)};

/* A track that is being read; 'cells' points into the row. */
typedef struct SeenTrack
{
	int64		 id;
	int64		 departed_at;
	const int16 *cells;
	int			 leg_length;
} SeenTrack;

static void
take_track_cells(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	SeenTrack *track = thing;

	track->cells = track_cells(value, &track->leg_length);
}

static const RowColumn seen_track_columns[] = {
	ROW_READ_NUMBER(SeenTrack, id, "npc_id", INT8OID),
	ROW_READ_NUMBER(SeenTrack, departed_at, "departed_at", INT8OID),
	ROW_OWN("cells", INT2ARRAYOID, take_track_cells, NULL),
};

static RowType seen_tracks = {.table = "npc_tracks",
							  .index = "npc_tracks_sight",
							  .columns = seen_track_columns,
							  .column_count = lengthof(seen_track_columns)};

static void
add_thing(SeenList *list, const SeenThing *thing)
{
	if (list->count == list->room)
	{
		list->room = Max(256, list->room * 2);
		list->things = list->things == NULL
						   ? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(SeenThing) * list->room)
						   : repalloc_huge(list->things, sizeof(SeenThing) * list->room);
	}
	list->things[list->count++] = *thing;
}

static inline int
compare_things(const SeenThing *left, const SeenThing *right)
{
	if (left->distance_squared != right->distance_squared)
		return left->distance_squared < right->distance_squared ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

#define ST_SORT			sort_things
#define ST_ELEMENT_TYPE SeenThing
#define ST_COMPARE		compare_things
#define ST_SCOPE		static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Adds the item of a row that meets the box around a viewer, if it is in sight. */
static void
see_item(Scene *scene, int viewer, const IndexReading *row)
{
	ItemMet	   met = {0};
	SeenThing *thing = &met.thing;

	rows_take(&seen_items, &(RowLoad) {.arg = scene}, row, &met);
	thing->distance_squared = cell_distance_squared(scene->cells[viewer], thing->cell);
	if (thing->distance_squared > SIGHT_SQUARED)
		return;
	thing->kind = find_type_text(&scene->texts, met.type);
	add_thing(&scene->items, thing);
}

/* Adds the NPC of a track that meets the box around a viewer, if it is in sight. */
static void
see_npc(Scene *scene, int viewer, const IndexReading *row)
{
	SeenThing thing = {.id = index_rows_id(row)};
	SeenTrack track;
	int		  index;

	if (thing.id == scene->viewers->rows[viewer].id)
		return;
	rows_take(&seen_tracks, &(RowLoad) {.arg = scene}, row, &track);
	index = leg_index_at(track.leg_length, track.departed_at, scene->head->now);
	thing.cell = (Cell) {track.cells[2 * index], track.cells[2 * index + 1]};
	thing.distance_squared = cell_distance_squared(scene->cells[viewer], thing.cell);
	if (thing.distance_squared <= SIGHT_SQUARED)
		add_thing(&scene->npcs, &thing);
}

/* Searches a sight index for each viewer. */
static void
look_around(Scene *scene, RowType *rows, SeenList *list,
			void (*see)(Scene *scene, int viewer, const IndexReading *row))
{
	const WorldHead *head = scene->head;
	SightReading	 reading;

	list->starts = palloc(sizeof(int) * (scene->viewers->count + 1));
	sight_begin(&reading, rows_to_read(rows), head->world_id, head->sight_plane, head->sight_old_plane);
	for (int viewer = 0; viewer < scene->viewers->count; viewer++)
	{
		int start = list->count;

		sight_look_from(&reading, scene->cells[viewer]);
		while (sight_next(&reading))
			see(scene, viewer, &reading.row);
		if (list->count > start)
			sort_things(list->things + start, list->count - start);
		list->starts[viewer] = start;
	}
	list->starts[scene->viewers->count] = list->count;
	sight_end(&reading);
}

/* Reads names and states of the NPCs seen, of those that use items, and of bidders, each once. */
static void
read_seen(Scene *scene)
{
	int	   room = scene->npcs.count + scene->items.count + scene->bids.count;
	int64 *ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(room, 1));
	int	   count = 0;

	for (int i = 0; i < scene->npcs.count; i++)
		ids[count++] = scene->npcs.things[i].id;
	for (int i = 0; i < scene->items.count; i++)
		if (scene->items.things[i].occupied_by != 0)
			ids[count++] = scene->items.things[i].occupied_by;
	for (int i = 0; i < scene->bids.count; i++)
		ids[count++] = scene->bids.bids[i].bidder_id;
	count = id_list_sort(ids, count);
	scene->seen = npc_rows_create(scene->head->world_id, ids, count);
	npc_rows_load(scene->seen, NPC_ROW_NAME | NPC_ROW_DOING, ids, count);
}

/* Appends the ids of the interactions that the NPCs are in. Returns the new count. */
static int
add_run_ids(int64 *ids, int count, const NpcRows *npcs)
{
	for (int i = 0; i < npcs->count; i++)
		if (npcs->rows[i].interaction_id != 0)
			ids[count++] = npcs->rows[i].interaction_id;
	return count;
}

static void
read_interactions_seen(Scene *scene)
{
	int	   viewers = scene->viewers->count;
	int64 *heard = palloc(sizeof(int64) * viewers);
	int64 *ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * (viewers + scene->seen->count));
	int	   heard_count = id_list_sort(heard, add_run_ids(heard, 0, scene->viewers));
	int	   count = add_run_ids(ids, add_run_ids(ids, 0, scene->viewers), scene->seen);

	read_runs(scene->head->world_id, &scene->texts, ids, id_list_sort(ids, count), heard, heard_count,
			  &scene->runs);
}

/* Returns NULL if the name was not read, or there is no such NPC. */
static const char *
name_of(const Scene *scene, int64 npc_id)
{
	const NpcRows *rows[] = {scene->seen, scene->viewers, scene->others};

	for (size_t i = 0; i < lengthof(rows); i++)
	{
		const NpcRow *row = rows[i] != NULL ? npc_row_find(rows[i], npc_id) : NULL;

		if (row != NULL && (row->groups & (NPC_ROW_NAME | NPC_ROW_IDENTITY)) != 0)
			return row->name;
	}
	return NULL;
}

/* Fills in the names of participants; those of NPCs out of sight are looked up. */
static void
name_participants(Scene *scene)
{
	int64 *ids = palloc(sizeof(int64) * (PARTICIPANTS_MAX * scene->runs.count + 1));
	int	   count = 0;

	for (int r = 0; r < scene->runs.count; r++)
		for (int i = 0; i < scene->runs.runs[r].participant_count; i++)
			if (name_of(scene, scene->runs.runs[r].participants[i]) == NULL)
				ids[count++] = scene->runs.runs[r].participants[i];
	count = id_list_sort(ids, count);
	scene->others = npc_rows_create(scene->head->world_id, ids, count);
	npc_rows_load(scene->others, NPC_ROW_NAME, ids, count);
	for (int r = 0; r < scene->runs.count; r++)
		for (int i = 0; i < scene->runs.runs[r].participant_count; i++)
			scene->runs.runs[r].names[i] = name_of(scene, scene->runs.runs[r].participants[i]);
}

const Run *
run_of(const Scene *scene, const NpcRow *npc)
{
	return npc == NULL || npc->interaction_id == 0 ? NULL : find_run(&scene->runs, npc->interaction_id);
}

/* Fills in who the things in sight are, and which interactions they are in. */
static void
recognize(Scene *scene)
{
	for (int i = 0; i < scene->npcs.count; i++)
	{
		SeenThing *npc = &scene->npcs.things[i];

		npc->npc = npc_row_find(scene->seen, npc->id);
		/* A track without the NPC's other rows is being restored. */
		if (npc->npc != NULL && npc->npc->groups != (NPC_ROW_NAME | NPC_ROW_DOING))
			npc->npc = NULL;
		npc->run = run_of(scene, npc->npc);
	}
	for (int i = 0; i < scene->items.count; i++)
	{
		SeenThing *item = &scene->items.things[i];

		if (item->occupied_by != 0)
			item->run = run_of(scene, npc_row_find(scene->seen, item->occupied_by));
	}
}

/* Reads the rows of those of the NPCs that exist. */
static NpcRows *
read_viewers(int64 world_id, const int64 *ids, int count)
{
	const uint32 needed = NPC_ROW_IDENTITY | NPC_ROW_STATE | NPC_ROW_TRACK;
	NpcRows		*rows;
	int			 present = 0;

	rows = npc_rows_create(world_id, ids, count);
	npc_rows_load(rows, needed | NPC_ROW_MIND, ids, count);
	for (int i = 0; i < rows->count; i++)
		if ((rows->rows[i].groups & needed) == needed)
			rows->rows[present++] = rows->rows[i];
	rows->count = present;
	return rows;
}

/* Fills in where the viewers are now. */
static void
find_places(Scene *scene)
{
	scene->cells = palloc(sizeof(Cell) * scene->viewers->count);
	for (int i = 0; i < scene->viewers->count; i++)
	{
		const NpcRow *row = &scene->viewers->rows[i];

		scene->cells[i] =
			npc_row_cell(row, leg_index_at(row->leg_length, row->departed_at, scene->head->now));
	}
}

void
scene_read(Scene *scene, const WorldHead *head, const int64 *npc_ids, int count, bool with_terrain)
{
	int level = spi_index_plans_begin();

	*scene = (Scene) {.head = head, .viewers = read_viewers(head->world_id, npc_ids, count)};
	if (scene->viewers->count > 0)
	{
		find_places(scene);
		read_type_texts(head->world_id, &scene->texts);
		look_around(scene, &seen_items, &scene->items, see_item);
		look_around(scene, &seen_tracks, &scene->npcs, see_npc);
		read_bids(head->world_id, &scene->texts, scene->viewers, &scene->bids);
		read_seen(scene);
		read_interactions_seen(scene);
		name_participants(scene);
		recognize(scene);
		if (with_terrain)
			scene->terrain = read_terrain(head->world_id, head->size_x, head->size_y);
	}
	spi_index_plans_end(level);
}

const SeenThing *
things_of(const SeenList *list, int viewer, int *count)
{
	*count = list->starts[viewer + 1] - list->starts[viewer];
	return list->things + list->starts[viewer];
}
