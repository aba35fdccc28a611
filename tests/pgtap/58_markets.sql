-- Tests that markets in the database go as the kernel (src/market) says, step by step: 10 players and 60 NPCs for half an hour, in which players come,
-- go, pause, are banned, declare something else, show more or less than they did and answer, and operators assign NPCs. The kernel is fed with
-- the same numbers as a program (tests/unit/market_kernel.c).
--
--   NPCSIM_SEEDS=20 NPCSIM_SEED=1    how many markets, and from which on
\getenv seeds NPCSIM_SEEDS
\getenv first NPCSIM_SEED
\if :{?seeds}
\else
    \set seeds 20
\endif
\if :{?first}
\else
    \set first 1
\endif
SET client_min_messages = warning;
SELECT plan(9);

\ir lib/by_hand.sql
SELECT pg_temp.by_hand('player_accounts', 'player_proofs', 'source_outcomes', 'source_minutes');
SELECT npcsim.register_gateway('g1');
\set minutes 30
\set eventful 16

-- What the test knows of each player by itself.
CREATE TEMP TABLE players (world bigint, n integer, id bigint PRIMARY KEY, person bigint, declared bigint, asked integer, halves integer, proof integer, measured bigint,
                           session bigint, stateless boolean, away_since timestamptz, paused boolean, banned boolean, UNIQUE (world, n));
CREATE TEMP TABLE npcs (world bigint, id bigint, holder bigint, assigned boolean, decided boolean, since bigint, asked_at bigint DEFAULT -1, PRIMARY KEY (world, id));
CREATE TEMP TABLE asked (line bigint GENERATED ALWAYS AS IDENTITY, text text);
CREATE TEMP TABLE told (kind text, key bigint, id bigint, value bigint, PRIMARY KEY (kind, key, id));
CREATE TEMP TABLE markets (seed integer, world bigint, moved bigint, differences bigint);
CREATE TEMP TABLE answered (status text, n bigint);
CREATE TEMP TABLE unsettled (key bigint, player bigint, held integer, share integer);

-- A number from 0 to below 'below', the same for the same market, minute, player and purpose.
CREATE FUNCTION pg_temp.chance(seed integer, minute integer, n integer, what text, below integer) RETURNS integer LANGUAGE sql AS $$
    SELECT (('x' || substr(md5(concat_ws(' ', seed, minute, n, what)), 1, 7))::bit(28)::integer % below)
$$;
CREATE FUNCTION pg_temp.market_now() RETURNS timestamptz LANGUAGE sql AS $$SELECT npcsim_internal.market_now()$$;

CREATE PROCEDURE pg_temp.join(p bigint) LANGUAGE plpgsql AS $$
DECLARE
    who players := (SELECT t FROM players t WHERE t.id = p);
BEGIN
    who.session := (npcsim.client_connected('g1', p, who.world, 'compute', 'main') ->> 'session_id')::bigint;
    PERFORM npcsim.update_player_heartbeat(p, jsonb_build_object('source', 'main', 'max_concurrency', 8, 'stateless', who.stateless));
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 day' WHERE id = who.session;
    UPDATE players SET session = who.session, away_since = NULL WHERE id = p;
END
$$;

CREATE PROCEDURE pg_temp.make(market_seed integer, INOUT made bigint) LANGUAGE plpgsql AS $$
BEGIN
    made := npcsim.create_world('Market ' || market_seed, 64, 64, market_seed, tick_rate => 1);
    PERFORM npcsim.set_decision_policy(made, 'none');
    UPDATE npcsim.worlds SET min_tenure = 240, absence_grace = 180, pause_grace = 360, estimated_tokens_per_npc_per_day = 500 + pg_temp.chance(market_seed, 0, 0, 'tokens', 500),
           max_npcs_per_player = CASE WHEN market_seed % 3 = 0 THEN 15 ELSE 10000 END WHERE id = made;
    PERFORM npcsim.create_npc(made, 'N' || i, 1 + i % 60, 1 + i / 60 * 2) FROM generate_series(1, 60) AS i;
    INSERT INTO npcs (world, id, holder, assigned, decided, since) SELECT made, id, 0, false, false, 0 FROM npcsim.npcs WHERE world_id = made;
    INSERT INTO players SELECT made, n, (npcsim.create_player(made, 'p' || n)).player_id, NULL, 0, 0, 0, -1, 0, NULL, pg_temp.chance(market_seed, 0, n, 'stateless', 3) = 0, NULL, false, false
      FROM generate_series(1, 10) AS n;
    -- Two of them are one person.
    UPDATE npcsim.player_accounts a SET person_id = (SELECT min(b.person_id) FROM npcsim.player_accounts b WHERE b.world_id = made)
     WHERE a.id IN (SELECT id FROM players WHERE world = made AND n IN (4, 7));
    UPDATE players p SET person = a.person_id FROM npcsim.player_accounts a WHERE a.id = p.id AND p.world = made;
    IF market_seed % 2 = 0 THEN
        UPDATE npcsim.worlds SET owner_player_id = (SELECT id FROM players WHERE world = made AND n = 2) WHERE id = made;
    END IF;
END
$$;

-- What happens to a player in a minute.
CREATE PROCEDURE pg_temp.happen(seed integer, minute integer, p bigint) LANGUAGE plpgsql AS $$
DECLARE
    who players := (SELECT t FROM players t WHERE t.id = p);
    what integer := pg_temp.chance(seed, minute, who.n, 'what', 20);
    much integer := pg_temp.chance(seed, minute, who.n, 'much', 1000);
    npc bigint := (SELECT id FROM npcs WHERE world = who.world ORDER BY id OFFSET much % 60 LIMIT 1);
BEGIN
    IF what < 4 AND who.session IS NULL AND NOT who.banned THEN
        UPDATE players SET paused = false WHERE id = p;
        PERFORM npcsim.resume_compute_source(k.id) FROM npcsim.compute_sources k WHERE k.player_id = p;
        CALL pg_temp.join(p);
    ELSIF what = 4 AND who.session IS NOT NULL THEN
        PERFORM npcsim.client_disconnected(who.session);
        UPDATE npcsim.player_accounts SET last_heartbeat_at_real = npcsim_internal.market_now() WHERE id = p;
        UPDATE players SET session = NULL, away_since = CASE WHEN paused THEN away_since ELSE npcsim_internal.market_now() END WHERE id = p;
    ELSIF what = 5 AND who.session IS NOT NULL AND NOT who.paused THEN
        PERFORM npcsim.pause_compute_source(k.id) FROM npcsim.compute_sources k WHERE k.player_id = p;
        UPDATE players SET paused = true, away_since = npcsim_internal.market_now() WHERE id = p;
    ELSIF what = 6 AND who.paused AND who.session IS NOT NULL THEN
        PERFORM npcsim.resume_compute_source(k.id) FROM npcsim.compute_sources k WHERE k.player_id = p;
        UPDATE players SET paused = false, away_since = NULL WHERE id = p;
    ELSIF what IN (7, 8) OR minute = 0 THEN
        UPDATE players SET declared = CASE WHEN much < 60 THEN 0 WHEN much < 160 THEN 250000 ELSE much * 30 END WHERE id = p;
        PERFORM npcsim.declare_compute(p, (SELECT declared FROM players WHERE id = p));
    ELSIF what IN (9, 10, 11) THEN
        UPDATE players SET proof = much % 25 + 1 WHERE id = p;
        INSERT INTO npcsim.player_proofs AS q SELECT who.world, p, 0, t.proof, t.proof, 0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}' FROM players t WHERE t.id = p
            ON CONFLICT (world_id, player_id) DO UPDATE SET npcs = excluded.npcs;
    ELSIF what IN (12, 13) THEN
        UPDATE players SET asked = much % 100 + 1, halves = (much * 7) % (2 * (much % 100) + 3) WHERE id = p;
        DELETE FROM npcsim.source_outcomes WHERE player_id = p;
        INSERT INTO npcsim.source_outcomes SELECT who.world, p, 0, array_agg(i), array_agg(npcsim_internal.market_now() - i * interval '1 s'), array_agg(greatest(least(t.halves - 2 * (i - 1), 2), 0)::smallint)
          FROM players t, generate_series(1, t.asked) AS i WHERE t.id = p GROUP BY t.id;
    ELSIF what = 14 THEN
        PERFORM npcsim.assign_npc_to_player(who.world, npc, CASE WHEN much % 5 > 0 THEN p END);
        UPDATE npcs SET holder = CASE WHEN much % 5 > 0 THEN p ELSE 0 END, assigned = much % 5 > 0, decided = CASE WHEN holder = p THEN decided ELSE asked_at = (SELECT m.now FROM npcsim.world_moments m WHERE m.world_id = who.world) END AND much % 5 > 0,
               since = CASE WHEN holder = p AND much % 5 > 0 THEN since ELSE (SELECT m.now FROM npcsim.world_moments m WHERE m.world_id = who.world) END
         WHERE world = who.world AND id = npc;
    ELSIF what = 15 THEN
        UPDATE npcsim.npcs SET assigned = false WHERE world_id = who.world AND id = npc AND assigned;
        UPDATE npcs SET assigned = false WHERE world = who.world AND id = npc;
    ELSIF what = 16 AND much < 300 THEN
        UPDATE npcsim.players SET status = CASE WHEN who.banned THEN 'active' ELSE 'banned' END WHERE id = p;
        UPDATE players SET banned = NOT banned, session = NULL, away_since = coalesce(away_since, npcsim_internal.market_now()) WHERE id = p;
        UPDATE npcsim.player_accounts SET last_heartbeat_at_real = npcsim_internal.market_now() WHERE id = p AND NOT who.banned AND who.session IS NOT NULL;
    ELSIF what = 17 AND who.measured = 0 THEN
        UPDATE players SET measured = 260000 WHERE id = p;
        INSERT INTO npcsim.source_minutes (part, world_id, player_id, source_id, minute, tokens_credited)
            SELECT floor(extract(epoch FROM m) / 21600)::bigint % 8, who.world, p, 0, m, 260000 FROM date_trunc('minute', npcsim_internal.market_now()) AS m;
    ELSIF what IN (18, 19) AND who.session IS NOT NULL AND NOT who.paused THEN
        -- Its mind decides for some of those it holds.
        WITH answers AS (
            SELECT t.id, npcsim.submit_npc_decision(p, jsonb_build_object('request_id', npcsim.request_npc_decision(who.world, t.id), 'action', 'wait')) ->> 'status' AS status
              FROM npcs t WHERE t.world = who.world AND t.holder = p AND t.id % 4 = much % 4),
        noted AS (
            INSERT INTO answered SELECT status, count(*) FROM answers GROUP BY 1)
        UPDATE npcs t SET decided = true, asked_at = (SELECT m.now FROM npcsim.world_moments m WHERE m.world_id = who.world) FROM answers a WHERE t.world = who.world AND t.id = a.id AND a.status = 'applied';
    END IF;
END
$$;

-- Asks the kernel and the database, and compares later. 'key' tells the step.
CREATE PROCEDURE pg_temp.step(market bigint, step_key bigint) LANGUAGE plpgsql AS $$
DECLARE
    world_time bigint := (SELECT m.now FROM npcsim.world_moments m WHERE m.world_id = market);
    moment timestamptz := npcsim_internal.market_now();
BEGIN
    INSERT INTO asked (text) SELECT format('step %s %s %s', step_key, world_time, w.min_tenure * 1000000::bigint) FROM npcsim.worlds w WHERE w.id = market;
    INSERT INTO asked (text)
    SELECT concat_ws(' ', 'player', p.id, coalesce(p.person, 0), sum(p.declared) OVER (PARTITION BY p.person), w.estimated_tokens_per_npc_per_day, w.max_npcs_per_player, p.asked, least(p.halves, 2 * p.asked), p.proof,
                     (p.id IS NOT DISTINCT FROM w.owner_player_id)::integer, p.declared, p.measured, (p.session IS NOT NULL AND NOT p.paused)::integer,
                     (p.banned OR ((p.session IS NULL OR p.paused) AND coalesce(moment - p.away_since > make_interval(secs => CASE WHEN p.paused THEN w.pause_grace ELSE w.absence_grace END), true)))::integer,
                     (p.session IS NOT NULL AND p.stateless)::integer)
      FROM players p JOIN npcsim.worlds w ON w.id = p.world WHERE p.world = market
       AND (p.declared > 0 OR EXISTS (SELECT FROM npcs n WHERE n.world = market AND n.holder = p.id)) ORDER BY p.id;
    INSERT INTO asked (text) SELECT concat_ws(' ', 'npc', n.id, n.holder, n.assigned::integer, (n.decided AND n.holder <> 0)::integer, CASE WHEN n.holder = 0 THEN 0 ELSE n.since END) FROM npcs n WHERE n.world = market ORDER BY n.id;
    INSERT INTO asked (text) VALUES ('end');
    INSERT INTO told SELECT 'share', step_key, p.id, (npcsim.calculate_player_npc_allocation(p.id, market)).entitlement
      FROM players p WHERE p.world = market AND (p.declared > 0 OR EXISTS (SELECT FROM npcs n WHERE n.world = market AND n.holder = p.id));
    PERFORM npcsim.rebalance_compute_allocation(market);
    INSERT INTO told SELECT 'npc', step_key, n.id, coalesce(n.controller_player_id, 0) FROM npcsim.npcs n WHERE n.world_id = market;
    -- What was decided at the moment in which it changes hands counts for the new player (tables/allocation.c).
    UPDATE npcs t SET holder = coalesce(n.controller_player_id, 0), decided = t.asked_at = world_time, since = world_time
      FROM npcsim.npcs n WHERE n.world_id = market AND t.world = market AND t.id = n.id AND t.holder <> coalesce(n.controller_player_id, 0);
END
$$;

CREATE PROCEDURE pg_temp.play(seed integer, minutes integer, eventful integer) LANGUAGE plpgsql AS $$
DECLARE
    market bigint;
    p bigint;
    copy bigint;
    began timestamptz := date_trunc('second', now());
BEGIN
    PERFORM set_config('npcsim.market_time', began::text, false);
    CALL pg_temp.make(seed, market);
    COMMIT;
    FOR minute IN 0 .. minutes LOOP
        PERFORM set_config('npcsim.market_time', (began + minute * interval '1 min')::text, false);
        UPDATE npcsim.player_accounts a SET last_heartbeat_at_real = npcsim_internal.market_now() FROM players t WHERE t.id = a.id AND t.world = market AND t.session IS NOT NULL AND NOT t.paused;
        IF minute <= eventful THEN
            FOR p IN SELECT id FROM players WHERE world = market ORDER BY id LOOP
                IF minute = 0 AND pg_temp.chance(seed, 0, p::integer, 'joins', 4) > 0 THEN
                    CALL pg_temp.join(p);
                END IF;
                CALL pg_temp.happen(seed, minute, p);
            END LOOP;
            COMMIT;
        END IF;
        CALL pg_temp.step(market, seed * 1000::bigint + minute);
        COMMIT;
        PERFORM npcsim.tick_world(market, 60);
        COMMIT;
    END LOOP;
    -- In the end everybody holds its share, but for what operators assigned.
    INSERT INTO unsettled SELECT seed, t.id, c.held, c.entitlement FROM players t, npcsim.calculate_player_npc_allocation(t.id, market) AS c
     WHERE t.world = market AND abs(c.held - c.entitlement) > greatest(0.02 * c.entitlement, 1);
    copy := npcsim.replay_world(market);
    INSERT INTO markets SELECT seed, market, (SELECT count(*) FROM npcsim.world_inputs WHERE world_id = market AND kind = 'controllers'), (SELECT count(*) FROM npcsim.world_differences(market, copy));
    COMMIT;
    PERFORM npcsim.drop_world(copy);
    PERFORM npcsim.drop_world(market);
    COMMIT;
END
$$;
SELECT format('CALL pg_temp.play(%s, %s, %s)', seed, :minutes, :eventful) FROM generate_series(:first, :first + :seeds - 1) AS seed \gexec
RESET npcsim.market_time;

-- ---- what the kernel says ----
SELECT is(count(*), :seeds::bigint, 'all markets were played') FROM markets;
SELECT results_eq('SELECT DISTINCT status FROM answered', $$VALUES ('applied')$$, 'and all answers carried out');
\set ok `make -s --no-print-directory market-kernel >&2 && mktemp -d /tmp/npcsim-markets.XXXXXXXX`
\setenv MARKETS :ok
\copy (SELECT text FROM asked ORDER BY line) TO PROGRAM 'cat > "$MARKETS/asked"'
CREATE TEMP TABLE said (kind text, key bigint, id bigint, value bigint, PRIMARY KEY (kind, key, id));
\copy said FROM PROGRAM '"${BUILD:-build}/tests/market_kernel" < "$MARKETS/asked"' WITH (DELIMITER ' ')
\! rm -r "$MARKETS"
SELECT is((SELECT count(*) FROM said), (SELECT count(*) FROM told), 'the kernel was asked about all steps');
CREATE TEMP VIEW differ AS SELECT kind, key / 1000 AS market, key % 1000 AS minute, id, t.value AS here, s.value AS by_kernel
                               FROM told t FULL JOIN said s USING (kind, key, id) WHERE t.value IS DISTINCT FROM s.value ORDER BY key, id;
SELECT is_empty($$SELECT * FROM differ WHERE kind = 'share' LIMIT 20$$, 'players are entitled to what the kernel says, in each step');
SELECT is_empty($$SELECT * FROM differ WHERE kind = 'npc' LIMIT 20$$, 'and NPCs go where it says');
SELECT cmp_ok((SELECT count(DISTINCT value) FROM told WHERE kind = 'share'), '>', 10::bigint, 'which are many different shares');
SELECT cmp_ok((SELECT min(moved) FROM markets), '>', 5::bigint, 'NPCs changed hands in every market, again and again');
SELECT is_empty('SELECT * FROM unsettled', 'when nothing has happened for long enough everybody holds its share, within 2 per cent or one NPC');
SELECT is_empty('SELECT seed, differences FROM markets WHERE differences > 0', 'and all of it is replayed');
SELECT * FROM finish();
