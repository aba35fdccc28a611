// Answers for sayer.mjs: such as well-meaning minds give, and such as nobody can read. "read" tells what is expected.
const text = (words) => `"result":{"content":[{"type":"text","text":${JSON.stringify(words)}}]}}`;
const structured = (json) => `"result":{"content":[],"structuredContent":${json}}}`;
const good = (name, say) => ({ name, say, read: true });
const bad = (name, reason, say) => ({ name, say, read: false, reason });
const beside = 'x'.repeat(40_000);

export const answers = [
  good('a fence', () => text('```json\n{"action":"continue"}\n```')),
  good('prose and a thought', () => text('<think>{"action":"fly"}? No.</think>I go on: {"action": "CONTINUE", "tokens": "412"}')),
  good('a wrapped result', () => structured('{"result":{"action":"Continue","parameters":"{}"}}')),
  good('half a surrogate pair', () => structured('{"action":"continue","reason":"\\ud83d oops"}')),
  good('NaN', () => structured('{"action":"continue","confidence":NaN,"next_decision_in_s":-Infinity}')),
  good('an array of one', () => structured('[{"action":["continue"]}]')),
  good('40 KB twice', () => `"result":{"content":[{"type":"text","text":${JSON.stringify(JSON.stringify({ action: 'continue', reason: beside }))}}],"structuredContent":{"action":"continue","reason":"${beside}"}}}`),
  { ...good('a byte order mark', (_, id) => `\u{feff}{"jsonrpc":"2.0","id":${id},${structured('{"action":"continue",}')}`), whole: true },
  { ...good('a raw NUL', (_, id) => `{"jsonrpc":"2.0","id":${id},${structured('{"action":"continue","reason":"\u{0}"}')}`), whole: true },
  bad('what breaks off', /breaks off/, () => '"result":{"content":[{"type":"text","text":"{\\"action\\":'),
  bad('a decision that breaks off', /breaks off/, () => text('{"action":"consume","target_id":1')),
  bad('no decision', /holds no decision: I would rather not/, () => text('I would rather not.')),
  bad('more than a message may have', /more than the 262144 allowed/, () => structured(`{"action":"continue","notes":"${'y'.repeat(300_000)}"}`)),
  bad('more than a line may have', /more than the 262144 allowed/, () => structured(`{"action":"continue","notes":"${'z'.repeat(1_200_000)}"}`)),
  bad('a decision that is too long', /more than 65536 bytes/, () => structured(`{"action":"continue","notes":"${'n'.repeat(70_000)}"}`)),
  bad('a member that is there twice', /a member twice/, () => text('{"action":"continue","action":"wait"}')),
];
