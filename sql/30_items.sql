-- The tables of items, and of those that will come back. Their types are in 36_item_types.sql.

SELECT npcsim.execute_with_postgis($postgis$
CREATE TABLE npcsim.items (
    world_id bigint NOT NULL,
    id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    item_type text NOT NULL,
    x smallint NOT NULL CHECK (x BETWEEN 0 AND 4095),
    y smallint NOT NULL CHECK (y BETWEEN 0 AND 4095),
    share_left integer NOT NULL DEFAULT 1000000 CHECK (share_left BETWEEN 1 AND 1000000),
    occupied_by_npc_id bigint,
    revision bigint NOT NULL,
    properties jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(properties) = 'object' AND pg_catalog.pg_column_size(properties) <= 8192),
    sight @extschema:postgis@.geometry NOT NULL,
    due_at bigint,
    CONSTRAINT items_key PRIMARY KEY (world_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
        vacuum_truncate = off)
$postgis$);
CREATE INDEX items_sight ON npcsim.items USING gist (sight);
SELECT pg_catalog.pg_extension_config_dump('npcsim.items', '');
COMMENT ON TABLE npcsim.items IS 'Items in the worlds; one per cell (checked by the functions)';
COMMENT ON COLUMN npcsim.items.share_left IS 'What is left of a consumable, in millionths';
COMMENT ON COLUMN npcsim.items.sight IS 'The cell as a point, shifted so that worlds lie apart in the index (src/engine/sight.c)';
COMMENT ON COLUMN npcsim.items.due_at IS 'World time (microseconds) at which something happens to it by itself; NULL: never';

CREATE TABLE npcsim.item_respawns (
    world_id bigint NOT NULL,
    id bigint NOT NULL,
    item_type text NOT NULL,
    x smallint NOT NULL,
    y smallint NOT NULL,
    due_at bigint NOT NULL,
    PRIMARY KEY (world_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
SELECT pg_catalog.pg_extension_config_dump('npcsim.item_respawns', '');
COMMENT ON TABLE npcsim.item_respawns IS 'Used-up items that come back: near (x, y), at world time due_at (microseconds)';
COMMENT ON COLUMN npcsim.item_respawns.id IS 'Id the item had and will have again';
