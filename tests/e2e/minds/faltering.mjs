// A mind that fails its first FAIL_FIRST decisions (default 0) with isError, then lets every NPC wait and logs the events
// that it was told: "told [...]". With HANG it never answers anything, and stays connected.
import { logger, serve } from './serve.mjs';

const log = logger('faltering');
let failures = Number(process.env.FAIL_FIRST ?? 0);

serve('faltering', ({ observations }) => {
  if (process.env.HANG) return new Promise(() => {});
  if (failures-- > 0) throw new Error(`out of ideas, ${failures} to go`);
  log(`told ${JSON.stringify(observations.events)}`);
  return { action: 'wait' };
});
