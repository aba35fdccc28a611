-- Tests that nothing of the extension uses a stranger's objects, neither in what is stored nor when it runs: a superuser installs npcsim in the
-- database of somebody who has operators, functions, casts, types and views there that would fit better than PostgreSQL's own.
SET client_min_messages = warning;
DROP EXTENSION npcsim;
CREATE SCHEMA tap;
ALTER EXTENSION pgtap SET SCHEMA tap;
\ir lib/traps.sql
CALL traps.set();

SET search_path = pg_catalog, tap, pg_temp;
SELECT plan(8);
SELECT cmp_ok((SELECT count(*) FROM pg_operator WHERE oprnamespace = 'public'::regnamespace AND oprowner = 'npcsim_stranger'::regrole), '>',
              (SELECT 500 * count(*) FROM traps.operators), 'traps are set for every operator');
SELECT is_empty($$SELECT name FROM traps.functions EXCEPT
                  SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner = 'npcsim_stranger'::regrole$$,
                'and for every function');
-- Those that 0.1.0 fell for.
SELECT is(to_regoperator('public.>=(double precision,integer)')::oid > 0, true, 'one fits the checks of heartbeats');
SELECT is(to_regoperator('public./(bigint,double precision)')::oid > 0, true, 'one fits the views');
RESET search_path;

CREATE EXTENSION npcsim;
SET search_path = pg_catalog, tap, pg_temp;
SELECT is_empty('SELECT * FROM traps.bound', 'the extension depends on nothing but itself, PostgreSQL and PostGIS');
SELECT is_empty('SELECT * FROM traps.stored', 'nor does a stored expression name anything else');
SELECT is_empty($$SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
                   WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND l.lanname <> 'c' AND p.prosqlbody IS NULL
                     AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)$$,
                'a body that is resolved when it is called is called with a pinned search_path');
\o /dev/null
\ir lib/under_traps.sql
\o
-- In another connection, which pgTAP does not know; a trap that is sprung ends the file.
\echo ok 8 - whatever superusers, operators, gateways, readers and workers do springs none
