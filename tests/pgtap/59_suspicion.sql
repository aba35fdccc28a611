-- Tests who becomes suspect by its answers: whoever gives the worst there are, again and again, is flagged and suspended; who means well
-- is not, however slow, small or creative its mind is. Answers are counted when their transactions are over, so this file commits.
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE players AS
    SELECT name, p.player_id AS id
      FROM unnest('{slow,tiny,creative,worst,unlisted,waiting,mixed,lucky}'::text[]) AS name, npcsim.create_player(1, name) AS p;
SELECT npcsim.create_npc(1, name || n, x, y, id)
  FROM (SELECT p.*, n, 2 + (row_number() OVER () * 7 % 36)::integer AS x, 2 + (row_number() OVER () * 5 % 26)::integer AS y FROM players p, generate_series(1, 5) AS n) AS npcs;
SELECT npcsim.create_item(1, kind, 4 * n + 1, 6 * row::integer + 2) FROM unnest('{apple,chair,apple,chair}'::text[]) WITH ORDINALITY AS kinds (kind, row), generate_series(1, 8) AS n;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute', 'one'),
       npcsim.update_player_heartbeat(id, jsonb_build_object('source', 'one', 'max_concurrency', 64, 'choices', name <> 'unlisted'))
  FROM players;

-- The choice that a player of a style makes of so many.
CREATE FUNCTION pg_temp.choice(style text, choices integer) RETURNS integer LANGUAGE sql AS $$
    SELECT CASE style WHEN 'slow' THEN 1
                      WHEN 'tiny' THEN CASE WHEN random() < 0.1 THEN choices ELSE 1 + floor(random() * ((choices + 1) / 2))::integer END
                      WHEN 'creative' THEN 1 + floor(random() * choices)::integer
                      ELSE choices END
$$;
-- A player answers so many questions, one second after the other, of its NPCs in turn. Returns what was taken. NPCs of mixed and lucky
-- stand where they have much to choose from.
CREATE FUNCTION pg_temp.answer(who text, times integer, style text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    player bigint := pg_temp.player(who);
    npc bigint;
    answer jsonb;
    verdicts text[];
BEGIN
    FOR n IN 1 .. times LOOP
        npc := pg_temp.npc(who || 1 + n % 5);
        IF who IN ('mixed', 'lucky') THEN
            UPDATE npcsim.npcs SET position_x = 6 * (n % 5) + 2, position_y = 2, hunger = 10 WHERE world_id = 1 AND id = npc;
        END IF;
        PERFORM npcsim.tick_world(1, 1), npcsim.request_npc_decision(1, npc), pg_temp.send();
        IF style = 'wait' THEN
            answer := '{"action": "wait", "duration": 1}';
        ELSIF who = 'unlisted' THEN
            SELECT action INTO answer FROM npcsim.get_reasonable_actions_for_npc(1, npc) WITH ORDINALITY AS a (rank, action, description, score, n) ORDER BY a.n DESC LIMIT 1;
        ELSE
            SELECT jsonb_build_object('choice', pg_temp.choice(coalesce(style, who), jsonb_array_length(choices))) INTO answer
              FROM npcsim.decision_slots WHERE world_id = 1 AND npc_id = npc;
        END IF;
        verdicts := verdicts || (npcsim.submit_npc_decision(player, answer || jsonb_build_object('request_id', (SELECT request_id FROM npcsim.decision_slots WHERE world_id = 1 AND npc_id = npc))) ->> 'status');
    END LOOP;
    RETURN (SELECT string_agg(DISTINCT v, ' ' ORDER BY v) FROM unnest(verdicts) AS v);
END
$$;
CREATE FUNCTION pg_temp.fold(who text) RETURNS text LANGUAGE sql AS $$
    SELECT npcsim_internal.fold_decisions();
    SELECT format('%s%s', npcsim.get_player_suspicion_score(pg_temp.player(who)), (SELECT ' ' || suspended_until || ' ' || suspension_reason FROM npcsim.suspects WHERE username = who AND suspended_until IS NOT NULL))
$$;
CREATE FUNCTION pg_temp.record(who text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s: %s', kind, detail), ', ' ORDER BY id), 'nothing') FROM npcsim.security_violations WHERE player_id = pg_temp.player(who)
$$;
CREATE FUNCTION pg_temp.ranked(who text, most integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM npcsim.decision_log WHERE player_id = pg_temp.player(who) AND plausibility < most
$$;

-- ---- who means well ----
CREATE PROCEDURE pg_temp.live(who text, rounds integer, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := '2030-01-01 00:00:00+00';
BEGIN
    FOR round IN 1 .. rounds LOOP
        PERFORM set_config('npcsim.market_time', (moment + round * 5 * seconds * interval '1 s')::text, false);
        PERFORM pg_temp.answer(who, 5);
        COMMIT;
        PERFORM npcsim_internal.fold_decisions();
        COMMIT;
    END LOOP;
END
$$;
SELECT setseed(0.5);
CALL pg_temp.live('slow', 60, 30);
CALL pg_temp.live('tiny', 80, 2);
CALL pg_temp.live('creative', 80, 2);
SELECT is((SELECT count(*) FROM npcsim.decision_log WHERE player_id = p.id AND plausibility IS NOT NULL), CASE name WHEN 'slow' THEN 300 ELSE 400 END::bigint, name || ': each answer was ranked')
  FROM players p WHERE name IN ('slow', 'tiny', 'creative');
SELECT is((SELECT suspended_until FROM npcsim.players WHERE id = p.id), NULL, name || ' is never suspended') FROM players p WHERE name IN ('slow', 'tiny', 'creative');
SELECT is(pg_temp.record(name), 'nothing', name || ' has nothing on record') FROM players p WHERE name IN ('slow', 'tiny', 'creative');
SELECT is_empty($$SELECT FROM npcsim.player_suspicion WHERE player_id = pg_temp.player('slow')$$, 'of who gave no cause nothing is kept');
SELECT ok(pg_temp.ranked('creative', 100) > 15 AND pg_temp.ranked('tiny', 100) > 4, 'who chooses at random gives some of the worst answers');
SELECT ok(npcsim.get_player_suspicion_score(id) < 5, format('%s is not suspect: %s', name, npcsim.get_player_suspicion_score(id))) FROM players WHERE name IN ('slow', 'tiny', 'creative');

-- ---- the score ----
SET npcsim.market_time = '2030-02-01 00:00:00+00';
SELECT is(pg_temp.answer('mixed', 3, 'worst'), 'applied', 'three of the worst answers are taken');
SELECT is(pg_temp.fold('mixed'), '1.5', 'each is half a point');
SELECT is(pg_temp.fold('mixed'), '1.5', 'once');
SELECT pg_temp.answer('mixed', 2, 'slow');
SELECT is(pg_temp.fold('mixed'), '1.1', 'each other one takes a fifth');
SELECT pg_temp.answer('mixed', 1, 'wait');
SELECT is(pg_temp.fold('mixed'), '0.9', 'to wait is half plausible');
SET npcsim.market_time = '2030-02-01 00:30:00+00';
SELECT is(pg_temp.fold('mixed'), '0.45', 'half of it is gone after half an hour');
SELECT pg_temp.answer('mixed', 4, 'slow');
SELECT is(pg_temp.fold('mixed'), '0', 'it is never below 0');
SELECT is(pg_temp.record('mixed'), 'nothing', 'that is nothing to put on record');
SELECT is(pg_temp.answer('mixed', 10, 'worst'), 'applied', 'ten of the worst');
SELECT is(pg_temp.fold('mixed'), '5', 'make five points');
SELECT is(pg_temp.record('mixed'), 'nothing', 'which is not above five');
SELECT pg_temp.answer('mixed', 1, 'worst');
SELECT is(pg_temp.fold('mixed'), '5.5', 'one more');
SELECT is(pg_temp.record('mixed'), 'implausible: its score is 5.5', 'is on record');
SELECT pg_temp.answer('mixed', 1, 'worst');
SELECT pg_temp.fold('mixed');
SELECT is(pg_temp.record('mixed'), 'implausible: its score is 5.5', 'once');
SELECT pg_temp.answer('mixed', 6, 'slow'), pg_temp.fold('mixed');
SELECT pg_temp.fold('mixed');
SELECT is(pg_temp.record('mixed'), 'implausible: its score is 5.5', 'as long as it is above');
SELECT pg_temp.answer('mixed', 3, 'worst');
SELECT pg_temp.fold('mixed');
SELECT matches(pg_temp.record('mixed'), '^implausible: its score is 5.5, implausible: its score is 5\.\d$', 'and once more when it is above it again');
SELECT results_eq($$SELECT username, suspicion_score = npcsim.get_player_suspicion_score(player_id), suspicion_score > 5, hopeless_in_a_row > 0, suspended_until, violations FROM npcsim.suspects WHERE username = 'mixed'$$,
                  $$VALUES ('mixed', true, true, true, NULL::timestamptz, 2::bigint)$$, 'operators see it');
SELECT is((SELECT string_agg(username, ',' ORDER BY username) FROM npcsim.suspects), 'creative,mixed,tiny', 'and nobody who gave no cause');

-- ---- fifty in a row ----
SET npcsim.market_time = '2030-03-01 00:00:00+00';
SELECT is(pg_temp.answer('lucky', 49, 'worst'), 'applied', 'one of the worst after the other');
SELECT pg_temp.fold('lucky');
SELECT is((SELECT hopeless_in_a_row FROM npcsim.suspects WHERE username = 'lucky'), 49, 'is counted');
SELECT pg_temp.answer('lucky', 5, 'slow');
SELECT pg_temp.fold('lucky');
SELECT is((SELECT hopeless_in_a_row FROM npcsim.suspects WHERE username = 'lucky'), 0, 'until one is none of them');
SELECT is((SELECT suspended_until FROM npcsim.players WHERE id = pg_temp.player('lucky')), NULL, 'fewer than fifty suspend nobody');

SELECT pg_temp.answer('lucky', 5, 'wait');
SELECT is(pg_temp.answer('worst', 75), 'applied', 'the worst always');
SELECT matches(pg_temp.fold('worst'), '2030-03-01 01:00:00\+00 50 answers in a row that were among the worst there were$', 'suspends for an hour');
SELECT matches(pg_temp.record('worst'), '^suspended: until 2030-03-01 01:00:00 UTC: 50 answers in a row that were among the worst there were$', 'which is on record, once');
SELECT results_eq($$SELECT ended, end_reason FROM npcsim.sessions WHERE player_id = pg_temp.player('worst')$$, $$VALUES (true, 'suspended')$$, 'what it lends by is disconnected');
SELECT throws_like($$SELECT npcsim.update_player_heartbeat(pg_temp.player('worst'), '{"source": "one"}')$$, 'the player is suspended until 2030-03-01 01:00:00 UTC: 50 answers%', 'it is told why');
SELECT is((SELECT hopeless_in_a_row FROM npcsim.suspects WHERE username = 'worst'), 0, 'afterwards it counts anew');
SELECT is(pg_temp.answer('unlisted', 75), 'applied', 'who asks for no list');
SELECT matches(pg_temp.fold('unlisted'), '2030-03-01 01:00:00\+00 50 answers in a row', 'is suspended, too');
SELECT is(pg_temp.answer('waiting', 100, 'wait'), 'applied', 'who only waits');
SELECT is(pg_temp.fold('waiting'), '0', 'is lazy, and not suspect');
SET npcsim.market_time = '2030-03-01 01:00:01+00';
SELECT lives_ok($$SELECT npcsim.client_connected('g1', pg_temp.player('worst'), 1, 'compute', 'one')$$, 'after the hour it is let in again, by itself');
SELECT npcsim.update_player_heartbeat(pg_temp.player('worst'), '{"source": "one", "choices": true, "max_concurrency": 64}');
SELECT is(pg_temp.answer('worst', 5, 'slow'), 'applied', 'and its answers are taken');
SELECT is((SELECT suspended_until FROM npcsim.suspects WHERE username = 'worst'), NULL, 'it is not suspended any more');

-- ---- none of it is world state ----
SELECT is(npcsim.replay_world(1), 2::bigint, 'a replay');
SELECT is_empty('SELECT * FROM npcsim.world_differences(1, 2)', 'is the same');
SELECT npcsim.drop_world(2), npcsim.drop_world(1);
SELECT is_empty('SELECT * FROM npcsim.suspects', 'with its world it is forgotten');
SELECT is_empty('SELECT * FROM npcsim.player_suspicion', 'all of it');
SELECT * FROM finish();
