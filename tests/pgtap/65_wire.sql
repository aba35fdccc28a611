-- Tests what gateways read: a snapshot and the deltas after it make the later snapshot; what cannot be told is a resync.
-- Every statement is a transaction of its own: all changes of one transaction are one revision.
SELECT plan(42);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('change_log', 'world_clock');

SELECT npcsim.create_world('Meadow', 40, 30, 7, preset => 'reference');

-- A reader as gateways are: it takes a snapshot, then deltas, and keeps rows by family and id.
CREATE TEMP TABLE kept (family text, id bigint, body jsonb, PRIMARY KEY (family, id));
CREATE TEMP TABLE reader (world bigint, revision bigint, epoch text, terrain jsonb, settings jsonb);
CREATE FUNCTION pg_temp.rows_of(snapshot jsonb) RETURNS TABLE (family text, id bigint, body jsonb)
LANGUAGE sql AS $$
    SELECT f.family, (r.body ->> 'id')::bigint, r.body
      FROM unnest(ARRAY['npcs', 'world_items', 'interactions', 'players']) AS f(family),
           jsonb_array_elements(snapshot -> f.family) AS r(body)
$$;
CREATE FUNCTION pg_temp.subscribe(wanted bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    snapshot jsonb := npcsim.world_snapshot(wanted);
BEGIN
    DELETE FROM kept;
    DELETE FROM reader;
    INSERT INTO kept SELECT * FROM pg_temp.rows_of(snapshot);
    INSERT INTO reader VALUES (wanted, (snapshot ->> 'revision')::bigint, snapshot ->> 'epoch', snapshot -> 'terrain', snapshot -> 'world');
END
$$;
CREATE FUNCTION pg_temp.follow() RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    delta jsonb := (SELECT npcsim.world_delta(world, revision, epoch) FROM reader);
BEGIN
    IF delta ? 'resync' THEN
        RETURN delta;
    END IF;
    INSERT INTO kept AS k SELECT f.family, (r.body ->> 'id')::bigint, r.body
      FROM unnest(ARRAY['npcs', 'world_items', 'interactions', 'players']) AS f(family),
           jsonb_array_elements(delta #> ARRAY[f.family, 'upsert']) AS r(body)
        ON CONFLICT (family, id) DO UPDATE
           SET body = CASE k.family WHEN 'npcs' THEN k.body || excluded.body ELSE excluded.body END;
    DELETE FROM kept k
     USING unnest(ARRAY['npcs', 'world_items', 'interactions', 'players']) AS f(family),
           jsonb_array_elements_text(delta #> ARRAY[f.family, 'remove']) AS r(id)
     WHERE k.family = f.family AND k.id = r.id::bigint;
    UPDATE reader SET revision = (delta ->> 'revision')::bigint, terrain = coalesce(delta -> 'terrain', terrain),
                      settings = coalesce(delta -> 'world', settings);
    RETURN delta;
END
$$;
-- What the reader has and a fresh snapshot has not, or the other way round.
CREATE FUNCTION pg_temp.difference() RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    snapshot jsonb := (SELECT npcsim.world_snapshot(world) FROM reader);
BEGIN
    RETURN QUERY (SELECT 'kept ' || k::text FROM kept k
                   WHERE NOT EXISTS (SELECT FROM pg_temp.rows_of(snapshot) s WHERE s.family = k.family AND s.id = k.id AND s.body = k.body))
       UNION ALL (SELECT 'fresh ' || s::text FROM pg_temp.rows_of(snapshot) s
                   WHERE NOT EXISTS (SELECT FROM kept k WHERE s.family = k.family AND s.id = k.id AND s.body = k.body))
       UNION ALL SELECT 'terrain' FROM reader WHERE terrain <> snapshot -> 'terrain'
       UNION ALL SELECT 'settings' FROM reader WHERE settings <> snapshot -> 'world';
END
$$;

-- ---- the shape ----
CREATE TEMP TABLE ada AS SELECT npcsim.create_npc(1, 'Ada "the first" \ é', 5, 6) AS id;
SELECT npcsim.set_terrain(1, 3, 4, true, 2, 1), npcsim.set_terrain(1, 7, 4);
CREATE TEMP TABLE chair AS SELECT npcsim.create_item(1, 'chair', 9, 9, '{"colour":"red"}') AS id;
SELECT is(npcsim.world_snapshot(1)::jsonb #> '{npcs,0}' #- '{needs}',
          jsonb_build_object('id', (SELECT id FROM ada), 'name', 'Ada "the first" \ é', 'controller_player_id', NULL, 'traits', '[]'::jsonb,
                             'state', 'idle', 'x', 5, 'y', 6, 'path', '[[5,6]]'::jsonb, 'departed_at', 0, 'arrives_at', 0, 'as_of', 0,
                             'interaction_id', NULL, 'decision', 'none'), 'an NPC''s row');
SELECT results_eq($$SELECT key, (value ->> 'value')::numeric, (value ->> 'rate')::numeric * 1000000
                      FROM jsonb_each(npcsim.world_snapshot(1)::jsonb #> '{npcs,0,needs}') ORDER BY key$$,
                  $$SELECT need, 100::numeric, rate::numeric FROM npcsim.npc_states,
                           LATERAL (VALUES ('energy', energy_rate), ('fun', fun_rate), ('hunger', hunger_rate), ('hygiene', hygiene_rate)) AS n(need, rate)$$,
                  'its needs, exactly');
SELECT is(npcsim.world_snapshot(1)::jsonb #> '{world_items,0}',
          jsonb_build_object('id', (SELECT id FROM chair), 'item_type', 'chair', 'x', 9, 'y', 9, 'share_left', 1,
                             'occupied_by_npc_id', NULL, 'properties', '{"colour":"red"}'::jsonb), 'an item''s row');
SELECT is(npcsim.world_snapshot(1)::jsonb #> '{terrain,blocked}', '[[3,4,2],[7,4,1]]', 'blocked cells as runs');
SELECT is(jsonb_path_query_array(npcsim.world_snapshot(1)::jsonb, '$.item_types[*].name'), '["apple", "bed", "chair", "shower", "television"]', 'kinds of items');
SELECT is(jsonb_path_query_array(npcsim.world_snapshot(1)::jsonb, '$.interaction_types[*].name'), '["consume", "sit", "wash", "watch", "conversation"]', 'and of interactions');
SELECT throws_ok($$SELECT npcsim.world_snapshot(77)$$, 'NS101', NULL, 'a world must exist');
SELECT throws_ok($$SELECT npcsim.world_snapshot(NULL)$$, '22004', NULL, 'and be named');

-- ---- deltas carry what changed ----
SELECT pg_temp.subscribe(1);
SELECT is(pg_temp.follow() - ARRAY['clock', 'speed', 'status', 'epoch'],
          (SELECT jsonb_build_object('world_id', 1, 'since', revision, 'revision', revision) FROM reader), 'nothing changed: the clock alone');
UPDATE npcsim.npcs SET hunger = 12.345678 WHERE id = (SELECT id FROM ada);
SELECT is(pg_temp.follow() #> '{npcs,upsert,0}' #- '{needs,hygiene}' #- '{needs,fun}' #- '{needs,energy}' #- '{needs,hunger,rate}',
          jsonb_build_object('id', (SELECT id FROM ada), 'needs', '{"hunger":{"value":12.345678}}'::jsonb, 'as_of', 0), 'a need: needs alone');
UPDATE npcsim.npcs SET name = 'Bea' WHERE id = (SELECT id FROM ada);
SELECT is(pg_temp.follow() #> '{npcs,upsert}',
          jsonb_build_array(jsonb_build_object('id', (SELECT id FROM ada), 'name', 'Bea', 'controller_player_id', NULL, 'traits', '[]'::jsonb)),
          'a name: the identity alone');
UPDATE npcsim.npcs SET position_x = 11, position_y = 12 WHERE id = (SELECT id FROM ada);
SELECT ok(pg_temp.follow() #> '{npcs,upsert,0}' @> '{"x":11,"y":12,"path":[[11,12]]}', 'a position: motion');
SELECT set_eq('SELECT DISTINCT jsonb_object_keys(d) FROM (SELECT npcsim.world_delta(1, revision - 1)::jsonb FROM reader) AS r(d)',
              ARRAY['world_id', 'since', 'revision', 'clock', 'speed', 'status', 'epoch', 'npcs'], 'and no other family');
SELECT npcsim.set_terrain(1, 7, 4, false);
SELECT is(pg_temp.follow() #> '{terrain,blocked}', '[[3,4,2]]', 'terrain comes whole');
SELECT npcsim.set_world_speed(1, 2.5);
SELECT is(pg_temp.follow() -> 'speed', '2.5', 'a new speed');
UPDATE npcsim.world_items SET properties = '{"colour":"blue"}' WHERE id = (SELECT id FROM chair);
SELECT is(pg_temp.follow() #> '{world_items,upsert,0,properties}', '{"colour":"blue"}', 'properties of an item');
SELECT npcsim.remove_item(1, (SELECT id FROM chair)), npcsim.remove_npc(1, (SELECT id FROM ada));
CREATE TEMP TABLE removal AS SELECT pg_temp.follow() AS delta;
SELECT is((SELECT delta #> '{world_items,remove}' FROM removal), jsonb_build_array((SELECT id FROM chair)), 'an item is gone');
SELECT is((SELECT delta #> '{npcs,remove}' FROM removal), jsonb_build_array((SELECT id FROM ada)), 'an NPC is gone');
SELECT npcsim.define_item_type(1, 'bench', '{"sittable":{}}');
SELECT ok(jsonb_path_exists(pg_temp.follow(), '$.item_types.upsert[*] ? (@.name == "bench" && @.interactions[*] == "sit")'), 'a new kind of item');
CREATE TEMP TABLE player AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT is(pg_temp.follow() #> '{players,upsert}',
          jsonb_build_array(jsonb_build_object('id', (SELECT player_id FROM player), 'username', 'ada', 'role', 'player',
                                               'status', 'active', 'controlled_npc_count', 0)), 'a new player');
SELECT npcsim.create_npc(1, 'Cid', 20, 20);
SELECT npcsim.assign_npc_to_player(1, (SELECT max(id) FROM npcsim.npcs), (SELECT player_id FROM player));
SELECT is(pg_temp.follow() #> '{players,upsert,0,controlled_npc_count}', '1', 'the number of NPCs a player controls');
SELECT is_empty('SELECT pg_temp.difference()', 'the reader has what the world has');

-- ---- a world that lives ----
SELECT npcsim.create_world('Hill', 48, 40, 11, preset => 'reference'), npcsim.populate_world(2, 60);
UPDATE npcsim.npcs SET hunger = 30 WHERE world_id = 2 AND id % 2 = 0;
UPDATE npcsim.npcs SET energy = 20 WHERE world_id = 2 AND id % 3 = 0;
SELECT pg_temp.subscribe(2);
DO $$
BEGIN
    FOR step IN 1 .. 60 LOOP
        PERFORM npcsim.tick_world(2, 0.1 + (step * 37 % 50) / 25.0);
        IF step % 20 = 0 THEN
            PERFORM npcsim.remove_npc(2, min(id)) FROM npcsim.npcs WHERE world_id = 2;
            PERFORM npcsim.remove_item(2, min(id)) FROM npcsim.world_items WHERE world_id = 2 AND occupied_by_npc_id IS NULL;
            PERFORM npcsim.create_npc(2, 'Newcomer', 1, 1);
        END IF;
        COMMIT;
        PERFORM pg_temp.follow();
    END LOOP;
END
$$;
SELECT is_empty('SELECT pg_temp.difference()', 'a snapshot and 60 deltas make the later snapshot');
SELECT isnt_empty($$SELECT FROM kept WHERE family = 'interactions'$$, 'of a world in which something happens');
SELECT isnt_empty($$SELECT FROM kept WHERE family = 'npcs' AND jsonb_array_length(body -> 'path') > 1$$, 'and somebody walks');
SELECT is_empty($$SELECT n.id, n.position_x, n.position_y
                    FROM kept k JOIN npcsim.npcs n ON n.world_id = 2 AND n.id = k.id
                    JOIN npcsim.worlds w ON w.id = 2,
                    LATERAL (SELECT least(greatest(floor((w.clock - (k.body ->> 'departed_at')::float8) / 0.25), 0),
                                          jsonb_array_length(k.body -> 'path') - 1)::int) AS step(n)
                   WHERE k.family = 'npcs'
                     AND (abs(n.position_x - (k.body #>> ARRAY['path', step.n::text, '0'])::float8) >= 1
                       OR abs(n.position_y - (k.body #>> ARRAY['path', step.n::text, '1'])::float8) >= 1)$$,
                'positions follow from clock and path');
SELECT results_eq($$SELECT i FROM jsonb_array_elements(npcsim.world_snapshot(2)::jsonb -> 'interactions') AS i$$,
                  $$SELECT jsonb_build_object('id', r.id, 'interaction_type', k.name, 'target_type', k.target, 'target_id', r.target_id,
                                              'initiator_npc_id', r.initiator_npc_id, 'participants', r.participants, 'started_at', r.started_at / 1000000.0,
                                              'data', jsonb_strip_nulls(jsonb_build_object('share_at_start', r.share_at_start / 1000000.0, 'act_count', r.act_count)))
                      FROM npcsim.interaction_runs r JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.interaction
                     WHERE r.world_id = 2 ORDER BY r.id$$, 'rows of interactions');
SELECT ok(bool_or(act_count IS NULL), 'some of which have no acts') FROM npcsim.interaction_runs WHERE world_id = 2;
SELECT doesnt_match(npcsim.world_snapshot(2)::text, '\.[0-9]+0[],}]', 'no number has zeros to its end');
CREATE TEMP TABLE leap AS SELECT * FROM reader;
SELECT npcsim.tick_world(2, 10);
SELECT pg_temp.follow() IS NOT NULL AS followed;
SELECT is_empty('SELECT pg_temp.difference()', 'so does one delta over many revisions');

-- ---- resync ----
SELECT ok((pg_temp.follow()) ? 'clock' AND NOT pg_temp.follow() ? 'resync', 'what is known is no resync');
SELECT is(npcsim.world_delta(2, (SELECT revision + 1 FROM reader))::jsonb -> 'resync', 'true', 'a revision ahead of the world');
SELECT is(npcsim.world_delta(2, 9007199254740991)::jsonb -> 'resync', 'true', 'however far');
SELECT is(npcsim.world_delta(2, (SELECT revision FROM reader), 'another')::jsonb -> 'resync', 'true', 'another epoch');
SELECT is(npcsim.world_delta(2, (SELECT revision FROM reader), (SELECT epoch FROM reader))::jsonb -> 'resync', NULL, 'and not this one');
DELETE FROM npcsim.change_log WHERE world_id = 2 AND revision <= (SELECT revision FROM leap);
SELECT is(npcsim.world_delta(2, (SELECT revision FROM leap))::jsonb -> 'resync', NULL, 'the log reaches back to its floor');
SELECT is(npcsim.world_delta(2, (SELECT revision - 1 FROM leap))::jsonb -> 'resync', 'true', 'and not below it');
SELECT set_eq('SELECT jsonb_object_keys(npcsim.world_delta(2, 0)::jsonb)',
              ARRAY['world_id', 'since', 'revision', 'clock', 'speed', 'status', 'epoch', 'resync'], 'a resync says nothing else');
SELECT throws_ok($$SELECT npcsim.world_delta(77, 1)$$, 'NS101', NULL, 'a world must exist');
SELECT throws_ok($$SELECT npcsim.world_delta(2, NULL)$$, '22004', NULL, 'a revision is given');
SELECT throws_ok($$SELECT npcsim.world_delta(2, -1)$$, '22003', NULL, 'and none is negative');
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 2;
SELECT is(npcsim.world_snapshot(2)::jsonb ->> 'status', 'parked', 'a world that belongs elsewhere is parked');

SELECT * FROM finish();
