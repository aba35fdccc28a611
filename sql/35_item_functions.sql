-- Functions that create and remove items, and those by which the views read them.

CREATE FUNCTION npcsim.create_item(world_id bigint, item_type text, x integer, y integer, properties jsonb DEFAULT '{}') RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_create_item';
REVOKE ALL ON FUNCTION npcsim.create_item(bigint, text, integer, integer, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.create_item(bigint, text, integer, integer, jsonb) IS
    'Puts a whole item on a free cell; returns its id. item_type: one of the world''s; properties: a JSON object of up to 8192 bytes. Errors: NS101 no such world, NS102 parked, NS204 no such item type, NS210 not inside the world, NS211 cell not free';

CREATE FUNCTION npcsim.remove_item(world_id bigint, item_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_remove_item';
REVOKE ALL ON FUNCTION npcsim.remove_item(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.remove_item(bigint, bigint) IS
    'Removes an item; whoever uses it stops. It does not respawn. Errors: NS101 no such world, NS102 parked, NS202 no such item';

-- The views call these functions.

CREATE FUNCTION npcsim_internal.item_share_at(share_at_start integer, started_at bigint, now bigint, components jsonb) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_item_share_at';
REVOKE ALL ON FUNCTION npcsim_internal.item_share_at(integer, bigint, bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.item_share_at(integer, bigint, bigint, jsonb) IS
    'What is left (1 = whole) of an item that has been used since started_at; moments in microseconds, share in millionths';
