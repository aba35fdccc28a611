-- Tests players: how they are made, renamed and banned, and their tokens.
BEGIN;
SELECT plan(27);

SELECT npcsim.create_world('Meadow', 10, 10, 5, preset => 'reference');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(world_id => 1, username => 'bo', role => 'operator');

SELECT results_eq('SELECT id, world_id, username, role, status, controlled_npc_count, daily_token_output FROM npcsim.players ORDER BY username',
    $$SELECT player_id, 1::bigint, 'ada'::text, 'player'::text, 'active'::text, 0::bigint, 0::bigint FROM ada
      UNION ALL SELECT player_id, 1, 'bo', 'operator', 'active', 0, 0 FROM bo$$, 'players are made');
SELECT matches((SELECT token FROM ada), '^npc_[0-9a-f]{64}$', 'a token is 256 random bits');
SELECT isnt((SELECT token FROM ada), (SELECT token FROM bo), 'of one''s own');
SELECT is((SELECT token_hash FROM npcsim.player_accounts WHERE username = 'ada'), (SELECT sha256(token::bytea) FROM ada),
          'only its hash is kept');
SELECT is_empty($$SELECT a FROM npcsim.player_accounts a, ada WHERE strpos(a::text, ada.token) > 0$$, 'and not the token');
SELECT throws_ok($$SELECT npcsim.create_player(1, 'ada')$$, '23505', NULL, 'a name is given once');
SELECT npcsim.create_world('Hill', 10, 10, 5, preset => 'reference');
SELECT lives_ok($$SELECT npcsim.create_player((SELECT id FROM npcsim.worlds WHERE name = 'Hill'), 'ada')$$, 'in a world');

-- ---- tokens ----
CREATE TEMP TABLE renewed AS SELECT npcsim.rotate_player_token((SELECT player_id FROM ada)) AS token;
SELECT matches((SELECT token FROM renewed), '^npc_[0-9a-f]{64}$', 'a token is renewed');
SELECT isnt((SELECT token FROM renewed), (SELECT token FROM ada), 'by another');
SELECT is((SELECT token_hash FROM npcsim.player_accounts WHERE id = (SELECT player_id FROM ada)),
          (SELECT sha256(token::bytea) FROM renewed), 'which then counts');

-- ---- sessions end ----
INSERT INTO npcsim.gateways VALUES ('g1', now());
INSERT INTO npcsim.sessions (gateway_id, world_id, player_id, purpose) SELECT 'g1', 1, player_id, 'watch' FROM ada;
SELECT ok((SELECT connected FROM npcsim.players WHERE id = (SELECT player_id FROM ada)), 'a player with a session is connected');
SELECT npcsim.rotate_player_token((SELECT player_id FROM ada));
SELECT results_eq('SELECT ended, end_reason FROM npcsim.sessions', $$VALUES (true, 'token')$$, 'a new token ends the sessions of the old one');
SELECT ok(NOT (SELECT connected FROM npcsim.players WHERE id = (SELECT player_id FROM ada)), 'the player is not connected any more');

-- ---- written through the view ----
UPDATE npcsim.sessions SET ended = false, end_reason = NULL;
SELECT lives_ok($$UPDATE npcsim.players SET status = 'banned' WHERE id = (SELECT player_id FROM ada)$$, 'a player is banned');
SELECT is((SELECT status FROM npcsim.player_accounts WHERE id = (SELECT player_id FROM ada)), 'banned', 'and stays so');
SELECT results_eq('SELECT ended, end_reason FROM npcsim.sessions', $$VALUES (true, 'banned')$$, 'which ends the sessions');
SELECT lives_ok($$UPDATE npcsim.players SET username = 'beau', role = 'player', daily_token_output = 5 WHERE username = 'bo'$$,
                'name, role and tokens can be written');
SELECT results_eq($$SELECT username, role, daily_token_output FROM npcsim.players WHERE id = (SELECT player_id FROM bo)$$,
                  $$VALUES ('beau', 'player', 5::bigint)$$, 'and are');
SELECT throws_ok($$UPDATE npcsim.players SET username = 'ada' WHERE username = 'beau'$$, '23505', NULL, 'not to a name that is taken');
SELECT throws_ok($$UPDATE npcsim.players SET status = 'asleep' WHERE username = 'beau'$$, '22023', NULL, 'nor to an unknown status');
SELECT throws_ok($$UPDATE npcsim.players SET role = NULL WHERE username = 'beau'$$, '22004', NULL, 'nor to NULL');
SELECT throws_ok($$UPDATE npcsim.players SET daily_token_output = -1 WHERE username = 'beau'$$, '22003', NULL, 'nor below 0');
SELECT throws_ok($$UPDATE npcsim.players SET controlled_npc_count = 3 WHERE username = 'beau'$$, '0A000', NULL,
                 'what is counted cannot be written');
SELECT throws_ok($$UPDATE npcsim.players SET world_id = 2 WHERE username = 'beau'$$, '0A000', NULL, 'a player stays in a world');
SELECT throws_ok($$INSERT INTO npcsim.players (world_id, username) VALUES (1, 'cy')$$, '0A000', NULL, 'players are made by create_player');
SELECT throws_ok($$DELETE FROM npcsim.players WHERE username = 'beau'$$, '0A000', NULL, 'and not deleted');
SELECT ok(EXISTS (SELECT FROM npcsim.change_log c JOIN npcsim.worlds w ON w.id = c.world_id AND w.revision = c.revision
                   WHERE w.id = 1 AND (SELECT player_id FROM bo) = ANY (c.ids)), 'clients are told of the change');

SELECT * FROM finish();
ROLLBACK;
