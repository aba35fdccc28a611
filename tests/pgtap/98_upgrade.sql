-- Upgrades: a database that an older version made becomes, by ALTER EXTENSION UPDATE, what CREATE EXTENSION makes; its worlds
-- are lived on, and lived through again, as they were. A dump of it can be restored into the new version, too.
--
-- What each version made is in tests/upgrade, whose make.sh tells how.
SET client_min_messages = warning;
\i docs/roles.sql
SELECT no_plan();

\ir lib/objects.sql
CREATE TABLE described.fresh AS SELECT * FROM described.objects();
SELECT ok((SELECT count(DISTINCT object) FROM described.fresh) > 150, 'what CREATE EXTENSION makes is described');
DROP EXTENSION npcsim;

\set old 0.1.0
\ir lib/upgraded.sql
\set old 0.2.0
\ir lib/upgraded.sql
SELECT * FROM finish();
