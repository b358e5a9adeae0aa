// The recorder's timeline: who answered when, and the clips around what happened. A clip is fetched when somebody looks at it and played
// picture by picture; with reduced motion it waits to be played.

import { unpack } from "./live.js";
import { at, clock, make, named, number, put, t } from "./words.js";

const FRAME_MS = 200;
const CLIP_BAD = new Set(["collision", "at_fault_collision", "off_road", "wrong_way", "red_light", "right_of_way", "minimal-risk manoeuvre", "fault"]);

export class Recorder {
  #timeline = null;
  #frames = [];
  #times = [];
  #at = 0;
  #timer = 0;
  #open = 0; // number of the clip that is shown

  constructor() {
    this.axis = make("div", { className: "axis", role: "group", "data-t-label": "record.axis" });
    this.legend = make("p", { className: "quiet-text" });
    this.list = make("ol", { className: "clips", "data-t-label": "record.clips" });
    this.picture = make("img", { alt: "", className: "clip-picture", width: "640", height: "360" });
    this.play = make("button", { type: "button" });
    this.slider = make("input", { type: "range", min: "0", max: "0", step: "1", value: "0", "data-t-label": "record.position" });
    this.caption = make("p", { className: "clip-caption" });
    this.player = make("figure", { className: "player" }, this.picture, make("div", { className: "player-bar" }, this.play, this.slider), this.caption);
    this.player.hidden = true;
    at("record").append(this.axis, this.legend, make("div", { className: "record-body" }, this.list, this.player));
    this.play.addEventListener("click", () => (this.#timer ? this.#stop() : this.#start()));
    this.slider.addEventListener("input", () => {
      this.#stop();
      this.#show(Number(this.slider.value));
    });
    for (const part of [this.list, this.axis]) {
      part.addEventListener("click", (event) => {
        const chosen = event.target.closest("[data-clip]");
        if (chosen) this.#load(Number(chosen.dataset.clip));
      });
    }
    document.addEventListener("language", () => {
      this.#buttons();
      if (this.#timeline) this.timeline(this.#timeline);
    });
  }

  timeline(timeline) {
    this.#timeline = timeline;
    this.#axis(timeline);
    const clips = timeline.clips.toReversed();
    this.list.replaceChildren(
      ...(clips.length ? clips.map((clip) => this.#entry(clip)) : [make("li", { className: "empty", text: t("record.none") })]),
    );
    if (!clips.some((clip) => clip.number === this.#open)) this.#close();
  }

  // How far the drive is, so that the axis grows between two events.
  show(tick) {
    if (this.#timeline && tick.tick % 20 === 0) {
      this.#timeline.now_s = tick.t_s;
      this.#axis(this.#timeline);
    }
  }

  #axis({ now_s, tenures, clips }) {
    const whole = Math.max(now_s, 10);
    const focused = this.axis.contains(document.activeElement) ? document.activeElement.dataset.clip : null;
    const bands = tenures.map((tenure) => {
      const band = make("span", { className: `tenure ${tenure.mode}`, title: `${tenure.name}, ${named("role", tenure.role)}: ${clock(tenure.from_s)} – ${tenure.until_s === null ? t("record.now") : clock(tenure.until_s)}` });
      band.style.left = `${(100 * tenure.from_s) / whole}%`;
      band.style.width = `${(100 * ((tenure.until_s ?? now_s) - tenure.from_s)) / whole}%`;
      return band;
    });
    const marks = clips.map((clip) => {
      const text = `${clock(clip.t_s)} ${named("event", clip.kind)}`;
      const mark = make("button", { type: "button", className: `mark ${CLIP_BAD.has(clip.kind) ? "bad" : ""}`, title: text, "aria-label": text, "data-clip": String(clip.number) });
      mark.style.left = `${(100 * clip.t_s) / whole}%`;
      return mark;
    });
    this.axis.replaceChildren(...bands, ...marks);
    if (focused) this.axis.querySelector(`[data-clip="${focused}"]`)?.focus();
    const last = tenures.at(-1);
    put(this.legend, last ? t("record.legend", { mode: last.mode === "manual" ? t("mode.manual") : last.mode, name: last.name, from: clock(last.from_s), now: clock(now_s) }) : "");
  }

  #entry(clip) {
    const seconds = t("record.seconds", { count: number(clip.frames * FRAME_MS / 1000, 1) });
    const words = make(
      "button",
      { type: "button", className: "clip", "data-clip": String(clip.number), "aria-pressed": String(clip.number === this.#open) },
      make("time", { text: clock(clip.t_s) }),
      make("span", {}, make("b", { className: CLIP_BAD.has(clip.kind) ? "bad" : "", text: named("event", clip.kind) }), make("small", { text: clip.detail, lang: "en" })),
      make("small", { className: "clip-length", text: clip.done ? seconds : t("record.running") }),
    );
    return make("li", {}, words);
  }

  async #load(number) {
    const answer = await fetch(`clips/${number}`);
    if (!answer.ok) {
      this.#close();
      return;
    }
    const clip = unpack(await answer.arrayBuffer());
    this.#close();
    this.#open = number;
    this.#times = clip.times;
    this.#frames = clip.times.map((_, index) => URL.createObjectURL(new Blob([clip.blobs[index]], { type: "image/jpeg" })));
    this.slider.max = String(Math.max(this.#frames.length - 1, 0));
    put(this.caption, `${named("event", clip.kind)} · ${clip.responsible} · ${clip.mode}`);
    this.picture.alt = t("record.picture", { what: named("event", clip.kind), when: clock(clip.t_s) });
    this.player.hidden = !this.#frames.length;
    const trigger = this.#times.findIndex((time) => time >= clip.t_s);
    this.#show(matchMedia("(prefers-reduced-motion: reduce)").matches ? Math.max(trigger, 0) : 0);
    if (this.#timeline) this.timeline(this.#timeline);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#start();
  }

  #show(index) {
    if (!this.#frames.length) return;
    this.#at = index % this.#frames.length;
    this.picture.src = this.#frames[this.#at];
    this.slider.value = String(this.#at);
    this.slider.setAttribute("aria-valuetext", clock(this.#times[this.#at]));
  }

  #start() {
    this.#timer = setInterval(() => (this.#at + 1 < this.#frames.length ? this.#show(this.#at + 1) : this.#stop()), FRAME_MS);
    if (this.#at + 1 >= this.#frames.length) this.#show(0);
    this.#buttons();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#buttons();
  }

  #close() {
    this.#stop();
    for (const url of this.#frames) URL.revokeObjectURL(url);
    this.#frames = [];
    this.#open = 0;
    this.player.hidden = true;
  }

  #buttons() {
    put(this.play, t(this.#timer ? "record.pause" : "record.play"));
  }
}
