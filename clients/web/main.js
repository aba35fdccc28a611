// The spectators' page, which shows one world live. ?world=ID chooses it (default 1). All addresses that it uses are
// relative, so that a proxy may serve the page below a path of its own.

import { Camera } from "./camera.js";
import { Connection } from "./connection.js";
import { DRAW_DELAY_SECONDS, needAt, needsOf, positionAt } from "./motion.js";
import { Painter } from "./painter.js";
import { Palette } from "./palette.js";
import { Panel } from "./panel.js";
import { Store } from "./store.js";
import { circlesOf } from "./talk.js";

const WHOLE_WORLD = 256 * 256; // of a world with at most so many cells everything is asked for, not only what is in view
const PANEL_MS = 200;
const CAMERA_MS = 250;

const store = new Store();
const palette = new Palette();
const canvas = document.getElementById("map");
const camera = new Camera(canvas);
const painter = new Painter(canvas, store, camera, palette);

let selected = null; // {npc: id} or {item: id}
let dirty = true;
let panelDue = 0;
let cameraDue = 0;
let cameraMoved = false;
let fittedTo = "";

const localNow = () => performance.now();
const drawClock = () => store.clock.now(localNow()) - DRAW_DELAY_SECONDS * store.clock.rate;

const panel = new Panel(store, palette, { select, follow: toggleFollow });

const NO_WORLD = 4004; // the close code of a world that does not exist or cannot be watched
const wanted = new URLSearchParams(location.search).get("world") ?? "1";
const worldId = /^[1-9][0-9]{0,14}$/.test(wanted) ? Number(wanted) : null;

const beside = (path) => new URL(path, import.meta.url);
const address = beside("ws");
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(address.href, worldId, {
  frame(frame) {
    dirty = store.receive(frame, localNow()) || dirty;
    if (frame.type === "welcome" || frame.world) {
      fitIfNew();
    }
  },
  state(state) {
    panel.setConnection(state);
    dirty = true;
    if (state.code === NO_WORLD) {
      offerWorlds();
    }
  },
  resume: () => ({ revision: store.revision, epoch: store.epoch }),
});

// Lists the worlds that can be watched, when the one that was asked for cannot.
async function offerWorlds() {
  try {
    const { worlds } = await (await fetch(beside("worlds"))).json();
    panel.offer(worlds);
  } catch {
    // if there is no list, the notice alone is shown
  }
}

// Fits the whole world into the view when it is first seen, or its size has changed.
function fitIfNew() {
  const { size_x: sizeX, size_y: sizeY } = store.world;
  const size = `${sizeX} ${sizeY}`;
  if (size !== fittedTo) {
    fittedTo = size;
    camera.fit(sizeX, sizeY);
    connection.setCamera(sizeX * sizeY > WHOLE_WORLD ? camera.bounds() : null);
  }
}

function select(what, goThere = false) {
  selected = what;
  camera.follow = null;
  if (goThere && what?.npc !== undefined) {
    const npc = store.npcs.get(what.npc);
    if (npc) {
      const at = store.drawnAt(npc, drawClock());
      const { min_x: x0, max_x: x1, min_y: y0, max_y: y1 } = camera.bounds();
      if (at.x < x0 || at.x > x1 || at.y < y0 || at.y > y1) {
        camera.centre(at.x, at.y);
      }
    }
  }
  dirty = true;
  panelDue = 0;
}

function toggleFollow() {
  camera.follow = camera.follow === null ? selected?.npc ?? null : null;
  if (camera.follow !== null && camera.scale < 20) {
    camera.zoom(20 / camera.scale);
  }
  dirty = true;
  panelDue = 0;
}

// A tap selects the nearest NPC, else the item on that cell, else nothing.
camera.onTap = ({ x, y }) => {
  const reach = Math.max(0.7, 14 / camera.scale);
  let nearest = null;
  let distance = reach;
  for (const [id, at] of painter.drawnPositions) {
    const d = Math.hypot(at.x + 0.5 - x, at.y + 0.5 - y);
    if (d < distance) {
      nearest = id;
      distance = d;
    }
  }
  if (nearest !== null) {
    select({ npc: nearest });
    return;
  }
  const item = [...store.world_items.values()].find((i) => i.x === Math.floor(x) && i.y === Math.floor(y));
  select(item ? { item: item.id } : null);
};

camera.onChange = () => {
  dirty = true;
  cameraMoved = true;
};
palette.onChange = () => {
  dirty = true;
};

document.getElementById("zoom-in").addEventListener("click", () => camera.zoom(1.4));
document.getElementById("zoom-out").addEventListener("click", () => camera.zoom(1 / 1.4));
const fit = () => store.world && camera.fit(store.world.size_x, store.world.size_y);
document.getElementById("zoom-fit").addEventListener("click", () => {
  camera.follow = null;
  fit();
});
canvas.addEventListener("keydown", (event) => {
  if (event.key === "0") {
    fit();
  } else if (event.key === "Escape") {
    select(null);
  }
});
addEventListener("resize", () => {
  dirty = true;
  if (camera.fitted) {
    fit();
  }
});

function frame(now) {
  requestAnimationFrame(frame);
  const clock = drawClock();
  if (camera.follow !== null) {
    const npc = store.npcs.get(camera.follow);
    if (npc) {
      const at = store.drawnAt(npc, clock);
      camera.centre(at.x, at.y);
    } else {
      camera.follow = null;
    }
  }
  // Rings and needs change while the world's clock moves, so nothing is drawn again only while the world stands.
  if (dirty || store.clock.rate > 0) {
    dirty = false;
    painter.draw(clock, selected);
  }
  if (now >= panelDue) {
    panelDue = now + PANEL_MS;
    panel.update(clock, selected, camera.follow !== null);
  }
  if (cameraMoved && now >= cameraDue) {
    cameraMoved = false;
    cameraDue = now + CAMERA_MS;
    if (store.world && store.world.size_x * store.world.size_y > WHOLE_WORLD) {
      connection.setCamera(camera.bounds());
    }
  }
}

// For tests and the curious: the world as of now, which is a little ahead of what is drawn.
window.npcsim = {
  now: () => store.clock.now(localNow()),
  npcs() {
    const clock = this.now();
    return [...store.npcs.values()].map((npc) => ({
      ...npc,
      position: positionAt(npc, clock),
      values: Object.fromEntries(needsOf(npc).map((name) => [name, needAt(npc, name, clock)])),
    }));
  },
  drawn: () => [...painter.drawnPositions].map(([id, at]) => ({ id, ...at })),
  said: () => painter.bubbles,
  names: () => painter.names,
  talking: () => circlesOf(store.interactions).map(({ id, participants }) => ({ id, participants })),
  screenOf(id) {
    const at = painter.drawnPositions.get(id);
    return camera.toScreen(at.x, at.y);
  },
  get revision() {
    return store.revision;
  },
};

if (worldId === null) {
  panel.setConnection({ phase: "refused", detail: `“${wanted}” is no world: worlds have numbers.` });
  offerWorlds();
} else {
  connection.open();
}
requestAnimationFrame(frame);
