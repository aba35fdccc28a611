// Always wanders, never uses anything: whatever is eaten was not this mind's doing.
import { wander } from './decisions.mjs';
import { serve } from './serve.mjs';

serve('wanderer', wander);
