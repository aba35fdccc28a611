-- npcsim 0.8.0 → 0.9.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The decision market: who answers, at what pace, and why.

-- ---- delivery: who is asked ----

-- ---- trust: what answers are worth ----

-- ---- pace: budgets last their day ----

-- ---- why: what can be asked about decisions ----

-- ---- shares: who decides for whom ----

