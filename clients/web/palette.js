// The map's colours, read from the style sheet (which has those of light and dark), and which mind or name has which.

const MINDS = 8;
const NAMES = ["outside", "ground", "ground-alt", "wall", "wall-face", "shadow", "label", "label-halo", "path",
  "alarm", "warn", "paper", "ink"];

export class Palette {
  constructor() {
    this.read();
    this.onChange = () => {};
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.read();
      this.onChange();
    });
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = Object.fromEntries(NAMES.map((name) => [name, colour(name)]));
    this.minds = Array.from({ length: MINDS + 1 }, (_, i) => colour(`mind-${i}`));
  }

  // Returns the colour of a player's NPCs: the built-in mind is grey, and players share the others by their ids.
  mind(playerId) {
    return playerId == null ? this.minds[0] : this.minds[1 + (Math.abs(playerId) - 1) % MINDS];
  }

  // Returns the colour of a name, which is always the same.
  named(name) {
    let hash = 7;
    for (const char of name) {
      hash = (hash * 31 + char.codePointAt(0)) % 997;
    }
    return this.minds[1 + hash % MINDS];
  }
}
