// The conversation: what was said and what came of it, one list for all pages; and what is open: an offer, or another agent's question.

import { at, clock, current, languages, make, named, put, t } from "./words.js";

const SEATS = ["driver", "passenger", "rear_driver", "rear_passenger"];
const SUGGESTIONS = {
  en: ["turn left", "gently", "hurry up", "stop here", "open the window", "I feel cold"],
  de: ["links abbiegen", "sanft fahren", "beeil dich", "hier anhalten", "Fenster auf", "mir ist kalt"],
  zh: ["左转", "开稳一点", "快点", "在这里停车", "打开车窗", "我冷"],
};

export class Talk {
  #live;
  #newest = 0;
  #pending = new Map(); // by mark
  #open = "";
  #refocus = false;
  #cabin = null;

  constructor(live) {
    this.#live = live;
    at("say").addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(at("words").value);
      at("words").value = "";
    });
    at("suggestions").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.id === "take-back") live.ask({ type: "take_back", seat: at("seat").value });
      else if (button) this.say(button.textContent);
    });
    at("asked").addEventListener("click", (event) => {
      const ask = event.target.closest("button")?.dataset.ask;
      if (!ask) return;
      this.#refocus = true;
      live.ask({ ...JSON.parse(ask), seat: at("seat").value });
    });
    at("seat").addEventListener("change", () => this.#cabin && this.#asked(this.#cabin));
    document.addEventListener("language", () => this.#words());
  }

  say(words) {
    const mark = this.#live.say(words, at("seat").value);
    const line = make("li", { className: "line person pending" }, make("p", { text: words.trim() ? shortened(words) : t("talk.nothing") }));
    this.#pending.set(mark, line);
    this.#add(line);
  }

  // Say something that was recorded.
  speak(samples) {
    const mark = this.#live.record(samples, at("seat").value);
    const line = make("li", { className: "line person pending" }, make("p", { text: t("voice.sent") }));
    this.#pending.set(mark, line);
    this.#add(line);
  }

  // The whole conversation as the car has it.
  show(cabin) {
    const before = String(this.#cabin?.understands);
    this.#cabin = cabin;
    if (String(cabin.understands) !== before) this.#words();
    for (const line of cabin.lines) {
      if (line.mark) {
        this.#live.heard(line.mark);
        this.#pending.get(line.mark)?.remove();
        this.#pending.delete(line.mark);
      }
      if (line.number <= this.#newest) continue;
      this.#newest = line.number;
      this.#add(drawn(line));
    }
    if (cabin.lines.length === 0 && this.#newest > 0) this.#newest = 0; // another car
    this.#asked(cabin);
  }

  refused(mark) {
    this.#live.heard(mark);
    this.#lose(mark);
  }

  undelivered(request) {
    this.#lose(request.mark);
  }

  focusOpen() {
    (at("asked").querySelector("button") ?? at("words")).focus();
  }

  #lose(mark) {
    const line = this.#pending.get(mark);
    if (!line) return;
    this.#pending.delete(mark);
    line.classList.replace("pending", "lost");
    line.append(make("small", { text: t("talk.undelivered") }));
  }

  #add(line) {
    const list = at("lines");
    const follows = following(list);
    list.querySelector(".empty")?.remove();
    list.append(line);
    while (list.children.length > 100) list.firstChild.remove();
    if (follows) list.scrollTop = list.scrollHeight;
  }

  #asked(cabin) {
    const { offer, question } = cabin;
    const readBack = cabin.read_back?.seat === at("seat").value ? cabin.read_back : null;
    const key = question ? `q ${question.client} ${question.scope}` : readBack ? `r ${readBack.words}` : offer ? `o ${offer.service}` : "";
    if (key === this.#open) return;
    this.#open = key;
    const had = at("asked").contains(document.activeElement) || this.#refocus;
    this.#refocus = false;
    const follows = following(at("lines"));
    at("asked").replaceChildren(...(question ? [consent(question)] : readBack ? [doubtful(readBack)] : offer ? [offered(offer)] : []));
    if (follows) at("lines").scrollTop = at("lines").scrollHeight;
    if (had && !key) at("words").focus(); // the button that was pressed is gone
  }

  #words() {
    const seat = at("seat").value || "driver";
    at("seat").replaceChildren(...SEATS.map((name) => new Option(t(`seat.${name}`), name)));
    at("seat").value = seat;
    const understands = this.#cabin?.understands; // not known before the car is awake
    const known = !understands || understands.includes(current());
    const lang = understands?.includes(current()) ? current() : "en";
    at("words").placeholder = t(known ? "tell.placeholder" : "tell.placeholder.english");
    const chips = SUGGESTIONS[lang].map((text) => make("button", { type: "button", text, lang }));
    at("suggestions").replaceChildren(...chips, make("button", { type: "button", id: "take-back", className: "quiet", text: t("take_back"), title: t("take_back.title") }));
    const empty = understands ? [t("talk.empty", { languages: languages(understands) }), ...(known ? [] : [t("talk.extra")])].join(" ") : "";
    if (!at("lines").children.length) at("lines").append(make("li", { className: "empty" }));
    if (at("lines").querySelector(".empty")) put(at("lines").querySelector(".empty"), empty);
    this.#open = "";
    at("asked").replaceChildren();
    if (this.#cabin) this.#asked(this.#cabin);
  }
}

// Is the end of a list in sight?
function following(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 60;
}

function drawn(line) {
  const item = make("li", { className: `line ${line.who} ${line.tone.replace(" ", "-")}` });
  const shown = line.who === "person" && !line.text.trim() ? t("talk.nothing") : line.text;
  const speaker = line.who === "person" ? named("seat", line.seat) : line.who === "client" ? t("talk.client") : line.who === "drive" ? "" : t("talk.car");
  if (speaker) item.append(make("span", { className: "visually-hidden", text: `${speaker}: ` }));
  item.append(make("p", { text: shown, ...(line.language ? { lang: line.language } : {}) }));
  const deeds = line.deeds.map(([path, value]) => `${path.split(".").slice(-2).join(" ")} → ${value}`);
  const wishes = line.wishes.map((wish) => `${t("talk.to_driving")}: ${wish}`);
  const more = [...deeds.slice(0, 3), ...(deeds.length > 3 ? [t("talk.more", { count: deeds.length - 3 })] : []), ...wishes];
  if (line.spoken && line.text.trim()) item.append(make("small", { text: t("voice.heard") }));
  if (more.length) item.append(make("small", { className: "deeds", text: more.join(" · ") }));
  item.title = clock(line.t_s);
  return item;
}

function offered(offer) {
  const ask = (answer) => JSON.stringify({ type: "offer", service: offer.service, answer });
  return make(
    "div",
    { className: "offer" },
    make("p", { className: "asks", text: offer.says, lang: offer.language }),
    make("p", { className: "benefit" }, make("span", { text: `${t("offer.benefit")}: ` }), make("span", { text: offer.benefit, lang: "en" })),
    make(
      "div",
      { className: "answers" },
      make("button", { type: "button", className: "primary", text: t("offer.accept"), "data-ask": ask("yes") }),
      make("button", { type: "button", text: t("offer.decline"), "data-ask": ask("no") }),
      make("button", { type: "button", className: "quiet", text: t("offer.never"), "data-ask": ask("never") }),
    ),
  );
}

function doubtful(readBack) {
  const ask = (answer) => JSON.stringify({ type: "read_back", words: readBack.words, answer });
  return make(
    "div",
    { className: "offer" },
    make("p", { className: "asks" }, make("span", { text: `${t("read_back.asks")} ` }), make("q", { text: readBack.words, lang: "en" })),
    make(
      "div",
      { className: "answers" },
      make("button", { type: "button", className: "primary", text: t("read_back.yes"), "data-ask": ask("yes") }),
      make("button", { type: "button", text: t("read_back.no"), "data-ask": ask("no") }),
    ),
  );
}

function consent(question) {
  const ask = (answer) => JSON.stringify({ type: "consent", client: question.client, scope: question.scope, answer });
  return make(
    "div",
    { className: "offer consent" },
    make("p", { className: "asks", text: question.text, lang: "en" }),
    make("p", { className: "benefit", text: `${t("consent.scope")}: ${named("scope", question.scope)}` }),
    make(
      "div",
      { className: "answers" },
      make("button", { type: "button", className: "primary", text: t("consent.allow"), "data-ask": ask("yes") }),
      make("button", { type: "button", text: t("consent.refuse"), "data-ask": ask("no") }),
    ),
  );
}

function shortened(text) {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}
