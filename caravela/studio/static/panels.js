// The panels: dials on the view, what the model makes of it, the policy's pictures, events, latencies. Each is a small
// object with show(tick); elements are made once and then only changed where their text or length did.

const KPH = 3.6;
const BUDGET_MS = 100;
const OUT_OF_SIGHT = 79; // m; what the model puts at 80 m it does not see
const ACCELERATION_FULL = 4; // m/s^2 at the end of the bar
const TURN_FULL = 0.12; // 1/m
const BAD = new Set(["collision", "at_fault_collision", "off_road", "wrong_way", "red_light", "right_of_way", "route_missed", "stuck"]);
const GOOD = new Set(["arrived", "words"]);
const PHRASES = {
  at_fault_collision: "collision, at fault",
  red_light: "ran a red light",
  red_met: "met a red light",
  right_of_way: "took the right of way",
  off_road: "left the road",
  wrong_way: "on the wrong side",
  route_missed: "missed the route",
  words: "was told",
  route: "sat-nav",
  heard: "made of it",
  new_drive: "new drive",
};
const LIGHT_CLASSES = ["none", "red", "yellow", "green"];

const at = (id) => document.getElementById(id);

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, { className = "", text = "" } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

export class Dials {
  constructor() {
    for (const id of ["acceleration", "turn"]) at(id).append(make("i"));
  }

  show(tick) {
    const ego = tick.ego;
    put(at("speed"), (ego.speed * KPH).toFixed(0));
    at("limit").hidden = ego.limit === null;
    if (ego.limit !== null) put(at("limit"), String(Math.round(ego.limit * KPH)));
    this.#bar(at("acceleration"), ego.acceleration / ACCELERATION_FULL);
    this.#bar(at("turn"), -ego.curvature / TURN_FULL);
    put(at("acceleration-text"), `${signed(ego.acceleration, 1)} m/s²`);
    put(at("turn-text"), Math.abs(ego.curvature) < 0.002 ? "straight" : `${(1 / Math.abs(ego.curvature)).toFixed(0)} m ${ego.curvature > 0 ? "left" : "right"}`);
    put(at("distance"), tick.distance_m < 1000 ? `${tick.distance_m.toFixed(0)} m` : `${(tick.distance_m / 1000).toFixed(2)} km`);
    const perKm = tick.distance_m > 50 ? ` · ${((ego.energy_wh / tick.distance_m) * 1000).toFixed(0)} Wh/km` : "";
    put(at("energy"), `${ego.energy_wh.toFixed(0)} Wh${perKm}`);
    put(at("clock"), clock(tick.t_s));
    put(at("responsible"), tick.responsible);
    at("told").hidden = !tick.words;
    put(at("told"), tick.words ? `“${tick.words}”` : "");
    const factor = tick.realtime_factor;
    put(at("pace"), factor === null ? "–" : `real time × ${factor.toFixed(2)}`);
    at("pace").className = factor === null ? "pill" : factor >= 0.98 ? "pill good" : "pill warn";
  }

  #bar(element, share) {
    const fill = element.firstChild;
    const clipped = Math.max(-1, Math.min(1, share));
    fill.style.left = `${50 + Math.min(clipped, 0) * 50}%`;
    fill.style.width = `${Math.abs(clipped) * 50}%`;
    fill.className = clipped < 0 && element.id === "acceleration" ? "backward" : "";
  }
}

export class Model {
  #rows = new Map();

  show(tick) {
    this.#text("words", "told", tick.words || "nothing");
    const heard = tick.words ? tick.heard : {};
    this.#reply("route", "sat-nav", tick.words && (heard.route || "heard no turn"));
    this.#reply("manner", "driver", heard.manner);
    this.#reply("change", "its plan", heard.plan);
    const { light, lead, ...rest } = tick.insight;
    if (Array.isArray(light)) this.#light(light);
    if (Array.isArray(lead)) this.#lead(...lead);
    for (const [name, value] of Object.entries(rest)) {
      if (typeof value === "number" || value === null) this.#number(name, value);
      else if (Array.isArray(value) && value.every((item) => typeof item === "number")) this.#text(name, label(name), value.map((item) => item.toFixed(2)).join("  "));
      else this.#text(name, label(name), typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    if (tick.judged) {
      this.#gauge("risk", "risk", tick.risk ?? 0, tick.risk === null ? "–" : `${(100 * tick.risk).toFixed(1)} %`, tick.risk > 0.3 ? "red" : tick.risk > 0.1 ? "yellow" : "");
      this.#values(tick.values, tick.chosen);
    } else {
      this.#text("critic", "critic", "not trained; the mean is driven");
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

  #text(key, name, text) {
    const row = this.#row(key, () => make("div", { className: "fact wide" }, make("span", { text: name }), make("output")));
    put(row.lastChild, text);
    row.lastChild.title = text;
  }

  // What was made of words: there only while there are words.
  #reply(key, name, text) {
    if (!text && !this.#rows.has(key)) return;
    this.#text(key, name, text || "");
    const row = this.#rows.get(key);
    row.hidden = !text;
    if (row.classList.contains("reply")) return;
    row.classList.add("reply");
    const replies = at("model").querySelectorAll(".reply");
    (replies.length > 1 ? replies[replies.length - 2] : this.#rows.get("words")).after(row);
  }

  #gauge(key, name, share, text, colour = "") {
    const row = this.#row(key, () =>
      make("div", { className: "fact" }, make("span", { text: name }), make("div", { className: "gauge" }, make("i")), make("output")),
    );
    const fill = row.children[1].firstChild;
    fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    fill.className = colour;
    put(row.lastChild, text);
  }

  #number(name, value) {
    if (name.endsWith("distance")) {
      const far = value === null || value >= OUT_OF_SIGHT;
      this.#gauge(name, label(name), far ? 0 : value / OUT_OF_SIGHT, far ? "none" : `${value.toFixed(0)} m`);
    } else if (value !== null && value >= 0 && value <= 1) {
      this.#gauge(name, label(name), value, `${(100 * value).toFixed(0)} %`);
    } else {
      this.#text(name, label(name), value === null ? "–" : String(value));
    }
  }

  #lead(distance, speed) {
    const far = distance === null || distance >= OUT_OF_SIGHT;
    const text = far ? "none" : `${distance.toFixed(0)} m, ${Math.max(speed * KPH, 0).toFixed(0)} km/h`;
    this.#gauge("lead", "vehicle ahead", far ? 0 : distance / OUT_OF_SIGHT, text);
  }

  #light(probabilities) {
    const row = this.#row("light", () =>
      make("div", { className: "fact" }, make("span", { text: "light" }), make("div", { className: "gauge" }, ...LIGHT_CLASSES.map((name) => make("i", { className: name }))), make("output")),
    );
    probabilities.forEach((probability, index) => {
      const part = row.children[1].children[index];
      if (part) part.style.width = `${100 * (probability ?? 0)}%`;
    });
    const best = probabilities.indexOf(Math.max(...probabilities));
    put(row.lastChild, LIGHT_CLASSES[best] ?? "–");
  }

  #values(values, chosen) {
    const row = this.#row("values", () =>
      make("div", { className: "fact wide" }, make("span", { text: "proposals" }), make("div", { className: "values" }, ...values.map(() => make("i")))),
    );
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    values.forEach((value, index) => {
      const bar = row.lastChild.children[index];
      if (!bar) return;
      bar.style.height = `${value === null ? 0 : 12 + (88 * (value - low)) / Math.max(high - low, 1e-6)}%`;
      bar.className = index === chosen ? "chosen" : "";
    });
    row.lastChild.title = `the critic's value of each of ${values.length} proposals; the chosen one is coloured`;
  }
}

export class Eyes {
  #canvases = [];
  #busy = false;

  async show(tick) {
    if (this.#busy) return;
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
    this.#canvases = names.map(() => make("canvas"));
    at("eyes").replaceChildren(
      ...names.map((name, index) => {
        const canvas = this.#canvases[index];
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `policy camera ${label(name)}`);
        return make("figure", {}, canvas, make("figcaption", { text: label(name) }));
      }),
    );
  }
}

export class Log {
  #newest = 0;
  #drive = null;

  show(tick) {
    const list = at("log");
    if (tick.drive !== this.#drive) {
      this.#drive = tick.drive;
      this.#newest = 0;
      list.replaceChildren(make("li", { className: "empty", text: "nothing yet" }));
    }
    for (const event of tick.events) {
      if (event.number <= this.#newest) continue;
      this.#newest = event.number;
      list.querySelector(".empty")?.remove();
      const tone = BAD.has(event.kind) ? "bad" : GOOD.has(event.kind) ? "good" : "";
      const what = make("span", {}, make("b", { text: PHRASES[event.kind] ?? label(event.kind) }));
      if (event.detail) what.append(" ", make("small", { text: event.detail }));
      list.prepend(make("li", { className: tone }, make("time", { text: clock(event.t_s) }), what, make("small", { text: event.responsible })));
    }
  }
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
      put(middle, p50.toFixed(1));
      put(end, p99.toFixed(1));
      if (stage === "tick") at("latency").append(row);
    }
  }

  #add(stage) {
    const part = stage.includes(": ");
    const [fill, tail, middle, end] = [make("i"), make("i", { className: "none" }), make("td"), make("td")];
    const name = make("th", { text: part ? stage.split(": ")[1] : stage === "tick" ? "whole tick" : stage });
    name.scope = "row";
    const row = make("tr", { className: part ? "part" : "" }, name, make("td", { className: "track" }, make("div", { className: "gauge" }, fill, tail)), middle, end);
    this.#rows.set(stage, { row, fill, tail, middle, end });
    at("latency").append(row);
  }
}

function label(name) {
  return name.replaceAll("_", " ");
}

function signed(value, digits) {
  const text = value.toFixed(digits);
  return value > 0 ? `+${text}` : text.replace("-", "−");
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}
