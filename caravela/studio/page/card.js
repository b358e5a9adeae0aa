// The card of the model that drives: the Markdown beside it, as far as such cards use it (headings, paragraphs, tables, lists, code). Text
// only ever becomes text, so a card cannot bring a script or a link along.

import { at, make, t } from "./words.js";

export class Card {
  #read = false;

  async look() {
    if (this.#read) return;
    const answer = await fetch("card.json");
    const card = answer.ok ? await answer.json() : { text: "", missing: "card.json" };
    this.#read = answer.ok;
    at("model-card").replaceChildren(...(card.text ? rendered(card.text) : [make("p", { text: t("card.none", { file: card.missing }) })]));
  }
}

export function rendered(markdown) {
  const blocks = [];
  for (const block of markdown.replaceAll("\r", "").split(/\n{2,}/)) {
    const lines = block.split("\n").filter((line) => line.trim());
    if (!lines.length) continue;
    const heading = lines[0].match(/^(#{1,4})\s+(.*)$/);
    if (heading) {
      blocks.push(make(`h${Math.min(heading[1].length + 1, 5)}`, {}, ...inline(heading[2])));
      lines.shift();
      if (!lines.length) continue;
    }
    if (lines[0].startsWith("|")) blocks.push(table(lines));
    else if (lines.every((line) => /^[-*]\s/.test(line))) blocks.push(make("ul", {}, ...lines.map((line) => make("li", {}, ...inline(line.slice(2))))));
    else blocks.push(make("p", {}, ...inline(lines.join(" "))));
  }
  return blocks;
}

function table(lines) {
  const cells = (line) => line.replace(/^\||\|\s*$/g, "").split("|").map((cell) => cell.trim());
  const rows = lines.filter((line) => !/^\|[\s|:-]+\|$/.test(line)).map(cells).filter((row) => row.some(Boolean));
  return make("table", {}, make("tbody", {}, ...rows.map(([name, ...rest]) => make("tr", {}, make("th", { scope: "row" }, ...inline(name)), ...rest.map((cell) => make("td", {}, ...inline(cell)))))));
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]*\))/).map((part) => {
    if (part.startsWith("`")) return make("code", { text: part.slice(1, -1) });
    if (part.startsWith("**")) return make("strong", { text: part.slice(2, -2) });
    if (/^\[[^\]]+\]\(/.test(part)) return part.slice(1, part.indexOf("]"));
    return part;
  });
}
