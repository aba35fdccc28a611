-- Functions that create players. A token is shown once, since only its SHA-256 is kept.

CREATE FUNCTION npcsim.create_player(world_id bigint, username text, role text DEFAULT 'player', person bigint DEFAULT NULL) RETURNS TABLE (player_id bigint, token text)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_create_player';
REVOKE ALL ON FUNCTION npcsim.create_player(bigint, text, text, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.create_player(bigint, text, text, bigint) IS
    'Makes a player of a world; returns its id and its token, which is shown this once. username: 1 to 50 characters, unique in the world; role: player or operator; person: whose account it is, a new person''s of that name by default. Errors: NS101 no such world, NS102 parked, NS206 no such person, 23505 name taken';

CREATE FUNCTION npcsim.rotate_player_token(player_id bigint) RETURNS text
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_rotate_player_token';
REVOKE ALL ON FUNCTION npcsim.rotate_player_token(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.rotate_player_token(bigint) IS
    'Gives a player a new token, shown this once; the old one is void and its sessions end. Errors: NS203 no such player';
