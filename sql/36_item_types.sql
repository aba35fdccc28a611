-- The table of item types, which are made of components, the function that defines one, and the view that shows them. Types that every
-- world begins with are in src/tables/type_definitions.c.

CREATE FUNCTION npcsim_internal.item_components_valid(components jsonb) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'npcsim_item_components_valid';
REVOKE ALL ON FUNCTION npcsim_internal.item_components_valid(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.item_components_valid(jsonb) IS
    'Whether a jsonb describes components of an item: {"consumable":{"consumption_time":s,"need_deltas":{need:units}}, "sittable":{"need_rates":{need:units per s}}, "need_modifying":{"need_rates":{need:units per s}}, "usable":{"interactions":[name]}, "respawn":{"after":s}}; raises 22023 with the reason if it does not';

CREATE TABLE npcsim.item_type_rows (
    world_id bigint NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    description text NOT NULL DEFAULT '' CHECK (pg_catalog.char_length(description) <= 500),
    components jsonb NOT NULL CHECK (npcsim_internal.item_components_valid(components)),
    PRIMARY KEY (world_id, name)
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.item_type_rows', '');
COMMENT ON TABLE npcsim.item_type_rows IS 'The kinds of items of each world';
COMMENT ON COLUMN npcsim.item_type_rows.components IS 'See item_components_valid(jsonb)';

CREATE FUNCTION npcsim.define_item_type(world_id bigint, name text, components jsonb, description text DEFAULT '') RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_define_item_type';
REVOKE ALL ON FUNCTION npcsim.define_item_type(bigint, text, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.define_item_type(bigint, text, jsonb, text) IS
    'Makes an item type of a world, or changes it; item_components_valid(jsonb) says what components are. name: a letter a to z, then a to z, 0 to 9 and _, up to 63; description: up to 500 characters. Interactions under way go on as they began. Errors: 22023 no such component';

CREATE FUNCTION npcsim_internal.edit_item_types() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_item_types';
REVOKE ALL ON FUNCTION npcsim_internal.edit_item_types() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_item_types() IS
    'INSTEAD OF trigger of the view item_types: locks the world, checks and writes the type. Errors: 40001 it has changed since the row was read, 23505 the name is taken, 2BP01 it is in use, 0A000 a column that cannot be written, and those of define_item_type()';

CREATE VIEW npcsim.item_types AS
SELECT k.world_id, k.name, k.description, k.components
  FROM npcsim.item_type_rows k;
COMMENT ON VIEW npcsim.item_types IS
    'Kinds of items of each world. Rows can be inserted, updated (description, components) and, where no item is of the type, deleted';
COMMENT ON COLUMN npcsim.item_types.name IS 'A letter a to z, then a to z, 0 to 9 and _, up to 63';
COMMENT ON COLUMN npcsim.item_types.description IS 'Up to 500 characters';
COMMENT ON COLUMN npcsim.item_types.components IS 'What items of this type do: see item_components_valid(jsonb)';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.item_types
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_item_types();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.item_types
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();
