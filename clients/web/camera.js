// The camera: which part of the world is in view, and how pointers, wheel and keys move it.

const MOST = 96; // pixels per cell
const LEAST = 1;

export class Camera {
  constructor(canvas) {
    this.canvas = canvas;
    this.x = 0; // centre of the view, in cells
    this.y = 0;
    this.scale = 16; // pixels per cell
    this.fitted = true; // the whole world is kept in view until the user moves the camera
    this.follow = null; // id of the NPC that is kept in the middle
    this.onChange = () => {};
    this.onTap = () => {};
    this.#listen();
  }

  // Returns how many pixels the cards cover at each side of the canvas.
  covered() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return width > 760
      ? { left: 0, top: 66, right: 324, bottom: 0, width, height }
      : { left: 0, top: 56, right: 0, bottom: height * 0.42, width, height };
  }

  fit(sizeX, sizeY) {
    const { left, top, right, bottom, width, height } = this.covered();
    const free = { width: width - left - right, height: height - top - bottom };
    const scale = Math.min((free.width - 48) / sizeX, (free.height - 48) / sizeY);
    this.scale = Math.min(MOST, Math.max(LEAST, scale));
    this.x = sizeX / 2 + (right - left) / 2 / this.scale;
    this.y = sizeY / 2 + (bottom - top) / 2 / this.scale;
    this.fitted = true;
    this.onChange();
  }

  // Moves the camera so that a cell of the world is in the middle of the part that no card covers.
  centre(x, y) {
    const { left, top, right, bottom } = this.covered();
    this.x = x + 0.5 + (right - left) / 2 / this.scale;
    this.y = y + 0.5 + (bottom - top) / 2 / this.scale;
    this.fitted = false;
    this.onChange();
  }

  toWorld(px, py) {
    return {
      x: (px - this.canvas.clientWidth / 2) / this.scale + this.x,
      y: (py - this.canvas.clientHeight / 2) / this.scale + this.y,
    };
  }

  // Returns the pixel at the middle of a cell.
  toScreen(x, y) {
    return {
      x: (x + 0.5 - this.x) * this.scale + this.canvas.clientWidth / 2,
      y: (y + 0.5 - this.y) * this.scale + this.canvas.clientHeight / 2,
    };
  }

  bounds() {
    const a = this.toWorld(0, 0);
    const b = this.toWorld(this.canvas.clientWidth, this.canvas.clientHeight);
    return { min_x: a.x, min_y: a.y, max_x: b.x, max_y: b.y };
  }

  zoom(factor, px = this.canvas.clientWidth / 2, py = this.canvas.clientHeight / 2) {
    const before = this.toWorld(px, py);
    this.scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    const after = this.toWorld(px, py);
    this.x += before.x - after.x;
    this.y += before.y - after.y;
    this.fitted = false;
    this.onChange();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.fitted = false;
    this.follow = null;
    this.onChange();
  }

  #listen() {
    const { canvas } = this;
    const pointers = new Map();
    let travelled = 0;

    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 20 : 1;
      this.zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 400), event.offsetX, event.offsetY);
    }, { passive: false });

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      if (pointers.size === 1) {
        travelled = 0;
      }
    });

    canvas.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) {
        return;
      }
      const here = { x: event.offsetX, y: event.offsetY };
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      if (other) {
        const spread = (p) => Math.hypot(p.x - other.x, p.y - other.y);
        if (spread(last) > 0) {
          this.zoom(spread(here) / spread(last), (here.x + other.x) / 2, (here.y + other.y) / 2);
        }
        this.pan((here.x - last.x) / 2, (here.y - last.y) / 2);
        travelled = Infinity;
      } else {
        travelled += Math.hypot(here.x - last.x, here.y - last.y);
        if (travelled > 4) {
          canvas.classList.add("dragging");
          this.pan(here.x - last.x, here.y - last.y);
        }
      }
      pointers.set(event.pointerId, here);
    });

    const end = (event) => {
      if (pointers.delete(event.pointerId) && pointers.size === 0) {
        canvas.classList.remove("dragging");
        if (event.type === "pointerup" && travelled <= 4) {
          this.onTap(this.toWorld(event.offsetX, event.offsetY));
        }
      }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);

    canvas.addEventListener("keydown", (event) => {
      const step = 60;
      const keys = {
        ArrowLeft: () => this.pan(step, 0),
        ArrowRight: () => this.pan(-step, 0),
        ArrowUp: () => this.pan(0, step),
        ArrowDown: () => this.pan(0, -step),
        "+": () => this.zoom(1.25),
        "=": () => this.zoom(1.25),
        "-": () => this.zoom(0.8),
      };
      if (keys[event.key] && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        keys[event.key]();
      }
    });
  }
}
