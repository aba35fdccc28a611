-- Tests properties that must hold whatever minds answer and operators write. Each seed is a colony of 40 NPCs that lives for 300 s among random
-- answers and random statements and is checked every few seconds; at the end a session that has never seen it must do the same with its rows
-- as the session that has carried it all along.
--
--   NPCSIM_SEEDS=50 NPCSIM_SEED=1 NPCSIM_SECONDS=300    how many seeds, from which on, how long each lives
\getenv seeds NPCSIM_SEEDS
\getenv first NPCSIM_SEED
\getenv seconds NPCSIM_SECONDS
\if :{?seeds}
\else
    \set seeds 50
\endif
\if :{?first}
\else
    \set first 1
\endif
\if :{?seconds}
\else
    \set seconds 300
\endif
SET client_min_messages = warning;
-- Every step is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(2 * :seeds + 2);

\ir lib/colonies.sql
SELECT property.connect_other();
CREATE TABLE property.worlds (seed integer PRIMARY KEY, world bigint, replay bigint, broken text, differs text);
-- Questions that came sooner than they may: within 3 s of the last, or before the mind is to be asked again after a failure.
CREATE TABLE property.hasty (world_id bigint, npc_id bigint, request_id bigint, reason text, at bigint, after bigint, not_before bigint);
CREATE FUNCTION property.note_hasty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO property.hasty
    SELECT NEW.world_id, NEW.npc_id, NEW.request_id, NEW.reason, NEW.opened_at, OLD.opened_at, m.asked_not_before
      FROM npcsim.npc_minds m
     WHERE m.world_id = NEW.world_id AND m.npc_id = NEW.npc_id AND NEW.opened_at < greatest(OLD.opened_at + 3000000, m.asked_not_before);
    RETURN NULL;
END
$$;
CREATE TRIGGER property_hasty AFTER UPDATE ON npcsim.decision_slots FOR EACH ROW
    WHEN (NEW.status > 0 AND NEW.request_id <> OLD.request_id AND NEW.reason NOT IN ('bid', 'message')) EXECUTE FUNCTION property.note_hasty();

-- ---- what must never be so ----
CREATE FUNCTION property.violations(of_world bigint) RETURNS SETOF text LANGUAGE sql AS $$
    WITH w AS (SELECT s.size_x, s.size_y, s.decision_policy, t.blocked, m.now
                 FROM npcsim.world_settings s JOIN npcsim.world_terrain t ON t.world_id = s.id JOIN npcsim.world_moments m ON m.world_id = s.id
                WHERE s.id = of_world),
         n AS (SELECT v.*, r.cells, r.departed_at FROM npcsim.npc_states v JOIN npcsim.npc_tracks r USING (world_id, npc_id) WHERE v.world_id = of_world),
         needs AS (SELECT npc_id, need, npcsim_internal.need_at(value, rate, needs_as_of, now) AS value
                     FROM n, w, LATERAL (VALUES ('hunger', hunger, hunger_rate), ('hygiene', hygiene, hygiene_rate), ('fun', fun, fun_rate),
                                                ('energy', energy, energy_rate)) AS v (need, value, rate)),
         place AS (SELECT npc_id, npcsim_internal.track_x(cells, departed_at, now) AS x, npcsim_internal.track_y(cells, departed_at, now) AS y FROM n, w),
         stood AS (SELECT npc_id, floor(x)::integer AS x, floor(y)::integer AS y FROM place UNION SELECT npc_id, ceil(x)::integer, ceil(y)::integer FROM place),
         i AS (SELECT * FROM npcsim.items WHERE world_id = of_world),
         -- What operators change goes on as it began: these are then the bounds of all there were.
         u AS (SELECT r.*, k.name, k.target, k.component, k.duration, k.target = 'npc' AND k.parameters ? 'message' AS is_talk,
                      CASE k.name WHEN 'play' THEN 2 ELSE k.min_participants END AS min_participants,
                      CASE k.name WHEN 'play' THEN 4 WHEN 'conversation' THEN 10 ELSE k.max_participants END AS max_participants,
                      (SELECT count(*) FROM n WHERE n.interaction_id = r.id) AS users
                 FROM npcsim.interaction_runs r LEFT JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.interaction
                WHERE r.world_id = of_world),
         b AS (SELECT r.*, k.name, k.target FROM npcsim.interaction_bid_rows r
                 LEFT JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.interaction WHERE r.world_id = of_world)
    SELECT format('%s of NPC %s is %s', need, npc_id, value) FROM needs WHERE value NOT BETWEEN 0 AND 100 OR value IS NULL
    UNION ALL
    SELECT format('NPC %s has %s rows of state', id, (SELECT count(*) FROM n WHERE npc_id = id)) FROM npcsim.npc_identities
     WHERE world_id = of_world AND (SELECT count(*) FROM n WHERE npc_id = id) <> 1
    UNION ALL
    SELECT format('NPC %s is outside, at %s, %s', npc_id, x, y) FROM stood, w WHERE x NOT BETWEEN 0 AND size_x - 1 OR y NOT BETWEEN 0 AND size_y - 1
    UNION ALL
    SELECT format('NPC %s is inside a wall, at %s, %s', npc_id, x, y) FROM stood, w
     WHERE CASE WHEN x BETWEEN 0 AND size_x - 1 AND y BETWEEN 0 AND size_y - 1 THEN get_bit(blocked, y * size_x + x) = 1 END
    UNION ALL
    SELECT format('item %s is inside a wall', id) FROM i, w WHERE get_bit(blocked, y * size_x + x) = 1
    UNION ALL
    SELECT format('%s items are at %s, %s', count(*), x, y) FROM i GROUP BY x, y HAVING count(*) > 1
    UNION ALL
    SELECT format('nothing is left of item %s', id) FROM i WHERE share_left NOT BETWEEN 1 AND 1000000
    UNION ALL
    SELECT format('item %s has %s users', u.target_id, sum(users)) FROM u WHERE target = 'item' GROUP BY u.target_id HAVING sum(users) > max(max_participants) OR count(*) > 1
    UNION ALL
    SELECT format('item %s is occupied by NPC %s, which is not using it', i.id, occupied_by_npc_id) FROM i
     WHERE occupied_by_npc_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM n JOIN u ON u.id = n.interaction_id WHERE n.npc_id = occupied_by_npc_id AND u.target = 'item' AND u.target_id = i.id)
    UNION ALL
    SELECT format('interaction %s is with item %s, which is not occupied by NPC %s', u.id, u.target_id, u.participants[1]) FROM u
     WHERE target = 'item' AND NOT EXISTS (SELECT FROM i WHERE i.id = u.target_id AND i.occupied_by_npc_id = u.participants[1])
    UNION ALL
    SELECT format('interaction %s has participants %s, but %s are in it', u.id, u.participants, ids) FROM u,
           LATERAL (SELECT array_agg(npc_id ORDER BY npc_id) AS ids FROM n WHERE n.interaction_id = u.id) AS m
     WHERE ids IS DISTINCT FROM (SELECT array_agg(p ORDER BY p) FROM unnest(u.participants) AS p)
    UNION ALL
    SELECT format('interaction %s is of no kind', u.id) FROM u WHERE name IS NULL
    UNION ALL
    SELECT format('interaction %s (%s) has %s participants', u.id, name, users) FROM u WHERE users NOT BETWEEN min_participants AND max_participants
    UNION ALL
    SELECT format('NPC %s in state %s has interaction %s', npc_id, state, coalesce(interaction_id::text, 'none')) FROM n
     WHERE (state = 3) <> (interaction_id IS NOT NULL) OR (interaction_id IS NOT NULL AND NOT EXISTS (SELECT FROM u WHERE u.id = n.interaction_id))
    UNION ALL
    SELECT format('interaction %s has %s acts, the last of %s', u.id, jsonb_array_length(acts), act_count) FROM u
     WHERE jsonb_array_length(acts) <> least(act_count, 10) OR (acts IS NULL) <> (coalesce(act_count, 0) = 0)
    UNION ALL
    SELECT format('interaction %s has %s moments of acts for participants %s', u.id, acted_at, participants) FROM u, w
     WHERE (acted_at IS NULL) <> (acts IS NULL) OR cardinality(acted_at) <> cardinality(participants) OR now < ANY (acted_at)
    UNION ALL
    SELECT format('NPC %s in state %s made %s bids', npc_id, state, bids) FROM n, LATERAL (SELECT count(*) AS bids FROM b WHERE b.bidder_npc_id = n.npc_id) AS m
     WHERE bids <> (state = 2)::integer
    UNION ALL
    SELECT format('bid %s is of NPC %s, which is not there', b.id, bidder_npc_id) FROM b WHERE NOT EXISTS (SELECT FROM n WHERE n.npc_id = b.bidder_npc_id)
    UNION ALL
    SELECT format('bid %s is put to NPC %s, which is not there', b.id, i.npc_id) FROM b, unnest(invited_npc_ids) AS i(npc_id)
     WHERE NOT EXISTS (SELECT FROM n WHERE n.npc_id = i.npc_id)
    UNION ALL
    SELECT format('bid %s is put to %s by NPC %s', b.id, invited_npc_ids, bidder_npc_id) FROM b
     WHERE bidder_npc_id = ANY (invited_npc_ids) OR (SELECT count(DISTINCT i) FROM unnest(invited_npc_ids) AS i) < cardinality(invited_npc_ids)
    UNION ALL
    SELECT format('bid %s is for %s %s, which is not there', b.id, target, target_id) FROM b
     WHERE CASE target WHEN 'npc' THEN target_id <> invited_npc_ids[1] WHEN 'item' THEN NOT EXISTS (SELECT FROM i WHERE i.id = b.target_id) ELSE true END
    UNION ALL
    SELECT format('bid %s, made at %s, was due at %s', b.id, made_at, due_at) FROM b, w WHERE due_at < now OR made_at > now
    UNION ALL
    SELECT format('nobody has to answer bid %s: %s', b.id, answers) FROM b WHERE NOT answers && '{0,1}'
    UNION ALL
    SELECT format('bid %s, put at %s, is in the last tenth of its time (%s), and a mind did not answer: %s', b.id, put_at, due_at, answers) FROM b, w
     WHERE NOT 0 = ANY (answers) AND now > due_at - (due_at - put_at) / 10
    UNION ALL
    -- Speeds are 3 at most.
    SELECT format('nobody said anything in interaction %s since %s, and nobody will look after it', u.id, last) FROM u, w,
           LATERAL (SELECT greatest(max(n.state_since), ((u.acts -> -1 ->> 'at')::numeric * 1000000)::bigint) AS last, min(n.decision_at) AS look FROM n WHERE n.interaction_id = u.id) AS m
     WHERE is_talk AND decision_policy <> 'none' AND now > last + 3 * 60000000 AND coalesce(look > now + 5000000, true)
    UNION ALL
    SELECT format('NPC %s waits and lacks something, its mind is silent since %s, and nobody will look after it', npc_id, unanswered_since)
      FROM n JOIN npcsim.npc_minds m USING (world_id, npc_id), w
     WHERE n.state = 5 AND n.decider = 2 AND decision_policy <> 'none' AND greatest(state_since, unanswered_since) + 3 * 30000000 < now AND coalesce(decision_at > now + 5000000, true)
       AND EXISTS (SELECT FROM needs WHERE needs.npc_id = n.npc_id AND value < 20)
    UNION ALL
    SELECT format('nobody will say anything in interaction %s', u.id) FROM u
     WHERE is_talk AND NOT EXISTS (SELECT FROM n WHERE n.interaction_id = u.id AND (n.decider <> 1 OR n.event_kind IN (4, 5)))
    UNION ALL
    -- A walk ends, as does what has a duration; and who is idle, or has no answer to wait for, is looked after.
    SELECT format('NPC %s in state %s has no next event', npc_id, state) FROM n LEFT JOIN u ON u.id = n.interaction_id
     WHERE event_at IS NULL AND (state IN (1, 4) OR u.duration IS NOT NULL AND u.name <> 'play' OR u.component = 'consumable')
    UNION ALL
    SELECT format('NPC %s in state %s will not be decided for', npc_id, state) FROM n, w
     WHERE decision_at IS NULL AND decision_policy <> 'none'
       AND (state = 0 OR NOT EXISTS (SELECT FROM npcsim.decision_slots d WHERE d.world_id = of_world AND d.npc_id = n.npc_id AND d.status > 0))
    UNION ALL
    SELECT format('NPC %s in state %s has an event in the past (%s, %s, now %s)', npc_id, state, event_at, decision_at, now) FROM n, w WHERE least(event_at, decision_at) < now
    UNION ALL
    -- Operators ask when they like.
    SELECT format('NPC %s was asked (%s) at %s, after %s and not before %s', npc_id, reason, at, after, not_before) FROM property.hasty h
     WHERE h.world_id = of_world AND NOT EXISTS (SELECT FROM npcsim.world_inputs q WHERE q.world_id = of_world AND q.tick = h.at / 100000 AND q.kind = 'request_npc_decision'
                                                    AND (q.payload ->> 'npc_id')::bigint = h.npc_id)
    UNION ALL
    SELECT format('NPC %s is due at %s, not before %s, with reason %s', npc_id, decision_at, asked_not_before, decision_reason)
      FROM n JOIN npcsim.npc_minds m USING (world_id, npc_id) JOIN npcsim.npc_identities p ON p.world_id = n.world_id AND p.id = npc_id
     WHERE p.controller_player_id IS NOT NULL AND m.failures > 0 AND decision_at < asked_not_before AND decision_reason IN (0, 1)
       AND NOT EXISTS (SELECT FROM npcsim.decision_slots d WHERE d.world_id = of_world AND d.npc_id = n.npc_id AND d.status > 0)
    UNION ALL
    SELECT format('NPC %s has failures %s and is asked not before %s', npc_id, failures, asked_not_before) FROM npcsim.npc_minds
     WHERE world_id = of_world AND (failures > 0) <> (asked_not_before IS NOT NULL)
    UNION ALL
    SELECT format('NPC %s was asked %s times within a minute what cannot wait', npc_id, cardinality(pressing)) FROM npcsim.npc_minds WHERE world_id = of_world AND cardinality(pressing) > 20
    UNION ALL
    SELECT format('NPC %s, which has no controller, has an open request', npc_id) FROM npcsim.decision_slots d JOIN npcsim.npc_identities p ON p.world_id = d.world_id AND p.id = d.npc_id
     WHERE d.world_id = of_world AND d.status > 0 AND p.controller_player_id IS NULL
    UNION ALL
    -- What npcsim looks for itself in worlds that were restored.
    SELECT format('%s %s: %s', relation, key, fault) FROM npcsim.world_faults(of_world)
$$;

-- ---- a life ----
CREATE PROCEDURE property.live(this integer, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    w bigint;
    found_out text;
BEGIN
    w := property.found(this);
    INSERT INTO property.worlds (seed, world) VALUES (this, w);
    COMMIT;
    WHILE (SELECT clock FROM npcsim.world_clock WHERE world_id = w) < seconds * 1000000::bigint LOOP
        PERFORM property.attend(w);
        COMMIT;
        PERFORM property.pass(this, w);
        COMMIT;
        PERFORM property.answer_some(this, w);
        COMMIT;
        FOR i IN 1 .. property.pick(3) LOOP
            PERFORM property.operate(this, w);
            COMMIT;
        END LOOP;
        found_out := string_agg(v, E'\n') FROM (SELECT v FROM property.violations(w) v LIMIT 5) v;
        IF found_out IS NOT NULL THEN
            UPDATE property.worlds SET broken = format(E'at %s s:\n%s\nafter\n', (SELECT clock / 1000000.0 FROM npcsim.world_clock WHERE world_id = w), found_out)
                || (SELECT string_agg(format('  %s: %s -> %s', clock / 1000000.0, statement, outcome), E'\n' ORDER BY n)
                      FROM (SELECT * FROM property.history h WHERE h.seed = this ORDER BY n DESC LIMIT 40) h) WHERE seed = this;
            RETURN;
        END IF;
    END LOOP;
END
$$;
-- This session knows the world, the next one only its rows, and those of its replay: both must go on alike.
CREATE FUNCTION property.differences(a bigint, b bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', relation, key, here, there), E'\n') FROM (SELECT * FROM npcsim.world_differences(a, b) LIMIT 5) d
$$;
CREATE PROCEDURE property.part(this integer) LANGUAGE plpgsql AS $$
DECLARE
    w bigint := (SELECT world FROM property.worlds WHERE seed = this);
    other bigint := npcsim.replay_world(w);
BEGIN
    UPDATE property.worlds SET replay = other, differs = 'the replay: ' || property.differences(w, other) WHERE seed = this;
    COMMIT;
    -- A replay has no sessions: to neither is anybody there.
    UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity' WHERE world_id = w;
    COMMIT;
    PERFORM npcsim.tick_world(w, 5);
END
$$;

SELECT format('CALL property.live(%s, %s)', seed, :seconds) FROM generate_series(:first::integer, :first::integer + :seeds::integer - 1) AS seed \gexec
SELECT is(broken, NULL, 'seed ' || seed) FROM property.worlds ORDER BY seed;
SELECT is_empty($$SELECT DISTINCT outcome FROM property.history WHERE outcome !~ '^(done|applied|late|duplicate|rejected|cancelled)' AND outcome !~ '^(NS|22|23|2BP01)'$$,
                'what was refused, was for a reason');
SELECT cmp_ok((SELECT count(*) FROM property.history WHERE outcome ~ '^(done|applied)'), '>=', :seeds::bigint * :seconds / 12, 'and much was not');
SELECT format('CALL property.part(%s)', seed) FROM property.worlds WHERE broken IS NULL ORDER BY seed \gexec
-- The other session. What pgTAP counted stays with the first.
\setenv PGDATABASE :DBNAME
\! psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'SELECT npcsim.tick_world(replay, 5) FROM property.worlds WHERE replay IS NOT NULL AND differs IS NULL ORDER BY seed' >/dev/null
UPDATE property.worlds SET differs = 'five seconds later: ' || property.differences(world, replay) WHERE replay IS NOT NULL AND differs IS NULL;
SELECT CASE WHEN broken IS NULL THEN is(differs, NULL, format('seed %s: who only has the rows goes on like who has been there', seed))
            ELSE fail(format('seed %s did not live to be compared', seed)) END FROM property.worlds ORDER BY seed;
SELECT * FROM finish();
