// Who says what to whom: bubbles and circles of NPCs that do something together, from the rows of the store. No DOM and
// no network: this module runs in Node as it is.

const SECONDS = { least: 3.5, most: 9, aLetter: 0.06 }; // how long a bubble stays, real seconds
const BUBBLES = 24; // at once, the latest

// What NPCs said lately, the oldest first, at most one thing each. `rate`: world seconds a second, 0 when the world stands.
export function bubblesAt(messages, clock, rate) {
  const latest = new Map();
  for (const message of messages) {
    const age = clock - message.clock;
    if (message.kind === "npc_said" && age >= 0 && age < secondsFor(message.text) * Math.max(1, rate)) {
      latest.delete(message.npc_id);
      latest.set(message.npc_id, message);
    }
  }
  return [...latest.values()].slice(-BUBBLES);
}

function secondsFor(text) {
  return Math.min(SECONDS.most, SECONDS.least + text.length * SECONDS.aLetter);
}

// The interactions of several NPCs that are under way.
export function circlesOf(interactions) {
  return [...interactions.values()].filter(({ participants = [] }) => participants.length > 1);
}

// The text in at most `most` lines that measure() finds no wider than `width`; what does not fit ends in an ellipsis.
export function linesOf(text, width, most, measure) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean).flatMap((long) => piecesOf(long, width, measure))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || measure(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
    if (lines.length === most) {
      break;
    }
  }
  if (lines.length < most) {
    return line === "" ? lines : [...lines, line];
  }
  lines[most - 1] = shortened(lines[most - 1], width, measure);
  return lines;
}

// A word that is wider than a line, cut into pieces that are not.
function piecesOf(word, width, measure) {
  if (measure(word) <= width) {
    return [word];
  }
  const pieces = [""];
  for (const letter of word) {
    const piece = pieces[pieces.length - 1];
    if (piece !== "" && measure(piece + letter) > width) {
      pieces.push(letter);
    } else {
      pieces[pieces.length - 1] = piece + letter;
    }
  }
  return pieces;
}

function shortened(line, width, measure) {
  const letters = [...line];
  while (letters.length > 1 && measure(`${letters.join("")}…`) > width) {
    letters.pop();
  }
  return `${letters.join("")}…`;
}
