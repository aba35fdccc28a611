/*
 * wire.c
 *	  world_snapshot(world_id) and world_delta(world_id, since, epoch), by which gateways read a world.
 *
 * Both read one snapshot, that of the calling query, so that revision, log and rows agree; neither
 * takes the world's lock. Only the clock may be newer, since that of a running world is in shared
 * memory: readers stop a walker at the end of its path, whatever the clock says.
 *
 * A delta is what has changed since a revision (changes.c), with one query per family and column group
 * for the rows as they are now. Rows that are named as changed and no longer exist were removed.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "engine/lock.h"
#include "json.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/changes.h"
#include "reducers/npc_rows.h"
#include "reducers/wire_events.h"
#include "reducers/wire_json.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/npcs.h"

PG_FUNCTION_INFO_V1(npcsim_world_snapshot);
PG_FUNCTION_INFO_V1(npcsim_world_delta);

#define EPOCH_MAX_CHARS 64

/* Reads a revision; 0 is before the first. */
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
		/* It is half restored. */
		if ((row->groups & NPC_ROW_STATE) == 0 || (row->groups & NPC_ROW_TRACK) == 0)
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		json_npc(out, row, npc_groups_shown(CHANGE_NPC_BORN));
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
	return spi_end_text(caller, &out);
}

Datum
npcsim_world_snapshot(PG_FUNCTION_ARGS)
{
	return call_quietly(snapshot, fcinfo);
}

/* ---- delta ---- */

/* Loads a row group for the NPCs that want it. */
static void
load_group(NpcRows *rows, uint32 row_group, int64 *scratch)
{
	int count = 0;

	for (int i = 0; i < rows->count; i++)
		if (npc_rows_shown(rows->rows[i].wanted) & row_group)
			scratch[count++] = rows->rows[i].id;
	npc_rows_load(rows, row_group, scratch, count);
}

/* Without the log it writes the rows that remain: all others are gone. */
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
		uint32		  needed = npc_rows_shown(row->wanted) & ~NPC_ROW_REQUEST;

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

/*
 * Types have no ids: all of them are written, as "complete", so that a reader drops those that are missing.
 */
static void
json_changed_types(StringInfo out, const char *name, int64 world_id, void (*write)(StringInfo, int64))
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
		json_changed_types(out, "item_types", world_id, json_item_types);
	if (changes->interaction_types)
		json_changed_types(out, "interaction_types", world_id, json_interaction_types);
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
	const char	  *asked_epoch = arg_text_or_none(fcinfo, 2, "epoch", EPOCH_MAX_CHARS);
	MemoryContext  caller = CurrentMemoryContext;
	const char	  *epoch;
	StringInfoData out;
	Changes		   changes;
	WorldHead	  *head;
	bool		   resync;
	int			   level;

	spi_begin();
	epoch = world_epoch();
	head = read_world_head(world_id);
	level = spi_index_plans_begin();
	memset(&changes, 0, sizeof(changes));
	resync = since > head->revision || (asked_epoch != NULL && strcmp(asked_epoch, epoch) != 0);
	if (!resync && since < head->revision)
	{
		if (RecoveryInProgress())
			changes_by_rows(head, since, &changes);
		else
			changes_by_log(world_id, since, head->revision, &changes);
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
	return spi_end_text(caller, &out);
}

Datum
npcsim_world_delta(PG_FUNCTION_ARGS)
{
	return call_quietly(delta, fcinfo);
}
