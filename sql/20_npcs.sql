-- The tables of NPCs: identities, states with needs, tracks, and minds.

CREATE TABLE npcsim.npc_identities (
    world_id bigint NOT NULL,
    id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    name text NOT NULL CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 100),
    controller_player_id bigint,
    traits text[] NOT NULL DEFAULT '{}',
    born_at bigint NOT NULL DEFAULT 0,
    identity_revision bigint NOT NULL DEFAULT 0,
    controller_since bigint,
    assigned boolean NOT NULL DEFAULT false,
    traced boolean NOT NULL DEFAULT false,
    PRIMARY KEY (world_id, id)
);
CREATE INDEX npc_identities_controller ON npcsim.npc_identities (controller_player_id) WHERE controller_player_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('npcsim.npc_identities', '');
COMMENT ON TABLE npcsim.npc_identities IS 'Who the NPCs are; changes rarely';
COMMENT ON COLUMN npcsim.npc_identities.controller_player_id IS 'Player whose mind decides for the NPC; NULL: the built-in mind';
COMMENT ON COLUMN npcsim.npc_identities.born_at IS 'World time in microseconds';
COMMENT ON COLUMN npcsim.npc_identities.controller_since IS 'World time in microseconds at which it came to its controller; NULL: it has none, or came to it before 0.8.0, when operators gave NPCs by hand';
COMMENT ON COLUMN npcsim.npc_identities.assigned IS 'An operator has said who decides for it: the market leaves it there. So it does one that came to its controller before 0.8.0';
COMMENT ON COLUMN npcsim.npc_identities.traced IS 'What the built-in mind decides for it is kept in observation_log; no rule looks at it';

-- Every update is HOT as long as the page has room, since no index covers a column that changes.
CREATE TABLE npcsim.npc_states (
    world_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    decision_at bigint,
    last_decision_at bigint,
    event_at bigint,
    target_id bigint,
    state_since bigint NOT NULL,
    state_counter bigint NOT NULL,
    draws bigint NOT NULL,
    status_revision bigint NOT NULL,
    state smallint NOT NULL,
    event_kind smallint NOT NULL,
    goal_x smallint NOT NULL,
    goal_y smallint NOT NULL,
    goal_action smallint NOT NULL,
    goal_interaction smallint NOT NULL,
    decider smallint NOT NULL,
    decision_reason smallint NOT NULL,
    replans smallint NOT NULL,
    -- setting out changes no column from here on, so that WAL records leave out the unchanged end of the row
    ask_again_at bigint,
    conversed_at bigint,
    interaction_id bigint,
    needs_as_of bigint NOT NULL,
    needs_revision bigint NOT NULL,
    hunger integer NOT NULL,
    hygiene integer NOT NULL,
    fun integer NOT NULL,
    energy integer NOT NULL,
    hunger_rate integer NOT NULL,
    hygiene_rate integer NOT NULL,
    fun_rate integer NOT NULL,
    energy_rate integer NOT NULL,
    decay integer NOT NULL,
    -- they are one constraint, since every statement parses the text of each constraint again
    CONSTRAINT npc_states_ranges CHECK (
        hunger BETWEEN 0 AND 100000000 AND hygiene BETWEEN 0 AND 100000000 AND
        fun BETWEEN 0 AND 100000000 AND energy BETWEEN 0 AND 100000000 AND
        decay BETWEEN 0 AND 100000000 AND state BETWEEN 0 AND 6),
    -- it is checked when a row is inserted; updates do not change the key and do not check it (src/tables/hot_rows.c)
    CONSTRAINT npc_states_key PRIMARY KEY (world_id, npc_id)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off);
SELECT pg_catalog.pg_extension_config_dump('npcsim.npc_states', '');
COMMENT ON TABLE npcsim.npc_states IS 'Needs (millionths of a unit, true at needs_as_of, with their change per second) and what each NPC is doing. Times are microseconds of the world';
COMMENT ON COLUMN npcsim.npc_states.event_at IS 'When the next event of the NPC is due, or NULL';
COMMENT ON COLUMN npcsim.npc_states.event_kind IS 'NpcEvent in src/tables/npcs.h';
COMMENT ON COLUMN npcsim.npc_states.decision_at IS 'When the NPC is due for a decision, or NULL';
COMMENT ON COLUMN npcsim.npc_states.ask_again_at IS 'When its mind wants to be asked again at the latest, or NULL';
COMMENT ON COLUMN npcsim.npc_states.conversed_at IS 'When its last conversation ended, or NULL';
COMMENT ON COLUMN npcsim.npc_states.decision_reason IS 'DecisionReason in src/tables/npcs.h';
COMMENT ON COLUMN npcsim.npc_states.interaction_id IS 'The interaction it takes part in; no index on it, which would end HOT updates';
COMMENT ON COLUMN npcsim.npc_states.target_id IS 'What it walks to, or NULL';
COMMENT ON COLUMN npcsim.npc_states.state_counter IS 'Grows with every change of what it does; an answer names the state it was given for';
COMMENT ON COLUMN npcsim.npc_states.draws IS 'How often chance was asked for this NPC';
COMMENT ON COLUMN npcsim.npc_states.decay IS 'Decay of each need, millionths of a unit per second';
COMMENT ON COLUMN npcsim.npc_states.state IS '0 idle, 1 moving, 2 requesting, 3 interacting, 4 wandering, 5 waiting, 6 dormant';
COMMENT ON COLUMN npcsim.npc_states.goal_action IS 'ActionKind in src/sim/actions.h that the walk serves';
COMMENT ON COLUMN npcsim.npc_states.goal_interaction IS 'Number in interaction_type_rows of what the walk serves; 0: nothing';
COMMENT ON COLUMN npcsim.npc_states.replans IS 'How often the way was planned anew because it was blocked';
COMMENT ON COLUMN npcsim.npc_states.decider IS 'Who began what it does: 0 nobody, 1 the built-in mind, 2 its controller''s mind';

SELECT npcsim.execute_with_postgis($postgis$
CREATE TABLE npcsim.npc_tracks (
    world_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    departed_at bigint NOT NULL,
    motion_revision bigint NOT NULL,
    cells smallint[] NOT NULL,
    sight @extschema:postgis@.geometry NOT NULL,
    CONSTRAINT npc_tracks_key PRIMARY KEY (world_id, npc_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off)
$postgis$);
CREATE INDEX npc_tracks_sight ON npcsim.npc_tracks USING gist (sight) WITH (fillfactor = 70);
SELECT pg_catalog.pg_extension_config_dump('npcsim.npc_tracks', '');
COMMENT ON TABLE npcsim.npc_tracks IS 'One leg of at most 32 steps per NPC, or the one cell it stands on';
COMMENT ON COLUMN npcsim.npc_tracks.departed_at IS 'World time in microseconds; the walker is on cell (now - departed_at) / 250 ms of the leg';
COMMENT ON COLUMN npcsim.npc_tracks.cells IS 'x0, y0, x1, y1, … of the leg';
COMMENT ON COLUMN npcsim.npc_tracks.sight IS 'Diagonal of a box that holds the leg and some cells around it, shifted so that worlds lie apart in the index (src/engine/sight.c)';

CREATE TABLE npcsim.npc_minds (
    world_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    asked_at bigint,
    plan jsonb NOT NULL DEFAULT '[]',
    events jsonb NOT NULL DEFAULT '[]',
    events_dropped integer NOT NULL DEFAULT 0,
    wake_on jsonb,
    budget_spent boolean NOT NULL DEFAULT false,
    goal_terms jsonb,
    unanswered_since bigint,
    events_merged integer NOT NULL DEFAULT 0,
    failures smallint NOT NULL DEFAULT 0,
    asked_not_before bigint,
    pressing bigint[] NOT NULL DEFAULT '{}',
    paced boolean NOT NULL DEFAULT false,
    PRIMARY KEY (world_id, npc_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX npc_minds_backing_off ON npcsim.npc_minds (world_id) WHERE asked_not_before IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('npcsim.npc_minds', '');
COMMENT ON TABLE npcsim.npc_minds IS 'For NPCs with a controller: what is left of the plan, and what happened since the mind was last asked';
COMMENT ON COLUMN npcsim.npc_minds.asked_at IS 'World time in microseconds at which the mind was last asked';
COMMENT ON COLUMN npcsim.npc_minds.plan IS 'Array of actions still to be carried out, at most 8';
COMMENT ON COLUMN npcsim.npc_minds.events IS 'Array of events since the last question, at most 32, oldest first';
COMMENT ON COLUMN npcsim.npc_minds.events_dropped IS 'How many older ones were dropped';
COMMENT ON COLUMN npcsim.npc_minds.goal_terms IS 'With whom else and how it will do what it walks to: an action; parameters of what it is to do in what it takes part in, as soon as it may; or NULL';
COMMENT ON COLUMN npcsim.npc_minds.unanswered_since IS 'World time in microseconds at which the first of the questions was put that the mind left without an answer that was carried out, or NULL';
COMMENT ON COLUMN npcsim.npc_minds.events_merged IS 'How many events became part of a later one since the mind was last asked';
COMMENT ON COLUMN npcsim.npc_minds.wake_on IS 'Array of names of events after which the mind wants to be asked, at most 16, or NULL';
COMMENT ON COLUMN npcsim.npc_minds.budget_spent IS 'The mind is not asked, since the NPC''s tokens of the day are spent; as of when it was last to be asked';
COMMENT ON COLUMN npcsim.npc_minds.failures IS 'How many questions in a row it failed to answer, or answered with what is refused';
COMMENT ON COLUMN npcsim.npc_minds.asked_not_before IS 'World time in microseconds before which it is not asked again, since it failed, but for invitations and messages; or NULL';
COMMENT ON COLUMN npcsim.npc_minds.pressing IS 'World times in microseconds at which it was last asked about invitations and messages, at most 20';
COMMENT ON COLUMN npcsim.npc_minds.paced IS 'The last question could wait long, since tokens of the day are spent evenly: the NPC stands idle for it no more than once';
