-- The table of interaction types, the function that defines one, and the view that shows them. Types that every world begins with are
-- in src/tables/type_definitions.c.

CREATE FUNCTION npcsim_internal.interaction_effects_valid(need_rates jsonb, need_deltas jsonb, parameters jsonb, duration bigint) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'npcsim_interaction_effects_valid';
REVOKE ALL ON FUNCTION npcsim_internal.interaction_effects_valid(jsonb, jsonb, jsonb, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.interaction_effects_valid(jsonb, jsonb, jsonb, bigint) IS
    'Whether they describe an interaction: need_rates {need: units per s}, need_deltas {need: units over the duration}, parameters {name: {"type": "string", "number", "integer" or "boolean", "default": value, "description": text}}, up to 8; duration in microseconds or NULL. Raises 22023 with the reason if they do not';

CREATE TABLE npcsim.interaction_type_rows (
    world_id bigint NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 32767),
    description text NOT NULL DEFAULT '' CHECK (pg_catalog.char_length(description) <= 500),
    target text NOT NULL DEFAULT 'item' CHECK (target IN ('item', 'npc')),
    component text CHECK (component IN ('consumable', 'sittable')),
    need_rates jsonb NOT NULL DEFAULT '{}',
    need_deltas jsonb NOT NULL DEFAULT '{}',
    duration bigint CHECK (duration BETWEEN 1000 AND 86400000000),
    needs_adjacency boolean NOT NULL DEFAULT true,
    locks_movement boolean NOT NULL DEFAULT true,
    moves_onto_item boolean NOT NULL DEFAULT false,
    min_participants integer NOT NULL DEFAULT 1 CHECK (min_participants BETWEEN 1 AND 10),
    max_participants integer NOT NULL DEFAULT 1 CHECK (max_participants BETWEEN 1 AND 10),
    parameters jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.pg_column_size(parameters) <= 8192),
    PRIMARY KEY (world_id, name),
    UNIQUE (world_id, number),
    CONSTRAINT interaction_type_rows_effects CHECK (npcsim_internal.interaction_effects_valid(need_rates, need_deltas, parameters, duration)),
    CONSTRAINT interaction_type_rows_participants CHECK (min_participants <= max_participants),
    CONSTRAINT interaction_type_rows_npcs CHECK (target = 'item' OR (component IS NULL AND NOT moves_onto_item AND min_participants >= 2)),
    CONSTRAINT interaction_type_rows_onto_item CHECK (NOT moves_onto_item OR (needs_adjacency AND max_participants = 1)),
    CONSTRAINT interaction_type_rows_consumption CHECK (component IS DISTINCT FROM 'consumable' OR (duration IS NULL AND max_participants = 1))
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_type_rows', '');
COMMENT ON TABLE npcsim.interaction_type_rows IS 'The interactions of each world';
COMMENT ON COLUMN npcsim.interaction_type_rows.number IS 'What other rows call it by';
COMMENT ON COLUMN npcsim.interaction_type_rows.target IS 'With what NPCs do it: item or npc';
COMMENT ON COLUMN npcsim.interaction_type_rows.component IS 'Items with this component offer it; NULL: items that are usable for it';
COMMENT ON COLUMN npcsim.interaction_type_rows.need_rates IS 'Change of needs, units per second, besides what the item gives';
COMMENT ON COLUMN npcsim.interaction_type_rows.need_deltas IS 'Change of needs over the whole duration, units';
COMMENT ON COLUMN npcsim.interaction_type_rows.duration IS 'Microseconds after which it ends; NULL: when it is left';
COMMENT ON COLUMN npcsim.interaction_type_rows.parameters IS 'Of act_in_interaction: see interaction_effects_valid()';

CREATE FUNCTION npcsim.define_interaction_type(
    world_id bigint,
    name text,
    description text DEFAULT '',
    target text DEFAULT 'item',
    component text DEFAULT NULL,
    need_rates jsonb DEFAULT '{}',
    need_deltas jsonb DEFAULT '{}',
    duration double precision DEFAULT NULL,
    needs_adjacency boolean DEFAULT true,
    locks_movement boolean DEFAULT true,
    moves_onto_item boolean DEFAULT false,
    min_participants integer DEFAULT 1,
    max_participants integer DEFAULT 1,
    parameters jsonb DEFAULT '{}') RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_define_interaction_type';
REVOKE ALL ON FUNCTION npcsim.define_interaction_type(bigint, text, text, text, text, jsonb, jsonb, double precision, boolean, boolean, boolean, integer, integer, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.define_interaction_type(bigint, text, text, text, text, jsonb, jsonb, double precision, boolean, boolean, boolean, integer, integer, jsonb) IS
    'Makes an interaction type of a world, or changes it (not its target). target: item or npc; component: items with it offer the interaction (consumable, sittable), NULL: items whose component usable names it; need_rates: {need: units per s}, need_deltas: {need: units over the duration}, both -100 to 100 and besides what the item gives; duration: world s, 0.001 to 86400, NULL: until it is left; participants: 1 to 10; parameters of act_in_interaction: {name: {"type", "default", "description"}}. Interactions under way go on as they began. Errors: NS101 no such world, NS102 parked, 22023 it makes no sense';

CREATE FUNCTION npcsim_internal.edit_interaction_types() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_interaction_types';
REVOKE ALL ON FUNCTION npcsim_internal.edit_interaction_types() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_interaction_types() IS
    'INSTEAD OF trigger of the view interaction_types: locks the world, checks and writes the type. Errors: 40001 it has changed since the row was read, 23505 the name is taken, 2BP01 it is in use, 0A000 a column that cannot be written, and those of define_interaction_type()';

CREATE VIEW npcsim.interaction_types AS
SELECT k.world_id, k.name, k.description, k.target, k.component, k.need_rates, k.need_deltas,
       k.duration / 1000000::double precision AS duration,
       k.needs_adjacency, k.locks_movement, k.moves_onto_item,
       k.target = 'item' AS occupies_item, k.component IS NOT DISTINCT FROM 'consumable' AS uses_up_item,
       k.min_participants, k.max_participants, k.parameters
  FROM npcsim.interaction_type_rows k;
COMMENT ON VIEW npcsim.interaction_types IS
    'Kinds of interactions of each world. Rows can be inserted, updated (not their name and target) and, where nobody is in such an interaction, deleted';
COMMENT ON COLUMN npcsim.interaction_types.name IS 'A letter a to z, then a to z, 0 to 9 and _, up to 63';
COMMENT ON COLUMN npcsim.interaction_types.description IS 'Up to 500 characters';
COMMENT ON COLUMN npcsim.interaction_types.target IS 'With what NPCs do it: item or npc';
COMMENT ON COLUMN npcsim.interaction_types.component IS 'Items with this component offer it (consumable, sittable); NULL: items whose component usable names it';
COMMENT ON COLUMN npcsim.interaction_types.need_rates IS '{need: units per second}, -100 to 100, besides what the item gives';
COMMENT ON COLUMN npcsim.interaction_types.need_deltas IS '{need: units}, -100 to 100, spread over the duration';
COMMENT ON COLUMN npcsim.interaction_types.duration IS 'World seconds after which it ends, 0.001 to 86400; NULL: when it is left. What is consumed has its own time';
COMMENT ON COLUMN npcsim.interaction_types.needs_adjacency IS 'Whether the NPC must stand next to the item; else it must see it';
COMMENT ON COLUMN npcsim.interaction_types.locks_movement IS 'Whether the NPC stays where it is';
COMMENT ON COLUMN npcsim.interaction_types.moves_onto_item IS 'Whether the NPC goes onto the item''s cell, and steps off it afterwards';
COMMENT ON COLUMN npcsim.interaction_types.occupies_item IS 'Whether the item is occupied meanwhile';
COMMENT ON COLUMN npcsim.interaction_types.uses_up_item IS 'Whether the item is used up, little by little; who stops early leaves the rest';
COMMENT ON COLUMN npcsim.interaction_types.min_participants IS 'Fewest NPCs, 1 to 10; 2 or more with NPCs';
COMMENT ON COLUMN npcsim.interaction_types.max_participants IS 'Most NPCs, 1 to 10';
COMMENT ON COLUMN npcsim.interaction_types.parameters IS 'Parameters of act_in_interaction: {name: {"type", "default", "description"}}';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.interaction_types
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_interaction_types();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.interaction_types
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();
