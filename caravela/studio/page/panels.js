// The panels of the drive: figures on the view, what the model makes of it, its pictures, events, latencies. Each is a small object with
// show(tick); elements are made once and then only changed where their text or length did.

import { at, clock, make, named, number, percent, put, t } from "./words.js";

const KPH = 3.6;
const BUDGET_MS = 100;
const OUT_OF_SIGHT = 79; // m; what the model puts at 80 m it does not see
const BAD = new Set(["collision", "at_fault_collision", "off_road", "wrong_way", "red_light", "right_of_way", "route_missed", "stuck", "minimal-risk manoeuvre", "fault", "unavailability response"]);
const GOOD = new Set(["arrived", "words", "mode", "take-over", "released"]);
const QUIET = new Set(["heard", "route", "words"]); // told in the conversation
const LIGHT_CLASSES = ["none", "red", "yellow", "green"];

// Somebody whom the model sees, in a few words.
function around({ kind, side, distance }) {
  return t(`thing.${side}`, { kind: t(`thing.${kind}`), metres: number(distance) });
}

export class Dials {
  show(tick) {
    const ego = tick.ego;
    put(at("speed"), number(ego.speed * KPH));
    at("limit").hidden = ego.limit === null;
    if (ego.limit !== null) {
      const limit = String(Math.round(ego.limit * KPH));
      put(at("limit"), limit);
      at("limit").setAttribute("aria-label", t("limit", { speed: limit }));
    }
    at("set-speed").hidden = ego.set_speed === null;
    put(at("set-speed"), ego.set_speed === null ? "" : t("set_speed", { speed: Math.round(ego.set_speed * KPH) }));
    put(at("distance"), tick.distance_m < 1000 ? `${number(tick.distance_m)} m` : `${number(tick.distance_m / 1000, 2)} km`);
    const perKm = tick.distance_m > 50 ? ` · ${number((tick.energy_wh / tick.distance_m) * 1000)} Wh/km` : "";
    put(at("energy"), `${number(tick.energy_wh)} Wh${perKm}`);
    put(at("clock"), clock(tick.t_s));
    at("told").hidden = !tick.words;
    put(at("told"), tick.words ? t("told", { words: tick.words }) : "");
    const factor = tick.realtime_factor;
    put(at("pace"), factor === null ? "–" : `× ${number(factor, 2)}`);
    at("pace").className = factor === null || factor >= 0.98 ? "" : "warn";
  }
}

export class Model {
  #rows = new Map();

  constructor() {
    document.addEventListener("language", () => {
      for (const [key, row] of this.#rows) put(row.firstChild, named("model", key));
    });
  }

  show(tick) {
    this.#text("words", tick.words || t("model.nothing"));
    const heard = tick.heard;
    this.#reply("route", heard.route);
    this.#reply("manner", tick.words && heard.manner);
    this.#reply("change", tick.words && heard.plan);
    const { light, lead, things, ...rest } = tick.insight;
    if (Array.isArray(light)) this.#light(light);
    if (Array.isArray(lead)) this.#lead(...lead);
    if (Array.isArray(things)) this.#text("things", things.map(around).join(" · ") || "–");
    for (const [name, value] of Object.entries(rest)) {
      if (typeof value === "number" || value === null) this.#number(name, value);
      else if (Array.isArray(value) && value.every((item) => typeof item === "number")) this.#text(name, value.map((item) => number(item, 2)).join("  "));
      else this.#text(name, typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    if (tick.judged) {
      this.#gauge("risk", tick.risk ?? 0, tick.risk === null ? "–" : percent(tick.risk, 1), tick.risk > 0.6 ? "red" : tick.risk > 0.3 ? "yellow" : "");
      this.#values(tick.values, tick.chosen);
    } else {
      this.#text("critic", t("model.untrained"));
    }
  }

  #row(key, build) {
    if (!this.#rows.has(key)) {
      const row = build();
      this.#rows.set(key, row);
      at("model").append(row);
    }
    return this.#rows.get(key);
  }

  #text(key, text) {
    const row = this.#row(key, () => make("div", { className: "fact wide" }, make("span", { text: named("model", key) }), make("output")));
    put(row.lastChild, text);
    row.lastChild.title = text;
  }

  // What was made of words: there only while there are words.
  #reply(key, text) {
    if (!text && !this.#rows.has(key)) return;
    this.#text(key, text || "");
    const row = this.#rows.get(key);
    row.hidden = !text;
    if (row.classList.contains("reply")) return;
    row.classList.add("reply");
    const replies = at("model").querySelectorAll(".reply");
    (replies.length > 1 ? replies[replies.length - 2] : this.#rows.get("words")).after(row);
  }

  #gauge(key, share, text, colour = "") {
    const row = this.#row(key, () =>
      make("div", { className: "fact" }, make("span", { text: named("model", key) }), make("div", { className: "gauge" }, make("i")), make("output")),
    );
    const fill = row.children[1].firstChild;
    fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    fill.className = colour;
    put(row.lastChild, text);
  }

  #number(name, value) {
    if (name.endsWith("distance")) {
      const far = value === null || value >= OUT_OF_SIGHT;
      this.#gauge(name, far ? 0 : value / OUT_OF_SIGHT, far ? t("model.none") : `${number(value)} m`);
    } else if (value !== null && value >= 0 && value <= 1) {
      this.#gauge(name, value, percent(value));
    } else {
      this.#text(name, value === null ? "–" : String(value));
    }
  }

  #lead(distance, speed) {
    const far = distance === null || distance >= OUT_OF_SIGHT;
    const text = far ? t("model.none") : `${number(distance)} m, ${number(Math.max(speed * KPH, 0))} km/h`;
    this.#gauge("lead", far ? 0 : distance / OUT_OF_SIGHT, text);
  }

  #light(probabilities) {
    const row = this.#row("light", () =>
      make("div", { className: "fact" }, make("span", { text: named("model", "light") }), make("div", { className: "gauge" }, ...LIGHT_CLASSES.map((name) => make("i", { className: name }))), make("output")),
    );
    probabilities.forEach((probability, index) => {
      const part = row.children[1].children[index];
      if (part) part.style.width = `${100 * (probability ?? 0)}%`;
    });
    const best = probabilities.indexOf(Math.max(...probabilities));
    put(row.lastChild, named("light", LIGHT_CLASSES[best] ?? "–"));
  }

  #values(values, chosen) {
    const row = this.#row("values", () =>
      make("div", { className: "fact wide" }, make("span", { text: named("model", "values") }), make("div", { className: "values" }, ...values.map(() => make("i")))),
    );
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    values.forEach((value, index) => {
      const bar = row.lastChild.children[index];
      if (!bar) return;
      bar.style.height = `${value === null ? 0 : 12 + (88 * (value - low)) / Math.max(high - low, 1e-6)}%`;
      bar.className = index === chosen ? "chosen" : "";
    });
    row.lastChild.title = t("model.values.title", { count: values.length });
  }
}

export class Eyes {
  #canvases = [];
  #names = [];
  #busy = false;

  constructor() {
    document.addEventListener("language", () => this.#names.length && this.#build(this.#names));
  }

  async show(tick) {
    if (this.#busy || at("panel-model").hidden) return; // decoded only where somebody looks
    this.#busy = true;
    try {
      if (this.#canvases.length !== tick.cameras.length) this.#build(tick.cameras);
      const strip = await createImageBitmap(new Blob([tick.blobs.policy], { type: "image/jpeg" }));
      const width = strip.width / this.#canvases.length;
      this.#canvases.forEach((canvas, index) => {
        if (canvas.width !== width || canvas.height !== strip.height) Object.assign(canvas, { width, height: strip.height });
        canvas.getContext("2d").drawImage(strip, index * width, 0, width, strip.height, 0, 0, width, strip.height);
      });
      strip.close();
    } finally {
      this.#busy = false;
    }
  }

  #build(names) {
    this.#names = names;
    this.#canvases = names.map(() => make("canvas"));
    at("eyes").replaceChildren(
      ...names.map((name, index) => {
        const canvas = this.#canvases[index];
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", t("eyes.camera", { name: named("camera", name) }));
        return make("figure", {}, canvas, make("figcaption", { text: named("camera", name) }));
      }),
    );
  }
}

export class Log {
  #newest = 0;
  #drive = null;
  #events = [];

  constructor() {
    document.addEventListener("language", () => {
      at("log").replaceChildren(...(this.#events.length ? this.#events.map(entry).toReversed() : [nothing()]));
    });
  }

  show(tick) {
    const list = at("log");
    if (tick.drive !== this.#drive) {
      this.#drive = tick.drive;
      this.#events = [];
      list.replaceChildren(nothing());
    }
    for (const event of tick.events) {
      if (event.number <= this.#newest) continue;
      this.#newest = event.number;
      this.#events.push(event);
      list.querySelector(".empty")?.remove();
      list.prepend(entry(event));
      if (!QUIET.has(event.kind)) put(at("announce"), `${named("event", event.kind)} ${event.detail}`);
    }
    while (list.children.length > 60) list.lastChild.remove();
    this.#events.splice(0, Math.max(this.#events.length - 60, 0));
  }
}

function entry(event) {
  const tone = BAD.has(event.kind) ? "bad" : GOOD.has(event.kind) ? "good" : "";
  const what = make("span", {}, make("b", { text: named("event", event.kind) }));
  if (event.detail) what.append(" ", make("small", { text: event.detail, lang: "en" }));
  return make("li", { className: tone }, make("time", { text: clock(event.t_s) }), what, make("small", { className: "by", text: event.responsible.split(" (")[0], title: event.responsible }));
}

function nothing() {
  return make("li", { className: "empty", text: t("log.empty") });
}

export class LatencyTable {
  #rows = new Map();

  show(tick) {
    const stages = Object.entries(tick.latency_ms);
    stages.sort(([a], [b]) => Number(a === "tick") - Number(b === "tick")); // the whole comes last
    for (const [stage, { p50, p99 }] of stages) {
      if (!this.#rows.has(stage)) this.#add(stage);
      const { row, fill, tail, middle, end } = this.#rows.get(stage);
      fill.style.width = `${Math.min((100 * p50) / BUDGET_MS, 100)}%`;
      tail.style.width = `${Math.min((100 * Math.max(p99 - p50, 0)) / BUDGET_MS, 100)}%`;
      put(middle, number(p50, 1));
      put(end, number(p99, 1));
      if (stage === "tick") at("latency").append(row);
    }
  }

  #add(stage) {
    const part = stage.includes(": ");
    const [fill, tail, middle, end] = [make("i"), make("i", { className: "none" }), make("td"), make("td")];
    const name = make("th", { text: named("stage", part ? stage.split(": ")[1] : stage) });
    name.scope = "row";
    const row = make("tr", { className: part ? "part" : "" }, name, make("td", { className: "track" }, make("div", { className: "gauge" }, fill, tail)), middle, end);
    this.#rows.set(stage, { row, fill, tail, middle, end });
    at("latency").append(row);
  }
}
