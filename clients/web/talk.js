// Computes from the rows of the store which bubbles are shown, where, and which NPCs do something together. There is no
// DOM and no network here, so that this module runs in Node as it is.

const SECONDS = { least: 3.5, most: 9, aLetter: 0.06 }; // how long a bubble stays, in real seconds
const BUBBLES = 24; // how many are shown at once, which are the latest

// Returns what NPCs said lately, the oldest first, at most one message each. `rate` is in world seconds per second, and 0
// when the world stands.
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

// How far from its speaker a bubble may stand: sideways in shares of its width, and upwards in pixels.
const ASIDE = [0, 0.3, -0.3, 0.55, -0.55];
const UPWARDS = Array.from({ length: 12 }, (_, i) => i * 14);
const GAP = 2;

function overlap(a, b) {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left) + GAP;
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top) + GAP;
  return width > 0 && height > 0 ? width * height : 0;
}

// Returns where a bubble of this size is placed above (x, y), at which its tail ends, so that it covers nothing of what is
// drawn already (names, other bubbles), or as little as possible. All is in pixels. `before` is where it stood, relative to
// (x, y): while it cannot be right above, it stays there as long as possible, so that it does not jump about.
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

// Returns the ongoing interactions of several NPCs.
export function circlesOf(interactions) {
  return [...interactions.values()].filter(({ participants = [] }) => participants.length > 1);
}

// Breaks a text into at most `most` lines that measure() finds no wider than `width`; a text that does not fit ends in an
// ellipsis.
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

// Cuts a word that is wider than a line into pieces that are not.
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
