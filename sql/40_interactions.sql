-- Interactions under way, and the kinds of interactions.

CREATE TABLE npcsim.interaction_type_rows (
    world_id bigint NOT NULL REFERENCES npcsim.world_settings,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    description text NOT NULL DEFAULT '' CHECK (pg_catalog.char_length(description) <= 500),
    component text NOT NULL CHECK (component IN ('consumable', 'sittable')),
    needs_adjacency boolean NOT NULL DEFAULT true,
    locks_movement boolean NOT NULL,
    min_participants integer NOT NULL DEFAULT 1 CHECK (min_participants = 1),
    max_participants integer NOT NULL DEFAULT 1 CHECK (max_participants = 1),
    PRIMARY KEY (world_id, name)
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_type_rows', '');
COMMENT ON TABLE npcsim.interaction_type_rows IS 'The interactions of each world; an item offers the one of its component';
COMMENT ON COLUMN npcsim.interaction_type_rows.component IS 'Component of an item that offers the interaction';

CREATE TABLE npcsim.interaction_runs (
    world_id bigint NOT NULL,
    id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    interaction smallint NOT NULL,
    initiator_npc_id bigint NOT NULL,
    target_id bigint NOT NULL,
    started_at bigint NOT NULL,
    share_at_start integer NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (world_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_runs', '');
COMMENT ON TABLE npcsim.interaction_runs IS 'Interactions under way; no foreign keys: a check of one locks the row it points to';
COMMENT ON COLUMN npcsim.interaction_runs.interaction IS 'InteractionRule in src/sim/kinds.h';
COMMENT ON COLUMN npcsim.interaction_runs.started_at IS 'World time in microseconds';
COMMENT ON COLUMN npcsim.interaction_runs.share_at_start IS 'Share of the item when it began, in millionths';
CREATE TRIGGER require_world_lock_for_insert AFTER INSERT ON npcsim.interaction_type_rows FOR EACH ROW
    WHEN (NOT npcsim.world_is_locked(NEW.world_id)) EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER require_world_lock_for_update AFTER UPDATE ON npcsim.interaction_type_rows FOR EACH ROW
    WHEN (NEW.world_id OPERATOR(pg_catalog.<>) OLD.world_id OR NOT npcsim.world_is_locked(OLD.world_id))
    EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER require_world_lock_for_delete AFTER DELETE ON npcsim.interaction_type_rows FOR EACH ROW
    WHEN (NOT npcsim.world_is_locked(OLD.world_id)) EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON npcsim.interaction_type_rows
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim.refuse_truncate();
CREATE TRIGGER require_world_lock_for_insert AFTER INSERT ON npcsim.interaction_runs FOR EACH ROW
    WHEN (NOT npcsim.world_is_locked(NEW.world_id)) EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER require_world_lock_for_update AFTER UPDATE ON npcsim.interaction_runs FOR EACH ROW
    WHEN (NEW.world_id OPERATOR(pg_catalog.<>) OLD.world_id OR NOT npcsim.world_is_locked(OLD.world_id))
    EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER require_world_lock_for_delete AFTER DELETE ON npcsim.interaction_runs FOR EACH ROW
    WHEN (NOT npcsim.world_is_locked(OLD.world_id)) EXECUTE FUNCTION npcsim.require_world_lock();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON npcsim.interaction_runs
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim.refuse_truncate();
