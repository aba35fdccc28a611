// The cards beside the map: the connection, the overview of the colony, the NPC or item that was chosen.
// Everything is inserted as text and never as markup, because names come from players.

import { CRITICAL, calendarAt, needAt, needsOf } from "./motion.js";

const ROSTER = 200; // names listed at once
const LINES = { messages: 6, said: 6, events: 5 };
const STATES = {
  idle: "idle",
  moving: "walking",
  requesting: "asking",
  interacting: "busy",
  wandering: "wandering",
  waiting: "waiting",
  dormant: "asleep",
};
// The events that are listed, as words behind the NPC's name. Arrivals are not listed, because there are too many.
const EVENTS = {
  npc_created: () => "is here",
  npc_removed: () => "is gone",
  item_created: (data) => `new: ${data.item_type}`,
  item_removed: (data) => `gone: ${data.item_type}`,
  item_used_up: (data) => `used up: ${data.item_type}`,
  item_respawned: (data) => `back: ${data.item_type}`,
  interaction_started: (data) => `begins: ${data.interaction}`,
  interaction_joined: (data) => `joins: ${data.interaction}`,
  interaction_left: (data) => `leaves: ${data.interaction}`,
  interaction_finished: (data) => `is done: ${data.interaction}`,
  interaction_cancelled: (data) => `stops: ${data.interaction}`,
  map_ping: (data, event) => `points at ${event.x}, ${event.y}`,
};
// The signs that the painter draws beside NPCs: the class of the picture, and what it means.
const SIGNS = [
  ["low", `a need is below ${CRITICAL}`],
  ["asked", "its mind is being asked"],
  ["busy", "does something"],
  ["together", "do it together"],
];
const byId = (id) => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

// Joins names as in "Bo", "Bo and Cy", "Bo, Cy and Di".
function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

// Fits the children of a list to as many as there are rows, then fills each.
function fill(list, rows, make, update) {
  while (list.children.length < rows.length) {
    list.append(make());
  }
  while (list.children.length > rows.length) {
    list.lastChild.remove();
  }
  rows.forEach((row, i) => update(list.children[i], row));
}

export class Panel {
  constructor(store, palette, actions) {
    Object.assign(this, { store, palette, actions });
    this.connection = { phase: "connecting" };
    byId("npc-close").addEventListener("click", () => actions.select(null));
    byId("item-close").addEventListener("click", () => actions.select(null));
    byId("npc-follow").addEventListener("click", () => actions.follow());
    byId("filter").addEventListener("input", ({ target }) => {
      this.#overview();
      target.scrollIntoView({ block: "start" }); // the results, or that there are none, stand below
    });
    fill(byId("signs"), SIGNS, () => {
      const row = element("li");
      row.append(element("span", "sign"), element("span"));
      return row;
    }, (row, [sign, text]) => {
      row.children[0].dataset.sign = sign;
      setText(row.children[1], text);
    });
    byId("roster").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) {
        actions.select({ npc: Number(button.dataset.npc) }, true);
      }
    });
  }

  setConnection(state) {
    this.connection = state;
    this.#connection();
  }

  // Offers the worlds that can be watched instead of the one that cannot.
  offer(worlds) {
    byId("notice-worlds").parentElement.hidden = worlds.length === 0;
    fill(byId("notice-worlds"), worlds, () => {
      const row = element("li");
      row.append(element("a"), element("span", "quiet"));
      return row;
    }, (row, { id, name, status }) => {
      row.children[0].href = `?world=${id}`;
      setText(row.children[0], name);
      setText(row.children[1], ` ${id}, ${status}`);
    });
  }

  update(clock, selected, following) {
    const { store } = this;
    this.#connection();
    if (store.world) {
      setText(byId("world-name"), store.world.name);
      setText(byId("calendar"), calendarAt(clock).text);
      document.title = `${store.world.name} · npcsim`;
    }
    const npc = selected?.npc === undefined ? undefined : store.npcs.get(selected.npc);
    const item = selected?.item === undefined ? undefined : store.world_items.get(selected.item);
    byId("npc").hidden = !npc;
    byId("item").hidden = !item;
    byId("overview").hidden = Boolean(npc || item);
    if (npc) {
      this.#npc(npc, clock, following);
    } else if (item) {
      this.#item(item);
    } else {
      this.#overview();
    }
  }

  #connection() {
    const { phase, retryAt, detail } = this.connection;
    const paused = phase === "live" && this.store.status !== "running" && this.store.status !== "unknown";
    const speed = this.store.speed === 1 ? "" : ` × ${this.store.speed}`;
    const seconds = Math.max(1, Math.ceil(((retryAt ?? 0) - performance.now()) / 1000));
    const text = {
      connecting: () => "connecting",
      live: () => (paused ? this.store.status : `live${speed}`),
      waiting: () => `reconnecting in ${seconds} s`,
      refused: () => "refused",
    }[phase]();
    byId("connection").dataset.phase = paused ? "paused" : phase;
    setText(byId("connection-text"), text);
    const notice = byId("notice");
    notice.hidden = !detail;
    setText(byId("notice-text"), detail ?? "");
  }

  #overview() {
    const { store, palette } = this;
    const npcs = [...store.npcs.values()];
    const count = (...states) => npcs.filter((npc) => states.includes(npc.state)).length;
    fill(byId("figures"), [
      ["NPCs", npcs.length],
      ["walking", count("moving", "wandering")],
      ["busy", count("interacting", "requesting")],
    ], () => {
      const figure = element("div", "figure");
      figure.append(element("b"), element("span"));
      return figure;
    }, (figure, [name, value]) => {
      setText(figure.children[0], String(value));
      setText(figure.children[1], name);
    });

    const owned = new Map();
    for (const npc of npcs) {
      const owner = npc.controller_player_id ?? null;
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    const minds = [...owned].sort(([a], [b]) => (a === null) - (b === null) || a - b);
    fill(byId("minds"), minds, () => {
      const row = element("li");
      row.append(element("span", "swatch"), element("span", "name"), element("span", "count"));
      return row;
    }, (row, [owner, number]) => {
      row.children[0].style.background = palette.mind(owner);
      setText(row.children[1], this.mindName(owner));
      setText(row.children[2], String(number));
    });

    this.#lines();

    const wanted = byId("filter").value.trim().toLowerCase();
    const found = npcs.filter((npc) => npc.name.toLowerCase().includes(wanted))
      .sort((a, b) => a.name.localeCompare(b.name) || a.id - b.id);
    fill(byId("roster"), found.slice(0, ROSTER), () => {
      const row = element("li");
      const button = element("button");
      button.type = "button";
      button.append(element("span", "swatch"), element("span", "name"), element("span", "state"));
      row.append(button);
      return row;
    }, (row, npc) => {
      const button = row.firstChild;
      button.dataset.npc = npc.id;
      button.children[0].style.background = palette.mind(npc.controller_player_id);
      setText(button.children[1], npc.name);
      setText(button.children[2], STATES[npc.state] ?? npc.state);
    });
    byId("roster-more").hidden = found.length <= ROSTER;
    setText(byId("roster-more"), `and ${found.length - ROSTER} more`);
    byId("roster-none").hidden = found.length > 0;
    setText(byId("roster-none"), npcs.length === 0 ? "There is nobody." : `Nobody’s name has “${wanted}” in it.`);
  }

  // Lists the last messages and events, the newest at the end.
  #lines() {
    const { store } = this;
    const make = () => {
      const line = element("li");
      line.append(element("b"), element("span"));
      return line;
    };
    const update = (line, [who, what]) => {
      setText(line.children[0], who);
      setText(line.children[1], what);
    };
    const told = (list, kind, most) => {
      const lines = store.messages.filter((message) => message.kind === kind).slice(-most)
        .map((message) => [message.username ?? this.#npcName(message.npc_id), message.text]);
      byId(list).parentElement.hidden = lines.length === 0;
      fill(byId(list), lines, make, update);
    };
    told("messages", "chat", LINES.messages);
    told("said", "npc_said", LINES.said);
    const events = store.world_events.filter((event) => event.kind in EVENTS).slice(-LINES.events)
      .map((event) => [this.#whoseEvent(event), EVENTS[event.kind](event.data ?? {}, event)]);
    fill(byId("events"), events, make, update);
  }

  #npcName(id) {
    return this.store.npcs.get(id)?.name ?? `NPC ${id}`;
  }

  #whoseEvent(event) {
    if (event.player_id !== undefined) {
      return event.data?.username ?? "";
    }
    return event.npc_id === undefined ? "" : event.data?.name ?? this.#npcName(event.npc_id);
  }

  mindName(playerId) {
    return playerId == null ? "built-in mind" : this.store.players.get(playerId)?.username ?? `player ${playerId}`;
  }

  #doing(npc) {
    const { store } = this;
    const interaction = npc.interaction_id == null ? undefined : store.interactions.get(npc.interaction_id);
    if (!interaction) {
      return { idle: "Standing idle", moving: "On the way", requesting: "Asking for something", interacting: "Busy",
        wandering: "Wandering about", waiting: "Waiting", dormant: "Asleep: nobody decides for it" }[npc.state] ?? npc.state;
    }
    const item = interaction.target_type === "item" ? store.world_items.get(interaction.target_id)?.item_type : undefined;
    const what = item ? `${interaction.interaction_type}, ${item}` : interaction.interaction_type;
    const others = (interaction.participants ?? []).filter((id) => id !== npc.id).map((id) => this.#npcName(id));
    return others.length > 0 ? `Busy: ${what}, with ${listed(others)}` : `Busy: ${what}`;
  }

  #npc(npc, clock, following) {
    byId("npc-swatch").style.background = this.palette.mind(npc.controller_player_id);
    setText(byId("npc-name"), npc.name);
    setText(byId("npc-doing"), this.#doing(npc));
    byId("npc-follow").setAttribute("aria-pressed", String(following));
    const needs = needsOf(npc).map((name) => [name, needAt(npc, name, clock)]).filter(([, value]) => value !== null);
    fill(byId("npc-needs"), needs, () => {
      const row = element("div", "need");
      const meter = element("div", "meter");
      meter.setAttribute("role", "meter");
      meter.append(element("div"));
      row.append(element("span"), element("span", "trend"), meter);
      return row;
    }, (row, [name, value]) => {
      const rate = npc.needs[name].rate;
      row.dataset.need = name;
      row.dataset.low = String(value < CRITICAL);
      setText(row.children[0], name[0].toUpperCase() + name.slice(1));
      setText(row.children[1], `${rate > 0 && value < 100 ? "↑ " : ""}${value.toFixed(0)}`);
      const meter = row.children[2];
      meter.setAttribute("aria-label", name);
      meter.setAttribute("aria-valuenow", value.toFixed(0));
      meter.firstChild.style.width = `${value}%`;
    });
    const at = this.store.drawnAt(npc, clock);
    this.#facts("npc-facts", [
      ["Mind", this.mindName(npc.controller_player_id)],
      ["Decision", { open: "thinking", none: "none awaited" }[npc.decision] ?? npc.decision],
      ["Position", `${at.x.toFixed(1)}, ${at.y.toFixed(1)}`],
      ["State", npc.state],
      ["Id", String(npc.id)],
    ]);
  }

  #item(item) {
    setText(byId("item-name"), item.item_type);
    const user = item.occupied_by_npc_id == null ? "nobody"
      : this.store.npcs.get(item.occupied_by_npc_id)?.name ?? `NPC ${item.occupied_by_npc_id}`;
    const properties = Object.entries(item.properties ?? {})
      .map(([name, value]) => [name.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : String(value)]);
    this.#facts("item-facts", [
      ["Used by", user],
      ...(typeof item.share_left === "number" ? [["Left", `${Math.round(item.share_left * 100)} %`]] : []),
      ["Position", `${item.x}, ${item.y}`],
      ...properties,
      ["Id", String(item.id)],
    ]);
  }

  #facts(id, rows) {
    fill(byId(id), rows.flat().map((text, i) => ({ text, tag: i % 2 ? "dd" : "dt" })),
      () => element(byId(id).children.length % 2 ? "dd" : "dt"),
      (node, { text }) => setText(node, text ?? "–"));
  }
}
