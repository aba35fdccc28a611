// A mind that answers CRASH_AFTER decisions (default 3), then exits with status 1 in the middle of the next one.
import { wander } from './decisions.mjs';
import { logger, serve } from './serve.mjs';

const log = logger('crasher');
let left = Number(process.env.CRASH_AFTER ?? 3);

serve('crasher', (request) => {
  if (left-- > 0) return wander(request);
  log('crashing, as told');
  process.exit(1);
});
