-- Tests the pool: questions that the NPC's own player cannot answer go to sources that remember nothing, and worlds replay equal.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(46);
\ir lib/minds.sql

SELECT npcsim.create_world('Pool', 30, 30, 9, preset => 'reference') AS world \gset
SELECT npcsim.create_player(1, who) FROM unnest('{ada,bo,cy,dee}'::text[]) AS who;
UPDATE npcsim.worlds SET allocation = 'manual', idle_interval = 3 WHERE id = 1;
SELECT npcsim.register_gateway('g1'), npcsim.register_gateway('g2');
CREATE TEMP TABLE sessions (name text PRIMARY KEY, id bigint, gateway text);
CREATE FUNCTION pg_temp.connect(who text, source text, gateway text DEFAULT 'g1') RETURNS void
LANGUAGE sql AS $$
    INSERT INTO sessions VALUES (who || ' ' || source, (npcsim.client_connected(gateway, pg_temp.player(who), 1, 'compute', source)::jsonb ->> 'session_id')::bigint, gateway)
        ON CONFLICT (name) DO UPDATE SET id = excluded.id, gateway = excluded.gateway
$$;
CREATE FUNCTION pg_temp.leave(wanted text) RETURNS void LANGUAGE sql AS $$SELECT npcsim.client_disconnected(id) FROM sessions WHERE name = wanted$$;
CREATE FUNCTION pg_temp.beat(who text, source text, slots integer, stateless boolean DEFAULT false) RETURNS void
LANGUAGE sql AS $$SELECT npcsim.update_player_heartbeat(pg_temp.player(who), jsonb_build_object('source', source, 'max_concurrency', slots, 'stateless', stateless))$$;
CREATE FUNCTION pg_temp.source(who text, name text) RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.compute_sources k WHERE player_id = pg_temp.player(who) AND k.name = source.name$$;
-- Claims for sessions, which have so many slots free each; returns who was asked about whom, in the order of handing out.
CREATE FUNCTION pg_temp.claim(gateway text, wanted text[], slots integer) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    claimed text;
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    SELECT coalesce(string_agg(format('%s: %s', s.name, n.name), ', ' ORDER BY c.place), 'nothing') INTO claimed
      FROM (SELECT *, row_number() OVER () AS place
              FROM npcsim.claim_decisions(gateway, ARRAY(SELECT t.id FROM sessions t JOIN unnest(wanted) AS u(w) ON t.name = u.w ORDER BY t.name),
                                          ARRAY(SELECT slots FROM unnest(wanted)))) c
      JOIN sessions s ON s.id = c.session_id JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = c.npc_id;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN claimed;
END
$$;
-- What the log has of an NPC's question, in order.
CREATE FUNCTION pg_temp.logged(who text) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', p.username, l.status, CASE WHEN l.pooled THEN 'pooled' END), ', ' ORDER BY l.finished_at_real)
      FROM npcsim.decision_log l LEFT JOIN npcsim.players p ON p.id = l.player_id WHERE l.world_id = 1 AND l.npc_id = pg_temp.npc(who)
$$;
CREATE FUNCTION pg_temp.answer(mind text, who text, request bigint DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code', r ->> 'reason')
      FROM npcsim.submit_npc_decision(pg_temp.player(mind), jsonb_build_object('request_id', coalesce(request, pg_temp.request(who)), 'action', 'wait', 'seconds', 4)) AS r
$$;
CREATE FUNCTION pg_temp.presence() RETURNS jsonb
LANGUAGE sql AS $$SELECT payload FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'presence' ORDER BY sequence DESC LIMIT 1$$;

-- ---- an NPC whose player is away ----
SELECT pg_temp.make('Ada', 5, 5);
SELECT npcsim.set_decision_policy(1, 'occasions');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'nobody is asked where nobody is');
SELECT is(pg_temp.presence(), '{"present": []}', 'and the world knows of no pool');
SELECT pg_temp.connect('bo', 'lamp'), pg_temp.beat('bo', 'lamp', 1, false);
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'a mind that remembers is not asked about NPCs of others');
SELECT pg_temp.beat('bo', 'lamp', 1, true);
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.presence() - 'present', '{"pool_slots": 1}', 'one that remembers nothing makes a pool');
SELECT matches(pg_temp.asked(), '^idle', 'which is asked about an NPC whose player is away');
SELECT is(pg_temp.claim('g1', '{bo lamp}', 5), 'bo lamp: Ada', 'the question goes there');
SELECT is((SELECT concat_ws(' ', d.status, d.asked_player_id = pg_temp.player('bo'), d.source_id = pg_temp.source('bo', 'lamp'), d.player_id IS NULL)
             FROM npcsim.decision_slots d WHERE d.world_id = 1 AND npc_id = pg_temp.npc()), '2 t t t', 'and who has it is noted');
SELECT is(pg_temp.answer('cy', 'Ada'), 'rejected NS303 the request was not put to this player', 'nobody else may answer it');
SELECT is(pg_temp.answer('ada', 'Ada'), 'rejected NS303 the request was not put to this player', 'not even its player');
SELECT is(pg_temp.answer('bo', 'Ada'), 'applied', 'who was asked may');
SELECT is(pg_temp.doing(), 'waiting mind', 'and decides');
SELECT is(pg_temp.logged('Ada'), 'bo applied pooled', 'it is logged as its work');
SELECT is((SELECT controller_player_id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada'), pg_temp.player(), 'the NPC stays its player''s');
SELECT npcsim.tick_world(1, 4);
SELECT is((SELECT count(*) FROM npcsim.decision_slots WHERE world_id = 1 AND status > 0), 1::bigint, 'then the next one is asked about');

-- ---- its player comes back ----
SELECT pg_temp.claim('g1', '{bo lamp}', 1), pg_temp.answer('bo', 'Ada');
SELECT pg_temp.connect('ada', 'own'), pg_temp.beat('ada', 'own', 4);
SELECT npcsim.tick_world(1, 20);
SELECT is((SELECT d.player_id FROM npcsim.decision_slots d WHERE d.world_id = 1 AND npc_id = pg_temp.npc() AND status = 1), pg_temp.player(), 'who is there is asked about its NPCs itself');
SELECT pg_temp.claim('g1', '{bo lamp}', 0);
SELECT is(pg_temp.claim('g1', '{bo lamp,ada own}', 4) ~ 'ada own: Ada', true, 'and gets its question');

-- ---- its socket closes: what it was asked goes on at once ----
SELECT pg_temp.leave('ada own');
SELECT is((SELECT concat_ws(' ', status, player_id = pg_temp.player(), tried_sources = ARRAY[pg_temp.source('ada', 'own')])
             FROM npcsim.decision_slots WHERE world_id = 1 AND npc_id = pg_temp.npc()), '1 t t', 'its question is open again, and knows who had it');
SELECT is(pg_temp.claim('g1', '{bo lamp}', 1), 'bo lamp: Ada', 'another mind has it before the world has moved');
SELECT pg_temp.connect('ada', 'own'), pg_temp.beat('ada', 'own', 4);
SELECT is(pg_temp.answer('ada', 'Ada'), 'rejected NS303 the request was passed on to another', 'an answer of the first comes too late');
SELECT is((SELECT count(*) FROM npcsim.security_violations WHERE world_id = 1 AND player_id = pg_temp.player()), 0::bigint, 'which is no offence');
SELECT is(pg_temp.answer('bo', 'Ada'), 'applied', 'the second answers');
SELECT is(pg_temp.logged('Ada'), 'bo applied pooled, bo applied pooled, ada cut_off, bo applied pooled', 'both are in the log');
SELECT is(pg_temp.answer('ada', 'Ada'), 'rejected NS303 the request was passed on to another', 'afterwards, too');

-- ---- not back to who had it in vain ----
SELECT pg_temp.leave('ada own');
SELECT pg_temp.connect('cy', 'lamp', 'g2'), pg_temp.beat('cy', 'lamp', 2, true);
SELECT npcsim.tick_world(1, 30);
SELECT is(pg_temp.claim('g1', '{bo lamp}', 1), 'bo lamp: Ada', 'of two the one whose gateway asks first gets it');
SELECT pg_temp.leave('bo lamp');
SELECT pg_temp.connect('bo', 'lamp'), pg_temp.beat('bo', 'lamp', 1, true);
SELECT is(pg_temp.claim('g1', '{bo lamp}', 1), 'nothing', 'who lost it does not get it once more');
SELECT is(pg_temp.claim('g2', '{cy lamp}', 1), 'cy lamp: Ada', 'another does');

-- ---- silence ----
UPDATE npcsim.sessions SET heartbeat_at_real = clock_timestamp() - interval '31 s' WHERE id = (SELECT id FROM sessions WHERE name = 'cy lamp');
SELECT npcsim_internal.expire_sessions();
SELECT is((SELECT concat_ws(' ', status, cardinality(tried_sources)) FROM npcsim.decision_slots WHERE world_id = 1 AND npc_id = pg_temp.npc()), '1 2', 'after 30 s of silence it is taken from a source');
SELECT matches(pg_temp.logged('Ada'), 'bo cut_off pooled, cy passed_on pooled$', 'and logged as passed on');
SELECT is(pg_temp.claim('g1', '{bo lamp}', 1), 'nothing', 'the first still does not get it');
SELECT pg_temp.connect('dee', 'lamp'), pg_temp.beat('dee', 'lamp', 1, true);
SELECT is(pg_temp.claim('g1', '{bo lamp,dee lamp}', 1), 'dee lamp: Ada', 'a third does');

-- ---- a source that drains may answer ----
SELECT npcsim.drain_compute_source(pg_temp.source('dee', 'lamp'));
SELECT pg_temp.leave('bo lamp'), pg_temp.leave('cy lamp');
SELECT npcsim.tick_world(1, 40);
SELECT is(pg_temp.presence(), '{"present": [], "draining": [4], "pool_drains": true}'::jsonb, 'the world knows who is draining');
SELECT matches(pg_temp.answer('dee', 'Ada'), '^applied', 'what it was asked it answers in time');
SELECT pg_temp.connect('ada', 'own'), pg_temp.beat('ada', 'own', 4);
SELECT npcsim.tick_world(1, 20);
SELECT pg_temp.claim('g1', '{ada own}', 4);
SELECT npcsim.drain_compute_source(pg_temp.source('ada', 'own'));
SELECT npcsim.tick_world(1, 40);
SELECT matches(pg_temp.answer('ada', 'Ada'), '^applied', 'a player of its own NPC, too');

-- ---- NPCs without a player ----
SELECT npcsim.resume_compute_source(pg_temp.source('dee', 'lamp'));
SELECT npcsim.create_npc(1, 'Stray', 20, 20), npcsim.create_npc(1, 'Astray', 8, 20);
SELECT npcsim.tick_world(1, 30);
SELECT is(pg_temp.asked('Stray'), 'not asked', 'where operators say who decides for whom, nobody is asked about NPCs without a player');
UPDATE npcsim.worlds SET allocation = 'market' WHERE id = 1;
SELECT npcsim.remove_npc(1, pg_temp.npc('Ada'));
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.presence() - 'present' - 'draining', '{"pool_slots": 1, "pool_for_all": true}', 'where the market does, the pool is there for them');
CREATE FUNCTION pg_temp.open() RETURNS TABLE (who text, status text)
LANGUAGE sql AS $$SELECT n.name, r.status FROM npcsim.decision_requests r JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = r.npc_id WHERE r.world_id = 1 ORDER BY 1$$;
SELECT is((SELECT count(*) FROM pg_temp.open()), 1::bigint, 'and asked no more questions at a time than it has slots');
SELECT who AS one FROM pg_temp.open() \gset
SELECT is(pg_temp.claim('g1', '{dee lamp}', 1), 'dee lamp: ' || :'one', 'by the same way');
SELECT pg_temp.beat('dee', 'lamp', 2, true);
SELECT npcsim.tick_world(1, 10);
SELECT is((SELECT count(*) FROM pg_temp.open()), 2::bigint, 'with more slots it is asked more');
SELECT matches(pg_temp.answer('dee', :'one'), '^applied', 'and answers');
SELECT is((SELECT count(*) FROM npcsim.decision_slots WHERE world_id = 1 AND player_id IS NOT NULL AND status > 0), 0::bigint, 'for nobody in particular');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(:'one'), pg_temp.player('cy'));
SELECT is(pg_temp.answer('dee', :'one'), 'rejected NS303 the request was not put to this player', 'of an NPC that came to somebody it is asked no more');
SELECT pg_temp.leave('dee lamp');
SELECT npcsim.tick_world(1, 60);
SELECT is_empty('SELECT * FROM pg_temp.open()', 'when the pool has gone the built-in mind decides again, and no question is left');
SELECT is((SELECT pool_known FROM npcsim.world_settings WHERE id = 1), true, 'the world remembers that there was one');
SELECT npcsim.tick_world(1, 60);
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE world_id = 1 AND decider = 'mind'), 0::bigint, 'for all');

SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'a replay, where nobody is, comes out equal');
SELECT is((SELECT pool_known FROM npcsim.world_settings WHERE id = :copy), true, 'and knows of the pool');
SELECT * FROM finish();
