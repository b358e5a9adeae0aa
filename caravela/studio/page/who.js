// Who drives and who answers for it: always in sight. A change of mode, and what the driver is told by the car, is said at once.

import { at, named, put, t } from "./words.js";

export class Who {
  #said = "";
  #alert = "none";

  constructor(live) {
    at("modes").addEventListener("click", (event) => {
      const mode = event.target.closest("button")?.dataset.mode;
      if (mode === "manual") live.ask({ type: "take_over" });
      else if (mode) live.ask({ type: "engage", mode });
    });
    at("stop").addEventListener("click", () => live.ask({ type: "stop" }));
    at("release").addEventListener("click", () => live.ask({ type: "release" }));
  }

  show(tick) {
    const { mode, phase, responsible } = tick;
    const stands = phase === "minimal-risk condition";
    const stops = phase === "minimal-risk manoeuvre";
    const key = mode === "L4" ? (stands ? "L4.stands" : stops ? "L4.stops" : "L4") : mode;
    const tone = stands || stops ? "stopping" : mode;
    if (at("who").dataset.tone !== tone) at("who").dataset.tone = tone;
    for (const name of ["mode", "mode-says"]) delete at(name).dataset.t; // what stood there until the first tick
    put(at("mode"), mode === "manual" ? t("mode.short.manual") : mode);
    put(at("mode-says"), t(`who.${key}`));
    at("answers").hidden = false;
    put(at("who-answers"), t("who.answers"));
    put(at("responsible"), responsible.name);
    put(at("role"), named("role", responsible.role));
    for (const button of at("modes").querySelectorAll("[data-mode]")) {
      const pressed = String(button.dataset.mode === mode);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    at("release").hidden = !(stands && responsible.role === "licensed no-user-in-charge operator");
    const said = `${t(`who.${key}`)}. ${t("who.answers")} ${responsible.name}.`;
    if (said !== this.#said) put(at("announce-now"), (this.#said = said));
    this.#alerts(tick, stands || stops);
  }

  #alerts(tick, stopping) {
    const alert = tick.alert !== "none" ? named("alert", tick.alert) : stopping ? t("alert.stopping") : "";
    at("alert").hidden = !alert;
    at("alert").classList.toggle("loud", tick.alert.includes("escalated") || tick.alert.includes("direct") || tick.alert.includes("response"));
    put(at("alert"), alert);
    if (tick.alert !== this.#alert) {
      this.#alert = tick.alert;
      if (tick.alert !== "none") put(at("announce-now"), alert);
    }
  }
}

// Driving by hand: keys or the pad, held; the car lets go of what is no longer repeated.
export class Hand {
  #held = new Set();
  #timer = 0;
  #live;

  constructor(live) {
    this.#live = live;
    const pad = at("pad");
    for (const button of pad.querySelectorAll("[data-steer]")) {
      const what = button.dataset.steer;
      button.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        button.setPointerCapture(event.pointerId);
        this.hold(what);
      });
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, () => this.drop(what));
    }
    addEventListener("blur", () => this.#held.clear());
  }

  show(tick) {
    at("pad").hidden = tick.mode !== "manual";
    if (tick.mode !== "manual") this.#held.clear();
  }

  get driving() {
    return !at("pad").hidden;
  }

  hold(what) {
    if (!this.driving) return;
    this.#held.add(what);
    if (!this.#timer) this.#timer = setInterval(() => this.#send(), 100);
    this.#send();
  }

  drop(what) {
    this.#held.delete(what);
  }

  #send() {
    if (!this.#held.size) {
      clearInterval(this.#timer);
      this.#timer = 0;
      return;
    }
    const pushes = Number(this.#held.has("faster")) * 1.5 - Number(this.#held.has("slower")) * 3;
    const turns = Number(this.#held.has("left")) - Number(this.#held.has("right"));
    this.#live.ask({ type: "controls", acceleration: pushes, curvature: 0.05 * turns });
  }
}
