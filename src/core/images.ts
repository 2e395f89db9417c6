/** Images as bytes, 0 to 255: [N, H, W, C], image by image, row by row. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
}

/** Images and the class index of each. */
export interface LabeledImages extends ImageSet {
  /** [N] */
  readonly labels: Int32Array;
}
