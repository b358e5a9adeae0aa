// Puts the page together: messages to panels, buttons and keys to requests.

import { Cabin } from "./cabin.js";
import { Card } from "./card.js";
import { Frontier } from "./frontier.js";
import { Gauges } from "./gauges.js";
import { Live } from "./live.js";
import { Dials, Eyes, LatencyTable, Log, Model } from "./panels.js";
import { Recorder } from "./recorder.js";
import { Tabs } from "./tabs.js";
import { Talk } from "./talk.js";
import { TopView } from "./topview.js";
import { View } from "./view.js";
import { Voice } from "./voice.js";
import { Hand, Who } from "./who.js";
import { LANGUAGES, at, keep, kept, make, named, put, speak, t, translate } from "./words.js";

const live = new Live();
const view = new View(at("view"));
const top = new TopView(at("map"));
const tabs = new Tabs();
const talk = new Talk(live);
const voice = new Voice(talk);
const cabin = new Cabin(live);
const gauges = new Gauges();
const recorder = new Recorder();
const hand = new Hand(live);
const frontier = new Frontier();
const card = new Card();
const panels = [new Who(live), new Dials(), hand, gauges, new Model(), new Eyes(), new Log(), new LatencyTable(), recorder, top];
let paused = false;
let drive = 0; // number of the drive that is shown
let drawing = null; // the newest tick not yet drawn
let status = null;
let chosen = null; // settings that somebody chose, until a drive with them begins

// Where the window is narrow, or wide and low as in a car, the map has no place of its own: it becomes a tab of the deck.
const crowded = matchMedia("(max-width: 699px), (min-aspect-ratio: 2/1) and (max-height: 860px)");
const settle = () => {
  (crowded.matches ? at("panel-map") : at("page")).append(at("map-card"));
  if (!crowded.matches) at("page").insertBefore(at("map-card"), document.querySelector(".deck"));
  tabs.mapHasPlace(!crowded.matches);
};
crowded.addEventListener("change", settle);
settle();

// --- what comes in ---

live.addEventListener("hello", ({ detail }) => {
  choices = detail;
  fillChoices();
});

let choices = null;

live.addEventListener("status", ({ detail }) => {
  status = detail;
  if (detail.refused) refuse(detail.refused);
  paused = detail.phase === "paused";
  at("pause").setAttribute("aria-pressed", String(paused));
  put(at("pause"), t(paused ? "go_on" : "pause"));
  at("step").disabled = !paused;
  const hidden = detail.phase === "loading" || detail.phase === "failed";
  curtain(hidden ? detail.sentence : "", detail.phase === "failed");
  const { town: place, weather, traffic, seed } = detail.settings;
  if (detail.refused || detail.phase === "failed" || JSON.stringify(chosen) === JSON.stringify({ place, weather, traffic, seed })) chosen = null;
  if (chosen) return; // of a drive that is not there yet: another one's settings take nothing back
  choose(at("place"), place);
  choose(at("weather"), weather);
  choose(at("traffic"), traffic);
  if (document.activeElement !== at("seed")) at("seed").value = seed;
});

live.addEventListener("map", ({ detail }) => {
  drive = detail.drive;
  top.load(detail);
  put(at("attribution"), detail.attribution);
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
live.addEventListener("cabin", ({ detail }) => {
  talk.show(detail);
  voice.show(detail);
  cabin.show(detail);
  gauges.cabin(detail);
});
live.addEventListener("timeline", ({ detail }) => recorder.timeline(detail));
live.addEventListener("refused", ({ detail }) => {
  refuse(detail.sentence);
  if (detail.mark) talk.refused(detail.mark);
});
live.addEventListener("undelivered", ({ detail }) => talk.undelivered(detail));
live.addEventListener("lost", () => curtain(t("lost"), false));

function draw() {
  const tick = drawing;
  drawing = null;
  for (const panel of panels) panel.show(tick);
  document.body.dataset.tick = tick.tick;
}

function fillChoices() {
  if (!choices) return;
  fill(at("place"), "place", choices.places);
  fill(at("weather"), "weather", choices.weathers);
  fill(at("traffic"), "traffic", choices.traffics);
}

function fill(select, kind, names) {
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(named(kind, name), name)));
  if (names.includes(chosen)) select.value = chosen;
}

function choose(select, name) {
  if (document.activeElement !== select) select.value = name;
}

function curtain(sentence, still) {
  at("curtain").hidden = !sentence;
  at("curtain").classList.toggle("still", still);
  put(at("curtain-text"), sentence);
}

let forgetting = 0;
function refuse(sentence) {
  put(at("refused"), sentence);
  clearTimeout(forgetting);
  forgetting = setTimeout(() => put(at("refused"), ""), 8000);
}

// --- what goes out ---

function pause() {
  live.ask({ type: "pause", paused: !paused });
}

function step() {
  if (paused) live.ask({ type: "step" });
}

function restart() {
  if (!at("settings").reportValidity()) return;
  chosen = { place: at("place").value, weather: at("weather").value, traffic: at("traffic").value, seed: Number(at("seed").value) };
  live.ask({ type: "restart", ...chosen });
}

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

tabs.when("frontier", () => frontier.look());
tabs.when("card", () => card.look());
tabs.when("map", () => top.draw());

// --- language and theme ---

at("theme").value = document.documentElement.dataset.choice;
at("theme").addEventListener("change", () => {
  keep("theme", at("theme").value);
  window.chooseTheme(at("theme").value);
});
at("language").addEventListener("change", () => {
  keep("language", at("language").value);
  speak(at("language").value);
});
document.addEventListener("language", () => {
  fillChoices();
  if (status) put(at("pause"), t(paused ? "go_on" : "pause"));
  at("help-keys").replaceChildren(
    ...HELP.flatMap(([keys, what]) => [make("dt", {}, ...keys.map((key) => make("kbd", { text: key === " " ? t("key.space") : key }))), make("dd", { text: t(what) })]),
  );
  translate(document);
});

// --- keys; while something is typed they are letters, and whoever does not want single keys switches them off ---

const HELP = [
  [["/"], "key.talk"], [[" "], "key.voice"], [["o"], "key.open"], [[" "], "key.pause"], [["s"], "key.step"], [["r"], "key.restart"], [["m"], "key.town"], [["f"], "key.fan"],
  [["n"], "key.theme"], [["1", "…", "8"], "key.tabs"], [["←", "↑", "↓", "→"], "key.drive"], [["?"], "key.help"], [["Esc"], "key.leave"],
]; // prettier-ignore
const KEYS = {
  " ": pause,
  s: step,
  r: restart,
  m: whole,
  f: () => {
    view.fan = !view.fan;
    view.draw();
  },
  n: () => {
    const order = ["auto", "light", "dark", "night"];
    at("theme").value = order[(order.indexOf(at("theme").value) + 1) % order.length];
    at("theme").dispatchEvent(new Event("change"));
  },
  o: () => talk.focusOpen(),
  "/": () => at("words").focus(),
  "?": () => at("help-list").showModal(),
};
const STEER = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "faster", ArrowDown: "slower" };

at("help").addEventListener("click", () => at("help-list").showModal());
at("keys-on").checked = kept("keys", "on") === "on";
at("keys-on").addEventListener("change", () => keep("keys", at("keys-on").checked ? "on" : "off"));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]):not([type=range]), select, textarea");
  if (event.key === "Escape" && typing) typing.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || at("help-list").open) return;
  if (STEER[event.key] && hand.driving && !event.target.closest("[role=tab], [type=range], [tabindex='0']")) {
    event.preventDefault();
    hand.hold(STEER[event.key]);
    return;
  }
  if (!at("keys-on").checked) return;
  if ([" ", "Enter"].includes(event.key) && event.target.closest("button, input")) return; // a focused control keeps its own keys
  if (/^[1-8]$/.test(event.key)) tabs.nth(Number(event.key) - 1);
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
document.addEventListener("keyup", (event) => STEER[event.key] && hand.drop(STEER[event.key]));

const wanted = kept("language", (navigator.language || "en").slice(0, 2));
await speak(wanted);
at("language").value = LANGUAGES.includes(wanted) ? wanted : "en";
live.connect();
