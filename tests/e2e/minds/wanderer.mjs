// A mind that always wanders and never uses anything, so that whatever is eaten was not its doing.
import { wander } from './decisions.mjs';
import { serve } from './serve.mjs';

serve('wanderer', wander);
