// Computes what changes between two frames: positions, needs, the clock and the calendar.
//
// The server tells only what began (a path, a rate, a clock); everything here is computed from that and a time of
// the world, in world seconds. There is no DOM and no network here, so that this module runs in Node as it is.

export const CELL_SECONDS = 0.25;
export const DRAW_DELAY_SECONDS = 0.15;
export const CRITICAL = 20; // a need below this is marked

// Returns the position of a row of npcs at a clock. A walker is at path[0] when it departs and reaches one more cell
// every 250 ms; between two cells its position is interpolated. An NPC without a path stands at (x, y).
export function positionAt(npc, clock) {
  const path = npc.path;
  if (!path || path.length === 0 || npc.departed_at == null) {
    return { x: npc.x, y: npc.y, moving: false };
  }
  const steps = (clock - npc.departed_at) / CELL_SECONDS;
  const last = path.length - 1;
  if (!(steps > 0)) {
    return { x: path[0][0], y: path[0][1], moving: false };
  }
  if (steps >= last) {
    return { x: path[last][0], y: path[last][1], moving: false };
  }
  const i = Math.floor(steps);
  const share = steps - i;
  return {
    x: path[i][0] + (path[i + 1][0] - path[i][0]) * share,
    y: path[i][1] + (path[i + 1][1] - path[i][1]) * share,
    moving: true,
  };
}

// Returns what is left of a walker's path at a clock, from where it is to the end.
export function pathAhead(npc, clock) {
  const here = positionAt(npc, clock);
  if (!here.moving) {
    return [];
  }
  const next = Math.floor((clock - npc.departed_at) / CELL_SECONDS) + 1;
  return [[here.x, here.y], ...npc.path.slice(next)];
}

// Returns the names of an NPC's needs, as the server tells them.
export function needsOf(npc) {
  return Object.keys(npc.needs ?? {});
}

// Returns the value of one need at a clock, or null when this viewer is not told of it.
export function needAt(npc, name, clock) {
  const need = npc.needs?.[name];
  if (!need) {
    return null;
  }
  const elapsed = Math.max(0, clock - npc.as_of);
  return Math.min(100, Math.max(0, need.value + need.rate * elapsed));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUTES_A_DAY = 24 * 60;
const START = (2 * 30) * MINUTES_A_DAY + 6 * 60; // March 1, 06:00

// Returns the game's date and time at a clock. A world second is a game minute; a month has 30 days, a year 12 months;
// worlds start on March 1 of year 1 at 06:00.
export function calendarAt(clock) {
  const minutes = START + Math.floor(clock);
  const days = Math.floor(minutes / MINUTES_A_DAY);
  const minute = minutes % 60;
  const hour = Math.floor(minutes / 60) % 24;
  const day = days % 30 + 1;
  const month = Math.floor(days / 30) % 12;
  const year = Math.floor(days / 360) + 1;
  const time = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  return { year, month: month + 1, day, hour, minute, time, text: `${MONTHS[month]} ${day}, Year ${year}, ${time}` };
}

// The world's clock as this machine estimates it. Frames arrive late by a varying amount, so a frame that is behind
// the estimate moves it only a little, and one that is ahead moves it at once. now() never steps back but in two
// cases: in another epoch, since earlier times may not have happened in it; and when the world is paused, since the
// estimate, which may have been ahead, then takes the clock at which the world stands. While somebody holds the world
// (speed 0, though it runs) an estimate that is ahead stands still.
export class WorldClock {
  constructor() {
    this.reset();
  }

  reset() {
    this.base = 0;
    this.since = null;
    this.rate = 0;
    this.told = -Infinity;
    this.paused = false;
  }

  // Takes a clock, welcome, snapshot or delta frame that came at a local time in milliseconds. Snapshots and deltas
  // have no speed and status, so the last ones stay.
  frame(frame, localMs) {
    if (typeof frame.clock !== "number") {
      return;
    }
    const expected = this.since === null ? frame.clock : this.#estimate(localMs);
    const behind = expected - frame.clock;
    const tolerated = 0.5 * Math.max(1, this.rate);
    const rate = frame.status === undefined ? this.rate : frame.status === "running" ? (frame.speed ?? 1) : 0;
    const still = rate === 0 || this.rate === 0;
    this.base = behind > 0 && behind < tolerated && !still ? expected - behind * 0.1 : frame.clock;
    this.since = localMs;
    this.rate = rate;
    if (frame.status !== undefined) {
      this.paused = frame.status === "paused" || frame.status === "parked";
    }
    if (this.paused) {
      this.told = this.base; // a clock that stands is known exactly
    }
  }

  now(localMs) {
    if (this.since === null) {
      return 0;
    }
    this.told = Math.max(this.told, this.#estimate(localMs));
    return this.told;
  }

  #estimate(localMs) {
    return this.base + this.rate * (localMs - this.since) / 1000;
  }
}

// The motions of one NPC that may still be drawn. What is drawn lies a little behind the clock, so until the departure
// of a new path the one before it is followed.
export class Track {
  #motions = [];

  // Adds a motion that holds from this clock on.
  push(motion, from) {
    const motions = this.#motions;
    while (motions.length > 0 && motions[motions.length - 1].from >= from) {
      motions.pop();
    }
    motions.push({ motion, from });
    if (motions.length > 8) {
      motions.shift();
    }
  }

  at(clock) {
    const motions = this.#motions;
    while (motions.length > 1 && motions[1].from <= clock) {
      motions.shift();
    }
    return positionAt(motions[0].motion, clock);
  }
}
