// Waits, wherever its NPCs are. While the file DEATH exists it is dead: it exits with the next decision it is asked for,
// and whenever it is started.
import { existsSync } from 'node:fs';

import { logger, serve } from './serve.mjs';

const log = logger('mortal');

function live() {
  if (!existsSync(process.env.DEATH)) return;
  log('dying, as told');
  process.exit(1);
}

live();
serve('mortal', () => {
  live();
  return { action: 'wait' };
});
