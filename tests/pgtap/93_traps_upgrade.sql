-- Tests the upgrade of a database in which a superuser installed 0.1.0 among a stranger's operators and functions, which what was stored then
-- calls. The update stores it anew, and nothing of the extension uses them any more.
SET client_min_messages = warning;
-- PostgreSQL 18 does not take the word UNLOGGED for a partitioned table: nobody has versions before 0.3.0 on it.
SELECT current_setting('server_version_num')::int >= 180000 AS is_too_new \gset
\if :is_too_new
	SELECT plan(1);
	SELECT skip('released versions cannot be installed on this PostgreSQL');
	\quit
\endif
DROP EXTENSION npcsim;
CREATE SCHEMA tap;
ALTER EXTENSION pgtap SET SCHEMA tap;
SELECT setting AS sharedir FROM pg_config WHERE name = 'SHAREDIR' \gset
\setenv sharedir :sharedir
\! gunzip -c tests/upgrade/0.1.0/install.sql.gz >"$sharedir/extension/npcsim--0.1.0.sql"
\ir lib/traps.sql
-- With traps for what could be JSON, 0.1.0 took 'username' for it, and could not be installed.
DELETE FROM traps.operands WHERE type IN ('json', 'jsonb', 'jsonb[]', 'bytea', 'interval', 'public.geometry');
CALL traps.set();
CREATE EXTENSION npcsim VERSION '0.1.0';

SET search_path = pg_catalog, tap, pg_temp;
SELECT plan(6);
SELECT cmp_ok((SELECT count(*) FROM traps.bound), '>=', 16::bigint, '0.1.0 fell for traps');
CREATE SCHEMA theirs;
CREATE VIEW theirs.clocks AS SELECT w.id, w.clock, n.last_decision_time FROM npcsim.worlds w JOIN npcsim.npcs n ON n.world_id = w.id;
SELECT lives_ok('ALTER EXTENSION npcsim UPDATE', 'the update');
SELECT is_empty('SELECT * FROM traps.bound', 'after it the extension depends on nothing but itself, PostgreSQL and PostGIS');
SELECT is_empty('SELECT * FROM traps.stored', 'nor does a stored expression name anything else');
SELECT is_empty('SELECT * FROM theirs.clocks', 'views of others go on');
\o /dev/null
\ir lib/under_traps.sql
\o
\! rm "$sharedir/extension/npcsim--0.1.0.sql"
-- In another connection, which pgTAP does not know; a trap that is sprung ends the file.
\echo ok 6 - whatever superusers, operators, gateways, readers and workers do springs none
