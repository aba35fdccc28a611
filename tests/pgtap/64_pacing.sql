-- Tests that budgets of tokens last their day: players', worlds' and NPCs', at steady demand, by a clock that is moved through days.
-- What is spent is counted by transactions that are over, so this file commits.
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots', 'player_accounts', 'world_tokens', 'paces');
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute', 'main') IS NOT NULL FROM players;
CREATE FUNCTION pg_temp.here(rate double precision DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.update_player_heartbeat(id, jsonb_strip_nulls(jsonb_build_object('source', 'main', 'max_concurrency', 64, 'decisions_per_second', rate))) FROM players
$$;
SELECT pg_temp.here();
SELECT npcsim.create_npc(1, name, x, 20, pg_temp.player(owner)) FROM (VALUES ('Ada', 10, 'ada'), ('Ann', 14, 'ada'), ('Abe', 18, 'ada'), ('Bo', 30, 'bo'), ('Bea', 34, 'bo'), ('Ben', 38, 'bo')) AS v(name, x, owner);

-- ---- what is spent ----
CREATE TABLE pg_temp.spent (at timestamptz, player bigint, npc bigint, tokens bigint);
CREATE FUNCTION pg_temp.noon(hour double precision DEFAULT 12, day integer DEFAULT 0) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT '2030-01-01 00:00:00+00'::timestamptz + make_interval(days => day, secs => hour * 3600)
$$;
-- All minds have something to decide, and what they are asked by that moment they answer at once, for so many tokens. Returns how many were asked.
CREATE FUNCTION pg_temp.moment(moment timestamptz, cost bigint DEFAULT 50) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    asked record;
    count integer := 0;
BEGIN
    PERFORM set_config('npcsim.market_time', moment::text, false);
    PERFORM npcsim.request_npc_decision(1, n.id) FROM npcsim.npcs n WHERE n.world_id = 1 AND NOT n.decision_pending;
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    FOR asked IN SELECT c.* FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 64 FROM npcsim.sessions)) AS c LOOP
        PERFORM npcsim.submit_npc_decision(asked.player_id, jsonb_build_object('request_id', asked.request_id, 'action', 'wait', 'tokens', cost));
        INSERT INTO pg_temp.spent VALUES (moment, asked.player_id, asked.npc_id, cost);
        count := count + 1;
    END LOOP;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN count;
END
$$;
CREATE PROCEDURE pg_temp.live(from_hour double precision, to_hour double precision, day integer DEFAULT 0, cost bigint DEFAULT 50, step integer DEFAULT 2) LANGUAGE plpgsql AS $$
BEGIN
    FOR minute IN (from_hour * 60)::integer .. (to_hour * 60)::integer - 1 BY step LOOP
        PERFORM pg_temp.moment(pg_temp.noon(minute / 60.0, day), cost);
        COMMIT;
        PERFORM npcsim_internal.fold_decisions();
        IF minute % 60 = 0 THEN
            PERFORM pg_temp.here();
        END IF;
        COMMIT;
    END LOOP;
END
$$;
CREATE PROCEDURE pg_temp.anew(player bigint DEFAULT 0, world bigint DEFAULT 0, npc bigint DEFAULT 0, cost integer DEFAULT 50) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = npc, max_tokens_per_player_per_day = player, max_tokens_per_day = world, tokens_per_decision = cost WHERE id = 1;
    UPDATE npcsim.player_accounts SET daily_token_output = 0, declared_tokens_per_day = 0;
    DELETE FROM npcsim.world_tokens;
    DELETE FROM npcsim.paces;
    UPDATE npcsim.decision_slots SET status = 0, daily_token_output = 0, pace_saved = NULL, pace_as_of = NULL, pace_reserve = NULL;
    UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100 WHERE world_id = 1;
    PERFORM npcsim.define_item_type(1, 'stone', '{}'); -- the image is read anew
    TRUNCATE pg_temp.spent;
    PERFORM pg_temp.here();
END
$$;
-- The least and the most that was spent in any hour of a stretch of time, from every fifth minute on.
CREATE FUNCTION pg_temp.hours(from_hour double precision, to_hour double precision, who bigint DEFAULT NULL, whom bigint DEFAULT NULL, day integer DEFAULT 0, OUT fewest bigint, OUT most bigint)
LANGUAGE sql AS $$
    SELECT min(h.tokens), max(h.tokens)
      FROM generate_series(pg_temp.noon(from_hour, day), pg_temp.noon(to_hour - 1, day), interval '5 min') AS b(at)
     CROSS JOIN LATERAL (SELECT coalesce(sum(s.tokens), 0)::bigint AS tokens FROM pg_temp.spent s
                          WHERE s.at >= b.at AND s.at < b.at + interval '1 h' AND (who IS NULL OR s.player = who) AND (whom IS NULL OR s.npc = whom)) AS h
$$;
-- Whether it was even within a tenth or one decision in every hour.
CREATE FUNCTION pg_temp.is_even(even numeric, cost bigint, from_hour double precision, to_hour double precision, who bigint DEFAULT NULL, whom bigint DEFAULT NULL, day integer DEFAULT 0) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN h.fewest >= even - greatest(even / 10, cost) AND h.most <= even + greatest(even / 10, cost) THEN 'even' ELSE format('%s to %s an hour', h.fewest, h.most) END
      FROM pg_temp.hours(from_hour, to_hour, who, whom, day) AS h
$$;
CREATE FUNCTION pg_temp.spent_by(who text) RETURNS bigint LANGUAGE sql AS $$SELECT coalesce(sum(tokens), 0)::bigint FROM pg_temp.spent WHERE player = pg_temp.player(who)$$;

-- ---- a player's day ----
CALL pg_temp.anew(player => 24000);
SELECT is(pg_temp.moment(pg_temp.noon(0)), 4, 'at midnight a player spends what may be saved, a tenth of an hour''s part');
SELECT is(pg_temp.moment(pg_temp.noon(0)), 0, 'then its questions wait');
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE world_id = 1), 6::bigint, 'open');
CALL pg_temp.anew(player => 24000);
CALL pg_temp.live(0, 24);
SELECT is(pg_temp.is_even(1000, 50, 0, 24, pg_temp.player('ada')), 'even', 'a player''s tokens are spent evenly over its day');
SELECT is(pg_temp.is_even(1000, 50, 0, 24, pg_temp.player('bo')), 'even', 'each player''s own');
SELECT cmp_ok(pg_temp.spent_by('ada'), '<=', 24000::bigint, 'no more than there are');
SELECT cmp_ok(pg_temp.spent_by('ada'), '>=', 23500::bigint, 'and nearly all of them');
-- Over midnight.
CALL pg_temp.live(0, 3, 1);
SELECT is(pg_temp.is_even(1000, 50, 22, 27, pg_temp.player('ada')), 'even', 'the hours around midnight are like others');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), (SELECT sum(tokens)::bigint FROM pg_temp.spent WHERE player = pg_temp.player() AND at >= pg_temp.noon(0, 1)), 'a new day counts anew');
-- The budget is changed.
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 12000 WHERE id = 1;
SELECT daily_token_output AS spent FROM npcsim.players WHERE username = 'ada' \gset
CALL pg_temp.live(3, 8, 1, step => 1);
SELECT is(pg_temp.is_even((12000 - :spent) / 21.0, 50, 4, 8, pg_temp.player('ada'), day => 1), 'even', 'when the budget is halved within the day, what is left is spent evenly');
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 48000 WHERE id = 1;
SELECT daily_token_output AS spent FROM npcsim.players WHERE username = 'ada' \gset
CALL pg_temp.live(8, 12, 1);
SELECT is(pg_temp.is_even((48000 - :spent) / 16.0, 50, 8.25, 12, pg_temp.player('ada'), day => 1), 'even', 'so is what is more when it is raised');

-- ---- what answers cost ----
CALL pg_temp.anew(player => 48000);
CALL pg_temp.live(0, 5, cost => 400);
SELECT is(pg_temp.is_even(2000, 400, 1, 5, pg_temp.player('ada')), 'even', 'answers that cost more than a decision counts are as even once it is known what they cost');
CALL pg_temp.anew(player => 48000);
CALL pg_temp.live(0, 4, cost => 10, step => 1);
SELECT is(pg_temp.is_even(2000, 50, 1, 4, pg_temp.player('ada')), 'even', 'so are those that cost less');
CALL pg_temp.anew(player => 60, cost => 500);
SELECT is(pg_temp.moment(pg_temp.noon(6), 60), 2, 'who has fewer tokens than a decision counts is asked once');
SELECT is(pg_temp.moment(pg_temp.noon(20), 60), 0, 'a day');

-- ---- declared ----
CALL pg_temp.anew();
SELECT npcsim.declare_compute(pg_temp.player('ada'), 24000);
CALL pg_temp.live(6, 9);
SELECT is(pg_temp.is_even(24000 / 18.0, 50, 6, 9, pg_temp.player('ada')), 'even', 'what a player declares it lends is a budget of its own');
SELECT cmp_ok(pg_temp.spent_by('bo'), '>=', 3 * 30 * 3 * 50::bigint, 'and no one else''s: who has none is asked whenever there is a question');

-- ---- of a world, and all at once ----
CALL pg_temp.anew(world => 48000);
CALL pg_temp.live(0, 4);
SELECT is(pg_temp.is_even(2000, 50, 0, 4), 'even', 'a world''s tokens are spent evenly, by all its players together');
CALL pg_temp.anew(npc => 4800);
CALL pg_temp.live(0, 6);
SELECT is(pg_temp.is_even(200, 50, 0, 6, whom => pg_temp.npc('Ann')), 'even', 'an NPC''s are, too');
SELECT is(pg_temp.is_even(200, 50, 0, 6, whom => pg_temp.npc('Bo')), 'even', 'of each by itself');
CALL pg_temp.anew(world => 33600, npc => 24000, player => 24000);
UPDATE npcsim.players SET declared_tokens_per_day = 9600 WHERE username = 'ada';
CALL pg_temp.live(0, 5);
SELECT is(pg_temp.is_even(400, 50, 0, 5, pg_temp.player('ada')), 'even', 'where there are several budgets, the one of which least is left decides: here the player''s own');
SELECT is(pg_temp.is_even(1000, 50, 0, 5, pg_temp.player('bo')), 'even', 'what the world grants a player');
SELECT cmp_ok((pg_temp.hours(0, 5)).most, '<=', 1400 + 140::bigint, 'and the world''s bounds all of them');

-- ---- urgent questions ----
-- Asks at one moment until nothing more comes of it. Returns what the player has spent then.
CREATE FUNCTION pg_temp.spend_all(who text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := -1;
BEGIN
    FOR i IN 1 .. 1000 LOOP
        EXIT WHEN pg_temp.spent_by(who) = before;
        before := pg_temp.spent_by(who);
        PERFORM pg_temp.moment(current_setting('npcsim.market_time')::timestamptz);
    END LOOP;
    RETURN before;
END
$$;
CALL pg_temp.anew(player => 24000);
CALL pg_temp.live(0, 2);
SELECT set_config('npcsim.market_time', pg_temp.noon(2)::text, false);
SELECT pg_temp.spend_all('ada') AS even \gset
UPDATE npcsim.npcs SET hunger = 15 WHERE world_id = 1 AND name = 'Ada';
SELECT pg_temp.spend_all('ada') - :even AS needs \gset
SELECT cmp_ok(:needs::bigint, '>=', 24000 / 5 - 50::bigint, 'questions about a need below 20 may take a fifth of the day''s tokens ahead of the day');
SELECT cmp_ok(:needs::bigint, '<=', 24000 / 5 + 50::bigint, 'and no more');
SELECT is((SELECT count(DISTINCT npc) FROM (SELECT npc FROM pg_temp.spent WHERE player = pg_temp.player() ORDER BY at DESC, ctid DESC LIMIT 50) AS last), 1::bigint, 'only those that are urgent');
UPDATE npcsim.npcs SET hunger = 100 WHERE world_id = 1;
CALL pg_temp.live(2, 5);
SELECT is(pg_temp.is_even((24000 - :even - :needs) / 22.0, 50, 2.1, 5, pg_temp.player('ada')), 'even', 'the others come more slowly for the rest of the day');
UPDATE npcsim.npcs SET hunger = 15 WHERE world_id = 1 AND name = 'Ada';
SELECT set_config('npcsim.market_time', pg_temp.noon(5)::text, false);
SELECT pg_temp.moment(pg_temp.noon(5));
SELECT pg_temp.spent_by('ada') AS before \gset
SELECT pg_temp.moment(pg_temp.noon(5));
SELECT is(pg_temp.spent_by('ada'), :before::bigint, 'the reserve is one of the day');
SELECT pg_temp.here();
SELECT pg_temp.moment(pg_temp.noon(0.5, 1)) >= 0;
SELECT pg_temp.spent_by('ada') AS before \gset
SELECT pg_temp.moment(pg_temp.noon(0.5, 1));
SELECT cmp_ok(pg_temp.spent_by('ada'), '>', :before::bigint, 'which begins anew with the next');

-- What is urgent.
CREATE FUNCTION pg_temp.goes_ahead() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    names text[];
    was timestamptz := pg_temp.noon(3);
BEGIN
    PERFORM pg_temp.moment(was) FROM generate_series(1, 4);
    TRUNCATE pg_temp.spent;
    PERFORM pg_temp.moment(was);
    SELECT coalesce(array_agg(DISTINCT n.name ORDER BY n.name), '{}') INTO names FROM pg_temp.spent s JOIN npcsim.npcs n ON n.id = s.npc AND n.world_id = 1;
    RETURN names;
END
$$;
CALL pg_temp.anew(player => 24000);
SELECT is(pg_temp.goes_ahead(), '{}', 'nothing is');
UPDATE npcsim.npcs SET energy = 20 WHERE world_id = 1 AND name = 'Bea';
SELECT is(pg_temp.goes_ahead(), '{}', 'a need of 20 is not');
UPDATE npcsim.npcs SET energy = 19.9 WHERE world_id = 1 AND name = 'Bea';
SELECT is(pg_temp.goes_ahead(), '{Bea}', 'one below 20 is');
UPDATE npcsim.npcs SET energy = 100 WHERE world_id = 1;
SELECT npcsim.client_connected('g1', NULL, 1, 'watch') ->> 'session_id' AS spectator \gset
SELECT npcsim.try_update_spectator_camera(:spectator, 28, 18, 32, 22) ->> 'ok';
SELECT is(pg_temp.goes_ahead(), '{Bo}', 'somebody watching is');
SELECT npcsim.client_disconnected(:spectator);
SELECT is(pg_temp.goes_ahead(), '{}', 'until they look away');
SELECT pg_temp.moment(pg_temp.noon(3)) FROM generate_series(1, 3);
TRUNCATE pg_temp.spent;
UPDATE npcsim.decision_slots SET reason = CASE WHEN npc_id = pg_temp.npc('Abe') THEN 'bid' ELSE 'message' END WHERE npc_id IN (pg_temp.npc('Abe'), pg_temp.npc('Ben')) AND status = 1;
SELECT pg_temp.moment(pg_temp.noon(3));
SELECT is((SELECT array_agg(n.name ORDER BY n.name) FROM pg_temp.spent s JOIN npcsim.npcs n ON n.id = s.npc), '{Abe,Ben}', 'invitations and messages are');

-- ---- how often sources are asked ----
CALL pg_temp.anew();
SELECT pg_temp.here(0.5);
SELECT is((SELECT array_agg(DISTINCT decisions_per_second) FROM npcsim.sessions WHERE purpose = 'compute'), '{500}', 'a source says how many decisions a second it takes');
SELECT is(pg_temp.moment(pg_temp.noon(12)), 2, 'one for each source at first');
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '1.9 s'), 0, 'then none');
SELECT is(npcsim.update_player_heartbeat(pg_temp.player(), '{"source": "main", "max_concurrency": 64, "decisions_per_second": 0.5}')::jsonb #>> '{source,idle}', 'rate_limited', 'which it is told');
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '2 s'), 2, 'until its time has come');
SELECT pg_temp.here(3);
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '60 s'), 6, 'a faster one gets as many at once as come to it in a second');
UPDATE npcsim.compute_sources SET decisions_per_second = 1000 WHERE player_id = pg_temp.player();
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '120 s'), 4, 'the smaller of what it says and what an operator sets counts');
SELECT pg_temp.here();
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '180 s'), 4, 'what it does not say does not count');
UPDATE npcsim.compute_sources SET decisions_per_second = 0;
SELECT is(pg_temp.moment(pg_temp.noon(12) + interval '240 s'), 6, 'without limits all are asked');
SELECT is(npcsim.try_update_player_heartbeat(pg_temp.player(), format('{"source": "main", "decisions_per_second": %s}', said)::jsonb)::jsonb #>> '{error,code}', '22023', said || ' decisions a second are refused')
  FROM unnest('{0,-1,0.0009,1000.1,1e400,9223372036854775808,"NaN","Infinity",true,[1]}'::text[]) WITH ORDINALITY AS t(given, n), LATERAL (SELECT CASE WHEN given ~ '^[a-zA-Z]' AND given <> 'true' THEN quote_ident(given) ELSE given END) AS u(said);
SELECT is((SELECT array_agg(DISTINCT decisions_per_second) FROM npcsim.sessions WHERE purpose = 'compute'), '{0}', 'and change nothing');
SELECT throws_ok($$UPDATE npcsim.compute_sources SET decisions_per_second = -1$$, '23514', NULL, 'nor is there less than none');

-- ---- what minds are told ----
CREATE FUNCTION pg_temp.told_budget(moment timestamptz) RETURNS TABLE (name text, budget jsonb) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('npcsim.market_time', moment::text, false);
    PERFORM npcsim.request_npc_decision(1, n.id) FROM npcsim.npcs n WHERE n.world_id = 1 AND NOT n.decision_pending;
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    RETURN QUERY SELECT c.body #>> '{observations,self,name}', c.body::jsonb #> '{observations,budget}'
       FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 64 FROM npcsim.sessions)) AS c;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
END
$$;
CALL pg_temp.anew();
SELECT is_empty($$SELECT * FROM pg_temp.told_budget(pg_temp.noon(0)) WHERE budget IS NOT NULL$$, 'without a budget nothing is told of one');
CALL pg_temp.anew(player => 24000, npc => 6000);
UPDATE npcsim.players SET daily_token_output = 6000 WHERE world_id = 1 AND username = 'ada';
SELECT results_eq($$SELECT DISTINCT budget FROM pg_temp.told_budget(pg_temp.noon(12)) WHERE name IN ('Ada', 'Ann', 'Abe')$$,
                  $$VALUES ('{"pace": 1.5, "tokens_left": 6000, "tokens_per_decision": 50}'::jsonb)$$, 'with some, how fast it may go on, by the slowest, what is left of the least, and what a decision counts');
SELECT is(npcsim.observe_npc(1, pg_temp.npc('Abe'))::jsonb -> 'budget', '{"pace": 1.5, "tokens_left": 6000, "tokens_per_decision": 50}'::jsonb, 'operators see it, too');
CALL pg_temp.anew(player => 24000, npc => 6000);
SELECT npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 64, "compact": true}') IS NOT NULL FROM players;
SELECT is((SELECT budget FROM pg_temp.told_budget(pg_temp.noon(18)) WHERE name IN ('Bo', 'Bea', 'Ben') LIMIT 1), '{"pace": 4, "tokens_left": 6000, "tokens_per_decision": 50}'::jsonb, 'so are minds with little room');
RESET npcsim.market_time;

-- ---- what NPCs do meanwhile ----
SELECT npcsim.create_world('Hill', 60, 40, 7, preset => 'reference');
CREATE TEMP TABLE others AS SELECT name, p.player_id AS id FROM (VALUES ('cy'), ('di')) AS v(name), npcsim.create_player(2, name) AS p;
SELECT npcsim.declare_compute(id, 700) FROM others WHERE name = 'cy';
SELECT npcsim.client_connected('g1', id, 2, 'compute', 'main') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 8}') IS NOT NULL FROM others;
SELECT npcsim.create_npc(2, name, x, 20, (SELECT id FROM others o WHERE o.name = owner)) FROM (VALUES ('Cy', 10, 'cy'), ('Di', 40, 'di')) AS v(name, x, owner);
-- For how many of so many seconds each NPC stands idle.
CREATE FUNCTION pg_temp.idle_for(seconds integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    idle jsonb := '{"Cy": 0, "Di": 0}';
BEGIN
    FOR i IN 1 .. seconds LOOP
        PERFORM npcsim.tick_world(2, 1);
        SELECT jsonb_object_agg(n.name, (idle ->> n.name)::integer + (n.state = 'idle')::integer) INTO idle FROM npcsim.npcs n WHERE world_id = 2;
    END LOOP;
    RETURN idle;
END
$$;
SELECT pg_temp.idle_for(12) AS first \gset
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE world_id = 2), 2::bigint, 'both are asked, and nobody answers');
SELECT pg_temp.idle_for(180) AS idle \gset
SELECT cmp_ok((:'idle'::jsonb ->> 'Di')::integer, '>', 20, 'an NPC stands idle for a mind that may answer any moment');
SELECT cmp_ok((:'idle'::jsonb ->> 'Cy')::integer, '<', 10, 'but not for one whose question waits for its part of the day');
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE world_id = 2), 2::bigint, 'the question stays open');
SELECT is((SELECT payload -> 'paced' FROM npcsim.world_inputs WHERE world_id = 2 AND kind = 'presence' ORDER BY sequence DESC LIMIT 1), jsonb_build_array((SELECT id FROM others WHERE name = 'cy')), 'whose it is the world knows by an input');
UPDATE npcsim.decision_slots SET opened_at_real = clock_timestamp() - interval '20 s' WHERE world_id = 2;
UPDATE npcsim.sessions SET connected_at_real = clock_timestamp() - interval '1 hour' WHERE world_id = 2;
SELECT npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 1}') IS NOT NULL FROM others;
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 2;
SELECT results_eq('SELECT name, npcsim_internal.waiting_questions(2, id) FROM others ORDER BY 1', $$VALUES ('cy', 0::bigint), ('di', 1)$$, 'nobody is less reliable for questions that wait for their part of the day');
UPDATE npcsim.decision_slots SET status = 2 WHERE world_id = 2;
SELECT set_eq('SELECT name FROM npcsim_internal.players_short_of_slots(2) AS p(id) JOIN others USING (id)', '{cy,di}'::text[], 'but for those that wait for a free slot');
UPDATE npcsim.decision_slots SET status = 1 WHERE world_id = 2;
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 2;
SELECT npcsim.declare_compute(id, 4320000) FROM others WHERE name = 'cy';
SELECT npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 8}') IS NOT NULL FROM others;
SELECT npcsim.tick_world(2, 31);
SELECT is((SELECT payload -> 'paced' FROM npcsim.world_inputs WHERE world_id = 2 AND kind = 'presence' ORDER BY sequence DESC LIMIT 1), NULL, 'a decision a second is none that is waited for');
SELECT npcsim.replay_world(2) AS replay \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(2, %s)', :replay), 'a replay comes to the same');

SELECT * FROM finish();
