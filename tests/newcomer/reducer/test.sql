-- A feast, at which everybody in a world is fed: a reducer that is called from SQL, is one file with its part of sql/ and a line.
-- with: 92_objects 15_signatures
\i docs/roles.sql
SELECT no_plan();

SELECT npcsim.create_world('Meadow', 20, 10, 5, preset => 'reference') AS meadow \gset
SELECT npcsim.populate_world(:meadow, 5);
UPDATE npcsim.npcs SET hunger = id % 100 WHERE world_id = :meadow;
SELECT max(sequence) AS before FROM npcsim.world_inputs WHERE world_id = :meadow \gset
CREATE TEMP TABLE hungry AS SELECT id, hunger FROM npcsim.npcs WHERE world_id = :meadow;

-- ---- what is refused changes nothing ----
SELECT throws_ok(format('SELECT npcsim.hold_feast(%s)', arguments), code, NULL, 'refused: ' || arguments)
  FROM (VALUES ('NULL, 1', '22004'), ('1, NULL', '22004'), ('0, 1', '22003'), ('99, 1', 'NS101'), ('1, -1', '22003'), ('1, 100.5', '22003'), ('1, ''NaN''', '22003'), ('1, 1, ''''', '22023')) AS bad(arguments, code);
SET ROLE npcsim_reader;
SELECT throws_ok(format('SELECT npcsim.hold_feast(%s, 1)', :meadow), '42501', NULL, 'a reader gives none');
RESET ROLE;
SELECT is((SELECT max(sequence) FROM npcsim.world_inputs WHERE world_id = :meadow), :before::bigint, 'nothing of it is stored');

-- ---- what is done ----
SELECT is(npcsim.hold_feast(:meadow, 12.5), 5, 'all are fed');
SELECT set_eq(format('SELECT id, hunger FROM npcsim.npcs WHERE world_id = %s', :meadow), 'SELECT id, least(hunger + 12.5, 100) FROM hungry', 'by so much');
SELECT results_eq(format('SELECT kind, payload FROM npcsim.world_inputs WHERE world_id = %s AND sequence > %s', :meadow, :before), $$VALUES ('hold_feast'::text, '{"millionths": 12500000}'::jsonb)$$, 'which is stored');
SELECT npcsim.hold_feast(:meadow, 1, 'Harvest');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = :meadow ORDER BY sequence DESC LIMIT 1), '{"called": "Harvest", "millionths": 1000000}', 'with its name where it has one');
SELECT npcsim.tick_world(:meadow, 3);
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, npcsim.replay_world(%s))', :meadow, :meadow), 'a replay has the same rows');

SELECT * FROM finish();
