// Push to talk, and the car's voice. What is said while the button is held becomes 16 kHz mono samples and goes to the car in one message; the
// microphone is open only as long. Recognising it, and what comes of it, is the car's affair.

import { at, keep, kept, put, t } from "./words.js";

const RATE = 16000;
const SHORTEST_S = 0.3;
const TAIL_MS = 150; // people let go of a button before their last sound is over

export class Voice {
  #talk;
  #state = "idle"; // opening, listening
  #attempt = 0;
  #take = null;
  #ends = 0;
  #fades = 0;
  #cabin = null;
  #mouth = new Mouth();

  constructor(talk) {
    this.#talk = talk;
    const hold = at("hold");
    hold.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      hold.setPointerCapture(event.pointerId);
      this.#begin();
    });
    hold.addEventListener("pointerup", () => this.#end());
    for (const lost of ["pointercancel", "lostpointercapture"]) hold.addEventListener(lost, () => this.#end({ send: false }));
    hold.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is no wish for a menu
    hold.addEventListener("keydown", (event) => {
      if (event.key !== " " && !(event.key === "Enter" && event.repeat)) return;
      event.preventDefault();
      if (!event.repeat) this.#begin();
    });
    hold.addEventListener("keyup", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.#end();
    });
    hold.addEventListener("click", (event) => {
      if (event.detail > 0) return; // a pointer's: it has been held
      if (this.#state === "idle") this.#begin(); // Enter, or a screen reader: once to begin, once to end
      else this.#end();
    });
    for (const gone of ["blur", "pagehide"]) addEventListener(gone, () => this.#end({ send: false }));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#end({ send: false }));
    document.addEventListener("language", () => {
      this.#become(this.#state);
      if (this.#cabin) this.show(this.#cabin);
    });
  }

  // Whether the car hears and speaks, and what it has said.
  show(cabin) {
    this.#cabin = cabin;
    const { voice, lines } = cabin;
    at("hold").hidden = !voice.hears;
    at("say").classList.toggle("hears", voice.hears);
    put(at("voice-help"), voice.missing ? t("voice.extra", { extra: voice.missing }) : voice.hears ? t("voice.help") : "");
    at("aloud").hidden = !voice.speaks;
    if (voice.speaks) this.#mouth.show(lines);
  }

  async #begin() {
    if (this.#state !== "idle") return;
    this.#mouth.hush();
    if (!navigator.mediaDevices?.getUserMedia) return this.#say("voice.insecure");
    const attempt = ++this.#attempt;
    this.#become("opening");
    try {
      const take = await Take.begin((level) => at("hold").style.setProperty("--level", level.toFixed(2)));
      if (attempt !== this.#attempt) return take.drop(); // let go meanwhile
      this.#take = take;
      this.#become("listening");
      this.#ends = setTimeout(() => this.#end(), 1000 * this.#cabin.voice.longest_s - 2 * TAIL_MS);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#become("idle");
      this.#say(error.name === "NotAllowedError" ? "voice.denied" : "voice.no_microphone");
    }
  }

  async #end({ send = true } = {}) {
    const [state, take] = [this.#state, this.#take];
    if (state === "idle") return;
    clearTimeout(this.#ends);
    this.#attempt++;
    this.#take = null;
    this.#become("idle");
    if (!take) return send && this.#say("voice.short");
    if (!send) return take.drop();
    const samples = (await take.end()).subarray(0, RATE * this.#cabin.voice.longest_s);
    if (samples.length < RATE * SHORTEST_S) this.#say("voice.short");
    else this.#talk.speak(samples);
  }

  #become(state) {
    this.#state = state;
    at("hold").dataset.state = state;
    at("hold").setAttribute("aria-pressed", String(state === "listening"));
    this.#say(state === "idle" ? "" : `voice.${state}`);
  }

  #say(key = "") {
    clearTimeout(this.#fades);
    if (key && this.#state === "idle") this.#fades = setTimeout(() => this.#say(), 8000);
    at("hearing").hidden = !key;
    put(at("hearing"), key ? t(key) : "");
  }
}

// One recording.
class Take {
  #pieces = [];
  #stream;
  #context;

  static async begin(tellLevel) {
    const take = new Take();
    take.#stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
    try {
      take.#context = new AudioContext();
      await take.#context.audioWorklet.addModule("voice-worklet.js");
      const samples = new AudioWorkletNode(take.#context, "samples", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
      samples.port.onmessage = ({ data }) => {
        take.#pieces.push(data);
        tellLevel(Math.min(1, 4 * Math.sqrt(data.reduce((sum, sample) => sum + sample * sample, 0) / data.length)));
      };
      take.#context.createMediaStreamSource(take.#stream).connect(samples);
      await take.#context.resume();
    } catch (error) {
      take.drop();
      throw error;
    }
    return take;
  }

  // Close the microphone.
  drop() {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#context?.close();
  }

  // Close it, and return what was heard as (n) int16 at 16 kHz.
  async end() {
    await new Promise((done) => setTimeout(done, TAIL_MS));
    const rate = this.#context.sampleRate;
    this.drop();
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (!length) return new Int16Array();
    const offline = new OfflineAudioContext(1, Math.ceil((length * RATE) / rate), RATE);
    const buffer = offline.createBuffer(1, length, rate);
    let begin = 0;
    for (const piece of this.#pieces) {
      buffer.copyToChannel(piece, 0, begin);
      begin += piece.length;
    }
    const source = new AudioBufferSourceNode(offline, { buffer });
    source.connect(offline.destination);
    source.start();
    const heard = (await offline.startRendering()).getChannelData(0);
    return Int16Array.from(heard, (sample) => Math.round(32767 * Math.max(-1, Math.min(1, sample))));
  }
}

// Reads out what the car says from now on, one line after the other, where that is switched on; what is in another language than its voice's
// stays text.
class Mouth {
  #newest = -1; // line
  #context = null;
  #playing = null;
  #queue = [];
  #turn = 0; // of speaking, between two interruptions

  constructor() {
    at("aloud").setAttribute("aria-pressed", kept("aloud", "off") === "on");
    at("aloud").addEventListener("click", () => {
      const on = !this.#on;
      at("aloud").setAttribute("aria-pressed", on);
      keep("aloud", on ? "on" : "off");
      if (on) this.#open();
      else this.hush();
    });
  }

  get #on() {
    return at("aloud").getAttribute("aria-pressed") === "true";
  }

  show(lines) {
    const newest = lines.at(-1)?.number ?? 0;
    const fresh = this.#newest < 0 || newest < this.#newest ? [] : lines.filter((line) => line.number > this.#newest);
    this.#newest = newest;
    if (!this.#on) return;
    this.#queue.push(...fresh.filter((line) => ["car", "offer"].includes(line.who) && line.language === "en").map((line) => line.number));
    if (!this.#playing) this.#next();
  }

  // Whoever speaks is not spoken over.
  hush() {
    this.#turn++;
    this.#queue = [];
    this.#playing?.stop?.();
  }

  async #next() {
    const number = this.#queue.shift();
    if (number === undefined) return;
    const turn = this.#turn;
    this.#playing = {};
    try {
      const answer = await fetch(`spoken/${number}`);
      const buffer = answer.ok ? await this.#open().decodeAudioData(await answer.arrayBuffer()) : null;
      await Promise.race([this.#context?.resume(), new Promise((done) => setTimeout(done, 500))]); // a browser may wait for a first click
      if (buffer && turn === this.#turn && this.#context.state === "running") await this.#play(buffer);
    } catch {
      // the text stands there all the same
    }
    this.#playing = null;
    this.#next();
  }

  #play(buffer) {
    return new Promise((done) => {
      this.#playing = new AudioBufferSourceNode(this.#context, { buffer });
      this.#playing.onended = done;
      this.#playing.connect(this.#context.destination);
      this.#playing.start();
    });
  }

  #open() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    return this.#context;
  }
}
