/*
 * type_definitions.c
 *	  Types of items and interactions as rows, written: by who defines and deletes them, and those that a world begins with.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "sim/sim.h"
#include "spi.h"
#include "tables/type_definitions.h"

/* What the reference game has, and what serves the other needs; a world's operators may define more. */
static SpiStatement insert_starter_interactions =
	{"INSERT INTO npcsim.interaction_type_rows "
	 "(world_id, number, name, description, component, locks_movement, moves_onto_item) VALUES "
	 "($1, 1, 'consume', 'Use it up, little by little', 'consumable', false, false), "
	 "($1, 2, 'sit', 'Sit on it, until you leave', 'sittable', true, true), "
	 "($1, 3, 'wash', 'Wash, until you leave', NULL, true, false), "
	 "($1, 4, 'watch', 'Watch it, until you leave', NULL, false, false)",
	 1,
	 {INT8OID}};

static SpiStatement insert_starter_conversation =
	{"INSERT INTO npcsim.interaction_type_rows "
	 "(world_id, number, name, description, target, needs_adjacency, locks_movement, min_participants, "
	 "max_participants, parameters) VALUES "
	 "($1, 5, 'conversation', 'Talk to one another, until you leave', 'npc', false, true, 2, 10, "
	 "'{\"message\": {\"type\": \"string\", \"description\": \"What you say\"}}')",
	 1,
	 {INT8OID}};

static SpiStatement insert_starter_items =
	{"INSERT INTO npcsim.item_type_rows (world_id, name, description, components) VALUES "
	 "($1, 'apple', 'Something to eat', "
	 "'{\"consumable\": {\"consumption_time\": 5, \"need_deltas\": {\"hunger\": 25}}, "
	 "\"respawn\": {\"after\": 20}}'), "
	 "($1, 'chair', 'Somewhere to rest', '{\"sittable\": {\"need_rates\": {\"energy\": 10}}}'), "
	 "($1, 'bed', 'Somewhere to sleep', '{\"sittable\": {\"need_rates\": {\"energy\": 20}}}'), "
	 "($1, 'shower', 'Somewhere to wash', "
	 "'{\"usable\": {\"interactions\": [\"wash\"]}, \"need_modifying\": {\"need_rates\": {\"hygiene\": "
	 "15}}}'), "
	 "($1, 'television', 'Something to watch', "
	 "'{\"usable\": {\"interactions\": [\"watch\"]}, \"need_modifying\": {\"need_rates\": {\"fun\": 8}}}')",
	 1,
	 {INT8OID}};

static SpiStatement upsert_item_type =
	{"INSERT INTO npcsim.item_type_rows AS t (world_id, name, description, components) "
	 "VALUES ($1, $2, $3, $4) ON CONFLICT (world_id, name) "
	 "DO UPDATE SET description = excluded.description, components = excluded.components",
	 4,
	 {INT8OID, TEXTOID, TEXTOID, JSONBOID}};

static SpiStatement delete_item_type = {"DELETE FROM npcsim.item_type_rows WHERE world_id = $1 AND name = $2",
										2,
										{INT8OID, TEXTOID}};

static SpiStatement item_type_used = {"SELECT 1 FROM npcsim.items WHERE world_id = $1 AND item_type = $2",
									  2,
									  {INT8OID, TEXTOID}};

static SpiStatement item_type_awaited =
	{"SELECT 1 FROM npcsim.item_respawns WHERE world_id = $1 AND item_type = $2", 2, {INT8OID, TEXTOID}};

/* Numbers are counted up. The last one may be given again after it was deleted, but not while somebody walks to do what it meant. */
static SpiStatement upsert_interaction_type =
	{"INSERT INTO npcsim.interaction_type_rows AS t (world_id, name, number, description, target, component, "
	 "need_rates, need_deltas, duration, needs_adjacency, locks_movement, moves_onto_item, min_participants, "
	 "max_participants, parameters) "
	 "SELECT $1, $2, 1 + greatest((SELECT pg_catalog.max(o.number) FROM npcsim.interaction_type_rows o "
	 "WHERE o.world_id = $1), (SELECT pg_catalog.max(s.goal_interaction) FROM npcsim.npc_states s WHERE "
	 "s.world_id = $1), 0), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 "
	 "ON CONFLICT (world_id, name) DO UPDATE SET description = excluded.description, target = "
	 "excluded.target, component = excluded.component, need_rates = excluded.need_rates, need_deltas = "
	 "excluded.need_deltas, duration = excluded.duration, needs_adjacency = excluded.needs_adjacency, "
	 "locks_movement = excluded.locks_movement, moves_onto_item = excluded.moves_onto_item, "
	 "min_participants = excluded.min_participants, max_participants = excluded.max_participants, "
	 "parameters = excluded.parameters",
	 14,
	 {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, INT8OID, BOOLOID, BOOLOID, BOOLOID,
	  INT4OID, INT4OID, JSONBOID}};

static SpiStatement delete_interaction_type =
	{"DELETE FROM npcsim.interaction_type_rows WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement interaction_type_used =
	{"SELECT 1 FROM npcsim.interaction_runs r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2 "
	 "UNION ALL SELECT 1 FROM npcsim.interaction_bid_rows r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement select_item_types = {.sql =
											 "SELECT name, description, components FROM npcsim.item_type_rows"
											 " WHERE world_id = $1 ORDER BY name",
										 .nargs = 1,
										 .types = {INT8OID},
										 .read_only = true};

void
starter_types_insert(int64 world_id)
{
	spi_run(&insert_starter_interactions, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_conversation, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_items, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
}

void
item_type_row_write(int64 world_id, const char *name, const char *description, Jsonb *components)
{
	spi_begin();
	spi_run(&upsert_item_type,
			(Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name), CStringGetTextDatum(description),
					   JsonbPGetDatum(components)},
			NULL, SPI_OK_INSERT);
	spi_end();
}

void
interaction_type_row_write(int64 world_id, const InteractionDefinition *definition)
{
	char nulls[15] = "              ";

	if (definition->component == NULL)
		nulls[4] = 'n';
	if (definition->duration == 0)
		nulls[7] = 'n';
	spi_begin();
	spi_run(&upsert_interaction_type,
			(Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(definition->name),
					   CStringGetTextDatum(definition->description), CStringGetTextDatum(definition->target),
					   definition->component != NULL ? CStringGetTextDatum(definition->component) : (Datum) 0,
					   JsonbPGetDatum(definition->need_rates), JsonbPGetDatum(definition->need_deltas),
					   Int64GetDatum(definition->duration), BoolGetDatum(definition->needs_adjacency),
					   BoolGetDatum(definition->locks_movement), BoolGetDatum(definition->moves_onto_item),
					   Int32GetDatum(definition->min_participants),
					   Int32GetDatum(definition->max_participants), JsonbPGetDatum(definition->parameters)},
			nulls, SPI_OK_INSERT);
	spi_end();
}

static void
delete_named(SpiStatement *statement, int64 world_id, const char *name)
{
	spi_begin();
	spi_run(statement, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL, SPI_OK_DELETE);
	spi_end();
}

void
item_type_row_delete(int64 world_id, const char *name)
{
	delete_named(&delete_item_type, world_id, name);
}

void
interaction_type_row_delete(int64 world_id, const char *name)
{
	delete_named(&delete_interaction_type, world_id, name);
}

static bool
finds_any(SpiStatement *statement, int64 world_id, const char *name)
{
	uint64 rows;

	spi_begin();
	rows = spi_run_limit(statement, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
						 SPI_OK_SELECT, 1);
	spi_end();
	return rows > 0;
}

bool
item_type_has_items(int64 world_id, const char *name)
{
	return finds_any(&item_type_used, world_id, name);
}

bool
item_type_is_awaited(int64 world_id, const char *name)
{
	return finds_any(&item_type_awaited, world_id, name);
}

bool
interaction_type_is_used(int64 world_id, const char *name)
{
	return finds_any(&interaction_type_used, world_id, name);
}

ItemTypeRow *
item_type_rows_read(int64 world_id, int *count)
{
	uint64		 rows = spi_run(&select_item_types, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	ItemTypeRow *types = palloc(sizeof(ItemTypeRow) * Max(rows, 1));
	bool		 isnull;

	for (uint64 i = 0; i < rows; i++)
		types[i] = (ItemTypeRow) {.name = spi_text(i, 1, CurrentMemoryContext),
								  .description = spi_text(i, 2, CurrentMemoryContext),
								  .components = DatumGetJsonbP(spi_datum(i, 3, &isnull))};
	*count = (int) rows;
	return types;
}
