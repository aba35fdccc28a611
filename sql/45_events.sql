-- The log of events: what happened in the worlds, and what was said in them.

-- A row holds several events of a transaction, in the order in which they happened: a row for each event would cost six times
-- the WAL. The views world_events and messages unnest them. The table is a ring of segments, which prune_logs() turns and
-- empties by TRUNCATE (see src/tables/event_segments.h). Rows are only ever added, so that VACUUM has nothing to do.
CREATE TABLE npcsim.world_event_log (
    segment smallint NOT NULL,
    messages smallint NOT NULL,
    world_id bigint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    revision bigint NOT NULL,
    clock bigint NOT NULL,
    sent_at_real timestamptz,
    kinds smallint[] NOT NULL,
    after integer[] NOT NULL,
    x smallint[],
    y smallint[],
    npc_ids bigint[],
    target_ids bigint[],
    interaction_ids bigint[],
    player_ids bigint[],
    data jsonb[],
    CONSTRAINT world_event_log_key PRIMARY KEY (world_id, last_sequence, segment)
) PARTITION BY LIST (segment);
COMMENT ON TABLE npcsim.world_event_log IS 'What happened in the worlds; the view world_events shows it. A ring of 32 segments, emptied by prune_logs() after npcsim.world_event_hours, or when it is larger than npcsim.world_event_size';
COMMENT ON COLUMN npcsim.world_event_log.segment IS 'Segment of the ring: see world_event_segments';
COMMENT ON COLUMN npcsim.world_event_log.messages IS 'How many of the row''s events are messages';
COMMENT ON COLUMN npcsim.world_event_log.first_sequence IS 'Number of the first event: from 1 in each world, without gaps, in the order in which it happened';
COMMENT ON COLUMN npcsim.world_event_log.last_sequence IS 'Number of the last one';
COMMENT ON COLUMN npcsim.world_event_log.clock IS 'World time in microseconds of the first event';
COMMENT ON COLUMN npcsim.world_event_log.sent_at_real IS 'When it was written, if some of it was done by players';
COMMENT ON COLUMN npcsim.world_event_log.kinds IS 'WorldEventKind in src/tables/world_events.h; 1 and 2 are messages';
COMMENT ON COLUMN npcsim.world_event_log.after IS 'Microseconds since clock';
COMMENT ON COLUMN npcsim.world_event_log.x IS 'Where it happened, if it happened at a place. This and the following: NULL when no event has it';
COMMENT ON COLUMN npcsim.world_event_log.target_ids IS 'Item or NPC it happened to, or with';
COMMENT ON COLUMN npcsim.world_event_log.player_ids IS 'Player whose doing it was';
COMMENT ON COLUMN npcsim.world_event_log.data IS 'What else is to be said of it: an object';
CREATE INDEX world_event_log_messages ON npcsim.world_event_log (world_id, last_sequence) WHERE messages > 0;
DO $$
BEGIN
    FOR segment IN 0 .. 31 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE npcsim.world_event_log_%s PARTITION OF npcsim.world_event_log FOR VALUES IN (%s) WITH (autovacuum_vacuum_insert_threshold = -1)', segment, segment);
        EXECUTE pg_catalog.format('COMMENT ON TABLE npcsim.world_event_log_%s IS %L', segment, 'Part of world_event_log');
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('npcsim.world_event_log_%s', segment)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

-- It is not dumped: the age of restored events counts from the restore.
CREATE TABLE npcsim.world_event_segments (
    segment smallint PRIMARY KEY CHECK (segment BETWEEN 0 AND 31),
    begun_at_real timestamptz NOT NULL
);
COMMENT ON TABLE npcsim.world_event_segments IS 'Segments of world_event_log that hold something, and since when: the one that began last is written to. Kept by prune_logs()';
COMMENT ON COLUMN npcsim.world_event_segments.begun_at_real IS 'When it was first written to, or found to hold rows';

CREATE FUNCTION npcsim_internal.world_event_kind_name(kind smallint) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_world_event_kind_name';
REVOKE ALL ON FUNCTION npcsim_internal.world_event_kind_name(smallint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_event_kind_name(smallint) IS
    'Name of a kind of event as it is stored in world_event_log; NULL: there is none';
