-- The views of the log of events: what happened, and what was said, under plain names.

CREATE VIEW npcsim.world_events AS
SELECT l.world_id,
       l.first_sequence + e.n - 1 AS sequence,
       (l.clock + e.after) / 1000000::double precision AS clock,
       (l.clock + e.after + 1000000 / w.tick_rate - 1) / (1000000 / w.tick_rate) AS tick,
       l.revision,
       npcsim_internal.world_event_kind_name(e.kind) AS kind,
       e.npc_id, e.target_id, e.interaction_id, e.player_id,
       e.x AS position_x, e.y AS position_y,
       e.data,
       CASE WHEN e.player_id IS NOT NULL THEN l.sent_at_real END AS sent_at_real
  FROM npcsim.world_event_log l
  JOIN npcsim.world_settings w ON w.id = l.world_id
 CROSS JOIN LATERAL ROWS FROM (
           pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.x), pg_catalog.unnest(l.y),
           pg_catalog.unnest(l.npc_ids), pg_catalog.unnest(l.target_ids), pg_catalog.unnest(l.interaction_ids),
           pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data)) WITH ORDINALITY
           AS e (kind, after, x, y, npc_id, target_id, interaction_id, player_id, data, n);
COMMENT ON VIEW npcsim.world_events IS
    'What happened in the worlds, for npcsim.world_event_hours and within npcsim.world_event_size';
COMMENT ON COLUMN npcsim.world_events.sequence IS 'From 1 in each world, without gaps, in the order in which it happened';
COMMENT ON COLUMN npcsim.world_events.clock IS 'World seconds';
COMMENT ON COLUMN npcsim.world_events.tick IS 'Number of the tick in which it happened; of what came from outside: of the last tick before it';
COMMENT ON COLUMN npcsim.world_events.revision IS 'Revision of the world with which it was written';
COMMENT ON COLUMN npcsim.world_events.kind IS 'What happened: npc_arrived, interaction_started, chat, …';
COMMENT ON COLUMN npcsim.world_events.npc_id IS 'NPC that did it, or that it happened to; may be gone';
COMMENT ON COLUMN npcsim.world_events.target_id IS 'Item or NPC it happened to, or with; may be gone';
COMMENT ON COLUMN npcsim.world_events.interaction_id IS 'Interaction it was part of; may be over';
COMMENT ON COLUMN npcsim.world_events.player_id IS 'Player whose doing it was';
COMMENT ON COLUMN npcsim.world_events.position_x IS 'Column of the cell where it happened; NULL: nowhere in particular';
COMMENT ON COLUMN npcsim.world_events.position_y IS 'Row of the cell where it happened';
COMMENT ON COLUMN npcsim.world_events.data IS 'What else is to be said of it, by kind: an object, or NULL';
COMMENT ON COLUMN npcsim.world_events.sent_at_real IS 'Of what a player did: real time';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.world_events
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('What happened is recorded by the world; prune_logs() forgets it after npcsim.world_event_hours.');

CREATE VIEW npcsim.messages AS
SELECT l.world_id,
       l.first_sequence + e.n - 1 AS sequence,
       (l.clock + e.after) / 1000000::double precision AS clock,
       npcsim_internal.world_event_kind_name(e.kind) AS kind,
       e.player_id, a.username,
       e.npc_id, e.interaction_id,
       e.data ->> 'text' AS text,
       CASE WHEN e.player_id IS NOT NULL THEN l.sent_at_real END AS sent_at_real
  FROM npcsim.world_event_log l
 CROSS JOIN LATERAL ROWS FROM (
           pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.npc_ids),
           pg_catalog.unnest(l.interaction_ids), pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data)) WITH ORDINALITY
           AS e (kind, after, npc_id, interaction_id, player_id, data, n)
  LEFT JOIN npcsim.player_accounts a ON a.id = e.player_id
 WHERE l.messages > 0 AND e.kind IN (1, 2);
COMMENT ON VIEW npcsim.messages IS
    'What was said in the worlds, for npcsim.world_event_hours: those of world_events whose kind is chat or npc_said';
COMMENT ON COLUMN npcsim.messages.sequence IS 'That of world_events';
COMMENT ON COLUMN npcsim.messages.clock IS 'World seconds';
COMMENT ON COLUMN npcsim.messages.kind IS 'chat: a player to everybody; npc_said: an NPC, aloud';
COMMENT ON COLUMN npcsim.messages.player_id IS 'Player who said it, or NULL';
COMMENT ON COLUMN npcsim.messages.username IS 'The player''s name';
COMMENT ON COLUMN npcsim.messages.npc_id IS 'NPC that said it, or NULL; may be gone';
COMMENT ON COLUMN npcsim.messages.interaction_id IS 'Interaction it was said in, or NULL; may be over';
COMMENT ON COLUMN npcsim.messages.text IS 'What was said';
COMMENT ON COLUMN npcsim.messages.sent_at_real IS 'Of what a player said: real time';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.messages
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('Players speak through the gateway, NPCs by decisions.');
