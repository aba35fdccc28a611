-- Tests the books of the market: the moment by which it judges, what is logged of decisions, and what is counted of them.
BEGIN;
SELECT no_plan();

-- ---- the moment by which the market judges ----
SELECT cmp_ok(abs(extract(epoch FROM clock_timestamp() - npcsim_internal.market_now())), '<', 5::numeric, 'it is the real time');
SAVEPOINT moved;
SET LOCAL npcsim.market_time = '2027-01-31 12:00:00.25+02';
SELECT is(npcsim_internal.market_now(), '2027-01-31 10:00:00.25+00'::timestamptz, 'unless a superuser says otherwise');
ROLLBACK TO moved;
SELECT cmp_ok(abs(extract(epoch FROM clock_timestamp() - npcsim_internal.market_now())), '<', 5::numeric, 'and takes it back');
SELECT throws_ok(format('SET npcsim.market_time = %L', said), '22023', NULL, format('"%s" is no moment', said))
  FROM unnest('{soon,12:00,infinity,2027-02-30 12:00+00,99999999-01-01}'::text[]) AS said;
CREATE ROLE npcsim_test_nobody;
SET LOCAL ROLE npcsim_test_nobody;
SELECT throws_ok('SET npcsim.market_time = ''2027-01-31 12:00:00+00''', '42501', NULL, 'nobody else sets it');
SELECT throws_ok('SELECT set_config(''npcsim.market_time'', '''', true)', '42501', NULL, 'in no other way either');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
