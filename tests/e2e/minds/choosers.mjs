// Answers for sayer.mjs that choose from the list in the request: the first, the last, or one in between.
let count = 0;

export const answers = [
  {
    name: 'a choice',
    say: ({ observations }) => {
      const { choices } = observations;
      const choice = [1, choices.length, 1 + Math.floor(choices.length / 2)][count++ % 3];
      process.stderr.write(`observation of ${Buffer.byteLength(JSON.stringify(observations))} bytes, ${choices.length} choices\n`);
      return `"result":{"content":[{"type":"text","text":${JSON.stringify(JSON.stringify({ choice }))}}]}}`;
    },
  },
];
