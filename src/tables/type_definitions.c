/*
 * type_definitions.c
 *	  Inserts the types that a world begins with, deletes types, and says whether one is used.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "sim/sim.h"
#include "spi.h"
#include "tables/type_definitions.h"

/*
 * The types of the reference game, and others that fill the remaining needs. A world's operators may define
 * more.
 */
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

static SpiStatement delete_item_type = {"DELETE FROM npcsim.item_type_rows WHERE world_id = $1 AND name = $2",
										2,
										{INT8OID, TEXTOID}};

static SpiStatement item_type_used = {"SELECT 1 FROM npcsim.items WHERE world_id = $1 AND item_type = $2",
									  2,
									  {INT8OID, TEXTOID}};

static SpiStatement item_type_awaited =
	{"SELECT 1 FROM npcsim.item_respawns WHERE world_id = $1 AND item_type = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement delete_interaction_type =
	{"DELETE FROM npcsim.interaction_type_rows WHERE world_id = $1 AND name = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement interaction_type_used =
	{"SELECT 1 FROM npcsim.interaction_runs r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2 "
	 "UNION ALL SELECT 1 FROM npcsim.interaction_bid_rows r JOIN npcsim.interaction_type_rows k "
	 "ON k.world_id = r.world_id AND k.number = r.interaction WHERE k.world_id = $1 AND k.name = $2",
	 2,
	 {INT8OID, TEXTOID}};

void
starter_types_insert(int64 world_id)
{
	spi_run(&insert_starter_interactions, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_conversation, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
	spi_run(&insert_starter_items, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
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
