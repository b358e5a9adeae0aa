// Hands the microphone's samples on in pieces, as floats at the browser's own rate.

const PIECE = 1024;

class Samples extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE);
  #filled = 0;

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.#piece[this.#filled++] = sample;
      if (this.#filled === PIECE) {
        this.port.postMessage(this.#piece);
        this.#piece = new Float32Array(PIECE);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("samples", Samples);
