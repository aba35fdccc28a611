/*
 * operators.c
 *	  Operators' writes through the views npcs and world_items.
 *
 * Columns come in groups, each with its revision.  A row that writes to a group fails with 40001 if the
 * group has changed since the row was read, since the operator then saw something else.  Groups that
 * the row does not write stay as they are now.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "numbers.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/items.h"
#include "reducers/by_hand.h"
#include "reducers/npcs.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_edit_npcs);
PG_FUNCTION_INFO_V1(npcsim_edit_world_items);

#define NO_REVISION_HINT "Revisions are counted by the database."

enum NpcEdits
{
	NPC_IDENTITY,
	NPC_MOTION,
	NPC_NEEDS,
	NPC_PLACE /* world_id: only in an INSERT */
};

enum ItemEdits
{
	ITEM_PROPERTIES,
	ITEM_PLACE /* only in an INSERT */
};

#define GROUP(group) (1U << (group))

static const EditColumn npc_columns[] = {
	{"world_id", NPC_PLACE, NULL},
	{"name", NPC_IDENTITY, NULL},
	{"controller_player_id", NPC_IDENTITY, NULL},
	{"assigned", NPC_IDENTITY, NULL},
	{"traced", NPC_IDENTITY, NULL},
	{"traits", NPC_IDENTITY, NULL},
	{"position_x", NPC_MOTION, NULL},
	{"position_y", NPC_MOTION, NULL},
	{"position", NPC_MOTION, NULL},
#define NEED(constant_, name_) {#name_, NPC_NEEDS, NULL},
#include "sim/need_list.h"
#undef NEED
	{"id", 0, "Ids come from a counter of the world."},
	{"state", 0,
	 "What an NPC does follows from decisions; request_npc_decision(world_id, npc_id) asks for one, and "
	 "writing its position ends what it does."},
	{"interaction_id", 0,
	 "Interactions begin and end by decisions; writing the NPC's position ends its interaction."},
	{"target_id", 0,
	 "What an NPC walks to follows from decisions; request_npc_decision(world_id, npc_id) asks for one."},
	{"decider", 0, "Who decided follows from controller_player_id, which can be written."},
	{"controller_since", 0, "It is noted when controller_player_id changes."},
	{"decision_pending", 0, "request_npc_decision(world_id, npc_id) asks for a decision."},
	{"daily_token_output", 0, "It is counted from the answers of minds."},
	{"last_decision_time", 0, "request_npc_decision(world_id, npc_id) asks for a decision."},
	{"identity_revision", 0, NO_REVISION_HINT},
	{"motion_revision", 0, NO_REVISION_HINT},
	{"needs_revision", 0, NO_REVISION_HINT},
	{"status_revision", 0, NO_REVISION_HINT},
};

static const EditColumn item_columns[] = {
	{"world_id", ITEM_PLACE, NULL},
	{"item_type", ITEM_PLACE, NULL},
	{"position_x", ITEM_PLACE, NULL},
	{"position_y", ITEM_PLACE, NULL},
	{"position", ITEM_PLACE, NULL},
	{"properties", ITEM_PROPERTIES, NULL},
	{"id", 0, "Ids come from a counter of the world."},
	{"occupied_by_npc_id", 0,
	 "Who uses an item follows from decisions; request_npc_decision(world_id, npc_id) asks for one."},
	{"share_left", 0, "remove_item(world_id, item_id) and create_item() put a whole one in its place."},
	{"revision", 0, NO_REVISION_HINT},
};

static SpiStatement make_point = {"SELECT %P.ST_MakePoint($1, $2)", 2, {FLOAT8OID, FLOAT8OID}};

typedef struct Point
{
	double x;
	double y;
} Point;

static const SpiColumn point_columns[] = {
	SPI_COLUMN(Point, x, "COALESCE(%P.ST_X(p.at), 'NaN')"),
	SPI_COLUMN(Point, y, "COALESCE(%P.ST_Y(p.at), 'NaN')"),
};

/* Returns NaNs if $1 is no point. The type of $1 is filled in at first use. */
static SpiStatement read_point = {.sql = "SELECT %C FROM (SELECT CASE WHEN "
										 "%P.GeometryType($1) = 'POINT' THEN $1 END) p (at)",
								  SPI_GIVES(Point, point_columns),
								  .nargs = 1,
								  .types = {InvalidOid}};

static void
show_position(Edit *edit, Cell cell)
{
	Datum point;
	bool  isnull;

	spi_begin();
	spi_run(&make_point, (Datum[]) {Float8GetDatum(cell.x), Float8GetDatum(cell.y)}, NULL, SPI_OK_SELECT);
	point = SPI_datumTransfer(spi_value(0, &isnull), false, -1);
	spi_end();
	edit_show(edit, "position_x", Float8GetDatum(cell.x));
	edit_show(edit, "position_y", Float8GetDatum(cell.y));
	edit_show(edit, "position", point);
}

/*
 * Converts a number to a cell's coordinate; one far outside of every world stays outside. Raises an error if
 * it is not finite.
 */
static int32
cell_number(double value, const char *column)
{
	if (isnan(value) || isinf(value))
		check_float8(value, column, 0, WORLD_CELLS_MAX - 1, "");
	return (int32) rint(Max(-1.0, Min(value, (double) WORLD_CELLS_MAX)));
}

/* Returns the cell a point lies in; it is rounded, since nobody hits the centre of a cell with a mouse. */
static Cell
cell_of_point(const Edit *edit, const Grid *grid)
{
	Datum point = edit_value(edit, "position");
	Point at;

	if (read_point.types[0] == InvalidOid)
		read_point.types[0] = geometry_oid();
	spi_begin();
	spi_run(&read_point, &point, NULL, SPI_OK_SELECT);
	spi_row(&read_point, 0, &at);
	spi_end();
	return check_cell(grid, cell_number(at.x, "position"), cell_number(at.y, "position"));
}

static int32
whole_number(double value, const char *column)
{
	int32 number = cell_number(value, column);

	if (value != floor(value))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" is not the number of a cell", column), errdetail("It is %.15g.", value),
				errhint("Positions between cells are shown of walkers; a position that is written is a cell: "
						"a whole number."));
	return number;
}

/*
 * Returns one coordinate of the cell that is written. If the row leaves it as it was read, it is what the
 * operator saw, unless that lay between two cells.
 */
static int32
coordinate_written(const Edit *edit, const char *column, int32 now)
{
	double value = DatumGetFloat8(edit_value(edit, column));

	if (!edit_writes(edit, column) && value != floor(value))
		return now;
	return whole_number(value, column);
}

/* Returns the cell that a row writes, in numbers or as a point; both must agree. */
static Cell
cell_written(const Edit *edit, const Grid *grid, Cell now)
{
	bool numbers = edit_writes(edit, "position_x") || edit_writes(edit, "position_y");
	Cell cell;

	if (!numbers)
		return cell_of_point(edit, grid);
	cell = check_cell(grid, coordinate_written(edit, "position_x", now.x),
					  coordinate_written(edit, "position_y", now.y));
	if (edit_writes(edit, "position") && !cell_equal(cell, cell_of_point(edit, grid)))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"position\" is not at \"position_x\", \"position_y\""),
				errdetail("The numbers name cell (%d, %d).", cell.x, cell.y),
				errhint("Write one or the other."));
	return cell;
}

/*
 * Returns the revision of this transaction's changes. Changes to the image take theirs only when it is
 * written.
 */
static Datum
revision_to_be(const WorldLock *lock)
{
	return Int64GetDatum(lock->changed ? lock->revision : lock->revision + 1);
}

static World *
edited_world(Edit *edit, WorldLock **lock)
{
	int64 world_id;

	if (edit->kind == EDIT_INSERT)
	{
		world_id = DatumGetInt64(edit_value(edit, "world_id"));
		check_id(world_id, "world_id");
	}
	else
		world_id = edit_old_int64(edit, "world_id");
	*lock = world_lock(world_id, WORLD_WAIT);
	edit_touch(*lock);
	return world_image(*lock);
}

/* A row that is gone since it was read counts as not found, as in a table. */
static Datum
row_is_gone(void)
{
	return PointerGetDatum(NULL);
}

static void
refuse_move(const char *what)
{
	ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("%s stays in its world", what),
			errdetail("\"world_id\" is part of its identity."),
			errhint("Remove it, and create another one in the other world."));
}

/* ---- npcs ---- */

/* Returns the groups that a row writes. Columns that are written as they are given belong to the identity. */
static uint32
npc_groups_written(const Edit *edit)
{
	static EditColumn columns[lengthof(npc_columns) + ROW_COLUMNS_MAX];
	static int		  count = 0;
	const RowColumn	 *column;

	if (count == 0)
	{
		memcpy(columns, npc_columns, sizeof(npc_columns));
		count = lengthof(npc_columns);
		for (int i = 0; (column = npc_edited_column(i)) != NULL; i++)
			columns[count++] = (EditColumn) {column->name, NPC_IDENTITY, NULL};
	}
	return edit_groups(edit, columns, count);
}

static void
write_numbers(World *world, Npc *npc, const Edit *edit)
{
	const RowColumn *column;

	for (int i = 0; (column = npc_edited_column(i)) != NULL; i++)
	{
		int64 value;

		if (!edit_writes(edit, column->name))
			continue;
		value = number_of_datum(edit_value(edit, column->name), column->type);
		check_float8((double) value, column->name, (double) column->least, (double) column->most, "");
		npc_change_number(world, npc->id, column, (int32) value);
	}
}

static void
write_needs(World *world, Npc *npc, const Edit *edit)
{
	for (int need = 0; need < NEED_COUNT; need++)
	{
		double units;

		if (!edit_writes(edit, need_names[need]))
			continue;
		units = DatumGetFloat8(edit_value(edit, need_names[need]));
		check_float8(units, need_names[need], 0, NEED_MAX / NEED_UNIT, "");
		npc_change_need(world, npc->id, need, (int32) rint(units * NEED_UNIT));
	}
}

static int64
controller_written(const Edit *edit)
{
	bool  isnull;
	int64 player_id = DatumGetInt64(edit_new(edit, "controller_player_id", &isnull));

	if (isnull)
		return 0;
	check_id(player_id, "controller_player_id");
	return player_id;
}

/* Writes whether the market leaves the NPC where it is, and shows that. Who controls it was written before. */
static void
write_assigned(World *world, Npc *npc, Edit *edit)
{
	if (edit_writes(edit, "assigned"))
		npc_change_assigned(world, npc->id, DatumGetBool(edit_value(edit, "assigned")));
	edit_show(edit, "assigned", BoolGetDatum(npc_is_assigned(npc)));
	if (npc->controller_since >= 0)
		edit_show(edit, "controller_since", Float8GetDatum((double) npc->controller_since / SIM_SECOND));
	else
		edit_show_null(edit, "controller_since");
}

static void
write_traced(World *world, Npc *npc, Edit *edit)
{
	if (edit_writes(edit, "traced"))
		npc_change_traced(world, npc->id, DatumGetBool(edit_value(edit, "traced")));
	edit_show(edit, "traced", BoolGetDatum(npc->traced));
}

static TextList
traits_written(const Edit *edit)
{
	TextList traits;

	traits.texts =
		check_texts(edit_value(edit, "traits"), "traits", TRAITS_MAX, TRAIT_MAX_CHARS, &traits.count);
	return traits;
}

static void
show_npc(Edit *edit, const Npc *npc)
{
	Datum			 no_traits = PointerGetDatum(construct_empty_array(TEXTOID));
	const RowColumn *column;

	edit_show(edit, "id", Int64GetDatum(npc->id));
	edit_show(edit, "state", CStringGetTextDatum(npc_state_name(npc->state)));
	edit_show(edit, "decision_pending", BoolGetDatum(npc->request_pending));
	edit_show(edit, "daily_token_output", Int64GetDatum(0));
	if (!edit_writes(edit, "traits"))
		edit_show(edit, "traits", no_traits);
	for (int need = 0; need < NEED_COUNT; need++)
		edit_show(edit, need_names[need], Float8GetDatum((double) npc->needs.value[need] / NEED_UNIT));
	for (int i = 0; (column = npc_edited_column(i)) != NULL; i++)
		edit_show(edit, column->name, datum_of_number(row_number_in(npc, column), column->type));
}

static void
insert_npc(World *world, WorldLock *lock, Edit *edit)
{
	static const char *const revisions[] = {"identity_revision", "motion_revision", "needs_revision",
											"status_revision"};
	Cell					 cell = cell_written(edit, world_grid(world), (Cell) {0, 0});
	TextList				 traits = {0};
	Npc						*npc;

	if (edit_writes(edit, "traits"))
		traits = traits_written(edit);
	npc = npc_create(world, edit_text(edit, "name"), cell, controller_written(edit), traits);
	write_assigned(world, npc, edit);
	write_traced(world, npc, edit);
	write_numbers(world, npc, edit);
	write_needs(world, npc, edit);
	show_npc(edit, npc);
	show_position(edit, cell);
	for (size_t i = 0; i < lengthof(revisions); i++)
		edit_show(edit, revisions[i], revision_to_be(lock));
}

static void
update_npc(World *world, WorldLock *lock, Npc *npc, Edit *edit)
{
	uint32 groups = npc_groups_written(edit);
	char  *what = psprintf("NPC %lld", (long long) npc->id);

	if (groups & GROUP(NPC_PLACE))
		refuse_move(what);
	if (groups & GROUP(NPC_IDENTITY))
	{
		edit_check_revision(edit, lock, "identity_revision", npc->identity_revision, what);
		if (edit_writes(edit, "name"))
			npc_rename(world, npc->id, edit_text(edit, "name"));
		if (edit_writes(edit, "controller_player_id"))
			npc_assign(world, npc->id, controller_written(edit));
		write_assigned(world, npc, edit);
		write_traced(world, npc, edit);
		if (edit_writes(edit, "traits"))
			npc_change_traits(world, npc->id, traits_written(edit));
		write_numbers(world, npc, edit);
		edit_show(edit, "identity_revision", revision_to_be(lock));
	}
	if (groups & GROUP(NPC_NEEDS))
	{
		edit_check_revision(edit, lock, "needs_revision", npc->needs_revision, what);
		write_needs(world, npc, edit);
		edit_show(edit, "needs_revision", revision_to_be(lock));
	}
	if (groups & GROUP(NPC_MOTION))
	{
		Cell cell;

		edit_check_revision(edit, lock, "motion_revision", npc->motion_revision, what);
		cell = cell_written(edit, world_grid(world), npc_cell(npc, lock->now));
		npc_place(world, npc->id, cell);
		show_position(edit, cell);
		edit_show(edit, "motion_revision", revision_to_be(lock));
	}
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of npcs. */
Datum
npcsim_edit_npcs(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	WorldLock *lock;
	World	  *world;
	Npc		  *npc;

	edit_begin(&edit, fcinfo);
	world = edited_world(&edit, &lock);
	if (edit.kind == EDIT_INSERT)
	{
		(void) npc_groups_written(&edit);
		insert_npc(world, lock, &edit);
		return edit_end(&edit);
	}
	npc = world_npc(world, edit_old_int64(&edit, "id"));
	if (npc == NULL)
		return row_is_gone();
	if (edit.kind == EDIT_UPDATE)
		update_npc(world, lock, npc, &edit);
	else
	{
		edit_check_revision(&edit, lock, "identity_revision", npc->identity_revision,
							psprintf("NPC %lld", (long long) npc->id));
		npc_remove(world, npc->id);
	}
	return edit_end(&edit);
}

/* ---- world_items ---- */

static void
insert_item(World *world, WorldLock *lock, Edit *edit)
{
	Cell	   cell = cell_written(edit, world_grid(world), (Cell) {0, 0});
	char	  *item_type = edit_text(edit, "item_type");
	Jsonb	  *properties = NULL;
	WorldItem *item;

	if (edit_writes(edit, "properties"))
		properties = DatumGetJsonbP(edit_value(edit, "properties"));
	item = item_create(world, item_type, cell, properties);
	edit_show(edit, "id", Int64GetDatum(item->id));
	edit_show(edit, "share_left", Float8GetDatum(1.0));
	edit_show(edit, "revision", revision_to_be(lock));
	if (properties == NULL)
		edit_show(edit, "properties", DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	show_position(edit, cell);
}

static void
update_item(World *world, WorldLock *lock, WorldItem *item, Edit *edit)
{
	uint32 groups = edit_groups(edit, item_columns, lengthof(item_columns));
	char  *what = psprintf("item %lld", (long long) item->id);

	if (groups & GROUP(ITEM_PLACE))
		ereport(
			ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("%s keeps its type and its place", what),
			errdetail("Of \"world_items\" only \"properties\" can be updated."),
			errhint(
				"remove_item(%lld, %lld), then create_item(%lld, item_type, x, y, properties), puts another "
				"one, whole, in the other place.",
				(long long) lock->world_id, (long long) item->id, (long long) lock->world_id));
	if (groups & GROUP(ITEM_PROPERTIES))
	{
		edit_check_revision(edit, lock, "revision", item->revision, what);
		item_change_properties(world, item->id, DatumGetJsonbP(edit_value(edit, "properties")));
		edit_show(edit, "revision", revision_to_be(lock));
	}
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of world_items. */
Datum
npcsim_edit_world_items(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	WorldLock *lock;
	World	  *world;
	WorldItem *item;

	edit_begin(&edit, fcinfo);
	world = edited_world(&edit, &lock);
	if (edit.kind == EDIT_INSERT)
	{
		edit_groups(&edit, item_columns, lengthof(item_columns));
		insert_item(world, lock, &edit);
		return edit_end(&edit);
	}
	item = world_item(world, edit_old_int64(&edit, "id"));
	if (item == NULL)
		return row_is_gone();
	if (edit.kind == EDIT_UPDATE)
		update_item(world, lock, item, &edit);
	else
	{
		edit_check_revision(&edit, lock, "revision", item->revision,
							psprintf("item %lld", (long long) item->id));
		item_remove(world, item->id);
	}
	return edit_end(&edit);
}
