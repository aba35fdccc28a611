// Draws the world as it was DRAW_DELAY_SECONDS ago onto the canvas: ground, walls, items, NPCs, names.

import { CRITICAL, needAt, needsOf, pathAhead } from "./motion.js";
import { bubblesAt, circlesOf, linesOf, placeOf } from "./talk.js";

// Names are shown from the first scale (pixels per cell) on while at most FEW NPCs are in view, from the second on always.
const LABELS_FROM = { few: 10, always: 26 };
const FEW = 120;
const SMALLEST = 21; // pixels per cell; below this scale figures are drawn larger than their cell, so that they can be seen
const MOST_BOOST = 1.8;
const DOTS_BELOW = 7; // pixels per cell; below this scale NPCs are dots
const VISION_CELLS = 8.25;
const BUBBLE = { font: 13, line: 17, width: 170, lines: 3, padding: 8, tail: 7 }; // pixels

export class Painter {
  constructor(canvas, store, camera, palette) {
    Object.assign(this, { canvas, store, camera, palette });
    this.context = canvas.getContext("2d", { alpha: false });
    this.drawnPositions = new Map();
    this.bubbles = []; // the bubbles that are drawn: {id, text, x, y: the speaker, left, top, width, height} in pixels
    this.names = []; // the names that are drawn: {id, text, left, top, width, height}
    this.places = new Map(); // where bubbles stood when they were last drawn
  }

  // Draws the world and returns whether anything in view is moving.
  draw(clock, selected) {
    const { context: c, canvas, camera, store } = this;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const { colours } = this.palette;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = colours.outside;
    c.fillRect(0, 0, width, height);
    if (!store.world) {
      return false;
    }
    const unit = camera.scale * ratio;
    this.boost = Math.min(MOST_BOOST, Math.max(1, SMALLEST / camera.scale));
    c.setTransform(unit, 0, 0, unit, width / 2 - camera.x * unit, height / 2 - camera.y * unit);
    const view = camera.bounds();
    this.#ground(view);
    this.#walls(view);
    const seen = (x, y) => x > view.min_x - 2 && x < view.max_x + 1 && y > view.min_y - 2 && y < view.max_y + 1;
    for (const item of store.world_items.values()) {
      if (seen(item.x, item.y)) {
        this.#item(item, selected?.item === item.id);
      }
    }
    return this.#npcs(clock, selected, seen);
  }

  #ground(view) {
    const { context: c, camera, store: { world }, palette: { colours } } = this;
    c.fillStyle = colours.ground;
    c.fillRect(0, 0, world.size_x, world.size_y);
    if (camera.scale < 6) {
      return;
    }
    c.fillStyle = colours["ground-alt"];
    const x0 = Math.max(0, Math.floor(view.min_x));
    const x1 = Math.min(world.size_x, Math.ceil(view.max_x));
    const y1 = Math.min(world.size_y, Math.ceil(view.max_y));
    for (let y = Math.max(0, Math.floor(view.min_y)); y < y1; y += 1) {
      for (let x = x0 + ((x0 + y) & 1); x < x1; x += 2) {
        c.fillRect(x, y, 1, 1);
      }
    }
  }

  // Draws the blocked cells, which come as horizontal runs: first all faces, then all tops, so that walls hide what is
  // behind them.
  #walls(view) {
    const { context: c, store, palette: { colours } } = this;
    const runs = (store.terrain.blocked ?? []).filter(([x, y, length]) =>
      y >= view.min_y - 1 && y <= view.max_y && x + length >= view.min_x && x <= view.max_x);
    c.fillStyle = colours.shadow;
    for (const [x, y, length] of runs) {
      c.fillRect(x + 0.12, y + 0.3, length, 1);
    }
    c.fillStyle = colours["wall-face"];
    for (const [x, y, length] of runs) {
      c.fillRect(x, y, length, 1);
    }
    c.fillStyle = colours.wall;
    for (const [x, y, length] of runs) {
      c.fillRect(x, y - 0.28, length, 1.02);
    }
  }

  #item(item, isSelected) {
    const { context: c } = this;
    c.save();
    c.translate(item.x + 0.5, item.y + 0.5);
    c.scale(this.boost, this.boost);
    if (isSelected) {
      this.#ring(0, 0, 0.56);
    }
    const shapes = {
      apple: () => this.#apple(item),
      chair: () => this.#chair(),
      shower: () => this.#shower(),
      television: () => this.#television(),
    };
    (shapes[item.item_type] ?? (() => this.#crate(item.item_type)))();
    c.restore();
  }

  #apple(item) {
    const { context: c } = this;
    this.#disc(0.03, 0.2, 0.24, 0.1, this.palette.colours.shadow);
    this.#disc(0, 0.04, 0.23, 0.22, "#c8473a");
    this.#disc(-0.08, -0.03, 0.06, 0.05, "#e98b7d");
    c.strokeStyle = "#6b4a2f";
    c.lineWidth = 0.05;
    c.beginPath();
    c.moveTo(0, -0.14);
    c.lineTo(0.04, -0.26);
    c.stroke();
    c.fillStyle = "#5c8f3f";
    c.beginPath();
    c.ellipse(0.13, -0.23, 0.1, 0.05, -0.5, 0, 7);
    c.fill();
  }

  #chair() {
    const { context: c } = this;
    this.#disc(0.03, 0.3, 0.32, 0.09, this.palette.colours.shadow);
    c.fillStyle = "#7d5c3c";
    c.fillRect(-0.28, 0.08, 0.08, 0.24);
    c.fillRect(0.2, 0.08, 0.08, 0.24);
    c.fillStyle = "#9a7350";
    this.#box(-0.28, -0.4, 0.56, 0.34, 0.08);
    c.fillStyle = "#b98d66";
    this.#box(-0.3, -0.1, 0.6, 0.24, 0.06);
  }

  #shower() {
    const { context: c } = this;
    this.#disc(0.03, 0.33, 0.36, 0.09, this.palette.colours.shadow);
    c.fillStyle = "#c3d6df";
    this.#box(-0.3, -0.44, 0.6, 0.62, 0.08);
    c.fillStyle = "#8fa5b1";
    this.#box(-0.35, 0.14, 0.7, 0.2, 0.07);
    c.strokeStyle = "#5f6f79";
    c.lineWidth = 0.06;
    c.lineCap = "round";
    c.beginPath();
    c.moveTo(0.19, 0.1);
    c.lineTo(0.19, -0.33);
    c.lineTo(-0.05, -0.33);
    c.stroke();
    c.fillStyle = "#5f6f79";
    this.#box(-0.19, -0.33, 0.28, 0.08, 0.03);
    c.strokeStyle = "#3f8fc9";
    c.lineWidth = 0.045;
    c.beginPath();
    for (const x of [-0.15, -0.05, 0.05]) {
      c.moveTo(x, -0.18);
      c.lineTo(x * 1.4 - 0.02, 0.08);
    }
    c.stroke();
  }

  #television() {
    const { context: c } = this;
    this.#disc(0.03, 0.32, 0.34, 0.09, this.palette.colours.shadow);
    c.fillStyle = "#7d5c3c";
    c.fillRect(-0.26, 0.18, 0.08, 0.15);
    c.fillRect(0.18, 0.18, 0.08, 0.15);
    c.fillStyle = "#4b5059";
    this.#box(-0.38, -0.36, 0.76, 0.56, 0.08);
    c.fillStyle = "#58a6b8";
    this.#box(-0.32, -0.3, 0.64, 0.42, 0.05);
    c.fillStyle = "#a8dbe2";
    c.beginPath();
    c.moveTo(-0.26, 0.06);
    c.lineTo(-0.26, -0.24);
    c.lineTo(0.06, -0.24);
    c.fill();
  }

  // Draws an item of a type that this page has no picture of: a tile with its first letter.
  #crate(type) {
    const { context: c } = this;
    c.fillStyle = this.palette.colours.shadow;
    this.#box(-0.28, -0.22, 0.62, 0.58, 0.12);
    c.fillStyle = this.palette.named(type);
    this.#box(-0.31, -0.31, 0.62, 0.62, 0.12);
    this.#text(type.slice(0, 1).toUpperCase(), 0, 0.02, 0.4, "#fff", null, 600);
  }

  #npcs(clock, selected, seen) {
    const { context: c, store, camera } = this;
    const labels = [];
    let moving = false;
    this.drawnPositions.clear();
    const visible = [];
    for (const npc of store.npcs.values()) {
      const at = store.drawnAt(npc, clock);
      this.drawnPositions.set(npc.id, at);
      if (seen(at.x, at.y)) {
        visible.push([npc, at]);
      }
    }
    visible.sort(([a, p], [b, q]) => p.y - q.y || a.id - b.id);
    this.#circles();

    const chosen = selected?.npc === undefined ? undefined : store.npcs.get(selected.npc);
    if (chosen) {
      this.#chosen(chosen, clock);
    }
    const named = camera.scale >= (visible.length <= FEW ? LABELS_FROM.few : LABELS_FROM.always);
    for (const [npc, at] of visible) {
      moving ||= at.moving;
      c.save();
      c.translate(at.x + 0.5, at.y + 0.5);
      c.scale(this.boost, this.boost);
      this.#body(npc, at.moving ? clock : null);
      this.#signs(npc, clock);
      c.restore();
      if (named || npc === chosen) {
        labels.push([npc, at.x + 0.5, at.y + 0.5 - 0.5 * this.boost - 8 / camera.scale, npc === chosen]);
      }
    }
    const size = Math.min(20, Math.max(11.5, camera.scale * 0.3));
    this.names = labels.map(([npc, x, y, bold]) => this.#nameBox(npc, x, y, bold ? size * 1.12 : size, bold ? 650 : 500));
    // Names come last, so that they can be read even where bubbles cannot keep clear of them.
    this.#bubbles(clock, seen, named, chosen);
    const { label, "label-halo": halo } = this.palette.colours;
    for (const [npc, x, y, bold] of labels) {
      this.#text(npc.name, x, y, (bold ? size * 1.12 : size) / camera.scale, label, halo, bold ? 650 : 500);
    }
    return moving;
  }

  // Returns the box in pixels of a name that is centred at (x, y) in cells.
  #nameBox({ id, name }, x, y, size, weight) {
    const { context: c, camera } = this;
    c.font = `${weight} 20px system-ui, sans-serif`;
    const width = c.measureText(name).width * size / 20;
    const middle = camera.toScreen(x - 0.5, y - 0.5);
    return { id, text: name, left: middle.x - width / 2, top: middle.y - size / 2, width, height: size };
  }

  // Draws a line from each NPC that does something together with others to the middle between them.
  #circles() {
    const { context: c, store, drawnPositions, palette: { colours } } = this;
    c.strokeStyle = colours.path;
    c.lineWidth = Math.max(0.07, 1.5 / this.camera.scale);
    c.setLineDash([0.18, 0.14]);
    for (const { participants } of circlesOf(store.interactions)) {
      const places = participants.map((id) => drawnPositions.get(id)).filter(Boolean);
      if (places.length < 2) {
        continue;
      }
      const x = places.reduce((sum, at) => sum + at.x, 0) / places.length + 0.5;
      const y = places.reduce((sum, at) => sum + at.y, 0) / places.length + 0.5;
      c.globalAlpha = 0.6;
      c.beginPath();
      for (const at of places) {
        c.moveTo(x, y);
        c.lineTo(at.x + 0.5, at.y + 0.5);
      }
      c.stroke();
      c.globalAlpha = 1;
    }
    c.setLineDash([]);
  }

  // Draws what is said above the heads: of all NPCs while names are shown, else of the chosen one.
  #bubbles(clock, seen, named, chosen) {
    const { context: c, store, camera, drawnPositions } = this;
    const places = new Map();
    const drawn = [];
    this.bubbles = [];
    for (const { npc_id: id, text } of bubblesAt(store.messages, clock, store.clock.rate)) {
      const at = drawnPositions.get(id);
      if (!at || !seen(at.x, at.y) || !(named || id === chosen?.id)) {
        continue;
      }
      c.font = `500 ${BUBBLE.font}px system-ui, sans-serif`;
      const lines = linesOf(text, BUBBLE.width, BUBBLE.lines, (words) => c.measureText(words).width);
      const speaker = camera.toScreen(at.x, at.y);
      // The tail ends above the name.
      const end = { x: speaker.x, y: speaker.y - 0.5 * this.boost * camera.scale - 18 };
      const size = this.#bubbleSize(lines);
      const place = placeOf({ x: end.x, y: end.y - BUBBLE.tail }, size, [...this.names, ...this.bubbles], this.places.get(id));
      places.set(id, { dx: place.left - end.x, dy: place.top - end.y + BUBBLE.tail });
      this.bubbles.push({ id, text, ...speaker, ...place });
      drawn.push([lines, place, end]);
    }
    this.places = places;
    // All tails come first, so that none crosses the text of another bubble.
    c.save();
    const ratio = devicePixelRatio || 1;
    c.setTransform(ratio, 0, 0, ratio, 0, 0); // a unit is a pixel of the page in here
    drawn.forEach(([, place, end]) => this.#tail(place, end));
    drawn.forEach(([lines, place]) => this.#bubble(lines, place));
    c.restore();
  }

  #bubbleSize(lines) {
    const { line, padding, tail } = BUBBLE;
    const widest = Math.max(...lines.map((words) => this.context.measureText(words).width), 2 * tail);
    return { width: widest + 2 * padding, height: lines.length * line + padding };
  }

  #tail({ left, top, width, height }, end) {
    const { context: c, palette: { colours } } = this;
    const { padding, tail } = BUBBLE;
    const bottom = top + height - 1;
    const root = Math.min(left + width - padding - tail, Math.max(left + padding + tail, end.x));
    c.fillStyle = colours.paper;
    c.strokeStyle = colours.path;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(root - tail * 0.8, bottom);
    c.lineTo(end.x, end.y);
    c.lineTo(root + tail * 0.8, bottom);
    c.stroke();
    c.fill();
  }

  #bubble(lines, { left, top, width, height }) {
    const { context: c, palette: { colours } } = this;
    const { line, padding } = BUBBLE;
    c.fillStyle = colours.paper;
    c.strokeStyle = colours.path;
    c.lineWidth = 1;
    c.beginPath();
    c.roundRect(left, top, width, height, padding);
    c.stroke();
    c.fill();
    c.fillStyle = colours.ink;
    c.font = `500 ${BUBBLE.font}px system-ui, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    lines.forEach((words, i) => c.fillText(words, left + width / 2, top + padding / 2 + (i + 0.5) * line));
  }

  #chosen(npc, clock) {
    const { context: c, store, palette: { colours } } = this;
    const at = store.drawnAt(npc, clock);
    c.save();
    c.beginPath();
    c.rect(0, 0, store.world.size_x, store.world.size_y);
    c.clip();
    c.fillStyle = colours.path;
    c.globalAlpha = 0.07;
    c.beginPath();
    c.arc(at.x + 0.5, at.y + 0.5, VISION_CELLS, 0, 7);
    c.fill();
    c.restore();
    const ahead = pathAhead(npc, clock);
    if (ahead.length > 1) {
      c.strokeStyle = colours.path;
      c.lineWidth = 0.09;
      c.lineCap = "round";
      c.lineJoin = "round";
      c.setLineDash([0.02, 0.25]);
      c.beginPath();
      ahead.forEach(([x, y], i) => (i ? c.lineTo(x + 0.5, y + 0.5) : c.moveTo(x + 0.5, y + 0.5)));
      c.stroke();
      c.setLineDash([]);
      const [x, y] = ahead[ahead.length - 1];
      this.#disc(x + 0.5, y + 0.5, 0.13, 0.13, colours.path);
    }
    this.#ring(at.x + 0.5, at.y + 0.5, 0.56 * this.boost);
  }

  // Draws an NPC around the origin. `walking` is the clock while it walks (it bobs a little), else null.
  #body(npc, walking) {
    const { context: c, palette } = this;
    const colour = palette.mind(npc.controller_player_id);
    if (this.camera.scale < DOTS_BELOW) {
      this.#disc(0, 0, 0.4, 0.4, colour);
      return;
    }
    this.#disc(0.03, 0.31, 0.32, 0.11, palette.colours.shadow);
    c.save();
    c.translate(0, walking === null ? 0 : -Math.abs(Math.sin(walking * Math.PI * 4)) * 0.07);
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(-0.3, 0.28);
    c.bezierCurveTo(-0.32, -0.16, 0.32, -0.16, 0.3, 0.28);
    c.bezierCurveTo(0.2, 0.36, -0.2, 0.36, -0.3, 0.28);
    c.fill();
    this.#disc(0, -0.17, 0.25, 0.25, colour);
    this.#disc(0, -0.15, 0.185, 0.185, "#f2dfc4");
    if (npc.state === "dormant") {
      this.#closedEyes();
    }
    c.restore();
  }

  #closedEyes() {
    const { context: c, palette: { colours } } = this;
    c.strokeStyle = colours.ink;
    c.lineWidth = 0.035;
    c.beginPath();
    for (const x of [-0.08, 0.08]) {
      c.moveTo(x - 0.05, -0.16);
      c.quadraticCurveTo(x, -0.1, x + 0.05, -0.16);
    }
    c.stroke();
  }

  // Draws a Z for each size, from the head of a sleeper upwards.
  #snores() {
    const { context: c, palette: { colours } } = this;
    c.strokeStyle = colours.ink;
    c.lineWidth = 0.045;
    c.beginPath();
    for (const [x, y, size] of [[0.26, -0.3, 0.1], [0.4, -0.46, 0.13], [0.57, -0.65, 0.16]]) {
      c.moveTo(x, y - size);
      c.lineTo(x + size, y - size);
      c.lineTo(x, y);
      c.lineTo(x + size, y);
    }
    c.stroke();
  }

  // Draws the signs beside an NPC's head: its mind is being asked, it does something, it sleeps, a need is low.
  #signs(npc, clock) {
    if (this.camera.scale < DOTS_BELOW) {
      return;
    }
    const { palette: { colours } } = this;
    if (needsOf(npc).some((name) => (needAt(npc, name, clock) ?? 100) < CRITICAL)) {
      this.#disc(-0.32, -0.32, 0.1, 0.1, colours.alarm);
    }
    if (npc.decision === "open") {
      for (const i of [0, 1, 2]) {
        this.#disc(0.34 + i * 0.14, -0.34, 0.05, 0.05, colours.ink);
      }
    }
    if (npc.state === "dormant") {
      this.#snores();
    }
    if (npc.state === "interacting") {
      const { context: c } = this;
      const phase = clock % 1.6 / 1.6;
      c.strokeStyle = colours.path;
      c.lineWidth = 0.05;
      c.globalAlpha = 1 - phase;
      c.beginPath();
      c.arc(0, 0, 0.36 + phase * 0.3, 0, 7);
      c.stroke();
      c.globalAlpha = 1;
    }
  }

  #ring(x, y, radius) {
    const { context: c, palette: { colours } } = this;
    c.strokeStyle = colours.path;
    c.lineWidth = 0.08;
    c.beginPath();
    c.arc(x, y, radius, 0, 7);
    c.stroke();
  }

  #disc(x, y, rx, ry, colour) {
    const { context: c } = this;
    c.fillStyle = colour;
    c.beginPath();
    c.ellipse(x, y, rx, ry, 0, 0, 7);
    c.fill();
  }

  #box(x, y, width, height, radius) {
    const { context: c } = this;
    c.beginPath();
    c.roundRect(x, y, width, height, radius);
    c.fill();
  }

  #text(text, x, y, size, colour, halo, weight) {
    const { context: c } = this;
    // fonts of a few pixels are not drawn well, so the pen is scaled and not the font
    c.save();
    c.translate(x, y);
    c.scale(size / 20, size / 20);
    c.font = `${weight} 20px system-ui, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    if (halo) {
      c.strokeStyle = halo;
      c.lineWidth = 5;
      c.lineJoin = "round";
      c.strokeText(text, 0, 0);
    }
    c.fillStyle = colour;
    c.fillText(text, 0, 0);
    c.restore();
  }
}
