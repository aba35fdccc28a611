// A mind that answers with ACTION (default: wander) for every NPC. While the file DEATH exists it exits when it is asked
// for a decision, and whenever it is started.
import { existsSync } from 'node:fs';

import { logger, serve } from './serve.mjs';

const log = logger('mortal');
const action = process.env.ACTION ?? 'wander';

function live() {
  if (!existsSync(process.env.DEATH)) return;
  log('dying, as told');
  process.exit(1);
}

live();
serve('mortal', ({ observations }) => {
  live();
  return observations.status.state === 'interacting' ? { action: 'cancel_interaction', then: [{ action }] } : { action };
});
