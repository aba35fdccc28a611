-- Tests how long a mind is waited for: three times the 95th percentile of its last decisions, as far as its world ran meanwhile.
BEGIN;
SELECT plan(1);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('decision_log', 'world_clock');

SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference');
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('quick'), ('slow'), ('new'), ('paused')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g');
SELECT npcsim.client_connected('g', id, 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"max_concurrency": 8}') IS NOT NULL FROM players;
SELECT npcsim.request_npc_decision(1, npcsim.create_npc(1, name, id::integer, 5, id)) IS NOT NULL FROM players;
UPDATE npcsim.world_clock SET status = 'running', started_at_real = now() - interval '10 min';

-- Decisions that took so long, and were done so long ago.
CREATE TEMP SEQUENCE requests START 1001;
CREATE FUNCTION pg_temp.decided(who text, decisions integer, took interval, ago interval) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, clock, opened_at_real, sent_at_real, finished_at_real)
    SELECT floor(extract(epoch FROM now()) / 86400)::bigint % 32, 1, nextval('requests'), 1, id, 'idle', 'applied', 0, now() - ago - took, now() - ago - took, now() - ago
      FROM players, generate_series(1, decisions) AS n WHERE name = who
$$;
SELECT pg_temp.decided('quick', 100, '1 s', '1 min'), pg_temp.decided('slow', 90, '2 s', '1 min'), pg_temp.decided('slow', 10, '6 s', '2 min'),
       pg_temp.decided('slow', 100, '50 s', '3 min'), pg_temp.decided('new', 4, '9 s', '1 min'),
       pg_temp.decided('paused', 50, '5 s', '1 min'), pg_temp.decided('paused', 50, '8 min', '5 min');
SELECT results_eq($$SELECT p.name, c.timeout_ms FROM npcsim.claim_decisions('g', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions)) AS c
                      JOIN players p ON p.id = c.player_id ORDER BY 1$$,
                  $$VALUES ('new', 20000), ('paused', 15000), ('quick', 10000), ('slow', 18000)$$,
                  'of its last 100 decisions, once there are five, without those in which the world was started; 10 s at least');

SELECT * FROM finish();
ROLLBACK;
