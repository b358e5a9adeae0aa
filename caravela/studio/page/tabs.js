// The deck: one panel at a time, chosen by tabs (the pattern of the ARIA Authoring Practices: arrows move and choose, Tab goes on to the
// panel). A tab of the map is there only where the map has no place of its own.

import { at, kept, keep, make, put, t } from "./words.js";

export const TABS = ["gauges", "map", "cabin", "model", "record", "frontier", "card", "drive"];

export class Tabs {
  #chosen = "gauges";
  #buttons = new Map();
  #hooks = new Map();

  constructor() {
    for (const name of TABS) {
      const button = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` });
      button.addEventListener("click", () => this.choose(name));
      this.#buttons.set(name, button);
      at("tabs").append(button);
      at(`panel-${name}`).setAttribute("aria-labelledby", `tab-${name}`);
    }
    at("tabs").addEventListener("keydown", (event) => this.#move(event));
    document.addEventListener("language", () => {
      for (const [name, button] of this.#buttons) put(button, t(`tab.${name}`));
    });
    this.choose(kept("tab", "gauges"));
  }

  // Call `hook` whenever a panel is chosen: what is read only when somebody looks.
  when(name, hook) {
    this.#hooks.set(name, hook);
    if (this.#chosen === name) hook();
  }

  get chosen() {
    return this.#chosen;
  }

  // Where the map has a place of its own, it needs no tab.
  mapHasPlace(has) {
    this.#buttons.get("map").hidden = has;
    if (has && this.#chosen === "map") this.choose("gauges");
  }

  choose(name) {
    if (!this.#buttons.has(name) || this.#buttons.get(name).hidden) name = "gauges";
    this.#chosen = name;
    keep("tab", name);
    for (const [other, button] of this.#buttons) {
      const selected = other === name;
      button.setAttribute("aria-selected", String(selected));
      button.tabIndex = selected ? 0 : -1;
      at(`panel-${other}`).hidden = !selected;
    }
    this.#hooks.get(name)?.();
  }

  nth(index) {
    const shown = TABS.filter((name) => !this.#buttons.get(name).hidden);
    if (shown[index]) this.choose(shown[index]);
  }

  #move(event) {
    const shown = TABS.filter((name) => !this.#buttons.get(name).hidden);
    const now = shown.indexOf(this.#chosen);
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const name = shown[(to + shown.length) % shown.length];
    this.choose(name);
    this.#buttons.get(name).focus();
    this.#buttons.get(name).scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
