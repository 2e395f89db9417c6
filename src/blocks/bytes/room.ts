/** Memory that is used again for one part of a file after the other; it grows to what is asked for at once. */
export class Room {
  #bytes = new Uint8Array();

  get size(): number {
    return this.#bytes.length;
  }

  /** `count` bytes at least, of which the first `kept` are as they were. What was given before is written over. */
  atLeast(count: number, kept = 0): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < count) {
      const larger = new Uint8Array(count);
      larger.set(this.#bytes.subarray(0, kept));
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}
