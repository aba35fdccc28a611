-- Interactions under way, and the kinds of interactions.

CREATE FUNCTION npcsim_internal.interaction_effects_valid(need_rates jsonb, need_deltas jsonb, parameters jsonb, duration bigint) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'npcsim_interaction_effects_valid';
REVOKE ALL ON FUNCTION npcsim_internal.interaction_effects_valid(jsonb, jsonb, jsonb, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.interaction_effects_valid(jsonb, jsonb, jsonb, bigint) IS
    'Whether they describe an interaction: need_rates {need: units per s}, need_deltas {need: units over the duration}, parameters {name: {"type": "string", "number", "integer" or "boolean", "default": value, "description": text}}, up to 8; duration in microseconds or NULL. Raises 22023 with the reason if they do not';

CREATE TABLE npcsim.interaction_type_rows (
    world_id bigint NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 32767),
    description text NOT NULL DEFAULT '' CHECK (pg_catalog.char_length(description) <= 500),
    target text NOT NULL DEFAULT 'item' CHECK (target IN ('item', 'npc')),
    component text CHECK (component IN ('consumable', 'sittable')),
    need_rates jsonb NOT NULL DEFAULT '{}',
    need_deltas jsonb NOT NULL DEFAULT '{}',
    duration bigint CHECK (duration BETWEEN 1000 AND 86400000000),
    needs_adjacency boolean NOT NULL DEFAULT true,
    locks_movement boolean NOT NULL DEFAULT true,
    moves_onto_item boolean NOT NULL DEFAULT false,
    min_participants integer NOT NULL DEFAULT 1 CHECK (min_participants BETWEEN 1 AND 10),
    max_participants integer NOT NULL DEFAULT 1 CHECK (max_participants BETWEEN 1 AND 10),
    parameters jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.pg_column_size(parameters) <= 8192),
    PRIMARY KEY (world_id, name),
    UNIQUE (world_id, number),
    CONSTRAINT interaction_type_rows_effects CHECK (npcsim_internal.interaction_effects_valid(need_rates, need_deltas, parameters, duration)),
    CONSTRAINT interaction_type_rows_participants CHECK (min_participants <= max_participants),
    CONSTRAINT interaction_type_rows_npcs CHECK (target = 'item' OR (component IS NULL AND NOT moves_onto_item AND min_participants >= 2)),
    CONSTRAINT interaction_type_rows_onto_item CHECK (NOT moves_onto_item OR (needs_adjacency AND max_participants = 1)),
    CONSTRAINT interaction_type_rows_consumption CHECK (component IS DISTINCT FROM 'consumable' OR (duration IS NULL AND max_participants = 1))
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_type_rows', '');
COMMENT ON TABLE npcsim.interaction_type_rows IS 'The interactions of each world';
COMMENT ON COLUMN npcsim.interaction_type_rows.number IS 'What other rows call it by';
COMMENT ON COLUMN npcsim.interaction_type_rows.target IS 'With what NPCs do it: item or npc';
COMMENT ON COLUMN npcsim.interaction_type_rows.component IS 'Items with this component offer it; NULL: items that are usable for it';
COMMENT ON COLUMN npcsim.interaction_type_rows.need_rates IS 'Change of needs, units per second, besides what the item gives';
COMMENT ON COLUMN npcsim.interaction_type_rows.need_deltas IS 'Change of needs over the whole duration, units';
COMMENT ON COLUMN npcsim.interaction_type_rows.duration IS 'Microseconds after which it ends; NULL: when it is left';
COMMENT ON COLUMN npcsim.interaction_type_rows.parameters IS 'Of act_in_interaction: see interaction_effects_valid()';

CREATE TABLE npcsim.interaction_runs (
    world_id bigint NOT NULL,
    id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    interaction smallint NOT NULL,
    initiator_npc_id bigint NOT NULL,
    target_id bigint NOT NULL,
    started_at bigint NOT NULL,
    share_at_start integer NOT NULL,
    participants bigint[] NOT NULL CHECK (pg_catalog.cardinality(participants) BETWEEN 1 AND 10),
    revision bigint NOT NULL,
    acted_at bigint[],
    act_count bigint,
    acts jsonb,
    PRIMARY KEY (world_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_runs', '');
COMMENT ON TABLE npcsim.interaction_runs IS 'Interactions under way';
COMMENT ON COLUMN npcsim.interaction_runs.interaction IS 'Number in interaction_type_rows';
COMMENT ON COLUMN npcsim.interaction_runs.started_at IS 'World time in microseconds';
COMMENT ON COLUMN npcsim.interaction_runs.initiator_npc_id IS 'NPC that began it; it may have left';
COMMENT ON COLUMN npcsim.interaction_runs.participants IS 'NPCs that take part, in the order in which they came; an item is occupied by the first';
COMMENT ON COLUMN npcsim.interaction_runs.acted_at IS 'World time in microseconds at which each of them last did something in it, -1: not yet; NULL: nobody did';
COMMENT ON COLUMN npcsim.interaction_runs.act_count IS 'How often somebody did something in it';
COMMENT ON COLUMN npcsim.interaction_runs.acts IS 'The last 10 of these, oldest first: [{"at": world s, "npc_id", "name", "message" or "parameters"}]';
COMMENT ON COLUMN npcsim.interaction_runs.share_at_start IS 'Share of the item when it began, in millionths';

CREATE TABLE npcsim.interaction_bid_rows (
    world_id bigint NOT NULL,
    id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    interaction smallint NOT NULL,
    bidder_npc_id bigint NOT NULL,
    target_id bigint NOT NULL,
    invited_npc_ids bigint[] NOT NULL,
    answers bigint[] NOT NULL,
    made_at bigint NOT NULL,
    due_at bigint NOT NULL,
    act jsonb,
    -- by default that of bids that know nothing of it
    put_at bigint NOT NULL DEFAULT -1,
    CONSTRAINT interaction_bid_rows_answers CHECK (pg_catalog.cardinality(invited_npc_ids) BETWEEN 1 AND 9 AND
        pg_catalog.cardinality(answers) OPERATOR(pg_catalog.=) pg_catalog.cardinality(invited_npc_ids)),
    PRIMARY KEY (world_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
SELECT pg_catalog.pg_extension_config_dump('npcsim.interaction_bid_rows', '');
COMMENT ON TABLE npcsim.interaction_bid_rows IS 'Invitations to interact that not everybody has answered';
COMMENT ON COLUMN npcsim.interaction_bid_rows.interaction IS 'Number in interaction_type_rows';
COMMENT ON COLUMN npcsim.interaction_bid_rows.target_id IS 'Item, or the first of the NPCs invited';
COMMENT ON COLUMN npcsim.interaction_bid_rows.answers IS 'Of each of those invited: Invitation in src/tables/bids.h';
COMMENT ON COLUMN npcsim.interaction_bid_rows.made_at IS 'World time in microseconds';
COMMENT ON COLUMN npcsim.interaction_bid_rows.due_at IS 'World time in microseconds at which it is put to them, or at which it is too late to answer';
COMMENT ON COLUMN npcsim.interaction_bid_rows.put_at IS 'World time in microseconds at which it was last put to somebody, -1: not yet';
COMMENT ON COLUMN npcsim.interaction_bid_rows.act IS 'What the bidder does when it begins: parameters of act_in_interaction, or NULL';
