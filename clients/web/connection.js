// The WebSocket to the gateway: it joins as a spectator, subscribes, and reconnects by itself.
//
// After a break it waits a little longer each time (with jitter, so that not all viewers return at once) and asks
// only for what changed since the last revision. The server sends its clock every second, so silence means that the
// connection is dead, even if the browser does not know it yet.

const SILENCE_MS = 6000;
const WAIT_MS = { first: 500, most: 15000 };
const TABLES = ["world", "terrain", "item_types", "interaction_types", "npcs", "world_items", "interactions", "players",
  "messages", "world_events"];

// Close codes after which there is no use in trying again at once, and what the page says of them.
const REFUSALS = new Map([
  [4002, "this world does not admit spectators"],
  [4003, "this viewer is banned from the world"],
  [4004, "there is no such world, or it is full"],
]);

const asSentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

export class Connection {
  #socket = null;
  #failures = 0;
  #timer = null;
  #watchdog = null;
  #camera = null;

  // The handlers: frame(object) takes a frame, state({phase, detail, retryAt}) hears of changes, resume() returns
  // {revision, epoch} to go on from.
  constructor(url, worldId, handlers) {
    this.url = url;
    this.worldId = worldId;
    this.handlers = handlers;
  }

  open() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.handlers.state({ phase: "connecting" });
    let socket;
    try {
      socket = new WebSocket(this.url, "npcsim.v1");
    } catch (error) {
      this.handlers.state({ phase: "refused", detail: String(error.message ?? error) });
      return;
    }
    this.#socket = socket;
    this.#listen();
    socket.addEventListener("open", () => {
      this.#send({ type: "hello", world_id: this.worldId, purpose: "watch", client: "npcsim-web/0.1" });
    });
    socket.addEventListener("message", (event) => this.#receive(socket, event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event));
  }

  // Tells the gateway the rectangle in view, in cells, or null for the whole world.
  setCamera(camera) {
    const had = this.#camera !== null;
    this.#camera = camera;
    if (camera && had) {
      this.#send({ type: "camera", ...camera });
    }
  }

  #receive(socket, text) {
    if (socket !== this.#socket) {
      return;
    }
    this.#listen();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // a frame that is not JSON belongs to a later version of the protocol
    }
    this.handlers.frame(frame);
    if (frame.type === "welcome") {
      this.#failures = 0;
      const { revision, epoch } = this.handlers.resume();
      const subscribe = { type: "subscribe", id: 1, tables: TABLES };
      if (this.#camera) {
        subscribe.camera = this.#camera;
      }
      if (revision !== null && epoch === frame.epoch) {
        Object.assign(subscribe, { since: revision, epoch });
      }
      this.#send(subscribe);
      this.handlers.state({ phase: "live" });
    }
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(frame));
    }
  }

  #listen() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#watchdog = setTimeout(() => {
      if (socket === this.#socket) {
        socket.close();
        this.#closed(socket, { code: 0 });
      }
    }, SILENCE_MS);
  }

  #closed(socket, event) {
    if (socket !== this.#socket) {
      return;
    }
    this.#socket = null;
    clearTimeout(this.#watchdog);
    this.#failures += 1;
    const refusal = REFUSALS.has(event.code) ? asSentence(event.reason || REFUSALS.get(event.code)) : undefined;
    const longest = refusal ? WAIT_MS.most : Math.min(WAIT_MS.most, WAIT_MS.first * 2 ** (this.#failures - 1));
    const wait = refusal ? longest : longest * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.open(), wait);
    this.handlers.state({ phase: refusal ? "refused" : "waiting", detail: refusal, code: event.code, retryAt: performance.now() + wait });
  }
}
