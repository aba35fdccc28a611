-- Tests how often minds are asked: one that fails, or whose answers are refused, is left alone for longer and longer.
SET client_min_messages = warning;
\i docs/roles.sql
-- Every statement is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(8);
SELECT npcsim.create_world('Meadow', 40, 40, 7, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
\ir lib/minds.sql
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
-- When questions were put, in world seconds.
CREATE TEMP TABLE questions (n serial, at numeric);
-- Lives for some world seconds: an NPC that the built-in mind let sit down, whose mind answers every question at once.
CREATE PROCEDURE pg_temp.live(seconds integer, becomes text, decision jsonb DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 1 .. seconds * 2 LOOP
        PERFORM pg_temp.present();
        PERFORM npcsim.tick_world(1, 0.5);
        COMMIT;
        IF pg_temp.asked() <> 'not asked' THEN
            INSERT INTO questions (at) SELECT opened_at FROM npcsim.decision_requests WHERE world_id = 1;
            IF becomes = 'failed' THEN
                PERFORM npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{broken}');
            ELSE
                PERFORM npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', pg_temp.request()));
            END IF;
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.distances() RETURNS numeric[]
LANGUAGE sql AS $$SELECT array_agg(d ORDER BY n) FROM (SELECT n, floor(at - lag(at) OVER (ORDER BY n)) AS d FROM questions) AS q WHERE d IS NOT NULL$$;
CREATE PROCEDURE pg_temp.anew(speed double precision)
LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE questions;
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
    PERFORM npcsim.set_world_speed(1, speed);
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20);
    UPDATE npcsim.npcs SET energy = 10;
    PERFORM npcsim.create_item(1, 'chair', 21, 20);
    PERFORM npcsim.tick_world(1, 10);
    PERFORM npcsim.assign_npc_to_player(1, pg_temp.npc(), pg_temp.player());
    COMMIT;
END
$$;
CALL pg_temp.anew(1);
SELECT is(pg_temp.doing(), 'interacting built_in', 'the built-in mind lets it sit down');
CALL pg_temp.live(170, 'failed');
SELECT is((pg_temp.distances())[1:6], '{3,6,12,24,48,60}', 'a mind that fails is asked less and less often');
CALL pg_temp.anew(1);
CALL pg_temp.live(170, 'refused', '{"action": "dance"}');
SELECT is((pg_temp.distances())[1:6], '{3,6,12,24,48,60}', 'and so is one that answers what is none');
SELECT is((SELECT failures FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), 6::smallint, 'which is counted up to a bound');
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('action', 'wander', 'request_id', npcsim.request_npc_decision(1, pg_temp.npc())));
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('action', 'cancel_interaction', 'request_id', npcsim.request_npc_decision(1, pg_temp.npc())))
 WHERE pg_temp.doing() LIKE 'interacting%';
SELECT is((SELECT failures FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), 0::smallint, 'an answer that is carried out makes up for it');
CALL pg_temp.anew(20);
CALL pg_temp.live(200, 'failed');
SELECT is((pg_temp.distances())[1:2], '{60,120}', 'the times are of real time: where the world is faster its mind is asked no sooner');
CALL pg_temp.anew(0.5);
CALL pg_temp.live(30, 'failed');
SELECT is((pg_temp.distances())[1:3], '{3,6,12}', 'and in a slow one no sooner either');
SELECT is((SELECT count(*) FROM npcsim.world_differences(1, npcsim.replay_world(1))), 0::bigint, 'a replay does the same');
SELECT * FROM finish();
