-- The world that tests of minds share: its players ada and bo are connected by the gateway g1, and stay so as long as the test takes.
-- It includes lib/minds.sql and lib/bids.sql.
SELECT npcsim.create_world('Meadow', 80, 40, 9, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
\ir minds.sql
\ir bids.sql
-- Removes all NPCs and items, and has minds take so many requests at a time.
CREATE FUNCTION pg_temp.empty(slots integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present(slots);
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
END
$$;
