-- npcsim 0.8.0 → 0.9.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The decision market: who answers, at what pace, and why.

-- ---- delivery: who is asked ----

-- ---- trust: what answers are worth ----

ALTER TABLE npcsim.decision_slots ADD COLUMN ranking smallint[];
COMMENT ON COLUMN npcsim.decision_slots.ranking IS 'How the built-in mind ranked what the NPC might do when it was sent: a key of each action, the best first, ~key of what is equal to the one before';

-- ---- pace: budgets last their day ----

-- ---- why: what can be asked about decisions ----

-- ---- shares: who decides for whom ----

