// The websocket: messages in as objects, requests out as JSON. A lost connection is tried again, more slowly each time.

const PATIENCE_MS = [500, 1000, 2000, 4000];

export class Live extends EventTarget {
  #socket = null;
  #failures = 0;

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new WebSocket(`${scheme}://${location.host}/live`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      this.#failures = 0;
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

  #receive(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      this.#tell(message.type, message);
    } else {
      const message = unpack(data);
      this.#tell(message.type, message);
    }
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
