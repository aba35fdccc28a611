// Keeps the world as the server told it: rows by id, kept up to date by snapshots and deltas.
//
// Snapshots and deltas come in pages and are applied once the last page is there. A delta with `present` (the answer
// to a reconnect) drops the rows that none of its pages names. Fields that an upsert does not have are unchanged.
// Messages and events are appended; with a snapshot they begin anew.

import { Track, WorldClock, positionAt } from "./motion.js";

const TABLES = ["item_types", "interaction_types", "npcs", "world_items", "interactions", "players"];
// The streams, whose rows are told once, and how many of the last rows are kept. Of messages so many of each kind are
// kept, so that what players say is not pushed out by what NPCs say.
const STREAMS = { messages: 50, world_events: 100 };
const IN_VIEW = ["npcs", "world_items", "interactions"];

const keyOf = (row) => row.id ?? row.name;

function lastOf(rows, most, ofEachKind) {
  if (!ofEachKind || rows.length <= most) {
    return rows.slice(-most);
  }
  const counts = new Map();
  return rows.reverse().filter(({ kind }) => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts.get(kind) <= most;
  }).reverse();
}

export class Store {
  constructor() {
    this.clock = new WorldClock();
    this.clear();
  }

  clear() {
    this.world = null;
    this.terrain = { blocked: [] };
    for (const table of TABLES) {
      this[table] = new Map();
    }
    for (const stream of Object.keys(STREAMS)) {
      this[stream] = [];
    }
    this.tracks = new Map();
    this.revision = null;
    this.epoch = null;
    this.status = "unknown";
    this.speed = 1;
    this.pages = null;
    this.terrainVersion = (this.terrainVersion ?? 0) + 1;
    this.clock.reset();
  }

  // Takes one frame of the server and returns whether anything that is drawn may have changed.
  receive(frame, localMs) {
    switch (frame.type) {
      case "welcome":
        this.#enterEpoch(frame.epoch);
        this.#header(frame, localMs);
        this.world = frame.world;
        return true;
      case "clock":
        this.#enterEpoch(frame.epoch);
        this.#header(frame, localMs);
        return true;
      case "snapshot":
        return this.#snapshot(frame, localMs);
      case "delta":
        return this.#delta(frame, localMs);
      default:
        return false;
    }
  }

  // Notes the epoch. In a new one earlier revisions and times mean nothing; the rows stay until a snapshot replaces them.
  #enterEpoch(epoch) {
    if (epoch === undefined || epoch === this.epoch) {
      return;
    }
    if (this.epoch !== null) {
      this.clock.reset();
      this.revision = null;
    }
    this.epoch = epoch;
  }

  #header(frame, localMs) {
    this.clock.frame(frame, localMs);
    this.status = frame.status ?? this.status;
    this.speed = frame.speed ?? this.speed;
  }

  // Collects a page; returns all pages once the last one is there, else null. A first page discards pages that were
  // not completed.
  #complete(frame) {
    if (this.pages === null || (frame.page ?? 1) === 1) {
      this.pages = [];
    }
    this.pages.push(frame);
    if (frame.more) {
      return null;
    }
    const pages = this.pages;
    this.pages = null;
    return pages;
  }

  #snapshot(frame, localMs) {
    const pages = this.#complete(frame);
    if (pages === null) {
      return false;
    }
    this.clock.frame(frame, localMs);
    for (const table of TABLES) {
      if (pages.some((page) => page[table])) {
        this[table] = new Map();
      }
    }
    this.npcs = new Map();
    this.tracks = new Map();
    for (const stream of Object.keys(STREAMS)) {
      this[stream] = pages.flatMap((page) => page[stream] ?? []);
    }
    this.#whole(pages);
    for (const page of pages) {
      for (const table of TABLES) {
        this.#upsert(table, page[table] ?? [], frame.clock);
      }
    }
    this.revision = frame.revision;
    return true;
  }

  #delta(frame, localMs) {
    const pages = this.#complete(frame);
    if (pages === null) {
      return false;
    }
    this.clock.frame(frame, localMs);
    this.#whole(pages);
    for (const page of pages) {
      this.#changes(page);
    }
    if (pages.some((page) => page.present)) {
      const present = new Set(pages.flatMap((page) => page.present ?? []));
      for (const table of IN_VIEW) {
        for (const id of [...this[table].keys()]) {
          if (!present.has(id)) {
            this.#drop(table, id);
          }
        }
      }
    }
    this.revision = frame.revision;
    return true;
  }

  #changes(page) {
    for (const table of TABLES) {
      const change = page[table];
      if (!change) {
        continue;
      }
      this.#upsert(table, change.upsert ?? [], page.clock);
      for (const id of [...(change.remove ?? []), ...(change.leave ?? [])]) {
        this.#drop(table, id);
      }
    }
    for (const [stream, most] of Object.entries(STREAMS)) {
      if (page[stream]) {
        this[stream] = lastOf([...this[stream], ...page[stream].append], most, stream === "messages");
      }
    }
  }

  // Replaces world and terrain, which are always sent whole; the terrain's runs may be spread over several pages.
  #whole(pages) {
    for (const { world } of pages) {
      if (world) {
        this.world = { ...this.world, ...world };
      }
    }
    const terrain = pages.flatMap((page) => page.terrain ?? []);
    if (terrain.length > 0) {
      this.terrain = { blocked: terrain.flatMap(({ blocked }) => blocked) };
      this.terrainVersion += 1;
    }
  }

  #upsert(table, rows, clock) {
    for (const row of rows) {
      const key = keyOf(row);
      const known = this[table].get(key);
      const merged = known ? { ...known, ...row } : row;
      this[table].set(key, merged);
      if (table === "npcs" && (!known || "x" in row || "path" in row)) {
        let track = this.tracks.get(key);
        if (!track) {
          track = new Track();
          this.tracks.set(key, track);
        }
        track.push(merged, merged.departed_at ?? clock);
      }
    }
  }

  #drop(table, id) {
    this[table].delete(id);
    if (table === "npcs") {
      this.tracks.delete(id);
    }
  }

  // Returns where an NPC is drawn at a clock: on the path that it followed then, which need not be the newest.
  drawnAt(npc, clock) {
    return this.tracks.get(npc.id)?.at(clock) ?? positionAt(npc, clock);
  }
}
