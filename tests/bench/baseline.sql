-- The same colony written the usual way: one row per NPC with its needs and position, one row per item, and a function in
-- PL/pgSQL that ticks the world. Every tick is one UPDATE of all NPCs' needs and positions, with a GiST index on the
-- position; NPCs that are due decide in a loop over rows.
--
-- The rules: needs fall by each NPC's own rate and stay within 0 to 100; NPCs walk four cells a second, and decide every
-- 3 s, and at once when idle. With a need below 50 an NPC looks for the usable item within 8.25 cells that serves its
-- lowest need (of equal ones the nearest), else it wanders within 12 cells. Apples are eaten in 5 s and fill 25 units of
-- hunger; chairs give 10 units of energy per second, showers 15 of hygiene, televisions 8 of fun; each has one user. An
-- NPC leaves at 99, or above 30 when another need is below 20, and pauses for 0.75 s; used-up items come back after 20 s.
--
-- Where this is simpler than npcsim, that is to its advantage: paths are straight lines that nothing blocks and that need
-- no search, NPCs do not step aside, nothing is logged for clients, and nothing checks who else writes the tables.
--
-- baseline.fill(world) copies a world of npcsim as it is at that moment; baseline.tick(seconds) ticks the copy.

CREATE SCHEMA baseline;

CREATE TABLE baseline.items (
    id bigint PRIMARY KEY,
    kind text NOT NULL,
    position geometry(Point) NOT NULL,
    share_left double precision NOT NULL DEFAULT 1,
    user_id bigint,
    back_at double precision -- used up; NULL: it is there
);
CREATE INDEX ON baseline.items USING gist (position);
CREATE INDEX ON baseline.items (back_at) WHERE back_at IS NOT NULL;

CREATE TABLE baseline.npcs (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    position geometry(Point) NOT NULL,
    hunger double precision NOT NULL CHECK (hunger BETWEEN 0 AND 100),
    hygiene double precision NOT NULL CHECK (hygiene BETWEEN 0 AND 100),
    fun double precision NOT NULL CHECK (fun BETWEEN 0 AND 100),
    energy double precision NOT NULL CHECK (energy BETWEEN 0 AND 100),
    decay double precision NOT NULL,
    state text NOT NULL DEFAULT 'idle',
    destination geometry(Point), -- of a walk
    item_id bigint,              -- it walks to, or uses
    uses text,                   -- kind of that, while it is used
    decide_at double precision NOT NULL
);
CREATE INDEX ON baseline.npcs USING gist (position);
CREATE INDEX ON baseline.npcs (decide_at);

CREATE TABLE baseline.world (
    clock double precision NOT NULL,
    size_x integer NOT NULL,
    size_y integer NOT NULL
);

CREATE FUNCTION baseline.fill(source bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO baseline.world SELECT w.clock, w.size_x, w.size_y FROM npcsim.worlds w WHERE w.id = source;
    INSERT INTO baseline.items (id, kind, position, share_left, user_id)
    SELECT i.id, i.item_type, ST_MakePoint(i.x, i.y), i.share_left / 1e6, i.occupied_by_npc_id
      FROM npcsim.items i WHERE i.world_id = source;
    INSERT INTO baseline.items (id, kind, position, back_at)
    SELECT r.id, r.item_type, ST_MakePoint(r.x, r.y), r.due_at / 1e6
      FROM npcsim.item_respawns r WHERE r.world_id = source;
    INSERT INTO baseline.npcs (id, name, position, hunger, hygiene, fun, energy, decay, state, destination, item_id, uses, decide_at)
    SELECT n.id, n.name, ST_MakePoint(round(n.position_x), round(n.position_y)), n.hunger, n.hygiene, n.fun, n.energy, s.decay / 1e6,
           CASE WHEN i.id IS NULL THEN 'idle' ELSE 'interacting' END, NULL, i.id, i.item_type, w.clock + 3 * random()
      FROM npcsim.worlds w
      JOIN npcsim.npcs n ON n.world_id = w.id
      JOIN npcsim.npc_states s ON s.world_id = n.world_id AND s.npc_id = n.id
      LEFT JOIN npcsim.items i ON i.world_id = n.world_id AND i.occupied_by_npc_id = n.id
     WHERE w.id = source;
$$;

-- Moves all NPCs on by a tick: their needs, and four cells a second towards their goal, first along x, then along y.
CREATE FUNCTION baseline.advance(dt double precision) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE baseline.npcs n
       SET hunger = greatest(0, least(100, n.hunger + dt * (CASE n.uses WHEN 'apple' THEN 5 ELSE 0 END - n.decay))),
           hygiene = greatest(0, least(100, n.hygiene + dt * (CASE n.uses WHEN 'shower' THEN 15 ELSE 0 END - n.decay))),
           fun = greatest(0, least(100, n.fun + dt * (CASE n.uses WHEN 'television' THEN 8 ELSE 0 END - n.decay))),
           energy = greatest(0, least(100, n.energy + dt * (CASE n.uses WHEN 'chair' THEN 10 ELSE 0 END - n.decay))),
           position = CASE WHEN n.destination IS NULL THEN n.position ELSE (
               SELECT ST_MakePoint(ST_X(n.position) + along_x, ST_Y(n.position) + along_y)
                 FROM (SELECT ST_X(n.destination) - ST_X(n.position) AS dx, ST_Y(n.destination) - ST_Y(n.position) AS dy) d,
                      LATERAL (SELECT sign(dx) * least(abs(dx), 4 * dt) AS along_x) x,
                      LATERAL (SELECT sign(dy) * least(abs(dy), 4 * dt - abs(along_x)) AS along_y) y) END;
END
$$;

-- Ends what an NPC does: the item is free again, or gone for a while.
CREATE FUNCTION baseline.leave_item(npc baseline.npcs, now double precision) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE baseline.items i
       SET user_id = NULL,
           share_left = CASE WHEN i.share_left <= 0 THEN 1 ELSE i.share_left END,
           back_at = CASE WHEN i.share_left <= 0 THEN now + 20 END
     WHERE i.id = npc.item_id;
    UPDATE baseline.npcs SET state = 'idle', item_id = NULL, uses = NULL, destination = NULL, decide_at = now + 0.75
     WHERE id = npc.id;
END
$$;

CREATE FUNCTION baseline.arrive(npc baseline.npcs, now double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item_kind text;
BEGIN
    IF npc.item_id IS NOT NULL THEN
        UPDATE baseline.items i SET user_id = npc.id
         WHERE i.id = npc.item_id AND i.user_id IS NULL AND i.back_at IS NULL
        RETURNING i.kind INTO item_kind;
    END IF;
    IF item_kind IS NULL THEN
        UPDATE baseline.npcs SET state = 'idle', destination = NULL, item_id = NULL, decide_at = now WHERE id = npc.id;
    ELSE
        UPDATE baseline.npcs SET state = 'interacting', destination = NULL, uses = item_kind, decide_at = now + 3
         WHERE id = npc.id;
    END IF;
END
$$;

CREATE FUNCTION baseline.wander(npc baseline.npcs, now double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    dx integer := floor(random() * 25) - 12;
    dy integer := floor(random() * (25 - 2 * abs(dx))) - (12 - abs(dx));
BEGIN
    UPDATE baseline.npcs n
       SET state = 'wandering', item_id = NULL, decide_at = now + 3,
           destination = ST_MakePoint(least(greatest(round(ST_X(n.position)) + dx, 0), w.size_x - 1),
                                      least(greatest(round(ST_Y(n.position)) + dy, 0), w.size_y - 1))
      FROM baseline.world w
     WHERE n.id = npc.id;
END
$$;

CREATE FUNCTION baseline.decide(npc baseline.npcs, now double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    filled double precision;
    other double precision;
    chosen record;
BEGIN
    IF npc.state = 'interacting' THEN
        filled := CASE npc.uses WHEN 'apple' THEN npc.hunger WHEN 'shower' THEN npc.hygiene WHEN 'television' THEN npc.fun ELSE npc.energy END;
        other := least(CASE WHEN npc.uses <> 'apple' THEN npc.hunger END, CASE WHEN npc.uses <> 'shower' THEN npc.hygiene END,
                       CASE WHEN npc.uses <> 'television' THEN npc.fun END, CASE WHEN npc.uses <> 'chair' THEN npc.energy END);
        IF filled >= 99 OR filled > 30 AND other <= 20 THEN
            PERFORM baseline.leave_item(npc, now);
        ELSE
            UPDATE baseline.npcs SET decide_at = now + 3 WHERE id = npc.id;
        END IF;
        RETURN;
    END IF;
    IF npc.state = 'moving' AND EXISTS (SELECT FROM baseline.items i WHERE i.id = npc.item_id AND i.user_id IS NULL AND i.back_at IS NULL) THEN
        UPDATE baseline.npcs SET decide_at = now + 3 WHERE id = npc.id;
        RETURN;
    END IF;
    IF least(npc.hunger, npc.hygiene, npc.fun, npc.energy) < 50 THEN
        SELECT i.id, i.position INTO chosen
          FROM baseline.items i,
               LATERAL (SELECT CASE i.kind WHEN 'apple' THEN npc.hunger WHEN 'shower' THEN npc.hygiene
                                           WHEN 'television' THEN npc.fun ELSE npc.energy END AS level) AS need
         WHERE ST_DWithin(i.position, npc.position, 8.25) AND i.user_id IS NULL AND i.back_at IS NULL
           AND need.level < 50
         ORDER BY need.level, ST_Distance(i.position, npc.position), i.id
         LIMIT 1;
        IF FOUND THEN
            UPDATE baseline.npcs SET state = 'moving', destination = chosen.position, item_id = chosen.id, decide_at = now + 3
             WHERE id = npc.id;
            RETURN;
        END IF;
    END IF;
    IF npc.state = 'wandering' THEN
        UPDATE baseline.npcs SET decide_at = now + 3 WHERE id = npc.id;
    ELSE
        PERFORM baseline.wander(npc, now);
    END IF;
END
$$;

CREATE FUNCTION baseline.tick(dt double precision) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    now double precision;
    npc baseline.npcs;
    decisions integer := 0;
BEGIN
    UPDATE baseline.world SET clock = clock + dt RETURNING clock INTO now;
    PERFORM baseline.advance(dt);
    UPDATE baseline.items SET back_at = NULL WHERE back_at <= now;
    UPDATE baseline.items i SET share_left = i.share_left - dt / 5 WHERE i.user_id IS NOT NULL AND i.kind = 'apple';
    FOR npc IN SELECT n.* FROM baseline.npcs n JOIN baseline.items i ON i.id = n.item_id WHERE n.uses = 'apple' AND i.share_left <= 0 LOOP
        PERFORM baseline.leave_item(npc, now);
    END LOOP;
    FOR npc IN SELECT n.* FROM baseline.npcs n WHERE ST_Distance(n.position, n.destination) < 0.001 LOOP
        PERFORM baseline.arrive(npc, now);
    END LOOP;
    FOR npc IN SELECT n.* FROM baseline.npcs n WHERE n.decide_at <= now ORDER BY n.id LOOP
        PERFORM baseline.decide(npc, now);
        decisions := decisions + 1;
    END LOOP;
    RETURN decisions;
END
$$;
