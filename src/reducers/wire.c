/*
 * wire.c
 *	  What gateways read of a world: world_snapshot(world_id) and
 *	  world_delta(world_id, since, epoch).
 *
 * Both read one snapshot, that of the calling query, so that revision, log and rows
 * agree; neither takes the world's lock. Only the clock may be newer, since that
 * of a running world is in shared memory: readers stop a walker at the end of
 * its path, whatever the clock says.
 *
 * A delta is the union of what the change log names after a revision: one
 * scan of the log, then one query per family and column group for the rows as
 * they are now. What the log names and no longer exists was removed.
 *
 * A standby has no log, which is unlogged. There the rows tell by their revisions what changed; what has none (kinds,
 * players, whether a mind is being asked) is told each time, and what was removed by what remains.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "engine/lock.h"
#include "json.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/npc_rows.h"
#include "reducers/wire_events.h"
#include "reducers/wire_json.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/change_log.h"
#include "tables/id_lists.h"

PG_FUNCTION_INFO_V1(npcsim_world_snapshot);
PG_FUNCTION_INFO_V1(npcsim_world_delta);

/* An NPC the log names, and its groups; NPC_GONE when it was removed. */
typedef struct ChangedNpc
{
	int64  id;
	uint32 groups;
} ChangedNpc;

#define NPC_GONE		0x80000000
#define EPOCH_MAX_CHARS 64

typedef struct IdList
{
	int64 *ids;
	int	   count;
	int	   size;
} IdList;

/* What the log names after a revision. */
typedef struct Changes
{
	bool		complete; /* it reaches back to the first revision asked for */
	bool		world;
	bool		terrain;
	bool		item_types;
	bool		interaction_types;
	bool		all_players; /* numbers of NPCs they control */
	ChangedNpc *npcs;
	int			npc_count;
	int			npc_size;
	IdList		items;
	IdList		interactions;
	IdList		players;
	int64		first_event; /* number of the first that is new, 0 = none */
	int64		first_message;
	bool		by_rows; /* read from the rows: what is gone is not known, but what there is */
	IdList		remaining_npcs;
	IdList		remaining_items;
	IdList		remaining_interactions;
} Changes;

/* A revision: 0 is before the first. */
static int64
arg_revision(FunctionCallInfo fcinfo, int n, const char *name)
{
	arg_not_null(fcinfo, n, name);
	return PG_GETARG_INT64(n) == 0 ? 0 : arg_id(fcinfo, n, name);
}

/* ---- snapshot ---- */

static void
json_world_npcs(StringInfo out, int64 world_id)
{
	NpcRows *npcs = npc_rows_create(world_id, NULL, 0);
	bool	 first = true;

	npc_rows_load(npcs, NPC_ROW_STATE | NPC_ROW_TRACK | NPC_ROW_REQUEST, NULL, 0);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < npcs->count; i++)
	{
		const NpcRow *row = &npcs->rows[i];

		CHECK_FOR_INTERRUPTS();
		/* half restored */
		if ((row->groups & NPC_ROW_STATE) == 0 || (row->groups & NPC_ROW_TRACK) == 0)
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		json_npc(out, row, WIRE_ALL);
		first = false;
	}
	appendStringInfoChar(out, ']');
}

static Datum
snapshot(PG_FUNCTION_ARGS)
{
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	const char	  *epoch;
	MemoryContext  caller = CurrentMemoryContext;
	StringInfoData out;
	WorldHead	  *head;
	Datum		   result;

	spi_begin();
	epoch = world_epoch();
	head = read_world_head(world_id);
	initStringInfo(&out);
	appendStringInfo(&out, "{\"world_id\":" INT64_FORMAT ",", world_id);
	json_world_clock(&out, head, epoch);
	json_literal(&out, ",\"world\":");
	json_world_settings(&out, head);
	json_literal(&out, ",\"terrain\":");
	json_terrain(&out, world_id, head->size_x, head->size_y);
	json_literal(&out, ",\"item_types\":");
	json_item_types(&out, world_id);
	json_literal(&out, ",\"interaction_types\":");
	json_interaction_types(&out, world_id);
	json_literal(&out, ",\"npcs\":");
	json_world_npcs(&out, world_id);
	json_literal(&out, ",\"world_items\":");
	json_items(&out, world_id, NULL, 0, NULL);
	json_literal(&out, ",\"interactions\":");
	json_interactions(&out, world_id, NULL, 0, NULL);
	json_literal(&out, ",\"players\":");
	json_players(&out, world_id, NULL, 0, NULL);
	json_literal(&out, ",\"messages\":");
	json_last_messages(&out, head);
	appendStringInfoChar(&out, '}');
	MemoryContextSwitchTo(caller);
	result = json_datum(&out);
	spi_end();
	PG_RETURN_DATUM(result);
}

Datum
npcsim_world_snapshot(PG_FUNCTION_ARGS)
{
	return call_quietly(snapshot, fcinfo);
}

/* ---- delta ---- */

static void
add_ids(IdList *list, const int64 *ids, int count)
{
	if (list->count + count > list->size)
	{
		list->size = Max(2 * list->size, list->count + count);
		list->ids = list->ids ? repalloc_huge(list->ids, sizeof(int64) * list->size)
							  : MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * list->size);
	}
	memcpy(list->ids + list->count, ids, sizeof(int64) * count);
	list->count += count;
}

static void
add_npcs(Changes *changes, const int64 *ids, int count, uint32 groups)
{
	if (changes->npc_count + count > changes->npc_size)
	{
		changes->npc_size = Max(2 * changes->npc_size, changes->npc_count + count);
		changes->npcs = changes->npcs ? repalloc_huge(changes->npcs, sizeof(ChangedNpc) * changes->npc_size)
									  : MemoryContextAllocHuge(CurrentMemoryContext,
															   sizeof(ChangedNpc) * changes->npc_size);
	}
	for (int i = 0; i < count; i++)
		changes->npcs[changes->npc_count++] = (ChangedNpc) {ids[i], groups};
}

static int
compare_npcs(const void *a, const void *b)
{
	int64 left = ((const ChangedNpc *) a)->id;
	int64 right = ((const ChangedNpc *) b)->id;

	return left < right ? -1 : left > right;
}

static void
merge_npcs(Changes *changes)
{
	int merged = 0;

	if (changes->npc_count == 0)
		return;
	qsort(changes->npcs, changes->npc_count, sizeof(ChangedNpc), compare_npcs);
	for (int i = 1; i < changes->npc_count; i++)
	{
		if (changes->npcs[i].id == changes->npcs[merged].id)
			changes->npcs[merged].groups |= changes->npcs[i].groups;
		else
			changes->npcs[++merged] = changes->npcs[i];
	}
	changes->npc_count = merged + 1;
}

static void
add_change(Changes *changes, ChangeKind kind, const int64 *ids, int count)
{
	switch (kind)
	{
		case CHANGE_WORLD:
			changes->world = true;
			break;
		case CHANGE_TERRAIN:
			changes->terrain = true;
			break;
		case CHANGE_ITEM_TYPES:
			changes->item_types = true;
			break;
		case CHANGE_INTERACTION_TYPES:
			changes->interaction_types = true;
			break;
		case CHANGE_NPC_BORN:
			add_npcs(changes, ids, count, WIRE_ALL);
			break;
		case CHANGE_NPC_IDENTITY:
			add_npcs(changes, ids, count, WIRE_IDENTITY);
			changes->all_players = true;
			break;
		case CHANGE_NPC_MOTION:
			add_npcs(changes, ids, count, WIRE_MOTION);
			break;
		case CHANGE_NPC_NEEDS:
			add_npcs(changes, ids, count, WIRE_NEEDS);
			break;
		case CHANGE_NPC_STATUS:
			add_npcs(changes, ids, count, WIRE_STATUS);
			break;
		case CHANGE_NPC_REMOVED:
			add_npcs(changes, ids, count, NPC_GONE);
			changes->all_players = true;
			break;
		case CHANGE_ITEM:
		case CHANGE_ITEM_REMOVED:
			add_ids(&changes->items, ids, count);
			break;
		case CHANGE_INTERACTION:
		case CHANGE_INTERACTION_REMOVED:
			add_ids(&changes->interactions, ids, count);
			break;
		case CHANGE_PLAYER:
			add_ids(&changes->players, ids, count);
			break;
		case CHANGE_EVENT:
			changes->first_event = ids[0]; /* ascending */
			break;
		case CHANGE_MESSAGE:
			changes->first_message = ids[0];
			break;
		case CHANGE_NPC_HIDDEN:
		case CHANGE_NPC_MIND:
		case CHANGE_RESPAWN:
		case CHANGE_BID:
		case CHANGE_BID_REMOVED:
		case CHANGE_KINDS:
			/* nothing that is shown */
			break;
	}
}

static void
read_changes(int64 world_id, int64 since, int64 until, Changes *changes)
{
	ChangeSet set;

	memset(changes, 0, sizeof(*changes));
	changes->complete = change_log_since(world_id, since, until, true, &set);
	for (int kind = 1; kind < CHANGE_KINDS; kind++)
		if (set.noted[kind])
			add_change(changes, (ChangeKind) kind, set.ids[kind], set.count[kind]);
	merge_npcs(changes);
	changes->items.count = id_list_sort(changes->items.ids, changes->items.count);
	changes->interactions.count = id_list_sort(changes->interactions.ids, changes->interactions.count);
	changes->players.count = id_list_sort(changes->players.ids, changes->players.count);
}

/* ---- without the log ---- */

static SpiStatement world_by_row_statement =
	{.sql = "SELECT c.settings_revision > $2, t.revision > $2"
			"  FROM npcsim.world_clock c LEFT JOIN npcsim.world_terrain t ON t.world_id = c.world_id"
			" WHERE c.world_id = $1",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

/* Opening and closing a request changes no revision of the row. */
static SpiStatement npcs_by_row_statement =
	{.sql = "SELECT i.id, i.identity_revision > $2, r.motion_revision > $2, s.needs_revision > $2,"
			"       s.status_revision > $2 OR d.npc_id IS NOT NULL"
			"  FROM npcsim.npc_identities i"
			"  JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id"
			"  JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id"
			"  LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id"
			" WHERE i.world_id = $1 ORDER BY i.id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement items_by_row_statement =
	{.sql = "SELECT id, revision > $2 FROM npcsim.items WHERE world_id = $1 ORDER BY id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement interactions_by_row_statement =
	{.sql = "SELECT id, revision > $2 FROM npcsim.interaction_runs WHERE world_id = $1 ORDER BY id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

/* Events are numbered in the order of revisions. */
static SpiStatement first_event_statement = {
	.sql =
		"SELECT coalesce((SELECT l.last_sequence + 1 FROM npcsim.world_event_log l"
		"                  WHERE l.world_id = $1 AND l.revision <= $2 ORDER BY l.last_sequence DESC LIMIT 1),"
		"                (SELECT l.first_sequence FROM npcsim.world_event_log l"
		"                  WHERE l.world_id = $1 ORDER BY l.last_sequence LIMIT 1))",
	.nargs = 2,
	.types = {INT8OID, INT8OID},
	.read_only = true};

static void
read_npcs_by_row(int64 world_id, int64 since, Changes *changes)
{
	static const uint32 groups[] = {WIRE_IDENTITY, WIRE_MOTION, WIRE_NEEDS, WIRE_STATUS};
	uint64 rows = spi_run(&npcs_by_row_statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)},
						  NULL, SPI_OK_SELECT);

	for (uint64 row = 0; row < rows; row++)
	{
		int64  id = spi_int64(row, 1, 0);
		uint32 changed = 0;

		CHECK_FOR_INTERRUPTS();
		for (int group = 0; group < (int) lengthof(groups); group++)
			if (spi_bool(row, 2 + group, false))
				changed |= groups[group];
		add_ids(&changes->remaining_npcs, &id, 1);
		if (changed != 0)
			add_npcs(changes, &id, 1, changed);
	}
}

static void
read_family_by_row(SpiStatement *statement, int64 world_id, int64 since, IdList *changed, IdList *remaining)
{
	uint64 rows =
		spi_run(statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);

	for (uint64 row = 0; row < rows; row++)
	{
		int64 id = spi_int64(row, 1, 0);

		CHECK_FOR_INTERRUPTS();
		add_ids(remaining, &id, 1);
		if (spi_bool(row, 2, false))
			add_ids(changed, &id, 1);
	}
}

static void
read_changes_by_row(const WorldHead *head, int64 since, Changes *changes)
{
	int64  world_id = head->world_id;
	Datum *values = (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)};

	memset(changes, 0, sizeof(*changes));
	changes->complete = true;
	changes->by_rows = true;
	if (spi_run(&world_by_row_statement, values, NULL, SPI_OK_SELECT) == 1)
	{
		changes->world = spi_bool(0, 1, false);
		changes->terrain = spi_bool(0, 2, false);
	}
	changes->item_types = changes->interaction_types = changes->all_players = true;
	read_npcs_by_row(world_id, since, changes);
	read_family_by_row(&items_by_row_statement, world_id, since, &changes->items, &changes->remaining_items);
	read_family_by_row(&interactions_by_row_statement, world_id, since, &changes->interactions,
					   &changes->remaining_interactions);
	if (spi_run(&first_event_statement, values, NULL, SPI_OK_SELECT) == 1 &&
		spi_int64(0, 1, head->next_event) < head->next_event)
		changes->first_event = changes->first_message = spi_int64(0, 1, 0);
}

/* Loads a group for the NPCs that want it. */
static void
load_group(NpcRows *rows, uint32 row_group, int64 *scratch)
{
	int count = 0;

	for (int i = 0; i < rows->count; i++)
		if (wire_row_groups(rows->rows[i].wanted) & row_group)
			scratch[count++] = rows->rows[i].id;
	npc_rows_load(rows, row_group, scratch, count);
}

/* What is not among these is gone. */
static void
json_remaining(StringInfo out, const Changes *changes, const IdList *remaining)
{
	if (!changes->by_rows)
		return;
	json_literal(out, ",\"remain\":");
	json_ids(out, remaining->ids, remaining->count);
}

static void
json_changed_npcs(StringInfo out, int64 world_id, const Changes *changes)
{
	int64	*ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(changes->npc_count, 1));
	int64	*gone = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(changes->npc_count, 1));
	int		 count = 0;
	int		 gone_count = 0;
	bool	 first = true;
	NpcRows *rows;

	for (int i = 0; i < changes->npc_count; i++)
	{
		if (changes->npcs[i].groups & NPC_GONE)
			gone[gone_count++] = changes->npcs[i].id;
		else
			ids[count++] = changes->npcs[i].id;
	}
	rows = npc_rows_create(world_id, ids, count);
	for (int i = 0, row = 0; i < changes->npc_count; i++)
		if ((changes->npcs[i].groups & NPC_GONE) == 0)
			rows->rows[row++].wanted = changes->npcs[i].groups;
	load_group(rows, NPC_ROW_IDENTITY, ids);
	load_group(rows, NPC_ROW_STATE, ids);
	load_group(rows, NPC_ROW_TRACK, ids);
	load_group(rows, NPC_ROW_REQUEST, ids);

	json_literal(out, ",\"npcs\":{\"upsert\":[");
	for (int i = 0; i < count; i++)
	{
		const NpcRow *row = &rows->rows[i];
		uint32		  needed = wire_row_groups(row->wanted) & ~NPC_ROW_REQUEST;

		if ((row->groups & needed) != needed)
		{
			gone[gone_count++] = row->id;
			continue;
		}
		if (!first)
			appendStringInfoChar(out, ',');
		json_npc(out, row, row->wanted);
		first = false;
	}
	json_literal(out, "],\"remove\":");
	gone_count = id_list_sort(gone, gone_count);
	json_ids(out, gone, gone_count);
	json_remaining(out, changes, &changes->remaining_npcs);
	appendStringInfoChar(out, '}');
}

static void
json_changed_rows(StringInfo out, const char *name, int64 world_id, const Changes *changes, IdList *list,
				  const IdList *remaining, void (*write)(StringInfo, int64, const int64 *, int, bool *))
{
	bool *found;
	int	  gone = 0;

	if (list->count == 0 && !changes->by_rows)
		return;
	found = palloc0(sizeof(bool) * Max(list->count, 1));
	appendStringInfo(out, ",\"%s\":{\"upsert\":", name);
	if (list->count > 0)
		write(out, world_id, list->ids, list->count, found);
	else
		json_literal(out, "[]");
	for (int i = 0; i < list->count; i++)
		if (!found[i])
			list->ids[gone++] = list->ids[i];
	json_literal(out, ",\"remove\":");
	json_ids(out, list->ids, gone);
	json_remaining(out, changes, remaining);
	appendStringInfoChar(out, '}');
}

/* Kinds have no ids: all of them, "complete", so that a reader drops what is missing. */
static void
json_changed_kinds(StringInfo out, const char *name, int64 world_id, void (*write)(StringInfo, int64))
{
	appendStringInfo(out, ",\"%s\":{\"upsert\":", name);
	write(out, world_id);
	json_literal(out, ",\"remove\":[],\"complete\":true}");
}

static void
json_changes(StringInfo out, const WorldHead *head, Changes *changes)
{
	int64 world_id = head->world_id;

	if (changes->world)
	{
		json_literal(out, ",\"world\":");
		json_world_settings(out, head);
	}
	if (changes->terrain)
	{
		json_literal(out, ",\"terrain\":");
		json_terrain(out, world_id, head->size_x, head->size_y);
	}
	if (changes->item_types)
		json_changed_kinds(out, "item_types", world_id, json_item_types);
	if (changes->interaction_types)
		json_changed_kinds(out, "interaction_types", world_id, json_interaction_types);
	if (changes->npc_count > 0 || changes->by_rows)
		json_changed_npcs(out, world_id, changes);
	json_changed_rows(out, "world_items", world_id, changes, &changes->items, &changes->remaining_items,
					  json_items);
	json_changed_rows(out, "interactions", world_id, changes, &changes->interactions,
					  &changes->remaining_interactions, json_interactions);
	if (changes->all_players)
	{
		bool *found = palloc0(sizeof(bool) * Max(changes->players.count, 1));

		json_literal(out, ",\"players\":{\"upsert\":");
		json_players(out, world_id, NULL, 0, found);
		json_literal(out, ",\"remove\":[],\"complete\":true}");
	}
	else
		json_changed_rows(out, "players", world_id, changes, &changes->players, NULL, json_players);
	json_new_events(out, head, changes->first_event, changes->first_message);
}

static Datum
delta(PG_FUNCTION_ARGS)
{
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	int64		   since = arg_revision(fcinfo, 1, "since");
	const char	  *asked_epoch = PG_ARGISNULL(2) ? NULL : arg_text(fcinfo, 2, "epoch", EPOCH_MAX_CHARS);
	MemoryContext  caller = CurrentMemoryContext;
	const char	  *epoch;
	StringInfoData out;
	Changes		   changes;
	WorldHead	  *head;
	bool		   resync;
	int			   level;
	Datum		   result;

	spi_begin();
	epoch = world_epoch();
	head = read_world_head(world_id);
	level = spi_index_plans_begin();
	memset(&changes, 0, sizeof(changes));
	resync = since > head->revision || (asked_epoch != NULL && strcmp(asked_epoch, epoch) != 0);
	if (!resync && since < head->revision)
	{
		if (RecoveryInProgress())
			read_changes_by_row(head, since, &changes);
		else
			read_changes(world_id, since, head->revision, &changes);
		resync = !changes.complete;
	}
	initStringInfo(&out);
	appendStringInfo(&out, "{\"world_id\":" INT64_FORMAT ",\"since\":" INT64_FORMAT ",", world_id, since);
	json_world_clock(&out, head, epoch);
	if (resync)
		json_literal(&out, ",\"resync\":true");
	else
		json_changes(&out, head, &changes);
	spi_index_plans_end(level);
	appendStringInfoChar(&out, '}');
	MemoryContextSwitchTo(caller);
	result = json_datum(&out);
	spi_end();
	PG_RETURN_DATUM(result);
}

Datum
npcsim_world_delta(PG_FUNCTION_ARGS)
{
	return call_quietly(delta, fcinfo);
}
