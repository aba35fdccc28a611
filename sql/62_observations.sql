-- What minds were told, as it was given to them, and what the built-in mind saw of those who are traced.

-- A row is what a claim handed out in a world, which is compressed together: the frames of its requests, a line each. It is unlogged, since
-- a claim must not wait for the disk, and not dumped. VACUUM is kept going, since the oldest rows are deleted all the time.
CREATE UNLOGGED TABLE npcsim.observation_log (
    world_id bigint NOT NULL,
    at_real timestamptz NOT NULL,
    clock bigint NOT NULL,
    npc_ids bigint[] NOT NULL,
    request_ids bigint[],
    player_ids bigint[],
    told text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
        toast.autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_cost_delay = 0);
CREATE INDEX observation_log_world ON npcsim.observation_log (world_id, at_real);
-- It is several times faster, where the server was built with it.
DO $$
BEGIN
    IF 'lz4' OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.unnest(s.enumvals) FROM pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) 'default_toast_compression') THEN
        ALTER TABLE npcsim.observation_log ALTER COLUMN told SET COMPRESSION lz4;
    END IF;
END
$$;
COMMENT ON TABLE npcsim.observation_log IS 'What minds were told, up to observation_log_bytes of each world, the oldest dropped by prune_logs(): explain_decision(world_id, request_id) shows it. Unlogged: a crash empties it';
COMMENT ON COLUMN npcsim.observation_log.clock IS 'World time in microseconds of which it tells';
COMMENT ON COLUMN npcsim.observation_log.npc_ids IS 'NPCs it is about';
COMMENT ON COLUMN npcsim.observation_log.request_ids IS 'The requests, in the order of npc_ids; NULL: decisions of the built-in mind';
COMMENT ON COLUMN npcsim.observation_log.player_ids IS 'Players whose minds were told, in the same order';
COMMENT ON COLUMN npcsim.observation_log.told IS 'What was told of each, in the same order: a JSON object to a line';
