/**
 * Numbers of Parquet's hybrid of run lengths and packed bits, run by run: nothing is unpacked before it is asked for,
 * as a few bytes can stand for 2^31 numbers.
 */
export class RunCursor {
  #at = 0;
  /** Numbers left of the present run. */
  #left = 0;
  #value = 0;
  /** The bit where the next packed number begins; undefined within a run of one value. */
  #bit: number | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly width: number,
  ) {
    if (width > 32) throw new Error(`numbers of ${width} bits`);
  }

  #begin(): void {
    let header = 0;
    for (let i = 0; ; i++) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined || i === 5) throw new Error('runs that end early');
      header += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) break;
    }
    if (header % 2 === 1) {
      const groups = (header - 1) / 2;
      this.#bit = 8 * this.#at;
      // The last group may be cut after the bits that are used
      this.#left = Math.min(8 * groups, Math.floor((8 * (this.bytes.length - this.#at)) / Math.max(1, this.width)));
      if (this.width === 0) this.#left = 8 * groups;
      this.#at = Math.min(this.bytes.length, this.#at + groups * this.width);
    } else {
      const size = (this.width + 7) >> 3;
      if (this.#at + size > this.bytes.length) throw new Error('runs that end early');
      this.#bit = undefined;
      this.#left = header / 2;
      this.#value = 0;
      for (let i = 0; i < size; i++) this.#value += this.bytes[this.#at++]! * 2 ** (8 * i);
    }
  }

  #packed(): number {
    let bit = this.#bit!;
    let value = 0;
    let has = 0;
    while (has < this.width) {
      const within = bit & 7;
      const take = Math.min(8 - within, this.width - has);
      value += ((this.bytes[bit >> 3]! >> within) & ((1 << take) - 1)) * 2 ** has;
      has += take;
      bit += take;
    }
    this.#bit = bit;
    return value;
  }

  /** Packed numbers to places of a list, up to `end`; gives `end`. Four bytes hold each of up to 25 bits. */
  #unpack(out: Int32Array, from: number, end: number): number {
    const { bytes, width } = this;
    if (width > 25) {
      for (let i = from; i < end; i++) out[i] = this.#packed();
      return end;
    }
    const mask = 2 ** width - 1;
    let bit = this.#bit!;
    for (let i = from; i < end; i++, bit += width) {
      const at = bit >>> 3;
      const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      out[i] = (four >>> (bit & 7)) & mask;
    }
    this.#bit = bit;
    return end;
  }

  /** The next number, and how often it comes there at least, at most `most` times. */
  next(most: number): { value: number; count: number } {
    // A run may be empty
    for (let i = 0; this.#left === 0; i++) {
      if (i > 8) throw new Error('empty runs');
      this.#begin();
    }
    if (this.#bit !== undefined) {
      this.#left--;
      return { value: this.#packed(), count: 1 };
    }
    const count = Math.min(most, this.#left);
    this.#left -= count;
    return { value: this.#value, count };
  }

  /** The next numbers, one by one. */
  fill(out: Int32Array, count: number): void {
    for (let i = 0; i < count;) {
      if (this.#left > 0 && this.#bit !== undefined) {
        const packed = Math.min(count - i, this.#left);
        i = this.#unpack(out, i, i + packed);
        this.#left -= packed;
        continue;
      }
      const { value, count: run } = this.next(count - i);
      out.fill(value, i, i + run);
      i += run;
    }
  }

  /**
   * Goes past packed bytes that all are `pattern`, at most `most` numbers of one or two bits: how many there were.
   */
  skipPattern(pattern: number, most: number): number {
    if (this.#bit === undefined || (this.#bit & 7) !== 0 || this.#left === 0) return 0;
    const perByte = 8 / this.width;
    const limit = Math.floor(Math.min(most, this.#left) / perByte);
    const start = this.#bit >> 3;
    let end = start;
    while (end < start + limit && this.bytes[end] === pattern) end++;
    const count = (end - start) * perByte;
    this.#bit += 8 * (end - start);
    this.#left -= count;
    return count;
  }
}
