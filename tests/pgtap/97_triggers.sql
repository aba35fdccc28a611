-- Triggers of somebody else's on npcsim's tables: what they do is done in the midst of our work. One that catches an error of its
-- own loses nothing of the world; one that changes the world changes it where it is whole, or is refused.
SET client_min_messages = warning;
SELECT no_plan();
SELECT npcsim.create_world('Meadow', 40, 30, 9, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
\ir lib/minds.sql
\ir lib/bids.sql
SELECT pg_temp.present(32);
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';

-- ---- triggers that catch an error ----
CREATE TABLE pg_temp.caught (relation text, operation text);
CREATE FUNCTION pg_temp.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        INSERT INTO pg_temp.caught VALUES (TG_TABLE_NAME, TG_OP);
    END;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE FUNCTION pg_temp.triggers(moment text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_table regclass;
BEGIN
    FOR of_table IN SELECT oid FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('CREATE TRIGGER %s BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION pg_temp.stumble()', moment, of_table);
        IF moment = 'after' THEN
            EXECUTE format('DROP TRIGGER after ON %s; CREATE TRIGGER after AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION pg_temp.stumble()', of_table, of_table);
        END IF;
    END LOOP;
END
$$;
-- A world of many kinds of rows lives for a while; it and its replay are the same.
CREATE FUNCTION pg_temp.live() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ada bigint := npcsim.create_npc(1, 'Ada', 2, 0, pg_temp.player());
    bo bigint := npcsim.create_npc(1, 'Bo', 3, 0, pg_temp.player());
    other bigint;
    result text;
BEGIN
    PERFORM npcsim.populate_world(1, 8);
    UPDATE npcsim.npcs SET hunger = 30, traits = '{quick}' WHERE world_id = 1;
    PERFORM pg_temp.tell('Ada', '{"action": "start_conversation", "then": [{"action": "wander"}]}' || pg_temp.with('Bo'));
    PERFORM npcsim.tick_world(1, 0.1);
    PERFORM pg_temp.answer('Bo', pg_temp.bid('Ada'), true);
    PERFORM npcsim.tick_world(1, 20);
    PERFORM npcsim.set_decision_policy(1, 'interval');
    PERFORM npcsim.define_item_type(1, 'bench', '{"sittable": {"need_rates": {"energy": 6}}}');
    PERFORM npcsim.call_reducer(pg_temp.player(), 'send_chat', '{"text": "Hello"}');
    PERFORM npcsim.remove_npc(1, bo), npcsim.remove_npc(1, ada);
    PERFORM npcsim.tick_world(1, 20);
    other := npcsim.replay_world(1);
    result := pg_temp.differences(1, other);
    PERFORM npcsim.drop_world(other);
    PERFORM pg_temp.forget(1);
    PERFORM npcsim.tick_world(1, 1);
    RETURN result;
END
$$;
SELECT pg_temp.triggers('after');
SELECT is(pg_temp.live(), '', 'triggers after a row was written catch errors, and nothing is lost');
SELECT set_has('SELECT DISTINCT relation, operation FROM pg_temp.caught', $$VALUES ('npc_identities', 'INSERT'), ('npc_identities', 'DELETE'), ('npc_states', 'UPDATE'),
    ('npc_tracks', 'UPDATE'), ('npc_minds', 'INSERT'), ('items', 'UPDATE'), ('item_respawns', 'INSERT'), ('interaction_runs', 'INSERT'), ('interaction_bid_rows', 'INSERT'),
    ('world_clock', 'UPDATE'), ('world_inputs', 'INSERT'), ('world_settings', 'UPDATE'), ('item_type_rows', 'INSERT'), ('decision_slots', 'UPDATE')$$, 'they did, of every kind');
SELECT ok(EXISTS (SELECT FROM pg_temp.caught WHERE relation ~ '^world_event_log') AND EXISTS (SELECT FROM pg_temp.caught WHERE relation ~ '^change_log'), 'the logs, too');
SELECT pg_temp.triggers('before');
SELECT is(pg_temp.live(), '', 'nor is it when they do so before');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'and all is well');
DO $$
DECLARE
    mine record;
BEGIN
    FOR mine IN SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger WHERE tgfoid = 'pg_temp.stumble'::regproc LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', mine.tgname, mine.relation);
    END LOOP;
END
$$;

-- ---- triggers that change the world ----
SELECT npcsim.define_interaction_type(1, 'nod', target => 'item');
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN RETURN concat_ws(' ', SQLSTATE, SQLERRM);
END
$$;
CREATE FUNCTION pg_temp.act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_ARGV[0]
        WHEN 'acts' THEN PERFORM npcsim.create_npc(1, 'Late', 5, 5);
        WHEN 'tries' THEN INSERT INTO pg_temp.caught SELECT 'tried', pg_temp.refusal('SELECT npcsim.create_npc(1, ''Late'', 5, 5)');
        WHEN 'takes back' THEN
            BEGIN
                PERFORM npcsim.create_npc(1, 'Late', 5, 5);
                RAISE division_by_zero;
            EXCEPTION WHEN division_by_zero THEN NULL;
            END;
    END CASE;
    RETURN NULL;
END
$$;
-- What comes of a statement while such a trigger is there.
CREATE FUNCTION pg_temp.meddled(how text, events text, of_table regclass, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('CREATE TRIGGER mine AFTER %s ON %s FOR EACH ROW EXECUTE FUNCTION pg_temp.act(%L)', events, of_table, how);
    result := pg_temp.refusal(statement);
    EXECUTE format('DROP TRIGGER mine ON %s', of_table);
    RETURN result;
END
$$;
SELECT is(pg_temp.meddled('acts', events, of_table, statement), '0A000 world 1 cannot be changed while it is written', 'a world is not changed while it is written: ' || of_table)
  FROM (VALUES ('INSERT', 'npcsim.npc_identities'::regclass, 'SELECT npcsim.create_npc(1, ''Fay'', 6, 6)'), ('UPDATE', 'npcsim.npc_states', 'SELECT npcsim.tick_world(1, 20)'),
               ('INSERT', 'npcsim.world_event_log', 'SELECT npcsim.create_item(1, ''chair'', 7, 7)'), ('UPDATE', 'npcsim.world_clock', 'SELECT npcsim.tick_world(1, 20)'),
               ('INSERT', 'npcsim.world_inputs', 'SELECT npcsim.create_item(1, ''chair'', 7, 7)'), ('UPDATE', 'npcsim.world_settings', 'SELECT npcsim.set_decision_policy(1, ''occasions'')'),
               ('UPDATE', 'npcsim.world_settings', 'UPDATE npcsim.worlds SET idle_interval = 9 WHERE id = 1'), ('UPDATE', 'npcsim.world_settings', 'UPDATE npcsim.worlds SET need_decay_max = 1.5 WHERE id = 1'),
               ('INSERT', 'npcsim.item_type_rows', 'SELECT npcsim.define_item_type(1, ''rug'', ''{}'')'), ('DELETE', 'npcsim.item_type_rows', 'DELETE FROM npcsim.item_types WHERE world_id = 1 AND name = ''bench'''),
               ('INSERT', 'npcsim.interaction_type_rows', 'SELECT npcsim.define_interaction_type(1, ''hum'', target => ''item'')'),
               ('DELETE', 'npcsim.interaction_type_rows', 'DELETE FROM npcsim.interaction_types WHERE world_id = 1 AND name = ''nod'''),
               ('DELETE', 'npcsim.npc_states', 'SELECT npcsim.drop_world(1)')) AS t (events, of_table, statement);
SELECT is_empty($$SELECT id FROM npcsim.npcs WHERE name IN ('Fay', 'Late')$$, 'nothing of it was done');
SELECT is((SELECT concat_ws(' ', decision_policy, idle_interval, need_decay_max) FROM npcsim.worlds WHERE id = 1), 'interval 3 2', 'nor to its settings');
-- The world that is made is the next one.
CREATE FUNCTION pg_temp.act_there() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM npcsim.create_npc(NEW.world_id, 'Late', 5, 5); RETURN NULL; END $$;
CREATE TRIGGER mine AFTER INSERT ON npcsim.world_terrain FOR EACH ROW EXECUTE FUNCTION pg_temp.act_there();
SELECT matches(pg_temp.refusal('SELECT npcsim.create_world(''Brook'', 20, 20)'), '^0A000 world [0-9]+ cannot be changed while it is written$', 'nor is one that is being made');
DROP TRIGGER mine ON npcsim.world_terrain;
DELETE FROM pg_temp.caught;
SELECT is(pg_temp.meddled('tries', 'INSERT', 'npcsim.world_event_log', 'SELECT npcsim.create_npc(1, ''Fay'', 6, 6)'), 'done', 'who lives with that goes on');
SELECT set_eq('SELECT DISTINCT operation FROM pg_temp.caught', $$VALUES ('0A000 world 1 cannot be changed while it is written')$$, 'it was refused');
SELECT results_eq($$SELECT name FROM npcsim.npcs WHERE name IN ('Fay', 'Late')$$, $$VALUES ('Fay')$$, 'and what was to be done was');
SELECT is(pg_temp.meddled('acts', 'INSERT', 'npcsim.player_accounts', 'SELECT npcsim.create_player(1, ''bo'')'), 'done', 'where the world is whole it is changed');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE name = 'Late'), 1::bigint, 'who comes is given an NPC');
SELECT npcsim.remove_npc(1, id) FROM npcsim.npcs WHERE name = 'Late';
SELECT is(pg_temp.meddled('takes back', events, of_table, statement), '0A000 a subtransaction was rolled back while a statement wrote to world 1', 'what is changed there and rolled back takes the rest along: ' || statement)
  FROM (VALUES ('INSERT', 'npcsim.player_accounts'::regclass, 'SELECT npcsim.create_player(1, ''cy'')')) AS t (events, of_table, statement);
SELECT is_empty($$SELECT FROM npcsim.players WHERE username = 'cy'$$, 'nothing of it was done');
SELECT npcsim.tick_world(1, 20);
SELECT npcsim.replay_world(1) AS other \gset
SELECT is(pg_temp.differences(1, :other), '', 'and a replay has all that was');
SELECT finish();
