-- Tests ids of worlds, players and sessions: whatever became of the sequence they come from, a new id is one that nobody has, or an error.
SET client_min_messages = warning;
SELECT plan(29);
SELECT npcsim.create_world('First', 10, 10), npcsim.create_world('Second', 10, 10);
SELECT player_id FROM npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g');
SELECT npcsim.client_connected('g', NULL, 1);

-- What is made, and the sequence of its ids. Each attempt is taken back; what became of a sequence stays.
CREATE TEMP TABLE made (what text, sequence text, statement text);
INSERT INTO made VALUES
    ('world', 'npcsim.world_settings_id_seq', $$SELECT npcsim.create_world('New', 10, 10)$$),
    ('player', 'npcsim.player_accounts_id_seq', $$SELECT player_id FROM npcsim.create_player(1, 'new')$$),
    ('session', 'npcsim.sessions_id_seq', $$SELECT (npcsim.client_connected('g', NULL, 1) ->> 'session_id')::bigint$$);
CREATE FUNCTION pg_temp.highest(of_what text) RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE of_what WHEN 'world' THEN (SELECT max(id) FROM npcsim.world_settings) WHEN 'player' THEN (SELECT max(id) FROM npcsim.player_accounts)
                        ELSE (SELECT max(id) FROM npcsim.sessions) END
$$;
-- What an attempt gives: "free", or an SQLSTATE; twice.
CREATE FUNCTION pg_temp.given(of_what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text := (SELECT m.statement FROM made m WHERE m.what = of_what);
    highest bigint := pg_temp.highest(of_what);
    id bigint;
    hint text;
BEGIN
    FOR attempt IN 1 .. 2 LOOP
        BEGIN
            EXECUTE statement INTO id;
            RAISE USING ERRCODE = 'T0000';
        EXCEPTION WHEN SQLSTATE 'T0000' THEN
            IF id NOT BETWEEN highest + 1 AND 9007199254740991 THEN
                RETURN id;
            END IF;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            RETURN SQLSTATE || CASE hint WHEN '' THEN ' without a hint' ELSE '' END;
        END;
    END LOOP;
    RETURN 'free';
END
$$;

CREATE TEMP TABLE tampered (n serial, statement text, becomes text);
INSERT INTO tampered (statement, becomes) VALUES
    ('SELECT setval(%L, 1, false)', 'free'), ('SELECT setval(%L, 1)', 'free'), ('SELECT setval(%L, 9223372036854775807)', 'free'),
    ('SELECT setval(%L, 9007199254740991)', 'free'), ('ALTER SEQUENCE %s RESTART', 'free'),
    ('ALTER SEQUENCE %s INCREMENT BY -1', '55000'), ('ALTER SEQUENCE %s MAXVALUE 2 RESTART WITH 2', NULL),
    ('ALTER SEQUENCE %s INCREMENT BY 1 NO MINVALUE NO MAXVALUE NO CYCLE RESTART WITH 1', 'free'),
    ('SELECT setval(%L, 7000)', 'free');
CREATE FUNCTION pg_temp.tries() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    m record;
    t record;
    became text;
BEGIN
    FOR m IN SELECT * FROM made LOOP
        FOR t IN SELECT * FROM tampered ORDER BY n LOOP
            EXECUTE format(t.statement, m.sequence);
            became := pg_temp.given(m.what);
            RETURN NEXT CASE WHEN t.becomes IS NULL THEN isnt(became, 'free', format('a %s after %s', m.what, t.statement))
                             ELSE is(became, t.becomes, format('a %s after %s', m.what, t.statement)) END;
        END LOOP;
    END LOOP;
END
$$;
SELECT * FROM pg_temp.tries();
SELECT is(npcsim.create_world('New', 10, 10), 7003::bigint, 'a sequence that was set ahead counts on from there');
SELECT is((SELECT count(*) FROM npcsim.worlds), 3::bigint, 'and nothing was harmed');
SELECT * FROM finish();
