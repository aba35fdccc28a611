-- Tests the calendar (a second is a minute, a month has 30 days, a year 12 months; clock 0 is March 1 of year 1, 06:00), and the clock
-- that it follows: ticked, paused, at any speed.
-- Every statement is a transaction of its own: one that has locked the world does not read its clock again.
SELECT plan(56);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_clock');

SELECT npcsim.create_world('Meadow', 20, 20, 5, 20, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_npc(1, 'Ada', 5, 5) AS ada \gset
CREATE FUNCTION pg_temp.date() RETURNS text
LANGUAGE sql AS $$SELECT npcsim.observe_npc(1, (SELECT id FROM npcsim.npcs)) #>> '{self,game_time}'$$;
-- What an NPC is told when the clock of its world is so many seconds.
CREATE FUNCTION pg_temp.date_at(seconds numeric) RETURNS text
LANGUAGE sql AS $$UPDATE npcsim.world_clock SET clock = seconds * 1000000; SELECT pg_temp.date()$$;

-- ---- minutes, hours, days, months, years: the last minute of each, and the first of the next ----
CREATE TEMP TABLE dates (seconds numeric PRIMARY KEY, date text);
INSERT INTO dates VALUES
    (0, 'Mar 1, Year 1, 06:00'), (0.95, 'Mar 1, Year 1, 06:00'), (1, 'Mar 1, Year 1, 06:01'), (59.95, 'Mar 1, Year 1, 06:59'), (60, 'Mar 1, Year 1, 07:00'),
    (359, 'Mar 1, Year 1, 11:59'), (360, 'Mar 1, Year 1, 12:00'), (419, 'Mar 1, Year 1, 12:59'), (420, 'Mar 1, Year 1, 13:00'),
    (1079.95, 'Mar 1, Year 1, 23:59'), (1080, 'Mar 2, Year 1, 00:00'), (1440, 'Mar 2, Year 1, 06:00'), (12600, 'Mar 10, Year 1, 00:00'),
    (42839.95, 'Mar 30, Year 1, 23:59'), (42840, 'Apr 1, Year 1, 00:00'), (86039.95, 'Apr 30, Year 1, 23:59'), (86040, 'May 1, Year 1, 00:00'),
    (129240, 'Jun 1, Year 1, 00:00'), (172440, 'Jul 1, Year 1, 00:00'), (215640, 'Aug 1, Year 1, 00:00'), (258840, 'Sep 1, Year 1, 00:00'),
    (302040, 'Oct 1, Year 1, 00:00'), (345240, 'Nov 1, Year 1, 00:00'), (388440, 'Dec 1, Year 1, 00:00'),
    (431639.95, 'Dec 30, Year 1, 23:59'), (431640, 'Jan 1, Year 2, 00:00'), (474839.95, 'Jan 30, Year 2, 23:59'), (474840, 'Feb 1, Year 2, 00:00'),
    (518039.95, 'Feb 30, Year 2, 23:59'), (518040, 'Mar 1, Year 2, 00:00'), (518400, 'Mar 1, Year 2, 06:00'),
    (950039.95, 'Dec 30, Year 2, 23:59'), (950040, 'Jan 1, Year 3, 00:00'), (517881600, 'Mar 1, Year 1000, 06:00');
SELECT is(pg_temp.date_at(seconds), date, format('%s s are %s', seconds, date)) FROM dates ORDER BY seconds;

-- ---- stepped over a turn of the year ----
SELECT pg_temp.date_at(431639.9);
SELECT is(npcsim.tick_world(1, 0.05), 431639.95::float8, 'a step to the last tick of the year');
SELECT is(pg_temp.date(), 'Dec 30, Year 1, 23:59', 'is of the old year');
SELECT is(npcsim.tick_world(1, 0.049999), 431639.999999::float8, 'a microsecond before midnight');
SELECT is(pg_temp.date(), 'Dec 30, Year 1, 23:59', 'too');
SELECT is(npcsim.tick_world(1, 0.000001), 431640::float8, 'the last one');
SELECT is(pg_temp.date(), 'Jan 1, Year 2, 00:00', 'is midnight');
SELECT pg_temp.date_at(42810);
SELECT is(npcsim.tick_world(1, 60), 42870::float8, 'a step of a minute');
SELECT is(pg_temp.date(), 'Apr 1, Year 1, 00:30', 'may lead from one month into the next');

-- ---- paused ----
SELECT is((SELECT status FROM npcsim.worlds), 'paused', 'a world that stands');
SELECT pg_sleep(0.3);
SELECT is((SELECT clock FROM npcsim.worlds), 42870::float8, 'keeps its clock');
SELECT is(pg_temp.date(), 'Apr 1, Year 1, 00:30', 'and its date');

-- ---- speed: 0.1 to 1000 ----
CREATE FUNCTION pg_temp.speed(given float8) RETURNS float8
LANGUAGE sql AS $$SELECT npcsim.set_world_speed(1, given); SELECT speed FROM npcsim.worlds$$;
SELECT is(pg_temp.speed(given), kept, format('a speed of %s is one of %s', given, kept))
  FROM (VALUES (0.1::float8, 0.1::float8), (1000, 1000), (0.9996, 1), (123.4564, 123.456)) AS v(given, kept);
SELECT throws_ok(format('SELECT npcsim.set_world_speed(1, %s)', given), '22003', NULL, given || ' is none')
  FROM unnest('{0.0999,1000.001,0,-1,''NaN'',''Infinity''}'::text[]) AS given;
SELECT npcsim.set_world_speed(1, 1000);
SELECT is(npcsim.tick_world(1, 0.05), 42870.05::float8, 'steps are of world time, at any speed');

SELECT * FROM finish();
