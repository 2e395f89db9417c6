/**
 * Arrays that are used again from block to block: fresh ones cost more than what is computed in them. What they hold is
 * anything.
 */
export class Scratch {
  readonly #float32 = new Map<string, Float32Array>();
  #float64 = new Float64Array(0);

  /** An array for one purpose; the next call for the same purpose may give the same. */
  float32(purpose: string, length: number): Float32Array {
    let array = this.#float32.get(purpose);
    if (!array || array.length < length) this.#float32.set(purpose, (array = new Float32Array(length)));
    return array.subarray(0, length);
  }

  float64(length: number): Float64Array {
    if (this.#float64.length < length) this.#float64 = new Float64Array(length);
    return this.#float64.subarray(0, length);
  }
}
