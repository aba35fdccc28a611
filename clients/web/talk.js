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

// How far from its speaker a bubble may stand: shares of its width, then pixels upwards.
const ASIDE = [0, 0.3, -0.3, 0.55, -0.55];
const UPWARDS = Array.from({ length: 12 }, (_, i) => i * 14);
const GAP = 2;

function overlap(a, b) {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left) + GAP;
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top) + GAP;
  return width > 0 && height > 0 ? width * height : 0;
}

// Where a bubble of that size stands above (x, y), where its tail ends, so that it covers none of what is there already
// (names, other bubbles), or as little as can be. All in pixels. `before`: where it stood, relative to (x, y); while it
// cannot stand right above, it stays there as long as it can, so that it does not jump about.
export function placeOf({ x, y }, { width, height }, taken, before) {
  const near = UPWARDS.flatMap((up) => ASIDE.map((aside) => ({ dx: (aside - 0.5) * width, dy: -height - up })));
  let best = null;
  let least = Infinity;
  for (const { dx, dy } of before ? [near[0], before, ...near] : near) {
    const place = { left: x + dx, top: y + dy, width, height };
    const covered = taken.reduce((sum, other) => sum + overlap(place, other), 0);
    if (covered < least) {
      best = place;
      least = covered;
    }
    if (covered === 0) {
      break;
    }
  }
  return best;
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
