-- Tests upgrades: ALTER EXTENSION UPDATE makes of a database of an older version what CREATE EXTENSION makes; its worlds live on, and are replayed
-- as they were. A dump of it can be restored into the new version, too.
--
-- What each version made is in tests/upgrade; its make.sh tells how.
SET client_min_messages = warning;
\i docs/roles.sql
SELECT no_plan();

\ir lib/objects.sql
CREATE TABLE described.fresh AS SELECT * FROM described.objects();
SELECT ok((SELECT count(DISTINCT object) FROM described.fresh) > 150, 'what CREATE EXTENSION makes is described');
DROP EXTENSION npcsim;

-- PostgreSQL 18 does not take the word UNLOGGED for a partitioned table: nobody has versions before 0.3.0 on it.
SELECT current_setting('server_version_num')::int < 180000 AS has_older \gset
\if :has_older
    \set old 0.1.0
    \ir lib/upgraded.sql
    \set old 0.2.0
    \ir lib/upgraded.sql
\endif
\set old 0.3.0
\ir lib/upgraded.sql
\set old 0.4.0
\ir lib/upgraded.sql
\set old 0.5.0
\ir lib/upgraded.sql
\set old 0.6.0
\ir lib/upgraded.sql
\set old 0.7.0
\ir lib/upgraded.sql
\set old 0.8.0
\ir lib/upgraded.sql
SELECT * FROM finish();
