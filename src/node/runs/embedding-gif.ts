import type Sharp from 'sharp';

const FRAME_MS = 350;
const LAST_MS = 2500;

/** SVG pictures of one size as an animation, over and over; the last one stays for a while. */
export function embeddingGif(sharp: typeof Sharp, pictures: readonly string[]): Promise<Uint8Array> {
  const delay = pictures.map((_, i) => (i === pictures.length - 1 ? LAST_MS : FRAME_MS));
  const frames = pictures.map((svg) => Buffer.from(svg));
  // One alone cannot be joined.
  const film = frames.length > 1 ? sharp(frames, { join: { animated: true } }) : sharp(frames[0]);
  return film
    .gif({ delay, loop: 0, colors: 128 })
    .toBuffer();
}
