// A mind that sends its NPC to a cell that only the test knows: SECRET_X, SECRET_Y (and SECRET_NPC) in the environment.
import { goToSecretCell } from './decisions.mjs';
import { serve } from './serve.mjs';

serve('secret-cell', goToSecretCell);
