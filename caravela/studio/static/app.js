// Puts the page together: messages to panels, buttons and keys to requests.

import { Live } from "./live.js";
import { Dials, Eyes, LatencyTable, Log, Model } from "./panels.js";
import { TopView } from "./topview.js";
import { View } from "./view.js";

const at = (id) => document.getElementById(id);
const live = new Live();
const view = new View(at("view"));
const top = new TopView(at("map"));
const panels = [new Dials(), new Model(), new Eyes(), new Log(), new LatencyTable(), top];
let paused = false;
let drive = 0; // number of the drive that is shown
let drawing = null; // the newest tick not yet drawn

// Where the window is low, the side would run far below the road: the latencies then stand under the pictures.
const low = matchMedia("(min-width: 901px) and (max-height: 939px), (min-width: 901px) and (max-width: 1180px)");
const settle = () => document.querySelector(low.matches ? ".main-column" : ".side").append(at("latency-card"));
low.addEventListener("change", settle);
settle();

// --- what comes in ---

live.addEventListener("hello", ({ detail }) => {
  fill(at("place"), detail.places);
  fill(at("weather"), detail.weathers);
  fill(at("traffic"), detail.traffics);
  at("words").maxLength = detail.words_limit;
});

live.addEventListener("status", ({ detail }) => {
  const { phase, sentence, refused, settings } = detail;
  if (refused) refuse(refused);
  paused = phase === "paused";
  at("pause").setAttribute("aria-pressed", String(paused));
  at("pause").textContent = paused ? "Go on" : "Pause";
  at("step").disabled = !paused;
  curtain(phase === "loading" || phase === "failed" ? sentence : "", phase === "failed");
  choose(at("place"), settings.town);
  choose(at("weather"), settings.weather);
  choose(at("traffic"), settings.traffic);
  if (document.activeElement !== at("seed")) at("seed").value = settings.seed;
});

live.addEventListener("map", ({ detail }) => {
  drive = detail.drive;
  top.load(detail);
  at("attribution").textContent = detail.attribution;
  document.title = `Caravela · ${detail.name}`;
});

live.addEventListener("tick", ({ detail }) => {
  const idle = drawing === null;
  drawing = detail;
  if (idle) requestAnimationFrame(draw);
});

live.addEventListener("view", ({ detail }) => {
  if (detail.drive === drive) view.show(detail);
});
live.addEventListener("refused", ({ detail }) => refuse(detail.sentence));
live.addEventListener("lost", () => curtain("the car cannot be reached; trying again …", false));

function draw() {
  const tick = drawing;
  drawing = null;
  for (const panel of panels) panel.show(tick);
  document.body.dataset.tick = tick.tick;
}

function fill(select, names) {
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(name.replaceAll("_", " "), name)));
  if (names.includes(chosen)) select.value = chosen;
}

function choose(select, name) {
  if (document.activeElement !== select) select.value = name;
}

function curtain(sentence, still) {
  at("curtain").hidden = !sentence;
  at("curtain").classList.toggle("still", still);
  at("curtain-text").textContent = sentence;
}

let forgetting = 0;
function refuse(sentence) {
  at("refused").textContent = sentence;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => {
    at("refused").textContent = "";
  }, 8000);
}

// --- what goes out ---

function say(words) {
  if (!live.ask({ type: "say", words })) refuse("the car cannot be reached just now.");
}

function pause() {
  live.ask({ type: "pause", paused: !paused });
}

function step() {
  if (paused) live.ask({ type: "step" });
}

function restart() {
  if (!at("settings").reportValidity()) return;
  live.ask({ type: "restart", place: at("place").value, weather: at("weather").value, traffic: at("traffic").value, seed: Number(at("seed").value) });
}

at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = at("words").value.trim();
  if (words) say(words);
  at("words").value = "";
});
at("suggestions").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) say(button.id === "take-back" ? "" : button.textContent);
});
at("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  restart();
});
for (const id of ["place", "weather", "traffic"]) {
  at(id).addEventListener("change", () => {
    at(id).blur();
    restart();
  });
}
at("pause").addEventListener("click", pause);
at("step").addEventListener("click", step);
at("zoom-in").addEventListener("click", () => top.zoom(-1));
at("zoom-out").addEventListener("click", () => top.zoom(1));
at("whole").addEventListener("click", whole);

function whole() {
  top.whole = !top.whole;
  at("whole").setAttribute("aria-pressed", String(top.whole));
  top.draw();
}

// --- keys; while something is typed they are letters ---

const KEYS = {
  " ": pause,
  s: step,
  r: restart,
  m: whole,
  f: () => {
    view.fan = !view.fan;
    view.draw();
  },
  "/": () => at("words").focus(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && typing) typing.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest("button")) return; // a focused button keeps its space bar
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

live.connect();
