-- The tables of ongoing interactions and of invitations to interactions. Their types are in 38_interaction_types.sql.

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
    -- bids that an older version stored have the default
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
