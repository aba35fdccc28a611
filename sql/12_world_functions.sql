-- Functions that create, run and fill worlds. They run with their owner's rights: callers need EXECUTE and nothing else, so
-- that nobody writes the tables past the rules. NULL, NaN, infinity and values out of range raise errors (22004, 22003,
-- 22023, 54000) and change nothing.

CREATE FUNCTION npcsim.create_world(
    name text,
    size_x integer,
    size_y integer,
    seed bigint DEFAULT pg_catalog.floor(pg_catalog.random() * 9007199254740992::double precision)::bigint,
    tick_rate integer DEFAULT 10,
    preset text DEFAULT 'default') RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_create_world';
REVOKE ALL ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) IS
    'Makes a world, paused, clock 0, with the starter set of item and interaction types; returns its id. name: 1 to 100 characters, unique; size_x, size_y: 4 to 4096 cells; seed: source of all chance in it, random by default; tick_rate: ticks per world second, a divisor of 1,000,000 from 1 to 100; preset: default (the mind of an NPC without a plan is asked every 60 s, needs decay by 0.1 to 0.2 units a second) or reference (every 3 s, by 1 to 2 units, as in the game it grew out of). Errors: 23505 name taken, 22023 no such preset';

CREATE FUNCTION npcsim.drop_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_drop_world';
REVOKE ALL ON FUNCTION npcsim.drop_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.drop_world(bigint) IS
    'Removes a world and everything of it: NPCs, items, players, logs. A worker that serves it stops when the transaction commits. Errors: NS101 no such world';

CREATE FUNCTION npcsim.start_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_start_world';
REVOKE ALL ON FUNCTION npcsim.start_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.start_world(bigint) IS
    'Lets a world run: a worker moves its clock from the commit on. Nothing happens when it runs. Errors: NS101 no such world, NS102 parked, NS104 npcsim is not in shared_preload_libraries, 42704 the role of npcsim.worker_role is missing';

CREATE FUNCTION npcsim.pause_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_pause_world';
REVOKE ALL ON FUNCTION npcsim.pause_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.pause_world(bigint) IS
    'Stops the clock of a world. Nothing happens when it stands. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.set_world_speed(world_id bigint, speed double precision) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_set_world_speed';
REVOKE ALL ON FUNCTION npcsim.set_world_speed(bigint, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.set_world_speed(bigint, double precision) IS
    'Sets how much world time passes per real time: 0.1 to 1000, kept in thousandths. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.tick_world(world_id bigint, dt double precision) RETURNS double precision
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_tick_world';
REVOKE ALL ON FUNCTION npcsim.tick_world(bigint, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.tick_world(bigint, double precision) IS
    'Moves a paused world on by dt world seconds (rounded to microseconds, more than 0, at most 60), running the ticks that fall into them; returns the clock in seconds. The same time in other steps gives the same rows. Errors: NS101 no such world, NS102 parked, NS103 the world is running';

CREATE FUNCTION npcsim.populate_world(world_id bigint, npcs integer) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_populate_world';
REVOKE ALL ON FUNCTION npcsim.populate_world(bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.populate_world(bigint, integer) IS
    'Adds a colony drawn from the world''s seed: NPCs on free cells, apples, chairs, showers, televisions, and walls where the world has none yet; returns the number of NPCs made. npcs: 1 to 1,000,000; each needs four free cells. Errors: NS212 no room for that many, NS204 the world lacks one of the types apple, chair, shower and television';

CREATE FUNCTION npcsim.set_terrain(
    world_id bigint,
    x integer,
    y integer,
    blocked boolean DEFAULT true,
    width integer DEFAULT 1,
    height integer DEFAULT 1) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_set_terrain';
REVOKE ALL ON FUNCTION npcsim.set_terrain(bigint, integer, integer, boolean, integer, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.set_terrain(bigint, integer, integer, boolean, integer, integer) IS
    'Blocks or frees the cells of a rectangle whose top left cell is (x, y); returns how many changed. Walkers stop before a new wall. width, height: 1 to 4096 cells. Errors: NS210 not inside the world, NS211 an item or an NPC is on a cell to be blocked';

CREATE FUNCTION npcsim.set_decision_policy(world_id bigint, policy text) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_set_decision_policy';
REVOKE ALL ON FUNCTION npcsim.set_decision_policy(bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.set_decision_policy(bigint, text) IS
    'Sets when minds are asked: occasions, interval (every mind every 3 s) or none (nobody decides unless asked by request_npc_decision). Errors: 22023 none of these';

CREATE FUNCTION npcsim.lock_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_lock_world';
REVOKE ALL ON FUNCTION npcsim.lock_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.lock_world(bigint) IS
    'Locks a world until the transaction ends: its clock stands and nobody else changes it, so that what is read next stays true. A world with a lower id than one already locked is taken without waiting (55P03). Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.adopt_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_adopt_world';
REVOKE ALL ON FUNCTION npcsim.adopt_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.adopt_world(bigint) IS
    'Makes a parked world (restored, or copied with a template) this database''s own, and leaves the others parked. If it was running it runs on; requests to minds are closed and asked anew. Nothing happens when it is this database''s own. Errors: NS101 no such world';

CREATE FUNCTION npcsim.adopt_worlds() RETURNS SETOF bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_adopt_worlds';
REVOKE ALL ON FUNCTION npcsim.adopt_worlds() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.adopt_worlds() IS
    'Makes the parked worlds of this database (restored, or copied with a template) its own; returns their ids. What was running runs on; requests to minds are closed and asked anew. A world of which a restore lost something stays parked, with a warning: world_faults(world_id) tells what';

-- The views call these functions.

CREATE FUNCTION npcsim_internal.world_now(world_id bigint, clock bigint, tick_length bigint) RETURNS bigint
    LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'npcsim_world_now';
REVOKE ALL ON FUNCTION npcsim_internal.world_now(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_now(bigint, bigint, bigint) IS
    'Clock of a world at the end of its last finished tick, in microseconds; clock is that of its row in world_clock';

CREATE FUNCTION npcsim_internal.world_home() RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_world_home';
REVOKE ALL ON FUNCTION npcsim_internal.world_home() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_home() IS
    'What world_clock.home has for worlds that belong to this database; the others are parked';

-- What the market judges by real time goes by this.
CREATE FUNCTION npcsim_internal.market_now() RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_market_now';
REVOKE ALL ON FUNCTION npcsim_internal.market_now() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.market_now() IS
    'The moment by which the decision market judges: now, unless a superuser has set npcsim.market_time';
