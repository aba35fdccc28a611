// A mind that talks whenever it is invited to, or to the NPC TALK_TO (decisions.mjs).
import { talk } from './decisions.mjs';
import { serve } from './serve.mjs';

serve('talker', talk);
