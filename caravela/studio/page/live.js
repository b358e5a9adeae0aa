// The websocket: messages in as objects, requests out as JSON. A lost connection is tried again, more slowly each time. What is said has
// a mark; until the car shows that it has come, it is kept, and sent once more after the connection is back, unless it is old by then.

const PATIENCE_MS = [500, 1000, 2000, 4000];
const STALE_MS = 8000; // a wish that is older may no longer be meant

export class Live extends EventTarget {
  #socket = null;
  #failures = 0;
  #marks = 0;
  #page = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #unheard = new Map(); // by mark: the request, and when it was made

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new WebSocket(`${scheme}://${location.host}/live`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      this.#failures = 0;
      this.#again();
    };
    this.#socket.onmessage = (event) => this.#receive(event.data);
    this.#socket.onclose = () => {
      this.#tell("lost", {});
      const wait = PATIENCE_MS[Math.min(this.#failures++, PATIENCE_MS.length - 1)];
      setTimeout(() => this.connect(), wait);
    };
  }

  ask(request) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(request));
    return true;
  }

  // Say something; returns its mark.
  say(words, seat) {
    const mark = `${this.#page}-${++this.#marks}`;
    const request = { type: "say", words, seat, mark };
    this.#unheard.set(mark, { request, at: performance.now() });
    this.ask(request);
    return mark;
  }

  // Send what was recorded, (n) int16 at 16 kHz; returns its mark. It is sent once: where the connection is lost meanwhile, it is undelivered.
  record(samples, seat) {
    const mark = `${this.#page}-${++this.#marks}`;
    const head = new TextEncoder().encode(JSON.stringify({ type: "recorded", seat, mark, rate: 16000 }));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, head.length, true);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(new Blob([length, head, samples]));
    this.#unheard.set(mark, { request: { mark }, at: -Infinity });
    return mark;
  }

  // The car has shown that a saying came, or refused it.
  heard(mark) {
    this.#unheard.delete(mark);
  }

  #again() {
    for (const [mark, { request, at }] of this.#unheard) {
      if (performance.now() - at < STALE_MS) this.ask(request);
      else {
        this.#unheard.delete(mark);
        this.#tell("undelivered", request);
      }
    }
  }

  #receive(data) {
    const message = typeof data === "string" ? JSON.parse(data) : unpack(data);
    this.#tell(message.type, message);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

// A packet: four bytes of header length, the header as JSON, then the blobs that it names.
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let begin = 4 + length;
  const blobs = {};
  for (const [name, size] of head.blobs) {
    blobs[name] = buffer.slice(begin, begin + size);
    begin += size;
  }
  return { ...head, blobs };
}
