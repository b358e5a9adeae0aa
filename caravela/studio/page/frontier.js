// The frontier: safety over progress for every result at hand, drawn and as a table. A driver that tells its risk is a curve, any other a
// point; further up and further right is better.

import { at, make, percent, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [460, 262, 46, 14, 26, 34];
const SERIES = 6; // colours that the sheet has

export class Frontier {
  #read = null;
  #suite = "nominal"; // which is drawn, of those that there are

  constructor() {
    document.addEventListener("language", () => this.#read && this.#draw());
  }

  async look() {
    if (this.#read) return;
    const answer = await fetch("frontier.json");
    this.#read = answer.ok ? await answer.json() : { curves: [], makes: "", folder: "results" };
    this.#draw();
  }

  #draw() {
    const { curves, makes, folder } = this.#read;
    if (!curves.length) {
      at("frontier").replaceChildren(make("p", { text: t("frontier.none", { folder }) }), make("code", { text: makes }));
      return;
    }
    const suites = [...new Set(curves.map((curve) => curve.suite))].toSorted();
    const suite = suites.includes(this.#suite) ? this.#suite : suites[0];
    const shown = curves.filter((curve) => curve.suite === suite).toSorted((a, b) => b.score - a.score);
    const says = make("p", { className: "quiet-text", text: t("frontier.says", { suite, makes: makes.replace(/--suite \S+/, `--suite ${suite}`) }) });
    at("frontier").replaceChildren(chart(shown), make("div", {}, this.#chooser(suites, suite), table(shown)), says);
  }

  #chooser(suites, chosen) {
    const options = suites.map((suite) => make("option", { value: suite, text: suite }));
    const select = make("select", { id: "frontier-suite", "aria-label": t("frontier.suite") }, ...options);
    select.value = chosen;
    select.addEventListener("change", () => {
      this.#suite = select.value;
      this.#draw();
      at("frontier-suite").focus();
    });
    return select;
  }
}

function chart(curves) {
  const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": t("frontier.picture") });
  const x = (value) => LEFT + Math.min(value, 1) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(node("line", { x1: x(0), x2: x(1), y1: y(value), y2: y(value), class: "grid" }), node("line", { x1: x(value), x2: x(value), y1: y(0), y2: y(1), class: "grid" }));
    svg.append(text(x(0) - 6, y(value) + 4, percent(value), "end"), text(x(value), y(0) + 15, percent(value), "middle"));
  }
  svg.append(text(x(0.5), HEIGHT - 3, `${t("frontier.progress")} →`, "middle"), text(x(0), 14, `↑ ${t("frontier.safety")}`, "middle"));
  curves.forEach((curve, index) => {
    const colour = `series-${index % SERIES}`;
    const line = curve.points.map(([coverage, safety]) => `${x(coverage).toFixed(1)},${y(safety).toFixed(1)}`).join(" ");
    if (curve.tells_risk) svg.append(node("polyline", { points: line, class: `curve ${colour}` }));
    svg.append(node("circle", { cx: x(curve.progress), cy: y(curve.safety), r: 4.5, class: `point ${colour}` }));
  });
  return svg;
}

function table(curves) {
  const head = ["frontier.driver", "frontier.safety", "frontier.progress", "frontier.score", "frontier.drives"];
  const rows = curves.map((curve, index) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("i", { className: `swatch series-${index % SERIES}` }), curve.policy.replaceAll("_", " ")),
      ...[percent(curve.safety, 1), percent(curve.progress, 1), percent(curve.score, 1), String(curve.episodes)].map((cell) => make("td", { text: cell })),
    ),
  );
  return make(
    "div",
    { className: "scroll", tabindex: "0", role: "group", "aria-label": t("tab.frontier") },
    make("table", { className: "figures" }, make("thead", {}, make("tr", {}, ...head.map((key) => make("th", { scope: "col", text: t(key) })))), make("tbody", {}, ...rows)),
  );
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

function text(x, y, words, anchor) {
  const made = node("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}
